"""RSS and Atom, as WordPress and other systems write them, into articles. Nothing is fetched here."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from newsletter.errors import CommentsRefused, FeedRefused
from newsletter.feeds import comments
from newsletter.feeds.article import Raw, date_notes, make_article, sensible
from newsletter.feeds.decode import decode
from newsletter.feeds.media import make_image
from newsletter.feeds.text import title as title_text
from newsletter.types import FeedPage, Fetched, FoundArticle, Image, Skipped
from newsletter.urls import web_address

EXPORT = "http://wordpress.org/export/"
"""The namespace of WordPress export files: whole sites, drafts and comments with addresses included."""


def parse_feed(fetched: Fetched, now: datetime) -> FeedPage:
    """The articles of one RSS or Atom document, in its order.

    Raises FeedRefused when it is a feed of comments, an export file, a web page, or hostile: then nothing of it
    was taken in. `now` is for telling dates in the future.
    """
    if comments.is_comment_address(fetched.url):
        raise _comments(fetched.url)
    text, notes = decode(fetched)
    if re.search(rf"<rss\b[^>]*{re.escape(EXPORT)}", text[:5000]):
        raise _export(fetched.url)
    data = _parsed(text, fetched.url)
    if not data.get("version") and not data.entries:
        raise _no_feed(fetched, text)
    if any(place.startswith(EXPORT) for place in data.namespaces.values()):
        raise _export(fetched.url)
    entries, cut = _whole_entries(text, list(data.entries), notes)
    name = title_text(_get(data.feed, "title"), _kind(data.feed, "title"))
    _refuse_comments(name, entries, fetched.url)
    page = _page(name, entries, cut, notes, fetched.url, now)
    return replace(page, whole=not is_cut(text))


def is_cut(text: str) -> bool:
    """Does the document end before its root does?"""
    return not re.search(r"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", text[-5000:], re.IGNORECASE)


def _parsed(text: str, url: str) -> Any:
    import feedparser  # late: it costs 60 ms, and only a pull needs it

    # As a stream: feedparser opens URLs and files when it is given a string that looks like one. Unsanitised,
    # since its sanitiser takes out the frames that videos are in; no HTML of it is kept.
    try:
        return feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-location": url, "content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # its own bugs show on broken documents, as any kind of exception
        raise FeedRefused(
            f"cannot be read ({type(error).__name__})", where=url, hint="It is broken; ask who runs the site."
        ) from error


def _whole_entries(text: str, entries: list[Any], notes: list[str]) -> tuple[list[Any], list[Skipped]]:
    """Without the last one when the document breaks off inside it."""
    if not is_cut(text):
        return entries, []
    notes.append("breaks off before its end")
    ends = [found.end() for found in re.finditer(r"</(?:item|entry)\s*>", text, re.IGNORECASE)]
    if entries and re.search(r"<(?:item|entry)\b", text[ends[-1] if ends else 0 :], re.IGNORECASE):
        last = entries.pop()
        return entries, [Skipped(_title(last), _get(last, "link"), "it is cut off")]
    return entries, []


def _page(
    name: str, entries: list[Any], skipped: list[Skipped], notes: list[str], url: str, now: datetime
) -> FeedPage:
    found: list[FoundArticle] = []
    for entry in entries:
        if comments.is_comment(entry, _title(entry)):
            # Not even its title: "Comment on … by Maria K." would put a patient's name into a log.
            skipped.append(Skipped("An entry", "", "it is a reader's comment"))
            continue
        one = make_article(_raw(entry, url))
        (found if isinstance(one, FoundArticle) else skipped).append(one)  # type: ignore[arg-type]
    articles, twice = _each_page_once(_apart(found, notes))
    return FeedPage(
        title=name,
        articles=tuple(articles),
        skipped=(*skipped, *twice),
        notes=(*notes, *date_notes(articles, now)),
    )


def _apart(found: list[FoundArticle], notes: list[str]) -> list[FoundArticle]:
    """Articles that share a guid are told apart by their addresses: the guid names none of them."""
    pages: dict[str, set[str]] = {}
    for one in found:
        pages.setdefault(one.guid, set()).add(one.canonical_url)
    shared = {guid for guid, urls in pages.items() if len(urls) > 1}
    for guid in sorted(shared):
        count = len(pages[guid])
        notes.append(
            f"{count} articles share the guid {guid[:100]!r}: they are told apart by their addresses"
        )
    return [replace(one, guid=one.canonical_url) if one.guid in shared else one for one in found]


def _each_page_once(found: list[FoundArticle]) -> tuple[list[FoundArticle], list[Skipped]]:
    articles: dict[str, FoundArticle] = {}
    twice: list[Skipped] = []
    for one in found:
        first = articles.setdefault(one.canonical_url, one)
        if first is not one:
            twice.append(Skipped(one.title, one.url, f"it is in the feed twice, first as “{first.title}”"))
    return list(articles.values()), twice


# --- one entry -------------------------------------------------------------------------------------------


def _raw(entry: Any, base: str) -> Raw:
    content = next((part.get("value") for part in entry.get("content", ()) if part.get("value")), "")
    summary = _get(entry, "summary")
    return Raw(
        title=_title(entry),
        link=_get(entry, "feedburner_origlink") or _get(entry, "link"),
        guid=_get(entry, "id"),
        base=base,
        summary="" if summary == content else summary,
        content=content,
        author=_get(entry, "author"),
        published_at=_moment(entry, "published_parsed"),
        updated_at=_moment(entry, "updated_parsed"),
        categories=[_get(tag, "label") or _get(tag, "term") for tag in entry.get("tags") or ()],
        image=_image(entry, base),
    )


def _get(entry: Any, name: str) -> str:
    value = dict.get(entry, name)
    return value if isinstance(value, str) else ""


def _kind(entry: Any, name: str) -> str:
    return _get(dict.get(entry, f"{name}_detail") or {}, "type") or "text/plain"


def _title(entry: Any) -> str:
    return title_text(_get(entry, "title"), _kind(entry, "title"))


def _moment(entry: Any, name: str) -> datetime | None:
    """A date of the entry's own. feedparser's own lookup falls back from updated to published in silence."""
    parsed = dict.get(entry, name)
    if not parsed:
        return None
    try:
        return sensible(datetime.fromtimestamp(calendar.timegm(parsed), UTC))
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _image(entry: Any, base: str) -> Image | None:
    """A picture that the feed names beside the text: core WordPress does not, but plugins do."""
    return next(filter(None, (make_image(base=base, **one) for one in _named_images(entry))), None)


def _named_images(entry: Any) -> Iterator[dict[str, Any]]:
    for one in entry.get("media_content") or ():
        if one.get("medium") == "image" or str(one.get("type", "")).startswith("image/"):
            yield {"url": _get(one, "url"), "width": one.get("width"), "height": one.get("height")}
    for one in entry.get("media_thumbnail") or ():
        yield {"url": _get(one, "url"), "width": one.get("width"), "height": one.get("height")}
    for one in entry.get("links") or ():
        if one.get("rel") == "enclosure" and str(one.get("type", "")).startswith("image/"):
            yield {"url": _get(one, "href")}


# --- refusing --------------------------------------------------------------------------------------------


def _refuse_comments(name: str, entries: list[Any], url: str) -> None:
    flags = [comments.is_comment(entry, _title(entry)) for entry in entries]
    titled = comments.is_comment_title(name) and not any(_has_article_marks(entry) for entry in entries)
    if titled or comments.mostly(flags):
        raise _comments(url)


def _has_article_marks(entry: Any) -> bool:
    return "wfw_commentrss" in entry or bool(entry.get("tags"))


def _comments(url: str) -> CommentsRefused:
    return CommentsRefused(
        "is a feed of readers' comments, which are never taken in",
        where=url,
        hint="Enter the feed of the articles, usually https://…/feed/ or https://…/category/…/feed/.",
    )


def _export(url: str) -> FeedRefused:
    return FeedRefused(
        "is a WordPress export file: it holds drafts, private posts and readers' comments",
        where=url,
        hint="Enter the site's feed, usually https://…/feed/, and take the export file off the web.",
    )


def _no_feed(fetched: Fetched, text: str) -> FeedRefused:
    if re.search(r"<html\b|<!doctype html", text[:5000], re.IGNORECASE):
        better = _announced(text, fetched.url)
        return FeedRefused(
            "is a web page, not a feed",
            where=fetched.url,
            hint=f"The page names this feed: {better}"
            if better
            else "A WordPress site's is usually at /feed/.",
        )
    what = "is empty" if not text.strip() else "is neither RSS nor Atom"
    return FeedRefused(what, where=fetched.url, hint="A WordPress site's feed is usually at /feed/.")


def _announced(text: str, base: str) -> str | None:
    """The feed of articles that a page names in its head."""
    for link in re.findall(r"<link\b[^<>]{0,1000}>", text[:200_000], re.IGNORECASE):
        href = re.search(r"href\s*=\s*[\"']([^\"']+)", link, re.IGNORECASE)
        if href and re.search(r"application/(?:rss|atom)\+xml", link, re.IGNORECASE):
            address = web_address(href[1].replace("&amp;", "&"), base)
            if address and not comments.is_comment_address(address):
                return address
    return None
