"""Whatever a server sends: an answer or a FeedError, never a traceback, a script, or a word too many."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sample_feeds import SITE, Post, item, rest, rss

from newsletter.errors import FeedError
from newsletter.feeds.excerpt import LIMIT, excerpt
from newsletter.feeds.parse import parse_feed
from newsletter.feeds.text import MAX_TITLE
from newsletter.feeds.wordpress import parse_posts
from newsletter.types import Fetched
from newsletter.urls import canonical_url, web_address

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
soon = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = [
    "p",
    "div",
    "a",
    "b",
    "script",
    "style",
    "iframe",
    "h2",
    "li",
    "ul",
    "img",
    "br",
    "blockquote",
    "noscript",
]
PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from([f"<{name}>" for name in NAMES] + [f"</{name}>" for name in NAMES]),
    st.sampled_from(
        [
            "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#0;", "&#xD800;", "&#x110000;", "&bogus;", "<?php ", "?>",
            '<img src="', '" alt="', '">', "<script>secretcode()</script>", "<style>secretcode</style>",
            '<iframe src="https://youtu.be/', "Comments are closed.", "18 Comments", "says:", "\ufeff", "\x00", "\x1b",
            '<div class="comment">', "The post ", " appeared first on ", "[…]", "Read more", "A sentence is here. ",
        ]
    ),
)  # fmt: skip
MARKUP = st.lists(PIECES, max_size=25).map("".join)


def check(page):
    """What holds of every article there is."""
    for one in page.articles:
        shown = f"{one.title} {one.excerpt} {one.author} {one.categories}"
        assert len(one.excerpt) <= LIMIT
        assert 0 < len(one.title) <= MAX_TITLE
        assert not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in shown)
        assert one.url.startswith(("http://", "https://"))
        assert one.image is None or one.image.url.startswith(("http://", "https://"))
        assert shown.encode()


def read(body: bytes):
    with suppress(FeedError):
        check(parse_feed(Fetched(f"{SITE}/feed/", 200, body), NOW))


@soon
@given(MARKUP)
@example("<script>secretcode()")
@example("".join(f"&#{n};&#x{n:x};{chr(n)}<noscript></noscript>" for n in range(160)))
@example("&#xfffe;&#xffff;&#xd800;\ufffe\uffff\ud800<noscript></noscript>")
@example("<p>" * 300 + "A sentence is here for all.")
def test_any_markup_makes_an_excerpt(markup):
    """Within the limit, without script, without controls."""
    text = excerpt(markup)
    assert len(text) <= LIMIT
    assert not any(ord(c) < 32 for c in text)


@soon
@given(MARKUP, MARKUP)
def test_scripts_never_become_words(before, after):
    """Where a script stands as an element, nothing of it is kept."""
    clean = before.replace("secretcode", "").replace("<!--", "").replace("<![CDATA[", "")
    html = f"<div>{clean}</div><script>var secretcode = 'A whole sentence of secretcode is here.';</script>{after}"
    if not any(f"<{name}" in clean for name in ("script", "style", "iframe", "noscript", "img", "?")):
        assert "secretcode =" not in excerpt(html)


@soon
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(body):
    """Noise is no feed, and no traceback."""
    read(body)


@soon
@given(MARKUP, MARKUP, MARKUP)
def test_any_words_in_a_feed_are_read(title, content, summary):
    """Escaped as they should be, or bare as broken sites write them."""
    clean = content.replace("]]>", "")
    read(
        rss(Post("a", title=title, content=clean, summary=summary.replace("]]>", ""))).encode(
            "utf-8", "replace"
        )
    )
    read(rss(f"<item><title>{title}</title><link>{SITE}/a/</link><description>{content}</description></item>").encode(
        "utf-8", "replace"
    ))  # fmt: skip


@soon
@given(st.data())
def test_any_damage_to_a_feed_is_read_or_refused(data):
    """A piece cut out, turned over, or put in twice."""
    body = rss(Post("a"), item(Post("b")), Post("c", content="<p>Ünï</p>")).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    read(
        body[:start]
        + data.draw(st.sampled_from([b"", body[start:end][::-1], body[start:end] * 2]))
        + body[end:]
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | MARKUP,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@soon
@given(st.data())
def test_any_json_is_read_or_refused(data):
    """A post whose fields are anything at all."""
    post = rest(Post("a"))
    for name in data.draw(st.lists(st.sampled_from(sorted(post)), max_size=4)):
        post[name] = data.draw(VALUES)
    for name in data.draw(st.lists(st.sampled_from(["author", "wp:term", "wp:featuredmedia"]), max_size=2)):
        if isinstance(post["_embedded"], dict):
            post["_embedded"][name] = data.draw(VALUES)
    body = data.draw(st.sampled_from([[post], [post, data.draw(VALUES)], data.draw(VALUES)]))
    with suppress(FeedError):
        check(parse_posts(Fetched(f"{SITE}/wp-json/wp/v2/posts", 200, json.dumps(body).encode()), NOW))


@soon
@given(st.text(max_size=60), st.sampled_from(["", SITE, "https://[x"]))
def test_any_text_is_an_address_or_none(text, base):
    """And an address stays one when it is looked at again."""
    address = web_address(text, base)
    assert address is None or web_address(address) == address
    assert isinstance(canonical_url(text), str)
