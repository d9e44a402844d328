"""An HTTP API on loopback that keeps every request and answers as told, and calls to make to it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.types import Edition, Incoming, Outgoing, Recipient, Topics

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
RECORDED = Path(__file__).parent / "recorded"
SENDER = "Pain Weekly, the letter <weekly@example.org>"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def record(self, secrets: tuple[str, ...]) -> str:
        """As one would read it, without what differs between runs and without secrets."""
        left_out = ("host", "user-agent", "accept-encoding", "connection", "content-length")
        lines = [f"{self.method} {self.path}"]
        for name, value in sorted(self.headers.items()):
            if name not in left_out:
                lines.append(f"{name}: {'(secret)' if name in secrets else value}")
        return "\n".join([*lines, "", json.dumps(self.json(), indent=1, ensure_ascii=False), ""])


Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Api:
    url: str
    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)


def said(value: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(value).encode()


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            api.requests.append(request)
            status, more, body = api.answer(request)
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = handle_any  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_as_recorded(request: Request, name: str, secrets: tuple[str, ...]) -> bool:
    return is_text_as_recorded(request.record(secrets), f"{name}.http")


def is_text_as_recorded(found: str, name: str) -> bool:
    """Whether it is what is checked in; RECORD in the environment writes it anew."""
    place = RECORDED / name
    if "RECORD" in os.environ:
        place.parent.mkdir(exist_ok=True)
        place.write_text(found, encoding="utf-8")
    assert found == place.read_text(encoding="utf-8")
    return True


def make_outgoing(
    count: int = 3, *, single: bool = False, slug: str = "2026-11-26", text: str = "Hello"
) -> Outgoing:
    """An issue to reader1@example.com and so on, or one confirmation mail."""
    page = (
        f'<p>{text} ü</p><a href="@@unsubscribe_url@@">leave</a> <a href="@@preferences_url@@">choose</a>\n'
    )
    plain = f"{text} ü\n\nLeave: @@unsubscribe_url@@\nChoose: @@preferences_url@@\n"
    edition = Edition(slug, Topics(), "Nerve pain & more — „news“", "This week", page, plain, "ab" * 32)
    recipients = tuple(
        Recipient(
            f"7-{n}",
            f"reader{n}@example.com",
            f"https://letters.example.org/unsubscribe/t{n}?a=1&b=2",
            f"https://letters.example.org/preferences/t{n}",
        )
        for n in range(1, count + 1)
    )
    template = MailTemplate(edition, Envelope(slug, SENDER, NOW, listed=not single, automatic=single))
    headers = [("Message-ID", f"<@@delivery_id@@.{slug}@example.org>")]
    if single:
        headers.append(("Auto-Submitted", "auto-generated"))
    else:
        headers += [
            ("Reply-To", "Editors, all <editors@example.org>"),
            ("List-Id", "Pain Weekly <weekly.example.org>"),
            ("List-Unsubscribe", "<@@unsubscribe_url@@>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Feedback-ID", f"{slug}:abababab:issue:exampleorg"),
        ]
    return Outgoing(
        kind=slug,
        key=f"{slug}-12-0123456789abcdef",
        sender=SENDER,
        subject=edition.subject,
        html=page,
        text=plain,
        recipients=recipients,
        messages=lambda: template.fill_all(recipients),
        headers=tuple(headers),
        single=single,
    )


def incoming(body: Any, **headers: str) -> Incoming:
    """A webhook's request; `body` as bytes, or as what its JSON is made from."""
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Incoming(named, body if isinstance(body, bytes) else json.dumps(body).encode(), {}, NOW)
