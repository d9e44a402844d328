"""MJML to HTML, around what mjml-python (mrml) gets wrong."""

from __future__ import annotations

import html
import re
from xml.parsers import expat

from mjml import mjml2html

from newsletter.errors import TemplateError

TAG_OR_COMMENT = re.compile(r"""<!--.*?-->|</?[A-Za-z](?:[^"'<>]|"[^"]*"|'[^']*')*>""", re.DOTALL)
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_TROUBLE = re.compile(r"""[^\x20-\x7e]|[&\\]|=\s*'|=\s+""")
_UNSAFE = re.compile(r"""[^\x20-\x7e]|["'&<>\\]""")


def to_html(mjml: str, *, where: str) -> str:
    """MJML as HTML, with the doctype in upper case. Raises TemplateError naming a line of the MJML."""
    source = plain_attributes(mjml)
    try:
        made: str = mjml2html(source, fonts={})
    except ValueError as error:
        raise _explained(error, source, where) from None
    # premailer looks for libxml2's spelling; else it drops the doctype, and mail programs show quirks.
    return re.sub(r"\A\s*<!doctype html>", "<!DOCTYPE html>", made, flags=re.IGNORECASE)


def plain_attributes(mjml: str) -> str:
    """Every attribute value as one line of ASCII with numeric character references.

    mrml writes values in Rust's debug form: a line break, tab, backslash, no-break space, soft hyphen or
    joined emoji would stand in the mail as a literal `\\n` or `\\u{a0}`, and a longer style be lost.
    """
    return TAG_OR_COMMENT.sub(_plain_tag, mjml)


def _plain_tag(match: re.Match[str]) -> str:
    tag = match[0]
    if tag.startswith("<!--") or not _TROUBLE.search(tag):
        return tag
    return _VALUE.sub(_plain_value, tag)


def _plain_value(match: re.Match[str]) -> str:
    value = html.unescape(match[1] if match[1] is not None else match[2])
    value = re.sub(r"\s*[\n\r\t]\s*", " ", value)
    return '="' + _UNSAFE.sub(lambda found: f"&#{ord(found[0])};", value) + '"'


def _explained(error: ValueError, source: str, where: str) -> TemplateError:
    line, what = _locate(source, str(error))
    excerpt = "".join(source.splitlines()[max(line - 1, 0) : line]).strip()[:120]
    return TemplateError(
        f"the MJML it makes cannot be read: {what}",
        where=f"{where}, line {line} of its MJML" if line else where,
        hint=f"There stands: {excerpt}" if excerpt else "It must be <mjml> with an <mj-body>.",
    )


def _locate(source: str, said: str) -> tuple[int, str]:
    """mrml names an offset at best. MJML is close to XML: where an XML parser stops, there is the mistake."""
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # so that &nbsp; and its like are no mistakes
    try:
        parser.Parse(source.encode(), True)
    except expat.ExpatError as error:
        return min(error.lineno, source.count("\n") + 1), expat.ErrorString(error.code)
    offset = re.search(r"position (\d+)", said)
    before = source.encode()[: int(offset[1])] if offset else b""
    return (before.count(b"\n") + 1 if offset else 0), said
