"""An article as the store knows it, and where it was put."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.types.feed import Image, Video


@dataclass(frozen=True, slots=True)
class Placement:
    """The section an article was put into, and why, in words for an editor."""

    section: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """An article as the store knows it."""

    id: int
    guid: str
    url: str
    canonical_url: str
    title: str
    excerpt: str
    content_hash: str
    section: str
    reason: str
    new_at: datetime
    """From when it counts as new: its publication on a feed's first pull, later the moment it came in."""
    first_seen_at: datetime
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    image: Image | None = None
    video: Video | None = None
    papers: tuple[str, ...] = ()
    """DOIs and PMIDs that its text names."""
