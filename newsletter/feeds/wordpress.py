"""WordPress's REST interface: the better second source, with the featured picture, its description, and the date
of the last edit. Security plugins often close it, so RSS stays the base.

https://developer.wordpress.org/rest-api/reference/posts/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from newsletter.errors import CommentsRefused, FeedRefused, FeedUnreachable
from newsletter.feeds import comments
from newsletter.feeds.article import Raw, date_notes, make_article, sensible
from newsletter.feeds.media import make_image
from newsletter.feeds.text import title as title_text
from newsletter.types import FeedPage, Fetched, FoundArticle, Image, Skipped

PER_PAGE = 100
SMALL_PAGE = 20
"""For sites whose hundred newest articles are bigger than one answer may be."""

_EMBED = "author,wp:featuredmedia,wp:term"
"""Only these: a bare `_embed` would also bring the readers' comments along."""


def posts_url(url: str, *, page: int = 1, per_page: int = PER_PAGE, only: Mapping[str, datetime]) -> str:
    """Where to ask a site for its posts. `url` is the site, its feed, or the interface's own address; `only` are
    filters by date, `after` and `modified_after`."""
    wanted: dict[str, str | int] = {"_embed": _EMBED, "per_page": per_page, "page": page}
    wanted |= {name: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in only.items()}
    parts = urlsplit(url)
    if "rest_route=" in parts.query:
        return f"{url}&{urlencode(wanted)}"
    path = re.sub(r"/(?:feed/?.*|wp-json/?.*)?$", "", parts.path)
    if (own := re.match(r".*/wp-json/wp/v2/[\w-]+", parts.path)) is not None:
        path = own[0]
    else:
        path += "/wp-json/wp/v2/posts"
    query = f"{parts.query}&{urlencode(wanted)}" if parts.query else urlencode(wanted)
    return f"{parts.scheme}://{parts.netloc}{path}?{query}"


def parse_posts(fetched: Fetched, now: datetime) -> FeedPage:
    """The articles of one answer of `/wp/v2/posts`. Raises FeedRefused when it is anything else."""
    if comments.is_comment_address(fetched.url):
        raise _comments(fetched.url)
    posts = _loaded(fetched)
    found: list[FoundArticle] = []
    skipped: list[Skipped] = []
    for post in posts:
        if not isinstance(post, dict):
            skipped.append(Skipped("", "", "it is no article"))
        elif "author_name" in post or post.get("type") == "comment":
            raise _comments(fetched.url)
        elif post.get("status", "publish") != "publish":
            skipped.append(Skipped(_title(post), "", "it is not published"))
        else:
            one = make_article(_raw(post, fetched.url))
            (found if isinstance(one, FoundArticle) else skipped).append(one)  # type: ignore[arg-type]
    return FeedPage(_site(fetched.url), tuple(found), tuple(skipped), tuple(date_notes(found, now)))


def closed(error: FeedUnreachable | FeedRefused, url: str) -> FeedUnreachable:
    """The same trouble, told for the REST interface, with the way around it."""
    notes = " ".join(getattr(error, "__notes__", ()))
    code = re.search(r"\"code\"\s*:\s*\"([\w-]{1,60})\"", notes)
    status = getattr(error, "status", None)
    why = f"HTTP status {status}" if status else error.what
    parts = urlsplit(url)
    return FeedUnreachable(
        f"the site's REST interface is closed ({why}{', ' + code[1] if code else ''})",
        where=url,
        hint=f'Take its feed instead: kind = "rss" and url = "{parts.scheme}://{parts.netloc}/feed/".',
        status=status,
    )


def _loaded(fetched: Fetched) -> list[Any]:
    try:
        posts = json.loads(fetched.body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        raise _refused("answers with something that is not JSON", fetched.url) from None
    if not isinstance(posts, list):
        raise _refused("does not answer with a list of articles", fetched.url)
    return posts


_ADVICE = "Enter the site's own address; /wp-json/wp/v2/posts is added to it."


def _refused(what: str, url: str) -> FeedRefused:
    return FeedRefused(what, where=url, hint=_ADVICE)


def _comments(url: str) -> CommentsRefused:
    return CommentsRefused(
        "is the list of readers' comments, which are never taken in", where=url, hint=_ADVICE
    )


def _site(url: str) -> str:
    return urlsplit(url).hostname or ""


# --- one post --------------------------------------------------------------------------------------------


def _raw(post: dict[str, Any], base: str) -> Raw:
    embedded = _dict(post.get("_embedded"))
    protected = any(_dict(post.get(part)).get("protected") is True for part in ("content", "excerpt"))
    return Raw(
        title=_title(post),
        link=_text(post.get("link")),
        guid=_rendered(post, "guid") or _text(post.get("link")),
        base=base,
        summary=_rendered(post, "excerpt"),
        content=_rendered(post, "content"),
        author=next((_text(one.get("name")) for one in _dicts(embedded.get("author"))), ""),
        published_at=_moment(post, "date_gmt"),
        updated_at=_moment(post, "modified_gmt"),
        categories=list(_terms(embedded)),
        image=_image(embedded, base),
        protected=protected,
    )


def _title(post: dict[str, Any]) -> str:
    return title_text(_rendered(post, "title"), "text/html")


def _rendered(post: dict[str, Any], name: str) -> str:
    return _text(_dict(post.get(name)).get("rendered"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _terms(embedded: dict[str, Any]) -> Iterator[str]:
    """Categories first, then tags: one list for each taxonomy, named in the terms themselves."""
    lists = embedded.get("wp:term")
    terms = [term for one in (lists if isinstance(lists, list) else ()) for term in _dicts(one)]
    for kind in ("category", "post_tag"):
        yield from (_text(term.get("name")) for term in terms if term.get("taxonomy") == kind)


def _moment(post: dict[str, Any], name: str) -> datetime | None:
    """`2017-03-01T10:00:00`, in UTC without saying so; `0000-00-00T00:00:00` for none."""
    try:
        moment = datetime.fromisoformat(_text(post.get(name)))
        return sensible(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _image(embedded: dict[str, Any], base: str) -> Image | None:
    for media in _dicts(embedded.get("wp:featuredmedia")):
        details = _dict(media.get("media_details"))
        sizes = _dict(details.get("sizes"))
        whole = {**details, "source_url": media.get("source_url")}
        for size in (_dict(sizes.get("large")), _dict(sizes.get("medium_large")), whole):
            found = make_image(
                _text(size.get("source_url")),
                base,
                alt=title_text(_text(media.get("alt_text"))),
                width=size.get("width"),
                height=size.get("height"),
            )
            if found:
                return found
    return None
