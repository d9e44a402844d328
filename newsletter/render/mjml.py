"""MJML to HTML, around what mjml-python (mrml) gets wrong."""

from __future__ import annotations

import html
import re

from mjml import mjml2html

from newsletter.errors import TemplateError

TAG_OR_COMMENT = re.compile(r"""<!--.*?-->|</?[A-Za-z](?:[^"'<>]|"[^"]*"|'[^']*')*>""", re.DOTALL)
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_UNSAFE = re.compile(r"""[^\x20-\x7e]|["'&<>\\]""")


def to_html(mjml: str, *, where: str) -> str:
    """MJML as HTML, with the doctype in upper case. Raises TemplateError naming a line of the MJML."""
    source = plain_attributes(mjml)
    try:
        made: str = mjml2html(source, fonts={})
    except ValueError as error:
        raise _explained(error, source, where) from None
    # premailer looks for libxml2's spelling; without it the doctype is lost, and mail programs fall into quirks mode.
    return re.sub(r"\A\s*<!doctype html>", "<!DOCTYPE html>", made, flags=re.IGNORECASE)


def plain_attributes(mjml: str) -> str:
    """Every attribute value as one line of ASCII with numeric character references.

    mrml writes values in Rust's debug form: a line break, tab, backslash, no-break space, soft hyphen or joined
    emoji would stand in the mail as a literal `\\n` or `\\u{a0}`, and a style of several lines would be lost.
    """
    return TAG_OR_COMMENT.sub(_plain_tag, mjml)


def _plain_tag(match: re.Match[str]) -> str:
    tag = match[0]
    return tag if tag.startswith("<!--") or "=" not in tag else _VALUE.sub(_plain_value, tag)


def _plain_value(match: re.Match[str]) -> str:
    value = html.unescape(match[1] if match[1] is not None else match[2])
    value = re.sub(r"\s*[\n\r\t]\s*", " ", value)
    return '="' + _UNSAFE.sub(lambda found: f"&#{ord(found[0])};", value) + '"'


def _explained(error: ValueError, source: str, where: str) -> TemplateError:
    offset = re.search(r"position (\d+)|\b(\d+)\.\.\d+", str(error))
    if offset is None:
        return TemplateError(f"the MJML it makes cannot be read: {error}", where=where)
    position = len(source.encode()[: int(offset[1] or offset[2])].decode(errors="ignore"))
    line = source.count("\n", 0, position) + 1
    excerpt = source.splitlines()[line - 1].strip()[:120] if source else ""
    return TemplateError(
        f"the MJML it makes cannot be read: {error}",
        where=f"{where} (line {line} of the MJML)",
        hint=f"There stands: {excerpt}",
    )
