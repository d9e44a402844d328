"""What composing asks of the store: what is new, which article a pick means, what was in an issue before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Row, select

from newsletter.storage.schema import articles, issue_articles, issues
from newsletter.types import Article, Image, IssueState, Video

_COLUMNS = [
    articles.c[name]
    for name in Article.__slots__  # dataclass fields and columns have the same names
]
_DONE = (IssueState.SENT, IssueState.CANCELLED)
_AT_ONCE = 500
"""SQLite takes 32,766 variables, PostgreSQL 65,535; statements of one size are compiled once."""


def list_new_articles(conn: Connection, since: datetime, until: datetime) -> list[Article]:
    """The articles that count as new in a stretch of time, both ends included."""
    query = select(*_COLUMNS).where(articles.c.new_at.between(since, until))
    return [_article(row) for row in conn.execute(query)]


def find_articles(conn: Connection, urls: Collection[str]) -> dict[str, Article]:
    """Articles by canonical URL; those the store does not know are not in it."""
    found = {}
    for some in _in_parts(urls):
        for row in conn.execute(select(*_COLUMNS).where(articles.c.canonical_url.in_(some))):
            found[row.canonical_url] = _article(row)
    return found


def list_published_urls(conn: Connection, *, but: str = "") -> set[str]:
    """The canonical URLs of all articles that were in a published issue, the issue `but` left aside."""
    query = select(issue_articles.c.canonical_url).join(issues).where(issues.c.slug != but)
    return set(conn.scalars(query))


def list_done_slugs(conn: Connection) -> set[str]:
    """The issues on which no work is left: sent or cancelled."""
    return set(conn.scalars(select(issues.c.slug).where(issues.c.state.in_(_DONE))))


def _in_parts(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(values))
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _article(row: Row[tuple[object, ...]]) -> Article:
    values = dict(row._mapping)
    values["categories"] = tuple(values["categories"])
    values["image"] = Image(**values["image"]) if values["image"] else None
    values["video"] = Video(**values["video"]) if values["video"] else None
    return Article(**values)
