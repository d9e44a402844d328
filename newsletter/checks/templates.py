"""The templates' MJML, and the page as two readers of it see it: Outlook on Windows, and every other program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import VARIANT, Case, Found

MJML = "https://documentation.mjml.io/#components"
OUTLOOK = "https://learn.microsoft.com/previous-versions/windows/internet-explorer/ie-developer/compatibility/ms537512(v=vs.85)"
_VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "param",
    "source",
    "track",
    "wbr",
}
_FOR_OUTLOOK = re.compile(r"<!--\[if (?![^\]]*!mso)[^\]]*\]>(?P<inside>.*?)<!\[endif\]-->", re.S)
_NOT_FOR_OUTLOOK = re.compile(r"<!--\[if !mso[^\]]*\]><!(?:--)?>(?P<inside>.*?)<!--<!\[endif\]-->", re.S)
_COMMENT = re.compile(r"<!--.*?-->|<!\[endif\](?:--)?>", re.S)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>")
_RAW = re.compile(r"<(style|title|script)\b[^>]*>.*?</\1>", re.S | re.I)


def find(case: Case) -> Iterator[Found]:
    for lint in case.lints:
        yield Found(
            "mjml", f"<{lint.element}>: {lint.message}", lint.where,
            "The renderer passes over it in silence, and mails look otherwise than meant.",
            "Mend the template.", MJML,
        )  # fmt: skip
    for edition in case.editions:
        where = f"{VARIANT}{edition.topics}"
        for program, page in views(edition.html).items():
            for fault in faults(page):
                yield Found(
                    "html_balance", f"as {program} reads it, {fault}", where,
                    "One element out of place moves everything below it.", "Mend the template.", OUTLOOK,
                )  # fmt: skip
        if edition.html.count("<!--[if") != len(re.findall(r"<!\[endif\](?:--)?>", edition.html)):
            yield Found(
                "html_balance", "a conditional comment is not closed", where,
                "Outlook hides or shows everything below it.", "Close it with <![endif]-->.", OUTLOOK,
            )  # fmt: skip


def views(html: str) -> dict[str, str]:
    """The page as Outlook on Windows reads it, and as everybody else does."""
    outlook = _NOT_FOR_OUTLOOK.sub("", html)
    outlook = _FOR_OUTLOOK.sub(lambda found: found["inside"], outlook)
    return {"Outlook": _COMMENT.sub("", outlook), "a browser": _COMMENT.sub("", html)}


def faults(page: str) -> Iterator[str]:
    """The first element that closes what is not open, or what is never closed."""
    open_: list[str] = []
    for found in _TAG.finditer(_RAW.sub("", page)):
        name = found[2].lower()
        if name in _VOID or found[3].endswith("/"):
            continue
        if not found[1]:
            open_.append(name)
        elif open_ and open_[-1] == name:
            open_.pop()
        else:
            yield f"</{name}> closes {'<' + open_[-1] + '>' if open_ else 'nothing'}"
            return
    if open_:
        yield f"<{open_[-1]}> is never closed"
