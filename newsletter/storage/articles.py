"""Feeds and their articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, insert, null, or_, select, text, update

from newsletter.storage.schema import articles, feeds
from newsletter.types import Article, FoundArticle, Image, Placement, Video
from newsletter.urls import canonical_url


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A feed as it was when last asked."""

    id: int
    url: str
    title: str | None
    etag: str | None
    last_modified: str | None
    first_pulled_at: datetime | None
    """None until the first good answer."""
    error: str | None


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """An article and the feed that it belongs to."""

    article: Article
    feed_id: int


# --- feeds -----------------------------------------------------------------------------------------------


def remember_feed(conn: Connection, url: str) -> KnownFeed:
    """The feed at `url`, written down when it is new."""
    found = _find_feed(conn, url)
    if found is None:
        conn.execute(insert(feeds).values(url=url))
        found = _find_feed(conn, url)
    assert found is not None
    return found


def _find_feed(conn: Connection, url: str) -> KnownFeed | None:
    names = [column for column in feeds.c if column.name != "checked_at"]
    row = conn.execute(select(*names).where(feeds.c.url == url)).one_or_none()
    return KnownFeed(**row._mapping) if row else None


def record_answer(
    conn: Connection,
    feed_id: int,
    now: datetime,
    *,
    title: str | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
) -> None:
    """The feed answered as it should. Call `record_same` instead when nothing had changed."""
    conn.execute(
        update(feeds)
        .where(feeds.c.id == feed_id)
        .values(
            title=title,
            etag=etag,
            last_modified=last_modified,
            first_pulled_at=func.coalesce(feeds.c.first_pulled_at, now),
            checked_at=now,
            error=None,
        )
    )


def record_same(conn: Connection, feed_id: int, now: datetime) -> None:
    """The feed answered that nothing has changed."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(checked_at=now, error=None))


def record_error(conn: Connection, feed_id: int, now: datetime, error: str) -> None:
    """The feed could not be read; what is known of it stays as it is."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(checked_at=now, error=error))


# --- articles --------------------------------------------------------------------------------------------


def lock_articles(conn: Connection) -> None:
    """Until the transaction ends, nobody else adds articles: what was found unknown stays unknown."""
    if conn.dialect.name == "postgresql":  # SQLite has but one writer anyway
        conn.execute(text("LOCK TABLE articles IN SHARE ROW EXCLUSIVE MODE"))


def add_article(
    conn: Connection,
    feed_id: int,
    found: FoundArticle,
    placement: Placement,
    *,
    now: datetime,
    new_at: datetime,
) -> KnownArticle:
    """Take in an article not known before."""
    values = {**_values(found, placement), "feed_id": feed_id, "first_seen_at": now, "new_at": new_at}
    row = conn.execute(insert(articles).values(values).returning(*_select().selected_columns)).one()
    return KnownArticle(_article(row), feed_id)


def update_article(
    conn: Connection,
    article_id: int,
    feed_id: int,
    found: FoundArticle,
    placement: Placement,
    *,
    now: datetime,
) -> bool:
    """Write down how the article is now. Returns whether that is an edit, one more revision.

    Another guid, address or feed alone is no edit; another content hash or a later `updated_at` is.
    """
    edited = or_(
        articles.c.content_hash != found.content_hash,
        and_(articles.c.updated_at.is_not(None), articles.c.updated_at != found.updated_at),
    )
    revised = conn.execute(
        update(articles)
        .where(articles.c.id == article_id, edited)
        .values(revision=articles.c.revision + 1, changed_at=now)
    ).rowcount
    conn.execute(
        update(articles)
        .where(articles.c.id == article_id)
        .values({**_values(found, placement), "feed_id": feed_id})
    )
    return revised == 1


def place_articles(conn: Connection, places: Mapping[int, Placement]) -> int:
    """Put articles into other sections. Returns how many were in another one, or for another reason."""
    if not places:
        return 0
    statement = (
        update(articles)
        .where(
            articles.c.id == bindparam("article_id"),
            or_(articles.c.section != bindparam("to"), articles.c.reason != bindparam("why")),
        )
        .values(section=bindparam("to"), reason=bindparam("why"))
    )
    rows = [{"article_id": key, "to": place.section, "why": place.reason} for key, place in places.items()]
    return conn.execute(statement, rows).rowcount


def list_articles(conn: Connection, *, since: datetime | None = None) -> list[Article]:
    """All articles, or those that count as new since then; newest first, in an order that never changes."""
    statement = _select().order_by(articles.c.new_at.desc(), articles.c.id)
    if since is not None:
        statement = statement.where(articles.c.new_at >= since)
    return [_article(row) for row in conn.execute(statement)]


def articles_by_url(conn: Connection, urls: Iterable[str]) -> dict[str, Article]:
    """The known ones among these addresses, by canonical URL."""
    wanted = sorted({canonical_url(url) for url in urls})
    found: dict[str, Article] = {}
    for start in range(0, len(wanted), 500):  # SQLite takes 32,766 parameters at most
        part = wanted[start : start + 500]
        rows = conn.execute(_select().where(articles.c.canonical_url.in_(part)))
        found.update((row.canonical_url, _article(row)) for row in rows)
    return found


def list_known(conn: Connection) -> list[KnownArticle]:
    """All articles with their feeds, in the order in which they came."""
    rows = conn.execute(_select().add_columns(articles.c.feed_id).order_by(articles.c.id))
    return [KnownArticle(_article(row), row.feed_id) for row in rows]


def feed_urls(conn: Connection) -> dict[int, str]:
    """Every feed ever asked, by id."""
    return {row.id: row.url for row in conn.execute(select(feeds.c.id, feeds.c.url))}


# --- rows ------------------------------------------------------------------------------------------------

_NAMES = tuple(Article.__slots__)
"""Every field of an article is a column of the same name."""


def _select() -> Select[Any]:
    return select(*(articles.c[name] for name in _NAMES))


def _article(row: Row[Any]) -> Article:
    values = {name: getattr(row, name) for name in _NAMES}
    values["categories"] = tuple(row.categories)
    values["image"] = Image(**row.image) if row.image else None
    values["video"] = Video(**row.video) if row.video else None
    return Article(**values)


def _values(found: FoundArticle, placement: Placement) -> dict[str, Any]:
    # In a JSON column None would be the JSON value `null`; SQL's own NULL is meant.
    return {
        "guid": found.guid,
        "url": found.url,
        "canonical_url": found.canonical_url,
        "title": found.title,
        "excerpt": found.excerpt,
        "content_hash": found.content_hash,
        "author": found.author,
        "published_at": found.published_at,
        "updated_at": found.updated_at,
        "categories": list(found.categories),
        "image": asdict(found.image) if found.image else null(),
        "video": asdict(found.video) if found.video else null(),
        "section": placement.section,
        "reason": placement.reason,
    }
