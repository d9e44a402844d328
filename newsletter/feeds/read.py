"""One feed, read as far back as is needed: the newest page, and older ones while something may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests

from newsletter.errors import CommentsRefused, FeedRefused, FeedTooBig, FeedUnreachable
from newsletter.feeds import wordpress
from newsletter.feeds.fetch import LIMITS, Limits, fetch
from newsletter.feeds.parse import parse_feed
from newsletter.types import FeedPage, Fetched, FoundArticle

MAX_PAGES = 10
"""Older pages at most: a hundred articles of RSS, a thousand of REST."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feed answered: `page` is None when nothing has changed since it was last asked."""

    page: FeedPage | None
    etag: str | None = None
    last_modified: str | None = None


def read_rss(
    session: requests.Session,
    url: str,
    *,
    now: datetime,
    etag: str | None = None,
    last_modified: str | None = None,
    reaches_back: Callable[[FeedPage], bool] = lambda _: True,
    limits: Limits = LIMITS,
) -> Answer:
    """RSS or Atom. While `reaches_back` says that a page does not yet meet what is known, the one before it
    is read too (WordPress: `?paged=2` and so on; 404 behind the last). Raises FeedError.
    """
    first = fetch(session, url, etag=etag, last_modified=last_modified, limits=limits)
    if first.status == 304:
        return Answer(None)
    pages = [parse_feed(first, now)]
    note = ""
    while not note and not reaches_back(pages[-1]):
        note = _older(session, first.url, pages, now, limits)
    if len(pages) > 1:
        note_of_pages = f"more came in than one page holds: {len(pages)} pages were read"
        pages.append(FeedPage("", (), notes=(note_of_pages,)))
    if note not in ("", _END):
        pages.append(FeedPage("", (), notes=(note,)))
    # A document that was cut off is asked for again, whole, at the next pull.
    whole = all(page.whole for page in pages)
    return Answer(_joined(pages), *((first.etag, first.last_modified) if whole else ()))


_END = "the feed's last page was reached"


def _older(session: requests.Session, url: str, pages: list[FeedPage], now: datetime, limits: Limits) -> str:
    """Read one page more into `pages`; why no further one can be read, or empty."""
    number = len(pages) + 1
    if number > MAX_PAGES:
        return f"older articles may be missing: it was read {MAX_PAGES} pages back, not further"
    try:
        page = parse_feed(fetch(session, _paged(url, number), limits=limits), now)
    except FeedUnreachable as error:
        if error.status == 404:
            return _END
        # A server that will never show the page must not keep the newest articles out; one that is only
        # overloaded is asked again for all of it.
        if error.status and 400 <= error.status < 500 and error.status != 429:
            return f"older articles may be missing: page {number} answers with HTTP status {error.status}"
        raise
    except FeedRefused as error:
        return f"older articles may be missing: page {number} {error.what}"
    known = {one.canonical_url for one in _joined(pages).articles}
    if all(one.canonical_url in known for one in page.articles):
        return _END if not page.articles else "older articles may be missing: the site shows one page only"
    pages.append(page)
    return ""


def _paged(url: str, number: int) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}paged={number}"


def read_wordpress(
    session: requests.Session,
    url: str,
    *,
    now: datetime,
    since: datetime | None = None,
    limits: Limits = LIMITS,
) -> Answer:
    """All posts by REST, or those published or edited since then. Raises FeedError; when it is closed, with the
    way around."""
    try:
        pages = _posts(session, url, now, since, limits, wordpress.PER_PAGE)
    except FeedTooBig:
        pages = _posts(session, url, now, since, limits, wordpress.SMALL_PAGE)
    return Answer(_joined(pages))


def _posts(
    session: requests.Session, url: str, now: datetime, since: datetime | None, limits: Limits, per_page: int
) -> list[FeedPage]:
    if since is None:
        return _pages(session, url, now, limits, per_page, {})
    # A post that was scheduled keeps the date of its last edit when it goes live: it is not "edited since".
    return [
        page
        for name in ("modified_after", "after")
        for page in _pages(session, url, now, limits, per_page, {name: since})
    ]


def _pages(
    session: requests.Session,
    url: str,
    now: datetime,
    limits: Limits,
    per_page: int,
    only: Mapping[str, datetime],
) -> list[FeedPage]:
    """Every page of one question. `only`: WordPress's filters by date."""
    first = _first(session, wordpress.posts_url(url, per_page=per_page, only=only), url, limits)
    pages = [_parsed(first, url, now)]
    total = first.pages or 1
    for number in range(2, min(total, MAX_PAGES) + 1):
        place = wordpress.posts_url(url, page=number, per_page=per_page, only=only)
        pages.append(wordpress.parse_posts(fetch(session, place, limits=limits), now))
    if total > MAX_PAGES:
        note = f"of {total} pages, the newest {MAX_PAGES} were read"
        pages.append(FeedPage("", (), notes=(note,)))
    return pages


def _first(session: requests.Session, place: str, url: str, limits: Limits) -> Fetched:
    try:
        return fetch(session, place, limits=limits)
    except FeedUnreachable as error:
        if error.status is None or error.status == 429 or error.status >= 500:
            raise
        raise wordpress.closed(error, url) from None


def _parsed(first: Fetched, url: str, now: datetime) -> FeedPage:
    """A firewall's page with status 200 is a closed door too."""
    try:
        return wordpress.parse_posts(first, now)
    except CommentsRefused:
        raise
    except FeedRefused as error:
        raise wordpress.closed(error, url) from None


def _joined(pages: list[FeedPage]) -> FeedPage:
    """One page of many; an article that moved from one to the next while we read counts once."""
    articles: dict[str, FoundArticle] = {}
    for page in pages:
        for one in page.articles:
            articles.setdefault(one.canonical_url, one)
    return FeedPage(
        title=pages[0].title,
        articles=tuple(articles.values()),
        skipped=tuple(dict.fromkeys(one for page in pages for one in page.skipped)),
        notes=tuple(dict.fromkeys(note for page in pages for note in page.notes)),
    )
