"""Words that were to be replaced, and were not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.checks import Case, Found
from newsletter.checks._page import page_of
from newsletter.checks._prose import passages, quoted
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

_WORDS = re.compile(
    r"\b(?:TODO|FIXME|TBD|TBA|XX+|TK|TKTK)\b"
    r"|\blorem ipsum\b|(?i:\blorem ipsum\b|\bdolor sit amet\b)"
    r"|(?i:\[(?:your|insert|first|last|full|name|subject|title|link|url|date|city|text"
    r"|article|headline|image|todo|tk)"
    r"\b[^\]]{0,40}\])"
    r"|(?i:\b(?:subject|preheader|preview text|headline|title|your text|text|body|blurb"
    r"|excerpt|summary|description) goes here\b)"
    r"|(?i:\binsert (?:title|text|link|name|image|headline) here\b)"
    r"|(?i:^(?:new issue|untitled|placeholder|headline|test)$)"
)
_VARIABLES = re.compile(
    r"\{[ ]?\{.{0,80}?\}\}|\{[ ]?%.{0,80}?%\}|\*\|\w+\|\*|%[ ]?recipient\b[\w.]*%?|<[ ]?%\w+%>"
    r"|\$\{\w+\}|\{\$?[a-z]+_[a-z_]+\}"
    r"|%%\w+%%|\[%\w+%\]|%[A-Z]{2,}(?:_[A-Z]+)*%"
)
_RESIDUE = re.compile(r"^(?:None|null|undefined|NaN|nan)$|\b(?:undefined|NaN)\b|\[object Object\]")
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid)$")
WHY = "A reader who sees it knows that nobody looked."


def find(case: Case) -> Iterator[Found]:
    for passage in passages(case):
        for pattern in (_WORDS, _VARIABLES, _RESIDUE):
            if found := pattern.search(passage.text):
                yield _say(f"the {passage.role} holds {quoted(found[0])}", passage.where)
                break
    for edition in case.editions:
        for name, page in (("page", page_of(edition.html).words), ("text part", edition.text)):
            yield from _in_page(page, f"variant {edition.topics}: {name}")
        yield from _alone(edition.html, f"variant {edition.topics}")
    yield from _reserved(case)


def _in_page(text: str, where: str) -> Iterator[Found]:
    plain = text.replace(UNSUBSCRIBE_MARK, "").replace(PREFERENCES_MARK, "")
    if found := _VARIABLES.search(plain) or re.search(r"@@\w*@?@?", plain):
        yield _say(f"there stands {quoted(found[0])}", where)


def _alone(html: str, where: str) -> Iterator[Found]:
    for element in page_of(html).all("a", "h1", "h2", "h3", "h4", "p", "td"):
        text = (element.text or "").strip()
        if text and not len(element) and re.fullmatch(r"None|null|undefined|NaN", text):
            yield _say(f"there stands {quoted(text)}", where)


def _reserved(case: Case) -> Iterator[Found]:
    """An address that is kept for examples (RFC 2606) in a letter of a real site."""
    if _RESERVED.search(urlsplit(case.config.newsletter.site_url).hostname or ""):
        return
    for link in page_of(case.editions[0].html).links:
        if _RESERVED.search((urlsplit(link.href).hostname or "").lower()):
            yield _say(
                f"the link {quoted(link.href, 90)} leads to an address kept for examples",
                case.line_of(link.href),
            )


def _say(message: str, where: str) -> Found:
    return Found(
        "placeholders",
        message,
        where,
        WHY,
        "Write what was meant to stand there.",
        "RFC 2606" if "kept for examples" in message else "",
    )
