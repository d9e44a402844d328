"""What a reader chooses for themselves: topics, a pause, a first name, another address."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection

from newsletter.addresses import Address, read_address
from newsletter.storage import mails, subscribers, suppressions
from newsletter.storage.consent import Action, Log
from newsletter.storage.mails import DEFAULT_BUDGET, Budget
from newsletter.types import Origin, SubscriberState, Topics

ACTIVE = SubscriberState.ACTIVE
NEW_ADDRESS_WITHIN = timedelta(days=7)
"""For how long a new address waits to be confirmed."""
HERE = (SubscriberState.PENDING, ACTIVE)
NEW_ADDRESS_MAIL = "address"
OLD_ADDRESS_MAIL = "moving"
"""Who holds a forwarded issue could ask for this: the reader is told where they are, and can say no."""


def set_topics(
    conn: Connection, subscriber_id: int, topics: Topics, *, origin: Origin, log: Log, now: datetime
) -> bool:
    """False when these were their topics already, or they have left."""
    differs = subscribers.differs("topics", str(topics))
    changed = subscribers.change(conn, subscriber_id, HERE, differs, topics=str(topics))
    if changed:
        log.append(conn, subscriber_id, Action.TOPICS, origin, now=now, detail=f"topics {topics}")
    return changed


def pause(
    conn: Connection, subscriber_id: int, until: datetime, *, origin: Origin, log: Log, now: datetime
) -> bool:
    """No issue until then. False for a moment that has passed, or when they have left."""
    if until <= now or not subscribers.change(
        conn, subscriber_id, HERE, subscribers.differs("paused_until", until), paused_until=until
    ):
        return False
    log.append(conn, subscriber_id, Action.PAUSED, origin, now=now, detail=f"until {until:%Y-%m-%d}")
    return True


def resume(conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime) -> bool:
    """End a pause. False when there was none."""
    changed = subscribers.change(conn, subscriber_id, HERE, subscribers.is_paused(now), paused_until=None)
    if changed:
        log.append(conn, subscriber_id, Action.RESUMED, origin, now=now)
    return changed


def set_first_name(
    conn: Connection, subscriber_id: int, first_name: str | None, *, origin: Origin, log: Log, now: datetime
) -> bool:
    """None or empty takes it away. The log keeps that it was changed, not the name."""
    name = (first_name or "").strip() or None
    changed = subscribers.change(
        conn, subscriber_id, HERE, subscribers.differs("first_name", name), first_name=name
    )
    if changed:
        log.append(conn, subscriber_id, Action.NAME, origin, now=now, detail="given" if name else "removed")
    return changed


def request_address(
    conn: Connection,
    subscriber_id: int,
    address: Address,
    *,
    origin: Origin,
    log: Log,
    now: datetime,
    budget: Budget = DEFAULT_BUDGET,
) -> bool:
    """Keep the new address until it is confirmed from there; the old one stays theirs till then.

    False, and no mail is sent, when it is their address already, or somebody's, or suppressed, or the budget is spent:
    the person is told the same.
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.state is not ACTIVE or not _is_free(conn, address, log):
        return False
    network = log.hash_network(origin.network)
    if not mails.may_send(conn, subscriber_id, NEW_ADDRESS_MAIL, budget, now=now, network_hash=network):
        return False
    subscribers.change(conn, subscriber_id, (ACTIVE,), new_email=address.email, new_email_key=address.key)
    # In this order: the old address knows of it before the new one can press.
    mails.add_mail(conn, subscriber_id, OLD_ADDRESS_MAIL, now=now, network_hash=network)
    mark = address_mark(address.key)
    mails.add_mail(conn, subscriber_id, NEW_ADDRESS_MAIL, now=now, network_hash=network, detail=mark)
    log.append(conn, subscriber_id, Action.ADDRESS_REQUESTED, origin, now=now)
    return True


def keep_address(conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime) -> bool:
    """The old address answered: the new one waits no longer. False when none did."""
    waits = subscribers.has_new_address()
    changed = subscribers.change(conn, subscriber_id, HERE, waits, new_email=None, new_email_key=None)
    if changed:
        log.append(conn, subscriber_id, Action.ADDRESS_KEPT, origin, now=now)
    return changed


def confirm_address(
    conn: Connection, subscriber_id: int, mark: str, *, origin: Origin, log: Log, now: datetime
) -> bool:
    """The new address answered: whether it is the reader's now, by this press or by one before. False when it no
    longer waits, or somebody else has it: ask again then.

    The old one is kept as a keyed hash alone, so that no import writes to it again.
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None or found.state is not ACTIVE:
        return False
    own = read_address(found.email)
    if address_mark(own.key) == mark:
        return True
    wanted = subscribers.find_new_address(conn, subscriber_id)
    if wanted is None or address_mark(wanted.key) != mark:
        return False
    if not _is_free(conn, wanted, log) or not subscribers.move(conn, subscriber_id, wanted, (ACTIVE,)):
        return False
    suppressions.lift_erased(conn, wanted, keys=log.keys)
    suppressions.add_erased(conn, own, keys=log.keys, now=now)
    log.append(conn, subscriber_id, Action.ADDRESS_CHANGED, origin, now=now)
    return True


def address_mark(key: str) -> str:
    """Goes into the link: it holds for this new address alone, and does not tell it."""
    return hashlib.sha256(f"new address\n{key}".encode()).hexdigest()[:16]


def _is_free(conn: Connection, address: Address, log: Log) -> bool:
    suppressed = suppressions.find_suppression(conn, address, keys=log.keys)
    if suppressed and suppressed.reason is not suppressions.Reason.ERASED:
        return False
    return subscribers.find_by_address(conn, address) is None
