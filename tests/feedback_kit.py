"""A store with a published issue, events about its deliveries, and what is left after they were taken in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ledger_site import NOW, SLUG, add_readers, publish_issue, settings
from sqlalchemy import Engine, text

from newsletter.pipeline.feedback import Feedback, Taken, take_in
from newsletter.pipeline.subscribe import leave
from newsletter.storage.consent import Log
from newsletter.storage.database import reading, writing
from newsletter.storage.ledger import claim_batch, record_doubt, record_taken
from newsletter.types import Batch, Event, EventKind, Receipt

KEYS = ("a key for tests only, long enough",)
LATER = NOW + timedelta(minutes=10)


@dataclass
class Desk:
    engine: Engine
    feedback: Feedback

    def take(self, *events: Event, now: datetime = LATER, signed: bool = True) -> Taken:
        return take_in(self.feedback, events, now, signed=signed)

    def one(self, statement: str, **values: object) -> object:
        with reading(self.engine) as conn:
            return conn.execute(text(statement), values).scalar()

    def pairs(self, statement: str) -> dict[object, object]:
        with reading(self.engine) as conn:
            return {row[0]: row[1] for row in conn.execute(text(statement))}

    def suppressed(self) -> dict[object, object]:
        """Address → reason."""
        return self.pairs("SELECT email_key, reason FROM suppressions ORDER BY email_key")

    def news(self) -> dict[object, object]:
        """Reader → news of the (only) issue's delivery."""
        return self.pairs("SELECT subscriber_id, news FROM deliveries ORDER BY subscriber_id")

    def states(self) -> dict[object, object]:
        return self.pairs("SELECT subscriber_id, state FROM deliveries ORDER BY subscriber_id")

    def send_all(self) -> None:
        """As if a provider took everything that is queued."""
        while batch := self.claim():
            with writing(self.engine) as conn:
                record_taken(conn, batch, [Receipt(one.id, "sent") for one in batch.deliveries], NOW)

    def claim(self) -> Batch | None:
        with writing(self.engine) as conn:
            return claim_batch(conn, 1, sender="test", provider="memory", now=NOW)

    def doubt(self, batch: Batch) -> None:
        with writing(self.engine) as conn:
            record_doubt(conn, batch, "no answer", NOW)


def make_desk(
    engine: Engine, readers: int = 4, *, limits: str = "", batch_size: int = 2, sent: bool = True
) -> Desk:
    add_readers(engine, readers)
    feedback = Feedback(engine, Log(KEYS), settings(limits).sending, leave)
    desk = Desk(engine, feedback)
    publish_issue(engine, batch_size=batch_size)
    if sent:
        desk.send_all()
    return desk


def publish_more(desk: Desk, number: int) -> int:
    """Another issue, sent to all; returns its id."""
    issue = publish_issue(
        desk.engine, slug=f"{SLUG}-{number}", batch_size=100, now=NOW + timedelta(days=7 * number)
    )
    with writing(desk.engine) as conn:
        batch = claim_batch(conn, issue.id, sender="test", provider="memory", now=issue.published_at)
        if batch:
            record_taken(
                conn, batch, [Receipt(one.id, "sent") for one in batch.deliveries], issue.published_at
            )
    return issue.id


def told(kind: str, reader: int = 1, *, issue: int = 1, key: str | None = None, **more: object) -> Event:
    """`hard` and `soft` are bounces."""
    hard = kind == "hard"
    found = Event(
        provider="stub",
        key=key or f"{kind}-{issue}-{reader}",
        kind=EventKind.BOUNCED if kind in ("hard", "soft") else EventKind(kind),
        at=NOW + timedelta(minutes=1),
        email=f"reader{reader}@example.org",
        delivery_id=f"{issue}-{reader}",
        permanent=hard,
        detail="550 5.1.1 unknown" if hard else "",
        raw='{"event": "as it came"}',
    )
    return replace(found, **more)  # type: ignore[arg-type]
