"""What providers told later: each event once, with whom it is about, and as it came.

An erased reader's events keep what the ledger keeps (issue, kind, moment) and nothing that tells who they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.addresses import Address, read_address
from newsletter.errors import AddressError
from newsletter.storage import suppressions
from newsletter.storage.consent import Action, has_happened
from newsletter.storage.schema import deliveries, events, issues, mails, subscribers
from newsletter.types import Event

_DELIVERY = re.compile(r"([0-9]{1,9})-([0-9]{1,9})").fullmatch
_MAIL = re.compile(r"mail-([0-9]{1,9})").fullmatch


@dataclass(frozen=True, slots=True)
class About:
    """Whom an event is about, as far as we know."""

    issue_id: int | None = None
    """None: not about an issue's delivery."""
    subscriber_id: int | None = None
    """None: nobody we know."""
    address: Address | None = None
    """The address that we wrote to; None when nobody can say, or when it is of an erased reader."""
    erased: bool = False
    """Nothing that tells who it was may be kept."""


def find_about(conn: Connection, event: Event, *, keys: Sequence[str], signed: bool = True) -> About:
    """Whom it is about: by the delivery id that we gave along, else by the address.

    What is not `signed` (a bounce mail that anybody can have written) is about a delivery only if it also names the
    address that we wrote to.
    """
    named = _address(event.email)
    issue_id, subscriber_id = _of_delivery(conn, event.delivery_id or "")
    if subscriber_id is not None:
        reader = conn.execute(_reader().where(subscribers.c.id == subscriber_id)).one()
        if reader.email is None:
            return About(issue_id, subscriber_id, erased=True)
        if issue_id is None:  # a single mail may have gone to an address that is not the reader's yet
            return About(None, subscriber_id, named) if signed else _by_address(conn, named, keys)
        own = Address(reader.email, reader.email_key)
        if signed and named and named.key != own.key and _has_moved(conn, issue_id, subscriber_id):
            return About(issue_id, subscriber_id, named)
        # Another address than the reader's own is one that their mail is forwarded to.
        if signed or (named and named.key == own.key):
            return About(issue_id, subscriber_id, own)
    return _by_address(conn, named, keys)


def _by_address(conn: Connection, named: Address | None, keys: Sequence[str]) -> About:
    if named is None:
        return About()
    reader = conn.execute(_reader().where(subscribers.c.email_key == named.key)).first()
    if reader:
        return About(None, reader.id, Address(reader.email, reader.email_key))
    found = suppressions.find_suppression(conn, named, keys=keys)
    if found and found.reason is suppressions.Reason.ERASED:
        return About(erased=True)
    return About(address=named)


def _reader() -> Any:
    return select(subscribers.c.id, subscribers.c.email, subscribers.c.email_key)


def _address(email: str | None) -> Address | None:
    try:
        return read_address(email) if email else None
    except AddressError:
        return None


def _of_delivery(conn: Connection, delivery_id: str) -> tuple[int | None, int | None]:
    """Issue and reader; (None, reader) for a single mail; (None, None) for what is no delivery of ours."""
    if named := _DELIVERY(delivery_id):
        issue_id, subscriber_id = int(named[1]), int(named[2])
        line = select(deliveries.c.state).join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        ours = line.where(deliveries.c.issue_id == issue_id, deliveries.c.subscriber_id == subscriber_id)
        if conn.execute(ours).first():
            return issue_id, subscriber_id
    if named := _MAIL(delivery_id):
        found = conn.execute(select(mails.c.subscriber_id).where(mails.c.id == int(named[1]))).scalar()
        return None, found
    return None, None


def _has_moved(conn: Connection, issue_id: int, subscriber_id: int) -> bool:
    """Whether the reader has taken another address since the issue was published."""
    published = conn.execute(select(issues.c.published_at).where(issues.c.id == issue_id)).scalar_one()
    return has_happened(conn, subscriber_id, Action.ADDRESS_CHANGED, after=published)


def add_event(conn: Connection, event: Event, about: About, *, now: datetime) -> bool:
    """False, and nothing changed, when it was told before."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    values = {
        "provider": clean(event.provider),
        "key": clean(event.key),
        "kind": event.kind.value,
        "permanent": event.permanent,
        "at": event.at,
        "received_at": now,
        "issue_id": about.issue_id,
        "subscriber_id": about.subscriber_id,
        "email_key": about.address.key if about.address else None,
        "reference": clean(event.reference) if event.reference else None,
        "detail": "" if about.erased else clean(event.detail),
        "raw": "" if about.erased else clean(event.raw),
    }
    added = insert(events).values(values).on_conflict_do_nothing().returning(events.c.id)
    return conn.execute(added).first() is not None


def clean(text: str) -> str:
    """Without what no database takes: NUL, and half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def forget_events(conn: Connection, subscriber_id: int | None, email_key: str | None) -> bool:
    """Take out of the events about a reader, or an address, what tells who they are. Whether there were any."""
    blank = update(events).where(_about(subscriber_id, email_key))
    return conn.execute(blank.values(email_key=None, detail="", raw="", reference=None)).rowcount > 0


def list_events(
    conn: Connection, subscriber_id: int | None, email_key: str | None = None
) -> list[dict[str, Any]]:
    """What was told about a reader, or an address, oldest first: {provider, kind, permanent, at, received_at, issue
    (None for a single mail), reference, detail, raw}."""
    told = events.c
    query = (
        select(
            told.provider,
            told.kind,
            told.permanent,
            told.at,
            told.received_at,
            issues.c.slug.label("issue"),
            told.reference,
            told.detail,
            told.raw,
        )
        .select_from(events.outerjoin(issues))
        .where(_about(subscriber_id, email_key))
        .order_by(told.at, told.id)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def _about(subscriber_id: int | None, email_key: str | None) -> ColumnElement[bool]:
    if subscriber_id is None:
        return events.c.email_key == email_key
    by_id = events.c.subscriber_id == subscriber_id
    return or_(by_id, events.c.email_key == email_key) if email_key else by_id
