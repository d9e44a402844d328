"""Collect: ask each feed, and write down what is new and what was edited. One transaction for each feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import requests
from sqlalchemy import Connection, Engine

from newsletter.config import Feed
from newsletter.errors import FeedError
from newsletter.feeds.fetch import LIMITS, Limits, new_session
from newsletter.feeds.read import Answer, read_rss, read_wordpress
from newsletter.pipeline.identity import Changed, Index, New, Unfit, as_found, judge, reaches_back
from newsletter.storage import articles as store
from newsletter.storage.articles import KnownFeed
from newsletter.storage.database import reading, writing
from newsletter.types import FeedPage, FoundArticle, Placement, Skipped

Place = Callable[[FoundArticle, Feed], Placement]


@dataclass(frozen=True, slots=True)
class Taken:
    """An article that a pull brought in or found edited."""

    title: str
    url: str
    section: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What a pull did with one feed. `state` is `same` when the feed itself said that nothing had changed."""

    url: str
    state: Literal["read", "same", "failed"]
    title: str = ""
    new: tuple[Taken, ...] = ()
    updated: tuple[Taken, ...] = ()
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    error: FeedError | None = None


@dataclass(frozen=True, slots=True)
class PullReport:
    feeds: tuple[FeedReport, ...]
    moved: int = 0
    """Articles that are in another section than before, because the rules have changed."""

    @property
    def ok(self) -> bool:
        return all(feed.state != "failed" for feed in self.feeds)


def collect(
    engine: Engine, feeds: Sequence[Feed], place: Place, now: datetime, *, limits: Limits = LIMITS
) -> PullReport:
    """Pull every feed. One that fails is reported and leaves what is known of it as it is; the others go on."""
    urls = frozenset(feed.url for feed in feeds)
    with new_session() as session:
        reports = tuple(_pull(engine, session, feed, urls, place, now, limits) for feed in feeds)
    return PullReport(reports, moved=_place_again(engine, feeds, place))


def _pull(
    engine: Engine,
    session: requests.Session,
    feed: Feed,
    urls: frozenset[str],
    place: Place,
    now: datetime,
    limits: Limits,
) -> FeedReport:
    with writing(engine) as conn:
        known = store.remember_feed(conn, feed.url)
        index = Index(store.list_known(conn))
    try:
        answer = _read(session, feed, known, index, now, limits)
    except FeedError as error:
        with writing(engine) as conn:
            store.record_error(conn, known.id, now, str(error))
        return FeedReport(feed.url, "failed", known.title or "", error=error)
    with writing(engine) as conn:
        if answer.page is None:
            store.record_same(conn, known.id, now)
            return FeedReport(feed.url, "same", known.title or "")
        return _take_in(conn, feed, known, answer, answer.page, urls, place, now)


def _read(
    session: requests.Session, feed: Feed, known: KnownFeed, index: Index, now: datetime, limits: Limits
) -> Answer:
    first = known.first_pulled_at is None
    if feed.kind == "wordpress":
        # A day of overlap: the site's clock, its caches and a long pull may differ from ours by hours.
        newest = None if first else index.last_edit(known.id)
        since = newest - timedelta(days=1) if newest else None
        return read_wordpress(session, feed.url, now=now, since=since, limits=limits)
    return read_rss(
        session,
        feed.url,
        now=now,
        etag=known.etag,
        last_modified=known.last_modified,
        reaches_back=lambda page: first or reaches_back(page, index, known.id),
        limits=limits,
    )


def _take_in(
    conn: Connection,
    feed: Feed,
    known: KnownFeed,
    answer: Answer,
    page: FeedPage,
    urls: frozenset[str],
    place: Place,
    now: datetime,
) -> FeedReport:
    """Judge each article against the store as it is in this transaction, and write what follows."""
    store.lock_articles(conn)
    index = Index(store.list_known(conn))
    addresses = store.feed_urls(conn)

    def feed_of(feed_id: int) -> str | None:
        address = addresses.get(feed_id)
        return address if address in urls else None

    new: list[Taken] = []
    updated: list[Taken] = []
    skipped = list(page.skipped)
    notes = list(page.notes)
    unchanged = 0
    for found in page.articles:
        verdict = judge(found, index, known.id, page, feed_of)
        if isinstance(verdict, Unfit):
            skipped.append(Skipped(found.title, found.url, verdict.reason))
            continue
        placement = place(found, feed)
        if isinstance(verdict, New):
            new_at = _new_at(found, now, first=known.first_pulled_at is None)
            store.add_article(conn, known.id, found, placement, now=now, new_at=new_at)
            new.append(_taken(found, placement))
        elif isinstance(verdict, Changed):
            notes.extend([verdict.note] if verdict.note else [])
            edited = store.update_article(conn, verdict.article.id, known.id, found, placement, now=now)
            updated.extend([_taken(found, placement)] if edited else [])
            unchanged += not edited
        else:
            unchanged += 1
    store.record_answer(
        conn, known.id, now, title=page.title, etag=answer.etag, last_modified=answer.last_modified
    )
    return FeedReport(
        feed.url, "read", page.title, tuple(new), tuple(updated), unchanged, tuple(skipped), tuple(notes)
    )


def _taken(found: FoundArticle, placement: Placement) -> Taken:
    return Taken(found.title, found.url, placement.section, placement.reason)


def _new_at(found: FoundArticle, now: datetime, *, first: bool) -> datetime:
    """A feed's first pull brings its back list, which is as old as it says; later, new is what comes in."""
    if found.published_at is None:
        return now
    return found.published_at if first else max(now, found.published_at)


def _place_again(engine: Engine, feeds: Sequence[Feed], place: Place) -> int:
    """Put every article where today's rules put it: they may have changed since it came in."""
    by_url = {feed.url: feed for feed in feeds}
    with reading(engine) as conn:
        known = store.list_known(conn)
        addresses = store.feed_urls(conn)
    places = {
        one.article.id: placement
        for one in known
        if (feed := by_url.get(addresses[one.feed_id]))
        and (placement := place(as_found(one.article), feed))
        != Placement(one.article.section, one.article.reason)
    }
    if not places:
        return 0
    with writing(engine) as conn:
        return store.place_articles(conn, places)
