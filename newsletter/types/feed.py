"""A feed and what it held just now: not yet known to the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """One HTTP answer, read within the caps. `status` 304 carries no body."""

    url: str
    """Where the answer came from in the end, after redirects."""
    status: int
    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    content_type: str = ""
    pages: int | None = None
    """How many pages there are in all, where the server says so (WordPress's X-WP-TotalPages)."""


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Video:
    url: str
    """The page where a person can watch it."""
    still: str
    """The address of a picture of it."""


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article as a feed gave it just now; not yet known to the store."""

    guid: str
    url: str
    canonical_url: str
    """`url` without scheme, tracking parameters, fragment, default port: the same for the same page."""
    title: str
    excerpt: str
    content_hash: str
    """Of everything a reader would see: another hash means the article was edited."""
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    image: Image | None = None
    video: Video | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that was not taken in, and why."""

    title: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What one document of a feed held."""

    title: str
    articles: tuple[FoundArticle, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Oddities a person should know of: undated entries, dates in the future, a repaired encoding."""
    whole: bool = True
    """False when the document broke off before its end."""
