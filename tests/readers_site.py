"""A site whose readers' service answers on this machine, with an outbox to look into and a clock to turn."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask
from issue_site import SLUG, write_issue
from werkzeug.serving import WSGIRequestHandler, make_server

from newsletter.app import App, make_app
from newsletter.web import make_web
from newsletter.web.desk import Desk

SETTINGS = """\
[newsletter]
name = "Pain Weekly"
tagline = "Weekly updates on conditions, treatments, and news about everything happening inside pain medicine"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://www.example.org"
public_url = "{base}"
postal_address = "12 Harbour Road, Springfield"
timezone = "America/Chicago"

[schedule]
draft = "Tue 06:00"
send = "Thu 09:00"

[[section]]
id = "conditions"
title = "Conditions"
intro = "What hurts, and why."

[[section]]
id = "treatments"
title = "Treatments"
intro = "What can be done about it."

[[section]]
id = "news"
title = "News"
intro = "Research, approvals, law and events."

[checks]
headers = "warning"

[web]
first_name = true
"""


@dataclass
class ReadersSite:
    root: Path
    base: str
    web: Flask
    app: App
    _late: list[timedelta] = field(default_factory=list)

    def wait(self, **time: float) -> None:
        """Let so much time go by, for the service."""
        self._late.append(timedelta(**time))

    def now(self) -> datetime:
        return datetime.now(UTC) + sum(self._late, timedelta())

    def settle(self) -> None:
        """Let the service do what it has to do after its answers."""
        desk: Desk = self.web.extensions["desk"]
        desk.worker.run_once()

    def send_issue(self) -> str:
        """Publish and send an issue to whoever is subscribed. Returns its slug."""
        write_issue(self.root)
        self.app.approvals.approve(SLUG, "Ada", self.now())
        self.app.publish(SLUG, self.now())
        self.app.sending.send(SLUG, self.now())
        return SLUG

    def mails(self, kind: str) -> list[EmailMessage]:
        """The mails of this kind, the oldest first."""
        self.settle()
        files = sorted((self.root / "outbox" / kind).glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]  # type: ignore[misc]

    def mail(self, kind: str) -> EmailMessage:
        return self.mails(kind)[-1]

    def link(self, kind: str, to: str) -> str:
        """The address in the newest mail of this kind that leads to `to`."""
        found = re.search(rf"{re.escape(self.base)}/{to}/\S+", body(self.mail(kind), "plain"))
        assert found is not None
        return found[0]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Says nothing."""


@contextmanager
def serve(
    root: Path, settings: str = SETTINGS, *, web: str = "min_fill_seconds = 0\n"
) -> Iterator[ReadersSite]:
    """`{base}` in the settings becomes the service's own address; `web` is added at their end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    root.mkdir(parents=True, exist_ok=True)
    (root / "newsletter.toml").write_text(settings.replace("{base}", base) + web, encoding="utf-8")
    app = make_app(root)
    late: list[timedelta] = []
    site = ReadersSite(root, base, Flask("none"), app, late)
    site.web = make_web(app, clock=site.now, work=False)
    server = make_server(
        "127.0.0.1", int(base.rpartition(":")[2]), site.web, threaded=True, request_handler=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()
    app.database.dispose()
