"""The sample site over HTTP, on loopback only, answering as WordPress does: conditional GET, pages of feeds."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from newsletter.demo import library
from newsletter.demo.site import SampleSite
from newsletter.errors import UsageError

HOST = "127.0.0.1"
UPLOADS = "/wp-content/uploads/"
_RSS = "application/rss+xml; charset=UTF-8"
_HTML = "text/html; charset=UTF-8"


class Page(NamedTuple):
    body: bytes
    kind: str
    status: int = 200
    is_feed: bool = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stage: Stage

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Stage:
    """A sample site being served, whose time can be set: it shows what has been published by then."""

    def __init__(self, url: str, now: datetime) -> None:
        self.url = url
        self._posts = library.load(now)
        self.turn_to(now)

    def turn_to(self, moment: datetime) -> None:
        self.site = SampleSite(self.url, tuple(one for one in self._posts if one.published <= moment))


@contextmanager
def sample_site(now: datetime, port: int = 0) -> Iterator[Stage]:
    """The site, served until the block ends. Port 0 takes a free one. Raises UsageError for a port in use."""
    try:
        server = _Server((HOST, port), _Handler)
    except OSError as error:
        raise UsageError(
            f"the sample site cannot be served: {error.strerror}",
            where=f"{HOST}:{port}",
            hint="Is it being served already, in another window?",
        ) from None
    server.stage = Stage(f"http://{HOST}:{server.server_port}", now)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="sample site")
    thread.start()
    try:
        yield server.stage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(site: SampleSite, path: str, query: str) -> Page:
    """What the site shows at an address. Pure."""
    if path == "/feed/":
        return _feed(site, query, None)
    if path.startswith("/category/") and path.endswith("/feed/"):
        return _feed(site, query, path.split("/")[2])
    if path == "/comments/feed/":
        return _rss(site.comments_feed())
    if path.startswith(UPLOADS):
        return _picture(path.removeprefix(UPLOADS))
    if path == "/":
        return Page(site.home().encode(), _HTML)
    if post := site.find(path):
        return Page(site.page(post).encode(), _HTML)
    if path.endswith("/feed/") and (post := site.find(path.removesuffix("feed/"))):
        return _rss(site.comments_feed(post))
    return _missing()


def _feed(site: SampleSite, query: str, category: str | None) -> Page:
    page = parse_qs(query).get("paged", ["1"])[0]
    text = site.feed(int(page), category) if page.isdecimal() and int(page) else None
    return _rss(text) if text else _missing()


def _rss(text: str) -> Page:
    return Page(text.encode(), _RSS, is_feed=True)


def _picture(name: str) -> Page:
    return Page(library.picture(name), "image/jpeg") if name in library.pictures() else _missing()


def _missing() -> Page:
    return Page(b"<h1>Page not found</h1>", _HTML, 404)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "sample"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        site = self.server.stage.site
        page = answer(site, asked.path, asked.query)
        changed = format_datetime(site.built, usegmt=True)
        # WordPress's tag is made of the time of the last change: one for the whole site.
        tag = f'"{hashlib.md5(changed.encode(), usedforsecurity=False).hexdigest()}"'
        if page.is_feed and self._has_it(tag, changed):
            page = Page(b"", page.kind, 304, is_feed=True)
        self.send_response(page.status)
        if page.is_feed:
            self.send_header("Last-Modified", changed)
            self.send_header("ETag", tag)
        if page.status != 304:
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _has_it(self, tag: str, changed: str) -> bool:
        """As WordPress judges: of two marks that are sent, both must hold."""
        sent = {"If-None-Match": tag, "If-Modified-Since": changed}
        asked = {name: self.headers[name] for name in sent if self.headers[name]}
        return bool(asked) and all(sent[name] == value for name, value in asked.items())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the demo's own lines are what a person should see."""
