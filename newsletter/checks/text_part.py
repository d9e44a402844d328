"""The text part says the same as the page: the same links in the same order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import page_of
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition

_ADDRESS = re.compile(rf"https?://[^\s<>\"]+|{UNSUBSCRIBE_MARK}|{PREFERENCES_MARK}")
WHY = "Screen readers, watches and people who prefer it read the text part; spam filters compare the two."


def find(case: Case) -> Iterator[Found]:
    for edition in case.editions:
        where = f"{VARIANT}{edition.topics}"
        if len(edition.text.split()) < 20:
            yield _say("the text part is all but empty", where)
        elif fault := _fault(edition):
            yield _say(fault, where)


def _fault(edition: Edition) -> str | None:
    page = page_of(edition.html)
    links = _first_of_each([one.href for one in page.links if re.match(r"https?:|@@", one.href)])
    shown = set(links)
    found = _first_of_each([_bare(one, shown) for one in _ADDRESS.findall(edition.text)])
    # An address that an editor typed as plain words stands in both parts, and is a link in neither.
    text = [one for one in found if one in shown or not page.shows(one)]
    return None if links == text else _difference(links, text)


def _bare(address: str, known: Collection[str]) -> str:
    """Without the signs of the sentence around it: an address may end in some of them itself."""
    short = address
    while short and short not in known and short[-1] in ").,;:>]!?'*_”’":
        short = short[:-1]
    return short if short in known else address.rstrip(").,;:>]!?'*_”’")


def _first_of_each(links: Sequence[str]) -> list[str]:
    """Each address where it comes first: a picture and a title may share one."""
    return list(dict.fromkeys(links))


def _difference(page: list[str], text: list[str]) -> str:
    there, here = set(text), set(page)
    if missing := [one for one in page if one not in there]:
        return f"{len(missing)} of {len(page)} links are not in the text part: {missing[0]}"
    if more := [one for one in text if one not in here]:
        return f"the text part has a link that the page has not: {more[0]}"
    at = next(number for number, pair in enumerate(zip(page, text, strict=True)) if pair[0] != pair[1])
    return f"the text part has its links in another order, from {text[at]} on"


def _say(message: str, where: str) -> Found:
    return Found(
        "text_part", message, where, WHY,
        "Keep issue.txt.j2 in step with issue.mjml.j2; see docs/templates.md.", "RFC 2046, section 5.1.4",
    )  # fmt: skip
