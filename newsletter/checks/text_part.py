"""The text part says the same as the page: the same links in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.checks import Case, Found
from newsletter.checks._page import page_of
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

_ADDRESS = re.compile(rf"https?://[^\s<>\"]+|{UNSUBSCRIBE_MARK}|{PREFERENCES_MARK}")
WHY = "Screen readers, watches and people who prefer it read the text part; spam filters compare the two."


def find(case: Case) -> Iterator[Found]:
    for edition in case.editions:
        where = f"variant {edition.topics}"
        page = _first_of_each(
            [
                one.href
                for one in page_of(edition.html).links
                if not one.href.startswith(("#", "mailto:", "tel:"))
            ]
        )
        text = _first_of_each([_bare(one) for one in _ADDRESS.findall(edition.text)])
        if page == text:
            continue
        yield Found(
            "text_part", _difference(page, text), where, WHY,
            "Keep issue.txt.j2 in step with issue.mjml.j2; see docs/templates.md.", "RFC 2046, section 5.1.4",
        )  # fmt: skip


def _bare(address: str) -> str:
    return address.rstrip(").,;>]")


def _first_of_each(links: Sequence[str]) -> list[str]:
    """Each address where it comes first: a picture and a title may share one."""
    return list(dict.fromkeys(links))


def _difference(page: list[str], text: list[str]) -> str:
    if missing := [one for one in page if one not in text]:
        return f"{len(missing)} of {len(page)} links are not in the text part: {missing[0]}"
    if more := [one for one in text if one not in page]:
        return f"the text part has a link that the page has not: {more[0]}"
    at = next(number for number, pair in enumerate(zip(page, text, strict=True)) if pair[0] != pair[1])
    return f"the text part has its links in another order, from {text[at]} on"
