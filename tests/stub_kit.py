"""What a stub of a provider is to the contract suite: it stands where the vendor's API would, and answers like it.

Each provider that speaks HTTP has one in `provider_stubs/<name>.py`, a class named `Vendor`:

    class Vendor(HttpStub):
        settings = {"domain": "mail.example.org"}      # its own keys of [provider]
        secrets = {"api_key": "key-right"}             # what NEWSLETTER_<NAME> holds
        def answer(self, asked): ...                   # take a request, put what readers get into `self.mails`
        def watching(self, asked): ...                 # what would watch the reader, and is not switched off
        def too_much(self): ...                        # its refusal for now, and the seconds it asks for
        def garbage(self): ...                         # a success of which nobody can tell what succeeded
        def news(self, told, now): ...                 # the genuine webhook request that tells of this
        def signed(self, body, now): ...               # any body, signed as genuine

A provider that does not speak HTTP derives from Stub, and takes part in what applies to it: see `Stub`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from newsletter.types import Incoming

RECORDED = Path(__file__).parent / "recorded"
BAD = "refused.by.everybody@example.org"
"""The address that every stub takes for one that no mail can be sent to."""

What = Literal["delivered", "deferred", "hard", "soft", "complained", "unsubscribed", "odd"]
"""`hard` and `soft` are bounces; `odd` is something the provider tells of which we never heard."""


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Answer:
        """JSON; underscores in the names of headers stand for hyphens."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Mail:
    """What a reader would get, the vendor's own variables filled in as the vendor would."""

    to: str
    sender: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    """All others, their names in lower case, values as a person reads them."""
    metadata: dict[str, str] = field(default_factory=dict)
    """What comes back with the vendor's news, under our own names: `delivery` and `batch`."""

    @classmethod
    def from_bytes(cls, content: bytes, **metadata: str) -> Mail:
        """From a finished mail (RFC 5322)."""
        found = message_from_bytes(content, policy=SMTP)
        plain, page = found.get_body(("plain",)), found.get_body(("html",))
        assert plain is not None
        assert page is not None
        headers = {name.lower(): str(value) for name, value in found.items()}
        return cls(
            headers.pop("to"),
            headers.pop("from"),
            headers.pop("subject"),
            page.get_content().replace("\r\n", "\n"),
            plain.get_content().replace("\r\n", "\n"),
            headers,
            metadata,
        )


@dataclass(frozen=True)
class Told:
    """One piece of news for `Stub.news`."""

    what: What
    email: str
    delivery_id: str
    at: datetime
    id: str = "event-1"
    """Another one: another event. A vendor that names no events ignores it and tells them apart by the moment."""


class Stub:
    """What the contract suite asks of every stub, whatever it speaks."""

    settings: ClassVar[dict[str, Any]] = {}
    secrets: ClassVar[dict[str, str]] = {}
    refuses: ClassVar[Literal["call", "item", "never"]] = "never"
    """What a bad address brings down: the whole call, or itself alone."""
    batches_news: ClassVar[bool] = False
    """Whether one webhook request may tell of several."""
    carries_ids: ClassVar[bool] = True
    """Whether metadata travels beside the mail; if not, the Message-ID names the delivery."""
    our_headers: ClassVar[frozenset[str]] = frozenset(
        {"list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id", "message-id", "reply-to"}
    )
    """Those that reach the reader as we set them: fewer where the vendor insists on its own."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    @contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        """What [provider] needs to reach it."""
        yield {}

    def news(self, told: list[Told], now: datetime) -> Incoming:
        """The genuine request that tells of these; several only where `batches_news`."""
        raise NotImplementedError

    def signed(self, body: bytes, now: datetime) -> Incoming:
        """Any body, as the vendor would sign it: only for those that tell of anything."""
        return Incoming({}, body, {}, now)

    def stale(self, told: list[Told], now: datetime) -> Incoming | None:
        """A request that was genuine too long ago; None where the vendor's signature does not hold a time."""
        return None

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        """Requests that only look genuine: another key, a changed body, another topic, nothing signed at all."""
        return [replace(genuine, headers={}, query={})]


class HttpStub(Stub):
    """A vendor's API on loopback. Every request is kept, whatever the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.next: list[Answer] = []
        """Given before any other answer, one a request; nothing is taken by such a request."""
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def watching(self, asked: Asked) -> list[str]:
        """Whatever in this request to send would let somebody watch the reader, or adds an unsubscribe link."""
        raise NotImplementedError

    def too_much(self) -> tuple[Answer, float | None]:
        """The vendor's "too much at once", and the seconds it asks to wait, where it says so."""
        return Answer.of({}, 429, Retry_After="17"), 17.0

    def garbage(self) -> Answer:
        return Answer(200, b"<html>It works!</html>")

    def take(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            return self.next.pop(0) if self.next else self.answer(asked)

    @contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        with serving(self) as url:
            yield {"api_url": url}


@contextmanager
def serving(stub: HttpStub) -> Iterator[str]:
    """The stub behind a real server; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = stub.take(Asked(self.command, self.path, headers, body))
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def is_as_recorded(asked: Asked, name: str, headers: tuple[str, ...], secrets: dict[str, str]) -> bool:
    """Whether it is the request that is checked in; RECORD in the environment writes it anew."""
    found, place = _as_recorded(asked, headers, secrets), RECORDED / f"{name}.http"
    if "RECORD" in os.environ:
        place.parent.mkdir(exist_ok=True)
        place.write_text(found, encoding="utf-8")
    assert found == place.read_text(encoding="utf-8")
    return True


def _as_recorded(asked: Asked, names: tuple[str, ...], secrets: dict[str, str]) -> str:
    """JSON laid out, secrets blanked."""
    lines = [f"{asked.method} {asked.path}"]
    lines += [f"{name}: {asked.headers[name]}" for name in names]
    try:
        body = json.dumps(json.loads(asked.body), indent=1, ensure_ascii=False)
    except ValueError:
        body = asked.body.decode().replace("\r\n", "\n")
    text = "\n".join([*lines, "", body, ""])
    for name, secret in secrets.items():
        text = text.replace(secret, f"({name})")
    return text
