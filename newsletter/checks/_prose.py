"""What an issue says, piece by piece, each with the place where an editor finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from newsletter.checks import Case

Role = Literal["subject", "preheader", "title", "blurb", "note", "alt"]
HEADLINES: tuple[Role, ...] = ("subject", "preheader", "title")
_MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)[^)]*\)")


@dataclass(frozen=True, slots=True)
class Passage:
    role: Role
    text: str
    where: str


def passages(case: Case) -> Iterator[Passage]:
    """Subject, preheader, every story's title, text and picture's words, and the note line by line."""
    yield Passage("subject", case.layout.subject, case.line_of("subject:"))
    if case.layout.preheader:
        yield Passage("preheader", case.layout.preheader, case.line_of("preheader:"))
    for story in case.stories:
        yield Passage("title", story.title, case.place(story))
        if story.blurb:
            yield Passage("blurb", story.blurb, case.place(story))
        if story.image and story.image.alt:
            yield Passage("alt", story.image.alt, case.place(story))
    for paragraph in re.split(r"\n\s*\n", case.layout.note):
        if paragraph.strip():
            words = " ".join(_MARKDOWN_LINK.sub(r"\1", paragraph).split())
            yield Passage("note", words, case.line_of(paragraph.strip().splitlines()[0].strip()))


def note_links(case: Case) -> Iterator[tuple[str, str, str]]:
    """Words, address and paragraph of each link that an editor wrote into the note."""
    for paragraph in re.split(r"\n\s*\n", case.layout.note):
        for found in _MARKDOWN_LINK.finditer(paragraph):
            yield found[1], found[2].strip("<>"), paragraph


def sentence_of(text: str, start: int) -> str:
    """The sentence in which position `start` is."""
    before = max((found.end() for found in re.finditer(r"[.!?…]\s+", text[:start])), default=0)
    after = re.search(r"[.!?…](?:\s|$)", text[start:])
    return text[before : start + after.end() if after else len(text)]


def quoted(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"
