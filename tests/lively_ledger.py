"""A store in the middle of things: two issues, each with a batch in every state, and what their senders hold."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ledger_site import NOW, SLUG, add_readers, change, publish_issue
from postgres import fresh_store, new_database
from sqlalchemy import Connection, Engine, text

from newsletter.storage import ledger
from newsletter.storage.database import open_database, reading, writing
from newsletter.storage.doubts import Doubt, list_doubts
from newsletter.storage.settling import OpenAttempt, list_open_attempts
from newsletter.types import Batch, Receipt

NEXT = "2026-12-03"
SOON = NOW + timedelta(minutes=5)
DONE, DOUBTFUL, AGAIN, OPEN, WAITING, QUEUED = range(1, 7)
"""The first issue's batches. Each has four readers, of whom the second has left by the time it is claimed."""
START = {
    DONE: "done: sent skipped sent sent",
    DOUBTFUL: "in_doubt: sent skipped refused in_doubt",
    AGAIN: "sending: sending skipped sending sending",
    OPEN: "sending: sending skipped sending sending",
    WAITING: "queued: queued skipped queued queued",
    QUEUED: "queued: queued queued queued queued",
}


@dataclass
class Lively:
    store: Engine
    batches: dict[int, Batch]
    """As their senders hold them."""

    def picture(self) -> dict[int, str]:
        """Batch → its state and those of its lines, by reader."""
        with reading(self.store) as conn:
            return picture(conn)

    def rows(self) -> dict[Any, Any]:
        """Everything the ledger holds."""
        with reading(self.store) as conn:
            return {
                (table, *row[:keys]): tuple(row)
                for table, keys in (("issues", 1), ("batches", 1), ("deliveries", 2), ("attempts", 1))
                for row in conn.execute(text(f"SELECT * FROM {table}"))
            }

    def doubt(self) -> Doubt:
        with reading(self.store) as conn:
            return next(one for one in list_doubts(conn, 1) if one.batch_id == DOUBTFUL)

    def attempt(self, batch_id: int) -> OpenAttempt:
        with reading(self.store) as conn:
            return next(one for one in list_open_attempts(conn, 1) if one.batch_id == batch_id)

    def do(self, move: Callable[[Connection], Any]) -> Any:
        with writing(self.store) as conn:
            return move(conn)

    def value(self, query: str, **values: object) -> Any:
        with reading(self.store) as conn:
            return conn.execute(text(query), values).scalar()


def picture(conn: Connection) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for batch, state in conn.execute(text("SELECT id, state FROM batches ORDER BY id")):
        found[batch] = [f"{state}:"]
    lines = (
        "SELECT batch_id, state FROM deliveries WHERE batch_id IS NOT NULL ORDER BY batch_id, subscriber_id"
    )
    for batch, state in conn.execute(text(lines)):
        found[batch].append(state)
    return {batch: " ".join(words) for batch, words in found.items()}


def receipts(batch: Batch, *outcomes: str, name: str | None = None) -> list[Receipt]:
    return [
        Receipt(one.id, outcome, reference=name)  # type: ignore[arg-type]
        for one, outcome in zip(batch.deliveries, outcomes, strict=True)
    ]


@contextmanager
def lively_store(kind: str, folder: Path) -> Iterator[Lively]:
    """A copy of one that was made once."""
    made = _made(kind)
    if kind == "sqlite":
        file = folder / "lively.db"
        file.write_bytes(made.copied)
        store = open_database(f"sqlite:///{file}")
    else:
        store = open_database(new_database(like=made.copied))
    yield Lively(store, made.batches)
    store.dispose()


@dataclass(frozen=True)
class Made:
    copied: Any
    """The bytes of the file, or the database's name."""
    batches: dict[int, Batch]


@cache
def _made(kind: str) -> Made:
    with tempfile.TemporaryDirectory() as name, fresh_store(kind, Path(name)) as store:
        batches = _fill(store)
        store.dispose()
        copied = Path(name, "readers.db").read_bytes() if kind == "sqlite" else store.url.database
        return Made(copied, batches)


def _fill(store: Engine) -> dict[int, Batch]:
    add_readers(store, 24)
    for slug in (SLUG, NEXT):
        publish_issue(store, slug=slug, batch_size=4)
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id IN (2, 6, 10, 14, 18)")
    held: dict[int, Batch] = {}
    for issue_id in (1, 2):
        for _ in (DONE, DOUBTFUL, AGAIN, OPEN, WAITING):
            with writing(store) as conn:
                batch = ledger.claim_batch(
                    conn, issue_id, sender=f"sender {issue_id}", provider="memory", now=NOW
                )
            assert batch
            held[batch.id] = batch
        with writing(store) as conn:
            _settle_some(conn, {one - 6 * (issue_id - 1): held[one] for one in held})
    return held


def _settle_some(conn: Connection, mine: Mapping[int, Batch]) -> None:
    sent = receipts(mine[DONE], "sent", "sent", "sent", name="<done>")
    assert ledger.record_taken(conn, mine[DONE], sent, NOW)
    mixed = receipts(mine[DOUBTFUL], "sent", "refused", "unknown", name="<mixed>")
    assert ledger.record_taken(conn, mine[DOUBTFUL], mixed, NOW)
    assert ledger.record_doubt(conn, mine[AGAIN], "lost", NOW, again=True)
    assert ledger.record_not_taken(conn, mine[WAITING], "busy", NOW, not_before=SOON)
