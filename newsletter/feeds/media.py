"""The picture and the video of an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from newsletter.feeds.text import plain, shorten
from newsletter.types import Image, Video
from newsletter.urls import web_address

SMALLEST = 100
"""Pixels; anything smaller is an icon, a face or a pixel that counts readers."""

_NO_PICTURE = re.compile(
    r"gravatar\.com|/avatars?/|s\.w\.org/images|/emoji/|twemoji|/smilies/|wp-includes/images|"
    r"(?:^|[/_.-])(?:pixel|spacer|blank|transparent|placeholder|tracking|tracker|beacon|1x1|loading|lazy)(?:[/_.-]|$)|"
    r"feedburner\.com|feeds\.wordpress\.com|(?:pixel|stats)\.(?:wp|wordpress)\.com|doubleclick\.net|"
    r"facebook\.com/tr|google-analytics\.com|scorecardresearch\.com|/share[-_]|addtoany|"
    r"\.svgz?(?:$|\?)|\.(?:ico|mp4|webm|mp3)(?:$|\?)",
    re.IGNORECASE,
)
"""SVG is among them: hardly a mail program shows it."""

_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-orig-file", "src")
"""Lazy loading puts a stand-in into `src` and the picture elsewhere."""

_SMALL_CLASSES = re.compile(r"\b(?:avatar|emoji|wp-smiley|icon|logo|photo-author)\b", re.IGNORECASE)


def make_image(
    url: str, base: str, *, alt: str = "", width: object = None, height: object = None
) -> Image | None:
    """A picture fit for a mail, or None: not on the web, a pixel, a face, an icon, smaller than 100 px."""
    address = web_address(url, base) if url.strip() else None
    wide, high = _pixels(width), _pixels(height)
    if address is None or _NO_PICTURE.search(address):
        return None
    if any(side is not None and side < SMALLEST for side in (wide, high)):
        return None
    return Image(address, shorten(plain(alt), 200), wide or None, high or None)


def find_image(tree: etree._Element, base: str) -> Image | None:
    """The first picture in an article's HTML that is fit for a mail."""
    for element in tree.iter("img", "amp-img"):
        if _SMALL_CLASSES.search(element.get("class", "")):
            continue
        for source in _sources(element):
            found = make_image(
                source,
                base,
                alt=element.get("alt", ""),
                width=element.get("width"),
                height=element.get("height"),
            )
            if found:
                return found
    return None


def _sources(element: etree._Element) -> Iterator[str]:
    """Where the picture may be, best first. What is only in a `srcset` is taken in its middle size."""
    yield from (element.get(name, "") for name in _SOURCES if element.get(name))
    for name in ("data-srcset", "data-lazy-srcset", "srcset"):
        choices = [part.split() for part in element.get(name, "").split(", ")]
        sized = sorted((_pixels([*c, "0"][1].rstrip("wx")) or 0, c[0]) for c in choices if c)
        if sized:
            yield next((url for width, url in sized if width >= 600), sized[-1][1])


def _pixels(value: object) -> int | None:
    found = re.match(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*$", str(value)) if value is not None else None
    return int(found[1]) if found else None


# --- videos ----------------------------------------------------------------------------------------------

_HOSTS = frozenset(("youtube.com", "youtube-nocookie.com", "youtu.be"))
_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_NO_ID = frozenset(("videoseries", "live_stream"))
"""A playlist and a channel: eleven letters, but not the name of a video."""


def find_video(tree: etree._Element, base: str) -> Video | None:
    """The first YouTube video embedded in an article's HTML; the only ones whose still has a known address."""
    for element in tree.iter(etree.Element):
        for source in _embedded(element):
            if video := youtube(web_address(source, base) or ""):
                return video
    return None


def _embedded(element: etree._Element) -> Iterator[str]:
    if element.tag in ("iframe", "embed", "amp-iframe"):
        yield from (
            element.get(name, "") for name in ("data-src", "data-lazy-src", "data-litespeed-src", "src")
        )
    elif element.tag == "object":
        yield element.get("data", "")
    elif element.tag in ("lite-youtube", "amp-youtube", "youtube-video"):
        yield f"https://youtu.be/{element.get('videoid') or element.get('data-videoid') or ''}"
    # A plain address on a line of its own is how WordPress writes an embed that was not resolved.
    elif (
        element.tag in ("div", "p", "figure")
        and not len(element)
        and (element.text or "").lstrip()[:4] == "http"
    ):
        yield (element.text or "").strip()


def youtube(url: str) -> Video | None:
    """The video that an address of YouTube names; None for a playlist, a channel, another site."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("music.")
    if host not in _HOSTS:
        return None
    steps = [step for step in parts.path.split("/") if step]
    if host == "youtu.be":
        name = steps[0] if steps else ""
    elif steps[:1] == ["watch"]:
        name = parse_qs(parts.query).get("v", [""])[0]
    else:
        name = steps[1] if len(steps) > 1 and steps[0] in ("embed", "shorts", "live", "v", "e") else ""
    if not _ID.fullmatch(name) or name in _NO_ID:
        return None
    return Video(f"https://www.youtube.com/watch?v={name}", f"https://i.ytimg.com/vi/{name}/hqdefault.jpg")
