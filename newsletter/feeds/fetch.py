"""One question to a web server, with a limit on everything: time, bytes, redirects.

feedparser can fetch by itself, but without any limit: it waits for ever, and unpacks a gzip bomb to its end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import requests
import urllib3

from newsletter import __version__
from newsletter.errors import FeedError, FeedRefused, FeedTooBig, FeedUnreachable
from newsletter.types import Fetched
from newsletter.urls import web_address

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may cost. Seconds and bytes; bytes count after unpacking."""

    seconds: float = 60
    connect: float = 5
    silence: float = 10
    """The longest wait for the next byte."""
    size: int = 5_000_000
    redirects: int = 5


LIMITS = Limits()
_CHUNK = 65_536
_REDIRECTS = (301, 302, 303, 307, 308)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: redirects are followed below; requests would first read their bodies, however long."""


def new_session() -> requests.Session:
    """A session that says who we are. One for each thread."""
    session = _Session()
    session.headers["User-Agent"] = f"newsletter/{__version__} (collects a site's own feed)"
    session.headers["Accept"] = (
        "application/rss+xml, application/atom+xml, application/json, application/xml;q=0.9, */*;q=0.5"
    )
    return session


def fetch(
    session: requests.Session,
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    limits: Limits = LIMITS,
) -> Fetched:
    """GET `url`; with `etag` and `last_modified`, only if it has changed since (status 304, no body).

    Raises FeedUnreachable when there is no answer in time, it breaks off, or it is an HTTP error; FeedTooBig
    when it is bigger than `limits.size`.
    """
    headers = {}
    if etag:
        # A proxy that packs an answer marks its tag as weak (`W/`); WordPress compares letter by letter and
        # would never find it again. Without the mark it means the same (RFC 9110, section 13.1.2).
        headers["If-None-Match"] = etag.removeprefix("W/")
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    deadline = time.monotonic() + limits.seconds
    return _within(limits.seconds, url, lambda: _follow(session, url, headers, deadline, limits))


def _within(seconds: float, url: str, work: Callable[[], T]) -> T:
    """`work()`, or FeedUnreachable after `seconds`: nothing else limits name servers and slow headers."""
    answer: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put((work(), None))
        except BaseException as error:  # raised again below, in the thread that asked
            answer.put((None, error))

    threading.Thread(target=run, daemon=True, name=f"fetch {url}").start()
    try:
        result, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise _too_slow(url, seconds) from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _follow(
    session: requests.Session, url: str, headers: dict[str, str], deadline: float, limits: Limits
) -> Fetched:
    place = url
    for _ in range(limits.redirects + 1):
        try:
            fetched, onward = _ask(session, place, headers, deadline, limits)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise FeedUnreachable(
                f"no answer: {_reason(error)}", where=url, hint="Is the address right, and the site up?"
            ) from None
        if onward is None:
            return fetched
        place = onward
    raise FeedUnreachable(
        f"sends us on more than {limits.redirects} times",
        where=url,
        hint=f"The last address was {place}. Open it in a browser and enter where it ends.",
    )


def _ask(
    session: requests.Session, url: str, headers: dict[str, str], deadline: float, limits: Limits
) -> tuple[Fetched, str | None]:
    """The answer, or where it sends us on."""
    with session.get(
        url, headers=headers, stream=True, timeout=(limits.connect, limits.silence), allow_redirects=False
    ) as response:
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return Fetched(url, response.status_code), _onward(url, response.headers["location"])
        if response.status_code not in (200, 304):
            raise _http_error(url, response.status_code, _read(response, url, deadline, limits, head=2000))
        body = b"" if response.status_code == 304 else _read(response, url, deadline, limits)
        return _fetched(url, response, body), None


def _fetched(url: str, response: requests.Response, body: bytes) -> Fetched:
    pages = response.headers.get("x-wp-totalpages", "")
    return Fetched(
        url=url,
        status=response.status_code,
        body=body,
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
        content_type=response.headers.get("content-type", ""),
        pages=int(pages) if pages.isdecimal() and len(pages) < 7 else None,
    )


def _onward(url: str, location: str) -> str:
    # requests reads header bytes as Latin-1; servers mean UTF-8.
    target = web_address(location.encode("latin-1", "replace").decode("utf-8", "replace"), url)
    if target is None:
        raise FeedRefused(f"sends us on to {location[:100]!r}, which is not a web address", where=url)
    return target


def _read(
    response: requests.Response, url: str, deadline: float, limits: Limits, head: int | None = None
) -> bytes:
    """The whole unpacked body, or its first `head` bytes. read1 returns what has come: a drip is noticed."""
    parts: list[bytes] = []
    size = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        parts.append(chunk)
        size += len(chunk)
        if head is not None and size >= head:
            break
        if size > limits.size:
            raise FeedTooBig(
                f"is bigger than {limits.size / 1e6:g} MB",
                where=url,
                hint="A feed holds the newest articles only; this may be an export or the wrong address.",
            )
        if time.monotonic() > deadline:
            raise _too_slow(url, limits.seconds)
    return b"".join(parts)


def _too_slow(url: str, seconds: float) -> FeedUnreachable:
    what = f"has not answered in full within {seconds:g} s"
    return FeedUnreachable(what, where=url, hint="It is asked again at the next pull.")


_ADVICE = {
    401: "The site asks for a password. The newsletter reads public articles only.",
    403: "The site refuses programs; a security plugin may have to let this one in.",
    404: "Is the address right? A WordPress site's feed is usually at /feed/.",
    410: "The feed is gone for good. Remove it from newsletter.toml, or enter the new one.",
    429: "We asked too often. It is asked again at the next pull.",
}


def _http_error(url: str, status: int, body: bytes) -> FeedError:
    hint = _ADVICE.get(status, "It is asked again at the next pull." if status >= 500 else "")
    error = FeedUnreachable(f"answers with HTTP status {status}", where=url, hint=hint, status=status)
    error.add_note(body[:2000].decode("utf-8", "replace"))
    return error


def _reason(error: BaseException) -> str:
    """Why, in a few words: the innermost cause, without the libraries' object names."""
    names = {
        "ConnectTimeout": "it did not let us connect in time",
        "ConnectTimeoutError": "it did not let us connect in time",
        "ReadTimeout": "it fell silent",
        "ReadTimeoutError": "it fell silent",
        "IncompleteRead": "it broke off",
        "ProtocolError": "it broke off",
        "NameResolutionError": "its name is not known",
        "DecodeError": "its packing is damaged",
        "SSLError": "its certificate is not trusted, or it speaks no TLS",
    }
    seen: list[BaseException] = [error]
    while (inner := _inner(seen[-1])) is not None and inner not in seen and len(seen) < 8:
        seen.append(inner)
    for one in reversed(seen):
        if type(one).__name__ in names:
            return names[type(one).__name__]
    last = next((one for one in reversed(seen) if isinstance(one, OSError) and one.strerror), None)
    return last.strerror.lower() if last and last.strerror else type(error).__name__


def _inner(error: BaseException) -> BaseException | None:
    for one in (getattr(error, "reason", None), error.__cause__, error.__context__, *error.args[:1]):
        if isinstance(one, BaseException):
            return one
    return None
