"""Feeds as WordPress writes them, made from a few words."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

SITE = "https://pain.example"


@dataclass
class Post:
    """One article; what is None is left out of the feed."""

    slug: str
    title: str | None = None
    content: str | None = None
    summary: str | None = None
    date: str | None = "2026-11-20T08:00:00"
    modified: str | None = None
    author: str | None = "Dr. Ada Hale"
    categories: tuple[str, ...] = ("Treatments",)
    guid: str | None = None
    link: str | None = None
    extra: str = ""

    @property
    def url(self) -> str:
        return self.link if self.link is not None else f"{SITE}/{self.slug}/"

    @property
    def name(self) -> str:
        return self.title if self.title is not None else self.slug.replace("-", " ").capitalize()

    @property
    def body(self) -> str:
        first = f"<p>{self.name} is explained here in plain words. It takes a few minutes to read.</p>"
        return self.content if self.content is not None else first


def _rfc822(moment: str) -> str:
    from datetime import UTC, datetime
    from email.utils import format_datetime

    return format_datetime(datetime.fromisoformat(moment).replace(tzinfo=UTC))


def item(post: Post) -> str:
    """An RSS item as wp-includes/feed-rss2.php writes it."""
    guid = f"{SITE}/?p={zlib.crc32(post.slug.encode())}" if post.guid is None else post.guid
    date = post.date if post.date is None or "," in post.date else _rfc822(post.date)
    parts = [
        f"<title>{escape(post.name)}</title>",
        f"<link>{escape(post.url)}</link>" if post.url else "",
        f"<comments>{escape(post.url)}#comments</comments>",
        f"<dc:creator><![CDATA[{post.author}]]></dc:creator>" if post.author else "",
        f"<pubDate>{date}</pubDate>" if date else "",
        *(f"<category><![CDATA[{name}]]></category>" for name in post.categories),
        f'<guid isPermaLink="false">{escape(guid)}</guid>' if guid else "",
        f"<description><![CDATA[{post.summary if post.summary is not None else ''}]]></description>",
        f"<content:encoded><![CDATA[{post.body}]]></content:encoded>" if post.content != "" else "",
        f"<wfw:commentRss>{escape(post.url)}feed/</wfw:commentRss>",
        "<slash:comments>18</slash:comments>",
        post.extra,
    ]
    return "<item>\n" + "\n".join(part for part in parts if part) + "\n</item>"


RSS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:media="http://search.yahoo.com/mrss/">'
)


def rss(*posts: Post | str, title: str = "Pain Library") -> str:
    """A whole feed; a string among the posts goes in as it is."""
    items = "\n".join(post if isinstance(post, str) else item(post) for post in posts)
    return f"{RSS_HEAD}<channel><title>{title}</title><link>{SITE}</link>{items}</channel></rss>"


def atom(*posts: Post, title: str = "Pain Library") -> str:
    """The same as wp-includes/feed-atom.php writes it."""
    entries = "".join(
        f"<entry><author><name>{post.author}</name></author><title type='html'><![CDATA[{post.name}]]></title>"
        f"<link rel='alternate' type='text/html' href='{escape(post.url)}'/><id>{SITE}/?p={post.slug}</id>"
        f"<updated>{post.modified or post.date}Z</updated><published>{post.date}Z</published>"
        + "".join(f"<category scheme='{SITE}' term='{name}'/>" for name in post.categories)
        + f"<content type='html' xml:base='{escape(post.url)}'><![CDATA[{post.body}]]></content>"
        f"<link rel='replies' type='text/html' href='{escape(post.url)}#comments'/>"
        "<thr:total>18</thr:total></entry>"
        for post in posts
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'"
        f" xmlns:thr='http://purl.org/syndication/thread/1.0'><title type='text'>{title}</title>"
        f"<updated>2026-11-20T08:00:00Z</updated><id>{SITE}/feed/atom/</id>{entries}</feed>"
    )


def rest(post: Post, **more: Any) -> dict[str, Any]:
    """One element of /wp-json/wp/v2/posts, with the comments that a bare `_embed` brings along."""
    return {
        "id": zlib.crc32(post.slug.encode()),
        "date_gmt": post.date,
        "modified_gmt": post.modified or post.date,
        "guid": {"rendered": post.guid or f"{SITE}/?p={post.slug}"},
        "link": post.url,
        "status": "publish",
        "type": "post",
        "title": {"rendered": post.name},
        "content": {"rendered": post.body, "protected": False},
        "excerpt": {"rendered": post.summary or "", "protected": False},
        "_embedded": {
            "author": [{"id": 1, "name": post.author}],
            "replies": [
                [{"id": 9, "author_name": "Maria K.", "content": {"rendered": "I take 40 mg oxycodone."}}]
            ],
            "wp:term": [
                [{"id": 1, "name": name, "taxonomy": "category"} for name in post.categories],
                [{"id": 2, "name": "Spine", "taxonomy": "post_tag"}],
            ],
        },
        **more,
    }


def rest_page(*posts: dict[str, Any]) -> str:
    return json.dumps(posts)
