"""A readers' service as Flask's own client sees it: a real site, store and outbox, and a clock that a test turns."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from postgres import new_database
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from newsletter.addresses import read_address
from newsletter.app import App, make_app
from newsletter.storage.database import reading, writing
from newsletter.storage.schema import metadata
from newsletter.storage.subscribers import find_by_address
from newsletter.storage.suppressions import Reason, add_suppression
from newsletter.types import Subscriber
from newsletter.web import make_web
from newsletter.web.desk import Desk

BASE = "https://letters.example.org"
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://www.example.org"
public_url = "{base}"
postal_address = "12 Harbour Road, Springfield"

[web]
"""
PLAIN = "min_fill_seconds = 0\nrequests_per_minute = 100000\nmails_per_network = 1000\n"
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass(repr=False)
class WebSite:
    root: Path
    app: App
    base: str
    now: datetime = START
    network: str = "192.0.2.7"
    _desk: Desk | None = None
    _tokens: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Also again, with what the settings or keys say by now."""
        self.app = make_app(self.root)
        self.web = make_web(self.app, clock=lambda: self.now, work=False)
        self.web.testing = False
        self._desk = self.web.extensions["desk"]

    @property
    def desk(self) -> Desk:
        assert self._desk is not None
        return self._desk

    @property
    def engine(self) -> Engine:
        return self.app.database

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """A request; `path` may be a whole address as it stands in a mail."""
        options.setdefault("base_url", self.base)
        options.setdefault("environ_base", {"REMOTE_ADDR": self.network})
        return self.web.test_client().open(path.removeprefix(self.base), method=method, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, data=data, **options)

    def settle(self) -> None:
        self.desk.worker.run_once()

    def subscribe(self, email: str, **more: Any) -> TestResponse:
        return self.post("/subscribe", {"email": email, **more})

    def mails(self, kind: str = "*") -> list[EmailMessage]:
        """Sent by now, the oldest first."""
        self.settle()
        files = sorted(
            (self.root / "outbox").glob(f"{kind}/*.eml"), key=lambda one: int(one.stem.split("-")[1])
        )
        return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]  # type: ignore[misc]

    def link(self, kind: str, to: str) -> str:
        """The address in the newest mail of this kind that leads to `to`."""
        part = self.mails(kind)[-1].get_body(("plain",))
        assert part is not None
        found = re.search(rf"{re.escape(self.base)}/{to}/\S+", part.get_content())
        assert found is not None
        return found[0]

    def reader(self, email: str) -> Subscriber:
        with reading(self.engine) as conn:
            found = find_by_address(conn, read_address(email))
        assert found is not None
        return found

    def join(self, email: str, **more: Any) -> Subscriber:
        """Subscribe and confirm."""
        self.subscribe(email, **more)
        assert self.post(self.link("confirm", "confirm")).status_code == 200
        return self.reader(email)

    def issue_link(self, email: str, to: str = "preferences") -> str:
        """As it stands in an issue."""
        return self.app.links.url(to, self.reader(email).id, 7)

    def suppress(self, email: str, reason: Reason = Reason.BOUNCED) -> None:
        with writing(self.engine) as conn:
            add_suppression(conn, read_address(email), reason, now=self.now)

    def states(self) -> dict[str, str]:
        with reading(self.engine) as conn:
            return {row[0]: row[1] for row in conn.execute(text("SELECT email, state FROM subscribers"))}

    def count(self, table: str) -> int:
        with reading(self.engine) as conn:
            return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def dump(self) -> dict[str, str]:
        """Table → a hash over all its rows."""
        with reading(self.engine) as conn:
            return {
                name: hashlib.sha256(repr(conn.execute(table.select()).all()).encode()).hexdigest()
                for name, table in metadata.tables.items()
            }


@contextmanager
def web_site(root: Path, web: str = PLAIN, *, base: str = BASE, store: str = "sqlite") -> Iterator[WebSite]:
    """`web` are the lines of [web]; `store` is one of postgres.STORES."""
    root.mkdir(parents=True, exist_ok=True)
    storage = f'\n[storage]\nurl = "{new_database()}"\n' if store == "postgresql" else ""
    text = SETTINGS.replace("{base}", base) + web + storage
    (root / "newsletter.toml").write_text(text, encoding="utf-8")
    site = WebSite(root, make_app(root), base)
    site.start()
    yield site
    site.app.database.dispose()


def wait_until(true: Any, seconds: float = 10.0) -> None:
    """For what another thread or process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
