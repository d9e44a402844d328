"""What RSS, Atom and REST have in common: the parts of an article, made into a FoundArticle or a reason against it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

from newsletter.feeds import furniture
from newsletter.feeds.excerpt import excerpt, excerpt_of
from newsletter.feeds.media import find_image, find_video
from newsletter.feeds.text import parse, plain, shorten, text_of
from newsletter.papers import papers_in
from newsletter.types import FoundArticle, Image, Skipped, Video
from newsletter.urls import canonical_url, web_address

MOST_PAPERS = 300
"""References of one article that are kept at most."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An article as a source wrote it: `title` is text already, `summary` and `content` are HTML."""

    title: str
    link: str
    guid: str
    base: str
    """What relative addresses hang on."""
    summary: str = ""
    content: str = ""
    author: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: Iterable[str] = ()
    image: Image | None = None
    """One the source names as the article's own, before any found in its text."""
    protected: bool = False


_PROTECTED_TITLE = re.compile(
    r"(?:protected|private|geschützt|privat|protégé|privé|protegido|privado|protetto|privato|beschermd)\s?:\s",
    re.I,
)
_PROTECTED_TEXT = re.compile(
    r"there is no excerpt because this is a protected post|this (?:content|post) is password[- ]protected"
    r"|post-password-form|name=[\"']post_password|es gibt keinen auszug, da dies ein geschützter beitrag ist",
    re.I,
)


def make_article(raw: Raw) -> FoundArticle | Skipped:
    """The article, or why it is not taken in."""
    title = raw.title or _title_from(raw)
    url = web_address(raw.link, raw.base) if raw.link.strip() else web_address(raw.guid)
    shown = Skipped(title, url or "", "")
    if raw.protected or _PROTECTED_TITLE.match(title) or _PROTECTED_TEXT.search(raw.content or raw.summary):
        # Not even its words may go out: whoever set the password meant them for a few.
        return Skipped(
            _PROTECTED_TITLE.sub("", title), shown.url, "it is protected by a password, or private"
        )
    if url is None:
        return Skipped(title, "", "it has no web address")
    if not title:
        return Skipped("", url, "it has neither title nor text")
    text, image, video = _shown(raw, url)
    article = FoundArticle(
        guid=plain(raw.guid)[:1000] or canonical_url(url),
        url=url,
        canonical_url=canonical_url(url),
        title=title,
        excerpt=text,
        content_hash="",
        author=shorten(_name(raw.author), 100) or None,
        published_at=raw.published_at,
        updated_at=raw.updated_at,
        categories=_each_once(raw.categories),
        image=raw.image or image,
        video=video,
        papers=papers_in(unescape(f"{raw.summary} {raw.content}"))[:MOST_PAPERS],
    )
    return _hashed(article)


def _shown(raw: Raw, url: str) -> tuple[str, Image | None, Video | None]:
    """Excerpt, picture and video. A summary that an editor wrote by hand says it best; one that WordPress cut
    from the text, theme furniture and all, is worse than the text itself."""
    tree = parse(raw.content or raw.summary)
    if tree is None:
        return "", None, None
    furniture.strip(tree)
    image, video = find_image(tree, url), find_video(tree, url)
    if raw.content and raw.summary and _by_hand(raw):
        by_hand = excerpt(raw.summary)
        if by_hand:
            return by_hand, image, video
    return excerpt_of(tree), image, video


def _by_hand(raw: Raw) -> bool:
    summary = re.sub(r"\W+", "", text_of(raw.summary)).lower()
    return len(summary) > 30 and summary[:60] not in re.sub(r"\W+", "", text_of(raw.content)).lower()


def _title_from(raw: Raw) -> str:
    """WordPress allows articles without a title: the first words stand in."""
    return shorten(excerpt(raw.content or raw.summary), 80)


def _name(author: str) -> str:
    """A person's name, without the e-mail address RSS 2.0 asks for."""
    named = re.sub(r"[<(]?\b[\w.+-]+@[\w-]+\.[\w.-]+\b[>)]?", "", plain(author)).strip()
    return named.strip("()").strip()


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    clean = (shorten(text_of(name), 100) for name in names)
    return tuple(dict.fromkeys(name for name in clean if name))[:50]


def _hashed(article: FoundArticle) -> FoundArticle:
    """With the hash of all that a reader or the sorting would see. Hosts stay out: a site may move."""
    seen = [
        article.title,
        article.excerpt,
        article.author,
        article.published_at.isoformat() if article.published_at else None,
        sorted(article.categories),
        [urlsplit(article.image.url).path, article.image.alt] if article.image else None,
        article.video.url if article.video else None,
    ]
    return replace(article, content_hash=hashlib.sha256(json.dumps(seen).encode()).hexdigest())


# --- dates -----------------------------------------------------------------------------------------------

_FIRST_BLOG = datetime(1990, 1, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)


def sensible(moment: datetime | None) -> datetime | None:
    """None for the impossible dates that empty fields turn into, such as WordPress's year -1, or 1970."""
    return moment if moment and moment >= _FIRST_BLOG else None


def date_notes(articles: Iterable[FoundArticle], now: datetime) -> list[str]:
    """What a person should know about the dates of these articles."""
    notes = []
    for article in articles:
        if article.published_at is None:
            notes.append(f"“{article.title}” has no usable date: it counts as new from when it is first seen")
        elif article.published_at > now + _A_DAY:
            day = article.published_at.date().isoformat()
            notes.append(f"“{article.title}” is dated {day}, in the future: it counts as new from then")
    return notes
