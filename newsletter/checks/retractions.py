"""A paper that an issue cites and that was retracted since, by a local copy of Retraction Watch's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.checks import Case, Found
from newsletter.checks._prose import passages

SOURCE = "https://gitlab.com/crossref/retraction-watch-data"
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>“”|\\^`{}]+")
_PMID = re.compile(
    r"(?:\bPMID[\s:]*|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)(\d{4,9})\b", re.I
)


def find(case: Case) -> Iterator[Found]:
    if not case.retracted:
        return
    for text, where in _places(case):
        for key in papers(text):
            if nature := case.retracted.get(key):
                yield Found(
                    "retractions", f"a paper it cites, {key}, has this notice: {nature.lower()}", where,
                    "What it found may not be so.", "Say so, or take it out.", SOURCE,
                    mild="retraction" not in nature.lower(),
                )  # fmt: skip


def _places(case: Case) -> Iterator[tuple[str, str]]:
    for passage in passages(case):
        yield passage.text, passage.where
    for story in case.stories:
        yield story.url, case.place(story)
    yield case.layout.note, case.issue.path


def papers(text: str) -> Iterator[str]:
    """The DOIs (in small letters) and PMIDs that a text names."""
    for found in _DOI.findall(unquote(text)):
        yield found.rstrip(".,;:)]}'*_/").lower()
    yield from _PMID.findall(text)
