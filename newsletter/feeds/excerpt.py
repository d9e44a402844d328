"""A sentence or two of an article as plain text: what it says first, and nothing that is not the article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from newsletter.feeds import furniture
from newsletter.feeds.text import parse, plain, shorten

LIMIT = 300
"""Characters at most."""

LONGEST_LINE = 3000
"""Of a longer paragraph only so much is looked at: an excerpt needs no more, and time is theirs to waste."""

_BLOCKS = frozenset(
    """
    html body address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a line for each would be a page
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


@dataclass(frozen=True, slots=True)
class _Line:
    """One block's words, and what it stands in."""

    text: str
    heading: bool = False
    quote: bool = False
    listed: bool = False


def excerpt(html: str, *, limit: int = LIMIT) -> str:
    """One or two sentences, `limit` characters at most, from an article's HTML; empty when it has no prose.

    Whole sentences where they fit; a first one that is too long is cut between words and ends in `…`.
    """
    tree = parse(html)
    return "" if tree is None else excerpt_of(tree, limit=limit)


def excerpt_of(tree: etree._Element, *, limit: int = LIMIT) -> str:
    """As `excerpt`, from a tree of which `furniture.strip` may have taken parts already. Changes the tree."""
    furniture.strip(tree)
    furniture.strip_silent(tree)
    prose = list(_prose(list(_lines(tree))))
    for wanted in (
        [line.text for line in prose if not line.listed and not line.quote],
        [line.text for line in prose if not line.quote],
    ):
        if text := _cut(wanted, limit):
            return text
    return ""


def _lines(tree: etree._Element) -> Iterator[_Line]:
    """The blocks of a page in their order: at each block's beginning and end, and at each break, a line ends."""
    inside: list[str] = []
    words: list[str] = []

    def line() -> Iterator[_Line]:
        text = plain("".join(words)[:LONGEST_LINE])
        words.clear()
        if text:
            heading = not _HEADINGS.isdisjoint(inside)
            yield _Line(text, heading, "blockquote" in inside, "li" in inside or "pre" in inside)

    for event, element in etree.iterwalk(tree, events=("start", "end")):
        block = element.tag in _BLOCKS
        if block or element.tag == "br":
            yield from line()
        if event == "start":
            if block:
                inside.append(element.tag)
            words.append(element.text or "")
        else:
            if block:
                inside.pop()
            words.append(element.tail or "")
    yield from line()


def _prose(lines: list[_Line]) -> Iterator[_Line]:
    """The lines that are the article's own sentences, up to where the article ends."""
    found = False
    for line in lines:
        if furniture.is_end(line.text, heading=line.heading, prose_before=found):
            return
        if line.heading or furniture.is_label(line.text):
            continue
        text = _without_ending(line.text)
        if _is_sentence(text):
            found = True
            yield _Line(text, line.heading, line.quote, line.listed)


_ENDING = re.compile(
    r"\s*(?:\[\s*(?:…|\.\.\.|&hellip;)\s*\]|\((?:more|read more|continue reading)(?:…|\.\.\.)?\)"
    r"|(?<=[.!?…\s])(?:read more|continue reading|learn more"
    r"|read the (?:full|whole|rest of the) (?:article|post|story))"
    r"\b.{0,120}?|\s[»→›]+"
    r"|the (?:post|article) .{1,300} (?:appeared first on|first appeared on)\b.*)\s*[»→›….]*$",
    re.IGNORECASE | re.DOTALL,
)


def _without_ending(text: str) -> str:
    while True:
        shorter = _ENDING.sub("", text)
        if shorter == text:
            return text
        text = shorter


def _is_sentence(text: str) -> bool:
    """More than a label: some words, or an end such as a sentence has."""
    count = len(text.split())
    return count >= 8 or (count >= 3 and text.rstrip("\"'”’)").endswith((".", "!", "?", "…")))


# --- sentences -------------------------------------------------------------------------------------------

_ABBREVIATIONS = frozenset(
    """
    dr mr mrs ms prof st mt jr sr vs fig nos vol ed eds al etc cf ca approx dept est inc ltd co corp e.g i.e a.m p.m
    u.s u.k m.d ph.d d.o r.n b.i.d t.i.d q.i.d jan feb mar apr jun jul aug sep sept oct nov dec mg ml kg
    z.b d.h bzw ggf usw evtl nr inkl
    """.split()  # noqa: SIM905 - likewise
)
_END = re.compile(r"[.!?…]+[\"'”’)\]»]*(?=\s+[\"'“‘(\[«]*[^\W_a-zß-öø-ÿ])")


def sentences(text: str) -> list[str]:
    """`text` cut behind the ends of its sentences; abbreviations and initials end none."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if not _abbreviated(text[max(start, end.start() - 20) : end.start()], end[0]):
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [*found, rest] if (rest := text[start:].strip()) else found


def _abbreviated(before: str, mark: str) -> bool:
    if not mark.startswith(".") or mark.startswith(".."):
        return False
    word = before.rsplit(None, 1)[-1].lstrip("(\"'“‘[").lower() if before.split() else ""
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())


def _cut(blocks: list[str], limit: int) -> str:
    """The first sentence, and the second where both fit."""
    found = [sentence for block in blocks[:4] for sentence in sentences(block)]
    whole = [one for one in found if not one.endswith(":")] or found
    if not whole:
        return ""
    first = shorten(whole[0], limit)
    both = f"{first} {whole[1]}" if len(whole) > 1 else first
    return both if len(both) <= limit else first
