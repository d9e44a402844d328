"""What is held about a reader: given to them, and taken out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from newsletter.addresses import read_address
from newsletter.storage import consent, events, mails, subscribers, suppressions
from newsletter.storage.consent import Action, Log
from newsletter.types import Origin, Subscriber


def export(
    conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime
) -> dict[str, Any] | None:
    """All that is held about a reader (GDPR, Art. 15 and 20), ready for JSON. None when there is no such one.

    {reader: {id, email, first_name, state, topics, …}, suppressed: {reason, at} or None,
     consent: [{id, action, at, wording, …, hash, previous_hash}],
     mails: [{kind, at}], issues: [{issue, state}], events: [{kind, at, issue, detail}]}
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None:
        return None
    log.append(conn, subscriber_id, Action.EXPORTED, origin, now=now)
    suppressed = found.email and suppressions.find_suppression(conn, read_address(found.email), keys=log.keys)
    return {
        "reader": asdict(found) | {"topics": str(found.topics), "state": found.state.value},
        "suppressed": {"reason": suppressed.reason.value, "at": suppressed.at} if suppressed else None,
        "consent": consent.list_lines(conn, subscriber_id),
        "mails": mails.list_mails(conn, subscriber_id),
        "issues": subscribers.list_issues_of(conn, subscriber_id),
        "events": events.list_events(conn, subscriber_id),
    }


def erase(conn: Connection, subscriber_id: int, *, origin: Origin, log: Log, now: datetime) -> bool:
    """Everything that tells who the reader is goes. False when they were erased already.

    What stays: a keyed hash of the address, so that no import brings it back, and the lines of the log, which
    hold nothing personal.
    """
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None:
        return False
    suppressions.add_erased(conn, read_address(found.email), keys=log.keys, now=now)
    return _forget(conn, found, Action.ERASED, origin, log, now)


def forget_unconfirmed(
    conn: Connection, before: datetime, *, origin: Origin, log: Log, now: datetime, limit: int = 1000
) -> int:
    """Who asked before then and never confirmed is not kept waiting for ever. How many were forgotten now."""
    waiting = subscribers.list_pending(conn, before, limit)
    return sum(_forget(conn, one, Action.EXPIRED, origin, log, now) for one in waiting)


def _forget(
    conn: Connection, reader: Subscriber, action: Action, origin: Origin, log: Log, now: datetime
) -> bool:
    consent.forget_networks(conn, [reader.id])
    mails.forget_mails(conn, reader.id)
    events.forget_events(conn, reader.id, read_address(reader.email).key if reader.email else None)
    changed = subscribers.anonymise(conn, reader.id, (reader.state,))
    if changed:
        log.append(conn, reader.id, action, origin, now=now)
    return changed
