"""Joining and leaving: each verb is one step of pending → active → unsubscribed, with its line in the log.

A verb decides nothing about mail but whether one may be sent; its caller sends it after the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from newsletter.addresses import Address
from newsletter.errors import SubscriberError
from newsletter.storage import subscribers, suppressions
from newsletter.storage.consent import Action, Log
from newsletter.storage.subscribers import in_state
from newsletter.types import Origin, Subscriber, SubscriberState, Topics

PENDING, ACTIVE, UNSUBSCRIBED = (
    SubscriberState.PENDING,
    SubscriberState.ACTIVE,
    SubscriberState.UNSUBSCRIBED,
)


@dataclass(frozen=True, slots=True)
class Added:
    subscriber: Subscriber
    changed: bool
    """False when the reader was active already: nothing was done."""


def add(
    conn: Connection,
    address: Address,
    *,
    topics: Topics,
    origin: Origin,
    log: Log,
    now: datetime,
    first_name: str | None = None,
) -> Added:
    """A reader whose consent somebody vouches for becomes active at once.

    Raises SubscriberError for an address that is suppressed or whose reader left: that is theirs to undo.
    """
    _refuse_suppressed(conn, address, log)
    new = subscribers.insert_subscriber(
        conn, address, ACTIVE, topics=topics, source=origin.source, now=now, first_name=first_name
    )
    found = subscribers.get_by_address(conn, address)
    if found.state is UNSUBSCRIBED:
        raise SubscriberError(
            f"this reader left on {found.unsubscribed_at:%Y-%m-%d}",
            hint="They can come back by the form on the site; nobody else can do it for them.",
        )
    changed = new is not None or subscribers.change(
        conn, found.id, in_state(PENDING), state=ACTIVE.value, confirmed_at=now, topics=str(topics)
    )
    if changed:
        log.append(conn, found.id, Action.ADDED, origin, now=now, detail=f"topics {topics}")
    return Added(subscribers.get_by_address(conn, address), changed)


def _refuse_suppressed(conn: Connection, address: Address, log: Log) -> None:
    found = suppressions.find_suppression(conn, address, keys=log.keys)
    if found:
        raise SubscriberError(
            f"this address is suppressed ({found.reason}, {found.at:%Y-%m-%d})",
            hint="`newsletter suppressions remove ADDRESS` lifts it, if you are sure.",
        )
