"""An issue on its way from an editor's file to frozen editions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.types.feed import Image, Video


@dataclass(frozen=True, slots=True)
class Pick:
    """An article as the editor placed it. Overrides are None where the article's own words stand."""

    url: str
    title: str | None = None
    blurb: str | None = None
    image: Image | None = None
    line: int = 0
    """Its line in the issue file, for messages."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One dated number as its file says it. `picks` holds section ids in the file's order."""

    slug: str
    subject: str
    preheader: str
    date: date
    lead: str | None
    """The URL of the pick that leads; None: the first pick."""
    picks: tuple[tuple[str, tuple[Pick, ...]], ...]
    note: str
    """The editor's note, Markdown."""
    author: str | None = None
    path: str = ""
    """Where the file is, for messages; never part of what is rendered."""
    drafted_at: datetime | None = None
    """Up to when articles were looked at for it, as a remark in its file says; None: nobody drafted it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A pick with its words settled: what a template shows of one article."""

    title: str
    url: str
    blurb: str
    image: Image | None = None
    video: Video | None = None
    author: str | None = None
    published: date | None = None
    section: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What an issue that is out got wrong, and what is right."""

    issue: str
    """The slug of the issue that it corrects."""
    text: str
    """One line of Markdown."""
    at: datetime
    hash: str
    """Of the issue as it was sent."""
    name: str | None = None
    """Who said so; None: nobody in particular."""
    next: str | None = None
    """The slug from which on the first issue there is tells its readers, too; None: the archive alone says it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An issue with every pick's words settled: all that the templates are given, and nothing of the store."""

    slug: str
    subject: str
    preheader: str
    date: date
    note: str
    """Markdown."""
    lead: Story | None
    sections: tuple[tuple[str, tuple[Story, ...]], ...]
    """By section id, in the order of the settings; the lead is not repeated, empty sections are left out."""
    corrections: tuple[Correction, ...] = ()
    """Of earlier issues, told to the readers of this one."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Which sections a reader chose: `ALL`, or a sorted, non-empty set of section ids."""

    ids: tuple[str, ...] = ()
    """Empty means all, also those a site adds later."""

    @classmethod
    def parse(cls, text: str) -> Topics:
        """From its stored form: `*`, or ids separated by commas."""
        ids = {part.strip() for part in text.split(",") if part.strip()}
        return cls() if not ids or "*" in ids else cls(tuple(sorted(ids)))

    def __str__(self) -> str:
        return ",".join(self.ids) or "*"

    def __contains__(self, section: str) -> bool:
        return not self.ids or section in self.ids


ALL_TOPICS = Topics()


@dataclass(frozen=True, slots=True)
class Edition:
    """One variant of an issue: what readers with these topics get, but for their own links."""

    issue: str
    topics: Topics
    """The sections it shows, written out: never "all", so that a later section changes nothing."""
    subject: str
    preheader: str
    html: str
    text: str
    hash: str
    """SHA-256, hex, over subject, preheader, html and text."""
    mjml: str = field(default="", compare=False, repr=False)
    """For editors and checks; not sent, not stored."""


def edition_hash(subject: str, preheader: str, html: str, text: str) -> str:
    """SHA-256, hex, of the UTF-8 of a JSON array of the four, without blanks, non-ASCII escaped."""
    whole = json.dumps([subject, preheader, html, text], separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def editions_hash(editions: Iterable[Edition]) -> str:
    """An issue's hash, hex: over its variants and their hashes, in whatever order they come. The seal, the
    ledger and `status` all mean this one."""
    return hash_of_hashes({str(one.topics): one.hash for one in editions})


def hash_of_hashes(editions: Mapping[str, str]) -> str:
    """The same from variants and their hashes alone."""
    lines = sorted(f"{topics} {hash}\n" for topics, hash in editions.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
