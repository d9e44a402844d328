"""A server can hold us up for a known time and cost a known amount of memory, never more."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
from dataclasses import replace

import pytest
from feed_server import Answer, running

from newsletter.errors import FeedRefused, FeedUnreachable
from newsletter.feeds.fetch import LIMITS, fetch, new_session


@pytest.fixture
def server():
    with running() as one:
        yield one


@pytest.fixture
def session():
    with new_session() as one:
        yield one


def _drip(start: bytes, drop: bytes):
    """Bytes of an answer that never ends: each comes well before any time limit on silence."""

    def write(handler):
        handler.wfile.write(start)
        for _ in range(400):
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(0.05)

    return Answer(raw=write)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        _drip(HEAD + b"\r\n", b" "),
        _drip(HEAD + b"Content-Length: 400\r\n\r\n", b" "),
        _drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        _drip(HEAD + b"X-Long: ", b"a"),
        _drip(b"HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 400\r\n", b"X: y\r\n"),
    ],
    ids=["until-close", "content-length", "chunked", "headers", "redirect"],
)
def test_a_dripping_server_is_left_when_the_time_is_up(server, session, answer):
    """The deadline is for the whole call: bytes that keep coming one by one do not move it."""
    server.routes["/feed/"] = answer
    began = time.monotonic()
    with pytest.raises(FeedUnreachable, match=r"within 0\.6 s"):
        fetch(session, server.url + "/feed/", limits=replace(LIMITS, seconds=0.6))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("head", [b"", b"Content-Length: 400\r\n"])
def test_a_drip_leaves_no_thread_behind(server, session, head):
    """Not even unseen does anybody wait for its next byte."""
    server.routes["/feed/"] = _drip(HEAD + head + b"\r\n", b" ")
    with pytest.raises(FeedUnreachable):
        fetch(session, server.url + "/feed/", limits=replace(LIMITS, seconds=0.3))
    time.sleep(0.5)
    assert [one.name for one in threading.enumerate() if one.name == f"fetch {server.url}/feed/"] == []


def test_a_server_that_falls_silent_is_left(server, session):
    """A connection without a byte ends after the limit on silence."""
    server.routes["/feed/"] = Answer(raw=lambda _: time.sleep(1.5))
    with pytest.raises(FeedUnreachable, match="fell silent"):
        fetch(session, server.url + "/feed/", limits=replace(LIMITS, silence=0.3))


def test_a_gzip_bomb_costs_no_more_than_the_cap(server, session):
    """What counts is the size after unpacking: 200 MB packed into 200 kB are left at 5 MB."""
    bomb = gzip.compress(bytes(200_000_000), compresslevel=9)
    url = server.serve("/feed/", bomb, Content_Encoding="gzip", Content_Type="text/xml")
    tracemalloc.start()
    try:
        with pytest.raises(FeedRefused, match="bigger than 5 MB"):
            fetch(session, url)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_cap_is_exact(server, session):
    """A feed of just the size is taken, one byte more is not."""
    limits = replace(LIMITS, size=1000)
    assert len(fetch(session, server.serve("/a", b"x" * 1000), limits=limits).body) == 1000
    with pytest.raises(FeedRefused):
        fetch(session, server.serve("/b", b"x" * 1001), limits=limits)


def test_an_answer_that_breaks_off_is_not_taken_for_whole(server, session):
    """Fewer bytes than announced are a failure, not a short feed."""
    server.serve("/feed/", b"<rss", Content_Length="1000")
    with pytest.raises(FeedUnreachable, match="broke off"):
        fetch(session, server.url + "/feed/")


def test_redirects_are_followed_and_the_last_address_is_told(server, session):
    """Relative and absolute ones; relative links in the feed hang on the last address."""
    server.serve("/old", b"", 301, Location="/older?x=1")
    server.serve("/older", b"", 302, Location=f"{server.url}/feed/")
    server.serve("/feed/", b"<rss/>")
    assert fetch(session, server.url + "/old").url == server.url + "/feed/"


def test_redirects_in_a_circle_end(server, session):
    """Five are followed, no more."""
    server.serve("/feed/", b"", 302, Location="/feed/")
    with pytest.raises(FeedUnreachable, match="more than 5 times"):
        fetch(session, server.url + "/feed/")
    assert len(server.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/feed", "javascript:1"])
def test_redirects_lead_only_to_web_addresses(server, session, target):
    """A server cannot send us to a file of ours."""
    server.serve("/feed/", b"", 302, Location=target)
    with pytest.raises(FeedRefused, match="not a web address"):
        fetch(session, server.url + "/feed/")


def test_the_body_of_a_redirect_is_never_read(server, session):
    """An endless body on a redirect holds nothing up."""
    server.routes["/old"] = _drip(b"HTTP/1.1 302 Found\r\nLocation: /feed/\r\n\r\n", b"x" * 1000)
    server.serve("/feed/", b"<rss/>")
    began = time.monotonic()
    assert fetch(session, server.url + "/old").body == b"<rss/>"
    assert time.monotonic() - began < 1


def test_both_validators_are_sent_and_304_is_told(server, session):
    """WordPress answers 304 only when tag and date both match; a proxy's mark on the tag is taken off."""

    def answer(request):
        same = request.headers.get("if-none-match") == '"abc"' and "if-modified-since" in request.headers
        return Answer(b"" if same else b"<rss/>", 304 if same else 200, {"ETag": 'W/"abc"'})

    server.routes["/feed/"] = answer
    first = fetch(session, server.url + "/feed/")
    assert (first.status, first.etag) == (200, 'W/"abc"')
    date = "Tue, 24 Nov 2026 06:00:00 GMT"
    again = fetch(session, server.url + "/feed/", etag=first.etag, last_modified=date)
    assert (again.status, again.body) == (304, b"")
    assert server.asked[-1].headers["if-modified-since"] == date


@pytest.mark.parametrize(
    ("status", "advice"), [(404, "/feed/"), (403, "security plugin"), (503, "next pull")]
)
def test_an_error_says_its_status_and_what_to_do(server, session, status, advice):
    """HTTP errors carry the status, for a person and for the program."""
    url = server.serve("/feed/", b"no", status)
    with pytest.raises(FeedUnreachable) as caught:
        fetch(session, url)
    assert caught.value.status == status
    assert str(status) in caught.value.what
    assert advice in caught.value.hint


@pytest.mark.parametrize(
    ("url", "why"),
    [("http://127.0.0.1:9/feed/", "connection refused"), ("http://no-such-name.invalid/feed/", "not known")],
)
def test_no_answer_at_all_is_said_in_plain_words(session, url, why):
    """No object names and no traceback of the libraries underneath."""
    with pytest.raises(FeedUnreachable) as caught:
        fetch(session, url)
    assert why in caught.value.what
    assert "object at" not in str(caught.value)
