"""Collect: ask each feed, and write down what is new and what was edited. One transaction for each feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import requests
from sqlalchemy import Connection, Engine

from newsletter.config import Feed
from newsletter.errors import FeedError, FeedRefused
from newsletter.feeds.fetch import LIMITS, Limits, new_session
from newsletter.feeds.read import Answer, read_rss, read_wordpress
from newsletter.pipeline.identity import (
    Changed,
    Index,
    New,
    Same,
    Unfit,
    as_found,
    judge,
    reaches_back,
    reaches_back_at_first,
)
from newsletter.storage import articles as store
from newsletter.storage.articles import KnownFeed
from newsletter.storage.database import reading, writing
from newsletter.types import Article, FeedPage, FoundArticle, Placement, Skipped

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
        answer = _read_or_say_why(session, feed, known, index, now, limits)
    except FeedError as error:
        with writing(engine) as conn:
            store.record_error(conn, known.id, now, str(error))
        return FeedReport(feed.url, "failed", known.title or "", error=error)
    with writing(engine) as conn:
        if answer.page is None:
            store.record_same(conn, known.id, now)
            return FeedReport(feed.url, "same", known.title or "")
        store.lock_articles(conn)
        intake = _Intake(conn, feed, known, answer.page, urls, place, now)
        intake.take_all()
        store.record_answer(
            conn,
            known.id,
            now,
            title=answer.page.title,
            etag=answer.etag,
            last_modified=answer.last_modified,
        )
    return intake.report()


def _read_or_say_why(
    session: requests.Session, feed: Feed, known: KnownFeed, index: Index, now: datetime, limits: Limits
) -> Answer:
    """Raises FeedError and nothing else: what a stranger's document brings about is no reason to stop the others."""
    try:
        return _read(session, feed, known, index, now, limits)
    except FeedError:
        raise
    except Exception as error:
        raise FeedRefused(
            f"cannot be read: {type(error).__name__}: {error}",
            where=feed.url,
            hint="That is a mistake of this program. Please report it, with the feed as it is now.",
        ) from error


def _read(
    session: requests.Session, feed: Feed, known: KnownFeed, index: Index, now: datetime, limits: Limits
) -> Answer:
    first = known.first_pulled_at is None
    if feed.kind == "wordpress":
        # A day of overlap: the site's clock, its caches and a long pull may differ from ours by hours.
        newest = None if first else index.last_edit(known.id, now)
        since = newest - timedelta(days=1) if newest else None
        return read_wordpress(session, feed.url, now=now, since=since, limits=limits)
    return read_rss(
        session,
        feed.url,
        now=now,
        etag=known.etag,
        last_modified=known.last_modified,
        reaches_back=lambda page: (
            reaches_back_at_first(page, now) if first else reaches_back(page, index, known.id)
        ),
        limits=limits,
    )


class _Intake:
    """A page's articles, each judged against the store as it is in this transaction, and written down."""

    def __init__(
        self,
        conn: Connection,
        feed: Feed,
        known: KnownFeed,
        page: FeedPage,
        urls: frozenset[str],
        place: Place,
        now: datetime,
    ) -> None:
        self._conn, self._feed, self._known, self._page = conn, feed, known, page
        self._place, self._now = place, now
        self._index = Index(store.list_known(conn))
        self._collected = {key: url for key, url in store.feed_urls(conn).items() if url in urls}
        self._new: list[Taken] = []
        self._updated: list[Taken] = []
        self._unchanged = 0
        self._skipped = list(page.skipped)
        self._notes = list(page.notes)

    def take_all(self) -> None:
        for found in self._page.articles:
            match judge(found, self._index, self._known.id, self._page, self._collected.get):
                case Unfit(reason):
                    self._skipped.append(Skipped(found.title, found.url, reason))
                case Same():
                    self._unchanged += 1
                case New():
                    self._add(found)
                case Changed(article, note):
                    self._notes.extend([note] if note else [])
                    self._update(article, found)

    def report(self) -> FeedReport:
        return FeedReport(
            self._feed.url,
            "read",
            self._page.title,
            tuple(self._new),
            tuple(self._updated),
            self._unchanged,
            tuple(self._skipped),
            tuple(self._notes),
        )

    def _add(self, found: FoundArticle) -> None:
        placement = self._place(found, self._feed)
        new_at = _new_at(found, self._now, first=self._known.first_pulled_at is None)
        added = store.add_article(self._conn, self._known.id, found, placement, now=self._now, new_at=new_at)
        self._index.add(added)  # the next one on the page may be the same again under another address
        self._new.append(_taken(found, placement))

    def _update(self, article: Article, found: FoundArticle) -> None:
        placement = self._place(found, self._feed)
        edited = store.update_article(self._conn, article.id, self._known.id, found, placement, now=self._now)
        if edited:
            self._updated.append(_taken(found, placement))
        else:
            self._unchanged += 1


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
