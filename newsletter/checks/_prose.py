"""What an issue says, piece by piece, each with the place where an editor finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from newsletter.checks import Case

Role = Literal["subject", "preheader", "title", "blurb", "alt", "note", "setting"]
HEADLINES: tuple[Role, ...] = ("subject", "preheader", "title")
EXCERPTS: tuple[Role, ...] = ("title", "blurb", "alt")
"""What comes from an article, whoever wrote it."""
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(\s*<?([^)\s>\[]{0,2000})>?[^)\n]{0,200}\)")
_END = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bvs)[.!?…][”’\"')\]]{0,3}(?=\s)|\Z")
MOST = 300_000
"""Characters of a note that are read: what is longer is stopped for its size."""
_LONGEST = 600
"""Characters of what is read as one sentence at most: a text without an end must not take for ever."""


@dataclass(frozen=True, slots=True)
class Passage:
    role: Role
    text: str
    where: str


def passages(case: Case) -> Iterator[Passage]:
    """Subject, preheader, every story's title, text and picture's words, the note by its paragraphs, the settings."""
    yield Passage("subject", case.layout.subject, case.key("subject"))
    if case.layout.preheader:
        yield Passage("preheader", case.layout.preheader, case.key("preheader"))
    for story in case.stories:
        yield Passage("title", story.title, case.place(story, story.title))
        if story.blurb:
            yield Passage("blurb", story.blurb, case.place(story, story.blurb))
        if story.image and story.image.alt:
            yield Passage("alt", story.image.alt, case.place(story, story.image.alt))
    for line, paragraph in note_paragraphs(case):
        words = " ".join(_MARKDOWN_LINK.sub(r"\1", paragraph).split())
        yield Passage("note", words, f"{case.issue.path}:{line}")
    yield from _settings(case)


def _settings(case: Case) -> Iterator[Passage]:
    """What newsletter.toml has to say to readers."""
    letter, brand = case.config.newsletter, case.config.brand
    said = [
        ("[newsletter] name", letter.name), ("[newsletter] tagline", letter.tagline),
        ("[newsletter] postal_address", letter.postal_address), ("[brand] disclaimer", brand.disclaimer),
        ("[brand] logo_alt", brand.logo_alt),
    ]  # fmt: skip
    said += [
        (f"[[section]] {one.id}", text) for one in case.config.sections for text in (one.title, one.intro)
    ]
    said += [("[brand.call_to_action]", brand.call_to_action.label)] if brand.call_to_action else []
    said += [("[[brand.resources]]", text) for one in brand.resources for text in (one.label, one.text)]
    said += [("[[brand.social]]", one.label) for one in brand.social]
    for key, text in said:
        if text.strip():
            yield Passage("setting", text, case.place_of(text, f"newsletter.toml: {key}"))


def note_paragraphs(case: Case) -> Iterator[tuple[int, str]]:
    """The note's paragraphs as they were written, each with the line of the issue file it begins in."""
    begun, lines = 0, list[str]()
    for number, line in enumerate([*case.layout.note[:MOST].split("\n"), ""], start=case.note_line):
        if line.strip():
            begun = begun or number
            lines.append(line)
        elif lines:
            yield begun, "\n".join(lines)
            begun, lines = 0, []


def note_links(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """Words, address, paragraph and place of each link that an editor wrote into the note."""
    for line, paragraph in note_paragraphs(case):
        for found in _MARKDOWN_LINK.finditer(paragraph):
            if not found[0].startswith("!"):
                at = line + paragraph.count("\n", 0, found.start())
                yield found[1], found[2], paragraph, f"{case.issue.path}:{at}"


def sentences(text: str) -> Iterator[str]:
    """A text's sentences, each with the sign it ends in; a very long one in pieces."""
    begin = 0
    for found in _END.finditer(text):
        for at in range(begin, found.end(), _LONGEST):
            if one := text[at : min(found.end(), at + _LONGEST)].strip():
                yield one
        begin = found.end()


def quoted(text: str, most: int = 60) -> str:
    text = " ".join(text[: 4 * most].split())
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"
