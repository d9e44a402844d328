"""Is an article from a feed one that is known? By its guid, then its canonical URL, then its content.

Guids change (http to https, a move to another domain) and are shared by mistake; titles and addresses are
edited. Where the three disagree, the article is shown to a person, not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.storage.articles import KnownArticle
from newsletter.types import Article, FeedPage, FoundArticle
from newsletter.urls import canonical_url


@dataclass(frozen=True, slots=True)
class New:
    pass


@dataclass(frozen=True, slots=True)
class Same:
    """Known, and just as it is."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Known, and no longer as it was; `note` is for a person, where there is something to tell."""

    article: Article
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Not to be taken in, and why."""

    reason: str


Verdict = New | Same | Changed | Unfit


class Index:
    """What the store knows, found by each of the three identities."""

    def __init__(self, known: Iterable[KnownArticle]) -> None:
        self._by_guid: dict[tuple[str, int | None], KnownArticle] = {}
        self._by_url: dict[str, KnownArticle] = {}
        self._by_content: dict[str, KnownArticle] = {}
        for one in known:
            self.add(one)

    def add(self, one: KnownArticle) -> None:
        self._by_guid.setdefault(_guid_key(one.article.guid, one.feed_id), one)
        self._by_url[one.article.canonical_url] = one
        if one.article.excerpt:
            self._by_content.setdefault(one.article.content_hash, one)

    def by_guid(self, guid: str, feed_id: int) -> KnownArticle | None:
        return self._by_guid.get(_guid_key(guid, feed_id))

    def by_url(self, found: FoundArticle) -> KnownArticle | None:
        return self._by_url.get(found.canonical_url)

    def by_content(self, found: FoundArticle) -> KnownArticle | None:
        """Without words of its own an article's content is no identity."""
        return self._by_content.get(found.content_hash) if found.excerpt else None

    def newest(self, feed_id: int) -> datetime | None:
        """When the newest article known of a feed was published. One that was dated in the future when it came in
        says nothing: whatever comes in later may be older."""
        moments = (
            one.published_at
            for one in self._of(feed_id)
            if one.published_at and one.published_at <= one.first_seen_at
        )
        return max(moments, default=None)

    def last_edit(self, feed_id: int, now: datetime) -> datetime | None:
        """When an article known of a feed was last edited, by the site's clock, which may have been wrong:
        an edit dated in the future says nothing."""
        moments = (one.updated_at for one in self._of(feed_id) if one.updated_at and one.updated_at <= now)
        return max(moments, default=None)

    def _of(self, feed_id: int) -> Iterator[Article]:
        return (one.article for one in self._by_url.values() if one.feed_id == feed_id)

    def knows(self, found: FoundArticle, feed_id: int) -> bool:
        return bool(self.by_guid(found.guid, feed_id) or self.by_url(found))


def _guid_key(guid: str, feed_id: int) -> tuple[str, int | None]:
    """A guid that is an address is the same everywhere; any other, `123`, within its feed only."""
    return (canonical_url(guid), None) if guid.startswith(("http://", "https://")) else (guid, feed_id)


def judge(
    found: FoundArticle, index: Index, feed_id: int, page: FeedPage, feed_of: Callable[[int], str | None]
) -> Verdict:
    """What to do with an article. `feed_of` gives the address of a feed that is still collected, or None."""
    guid, url = index.by_guid(found.guid, feed_id), index.by_url(found)
    if guid and url and guid.article.id != url.article.id:
        return Unfit(
            f"its guid is that of “{guid.article.title}” ({guid.article.url}), its address that of"
            f" “{url.article.title}”: which one it is cannot be known"
        )
    known = url or guid
    if known is None:
        known = index.by_content(found)
        if known is None:
            return New()
        if _is_on(page, known.article) or known.feed_id != feed_id:
            return Unfit(f"it is the same as “{known.article.title}” at {known.article.url}")
    elif url is None and not _akin(found, known.article):
        return Unfit(
            f"its guid is that of “{known.article.title}” ({known.article.url}), but nothing else is: a guid"
            " used twice?"
        )
    owner = feed_of(known.feed_id) if known.feed_id != feed_id else None
    if owner is not None:
        return Unfit(f"it comes from {owner} already")
    if known.feed_id == feed_id and as_found(known.article) == found:
        return Same()
    moved = known.article.canonical_url != found.canonical_url
    return Changed(known.article, f"“{found.title}” has moved from {known.article.url}" if moved else "")


def _akin(found: FoundArticle, known: Article) -> bool:
    """Under one guid and another address: edited, or another article altogether?"""
    return (
        found.title == known.title
        or (bool(found.excerpt) and found.excerpt == known.excerpt)
        or (found.published_at is not None and found.published_at == known.published_at)
    )


def _is_on(page: FeedPage, known: Article) -> bool:
    return any(one.canonical_url == known.canonical_url for one in page.articles)


def as_found(known: Article) -> FoundArticle:
    """A known article as its feed gave it last."""
    return FoundArticle(**{name: getattr(known, name) for name in FoundArticle.__slots__})


def reaches_back(page: FeedPage, index: Index, feed_id: int) -> bool:
    """Does this page of a feed meet what is known of it, so that nothing can be missing in between?

    It does when it holds a known article and its oldest is no newer than the newest known one. The second
    half is for known articles that an editor moved to the top.
    """
    if not page.articles:
        return True
    meets = any(index.knows(one, feed_id) for one in page.articles)
    newest, oldest = index.newest(feed_id), _oldest(page)
    return meets and (newest is None or oldest is None or oldest <= newest)


FIRST_REACH = timedelta(days=14)
"""A first issue takes the week before its drafting, which may be a week ago when it is drafted by hand."""
FULL_PAGE = 10
"""WordPress's own number of articles on a page of a feed: one that holds fewer is all there is."""


def reaches_back_at_first(page: FeedPage, now: datetime) -> bool:
    """Does this page of a feed of which nothing is known go back as far as a first issue does?"""
    oldest = _oldest(page)
    return len(page.articles) < FULL_PAGE or oldest is None or oldest <= now - FIRST_REACH


def _oldest(page: FeedPage) -> datetime | None:
    return min((one.published_at for one in page.articles if one.published_at), default=None)
