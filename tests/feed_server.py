"""A web server on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One question: path without parameters, parameters, headers in lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    full: str


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: Callable[[BaseHTTPRequestHandler], None] | None = None
    """Writes the whole answer by itself: drips, lies, breaks off."""


@dataclass
class FeedServer:
    url: str
    routes: dict[str, Answer | Callable[[Request], Answer]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def serve(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> str:
        """Answer at `path` from now on; header names with `_` for `-`. Returns the whole address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[path] = Answer(body, status, named)
        return self.url + path

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        found = self.routes.get(request.full) or self.routes.get(request.path)
        if found is None:
            return Answer("<!doctype html><title>Page not found</title>", 404)
        return found if isinstance(found, Answer) else found(request)


@contextmanager
def running() -> Iterator[FeedServer]:
    """A server for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(Request(parts.path, query, headers, self.path))
            self.close_connection = True
            with suppress(OSError):  # whoever asked has gone, as it should with endless answers
                answer.raw(self) if answer.raw else self._write(answer)

        def _write(self, answer: Answer) -> None:
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            for name, value in {
                "Content-Length": str(len(body)),
                "Connection": "close",
                **answer.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.block_on_close = False
    server = FeedServer(f"http://127.0.0.1:{httpd.server_address[1]}")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
