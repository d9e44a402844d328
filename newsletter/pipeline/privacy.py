"""What is held about a reader, or about an address of nobody who reads: given to them, and taken out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from newsletter.addresses import Address, read_address
from newsletter.storage import consent, events, mails, subscribers, suppressions, wishes
from newsletter.storage.consent import Action, Log
from newsletter.types import Origin, Subscriber


def export(
    conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime
) -> dict[str, Any] | None:
    """All that is held about a reader (GDPR, Art. 15 and 20), ready for JSON. None when there is no such one.

    {reader: {id, email, first_name, state, topics, …}, suppressed: {reason, detail, at} or None,
     wishes: [{at, topics, first_name, form, source}], consent: [{id, action, at, wording, …, hash, previous_hash}],
     mails: [{kind, at, state, network_hash}], issues: [{issue, state, reason, news, reference}],
     events: [{provider, kind, permanent, at, received_at, issue, reference, detail, raw}]}
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None:
        return None
    log.append(conn, subscriber_id, Action.EXPORTED, origin, now=now)
    address = read_address(found.email) if found.email else None
    return {
        "reader": asdict(found) | {"topics": str(found.topics), "state": found.state.value},
        **_held_on(conn, address, log),
        "consent": consent.list_lines(conn, subscriber_id),
        "mails": mails.list_mails(conn, subscriber_id),
        "issues": subscribers.list_issues_of(conn, subscriber_id),
        "events": events.list_events(conn, subscriber_id, address.key if address else None),
    }


def export_address(conn: Connection, address: Address, *, log: Log) -> dict[str, Any] | None:
    """The same for an address that is no reader's. None when nothing is held on it."""
    held = _held_on(conn, address, log)
    told = events.list_events(conn, None, address.key)
    if not (held["suppressed"] or held["wishes"] or told):
        return None
    return {"reader": None, **held, "consent": [], "mails": [], "issues": [], "events": told}


def _held_on(conn: Connection, address: Address | None, log: Log) -> dict[str, Any]:
    if address is None:
        return {"suppressed": None, "wishes": []}
    found = suppressions.find_suppression(conn, address, keys=log.keys)
    return {
        "suppressed": {"reason": found.reason.value, "detail": found.detail, "at": found.at}
        if found
        else None,
        "wishes": [
            {
                "at": wish.at,
                "topics": str(wish.topics),
                "first_name": wish.first_name,
                "form": wish.origin.form,
                "source": wish.origin.source,
            }
            for _, wish in wishes.list_wishes_of(conn, address)
        ],
    }


def erase(conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime) -> bool:
    """Everything that tells who the reader is goes. False when they were erased already.

    What stays: a keyed hash of the address, so that no import brings it back, and the lines of the log, which
    hold nothing personal.
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None:
        return False
    address = read_address(found.email)
    suppressions.add_erased(conn, address, keys=log.keys, now=now)
    wishes.forget_wishes(conn, address)
    return _forget(conn, found, Action.ERASED, origin, log, now)


def erase_address(conn: Connection, address: Address, *, log: Log, now: datetime) -> bool:
    """The same for an address that is no reader's: one that bounced at another service, or that somebody asks to
    join with just now. False when nothing is held on it that tells whose it is."""
    found = suppressions.find_suppression(conn, address, keys=log.keys)
    suppressed = found is not None and found.reason is not suppressions.Reason.ERASED
    wished = wishes.forget_wishes(conn, address)
    told = events.forget_events(conn, None, address.key)
    if not (suppressed or wished or told):
        return False
    suppressions.add_erased(conn, address, keys=log.keys, now=now)
    return True


def forget_unconfirmed(
    conn: Connection, before: datetime, *, origin: Origin, log: Log, now: datetime, limit: int = 1000
) -> int:
    """Who asked before then and never confirmed is not kept waiting for ever. How many were forgotten now."""
    waiting = subscribers.list_pending(conn, before, limit)
    return sum(_forget(conn, one, Action.EXPIRED, origin, log, now) for one in waiting)


def _forget(
    conn: Connection, reader: Subscriber, action: Action, origin: Origin, log: Log, now: datetime
) -> bool:
    mails.forget_mails(conn, reader.id)
    events.forget_events(conn, reader.id, read_address(reader.email).key if reader.email else None)
    changed = subscribers.anonymise(conn, reader.id, (reader.state,))
    if changed:
        log.append(conn, reader.id, action, origin, now=now)
    consent.forget_networks(conn, [reader.id])  # last: also that from which this was asked for
    return changed
