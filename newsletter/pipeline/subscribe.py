"""Joining and leaving: each verb is one step of pending → active → unsubscribed, with its line in the log.

A verb decides nothing about mail but whether one may be sent; its caller sends it after the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.addresses import Address, read_address
from newsletter.errors import SubscriberError
from newsletter.storage import mails, subscribers, suppressions
from newsletter.storage.consent import Action, Log
from newsletter.storage.mails import DEFAULT_BUDGET, Budget
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
    conn: Connection, address: Address, *, topics: Topics, origin: Origin, log: Log, now: datetime
) -> Added:
    """A reader whose consent somebody vouches for becomes active at once.

    Raises SubscriberError for an address that is suppressed or whose reader left: that is theirs to undo.
    """
    _refuse_suppressed(conn, address, log)
    new = subscribers.insert_subscriber(conn, address, ACTIVE, topics=topics, source=origin.source, now=now)
    found = subscribers.get_by_address(conn, address)
    if found.state is UNSUBSCRIBED:
        raise SubscriberError(
            f"this reader left on {found.unsubscribed_at:%Y-%m-%d}",
            hint="They can come back by the form on the site; nobody else can do it for them.",
        )
    changed = new is not None or subscribers.change(
        conn, found.id, (PENDING,), state=ACTIVE.value, confirmed_at=now, topics=str(topics)
    )
    if changed:
        log.append(conn, found.id, Action.ADDED, origin, now=now, detail=f"topics {topics}")
    return Added(subscribers.get_by_address(conn, address), changed)


class Step(StrEnum):
    """What became of a wish to join."""

    CONFIRM = "confirm"
    """Send a confirmation mail."""
    PREFERENCES = "preferences"
    """Active already: send the link to their preferences instead. Nothing of theirs was changed."""
    NOTHING = "nothing"
    """Send nothing: a mail went out lately, or the address is never to be written to."""


@dataclass(frozen=True, slots=True)
class Requested:
    """The answer to the person is the same for each of these; only the mail differs."""

    step: Step
    subscriber_id: int | None
    """None when the address is suppressed, or when no mail may be sent to anybody for now."""


def request(
    conn: Connection,
    address: Address,
    *,
    topics: Topics,
    origin: Origin,
    log: Log,
    now: datetime,
    budget: Budget = DEFAULT_BUDGET,
    first_name: str | None = None,
    asked_at: datetime | None = None,
) -> Requested:
    """Somebody, perhaps not the reader, asks to join. Never un-confirms, never brings back by itself.

    A second wish within the budget's cool-down, or past its cap, changes nothing and leaves no line. Nor is an
    address kept that nobody knows and that no mail may be sent to now: a stranger may have given thousands.
    `asked_at`: when, if not now.
    """
    network = log.hash_network(origin.network)
    if not mails.has_room(conn, budget, now=now, network_hash=network):
        return Requested(Step.NOTHING, None)
    suppressed = suppressions.find_suppression(conn, address, keys=log.keys)
    if suppressed and suppressed.reason is not suppressions.Reason.ERASED:
        return Requested(Step.NOTHING, None)
    found = subscribers.find_by_address(conn, address)
    if found is None:
        subscribers.insert_subscriber(
            conn, address, PENDING, topics=topics, source=origin.source, now=now, first_name=first_name
        )
        found = subscribers.get_by_address(conn, address)
    step = Step.PREFERENCES if found.state is ACTIVE else Step.CONFIRM
    if mails.take_mail(conn, found.id, step.value, budget, now=now, network_hash=network) is None:
        return Requested(Step.NOTHING, found.id)
    if step is Step.CONFIRM:
        subscribers.change(conn, found.id, (PENDING, UNSUBSCRIBED), topics=str(topics), first_name=first_name)
        detail = f"topics {topics}"
        log.append(conn, found.id, Action.REQUESTED, origin, now=now, detail=detail, given_at=asked_at)
    return Requested(step, found.id)


class Confirmed(StrEnum):
    NOW = "now"
    ALREADY = "already"
    """Pressed again: nothing changed, and the same is said."""
    LEFT = "left"
    """The reader left after this link was made: it must not bring them back."""
    GONE = "gone"
    """Erased, expired, or never to be written to."""


def confirm(
    conn: Connection, subscriber_id: int, *, asked_at: datetime, origin: Origin, log: Log, now: datetime
) -> Confirmed:
    """The reader pressed the button behind the link in their mail, which was made at `asked_at`."""
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None:
        return Confirmed.GONE
    if found.state is ACTIVE:
        return Confirmed.ALREADY
    if found.unsubscribed_at and asked_at <= found.unsubscribed_at:
        return Confirmed.LEFT
    address = read_address(found.email)
    # An erased reader who asks anew and confirms gives their address again: only that is lifted.
    suppressions.lift_erased(conn, address, keys=log.keys)
    if suppressions.find_suppression(conn, address, keys=log.keys):
        return Confirmed.GONE
    changed = subscribers.change(
        conn,
        subscriber_id,
        (PENDING, UNSUBSCRIBED),
        state=ACTIVE.value,
        confirmed_at=now,
        unsubscribed_at=None,
        paused_until=None,
    )
    if changed:
        log.append(conn, subscriber_id, Action.CONFIRMED, origin, now=now, detail=f"topics {found.topics}")
    return Confirmed.NOW if changed else Confirmed.ALREADY


LEAVING_REASONS = ("too-many", "not-relevant", "not-readable", "never-asked", "feel-better", "other")
"""What a reader may say when they leave. Codes, not words: words could tell who they are."""


def leave(
    conn: Connection,
    subscriber_id: int,
    *,
    origin: Origin,
    log: Log,
    now: datetime,
    issue_id: int | None = None,
    reason: str | None = None,
) -> bool:
    """At once, also while pending. False when they had left before, or are gone. Drops an unknown reason."""
    changed = subscribers.change(
        conn,
        subscriber_id,
        (PENDING, ACTIVE),
        state=UNSUBSCRIBED.value,
        unsubscribed_at=now,
        paused_until=None,
        new_email=None,
        new_email_key=None,
    )
    if changed:
        why = [f"issue {issue_id}"] if issue_id else []
        why += [f"reason {reason}"] if reason in LEAVING_REASONS else []
        log.append(conn, subscriber_id, Action.UNSUBSCRIBED, origin, now=now, detail=", ".join(why))
    return changed


def say_why(
    conn: Connection, subscriber_id: int, reason: str, *, origin: Origin, log: Log, now: datetime
) -> bool:
    """The reason a reader gives after leaving. False for an unknown one, or when they have not left."""
    found = subscribers.find_subscriber(conn, subscriber_id)
    if reason not in LEAVING_REASONS or found is None or found.state is not UNSUBSCRIBED:
        return False
    log.append(conn, subscriber_id, Action.REASON, origin, now=now, detail=f"reason {reason}")
    return True


UNDO_WITHIN = timedelta(days=1)


def undo(
    conn: Connection,
    subscriber_id: int,
    *,
    origin: Origin,
    log: Log,
    now: datetime,
    within: timedelta = UNDO_WITHIN,
) -> bool:
    """Take back leaving, soon after. False when too late, or when the reader had never confirmed."""
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None or not can_undo(found, now, within):
        return False
    if suppressions.find_suppression(conn, read_address(found.email), keys=log.keys):
        return False
    changed = subscribers.change(
        conn, subscriber_id, (UNSUBSCRIBED,), state=ACTIVE.value, unsubscribed_at=None
    )
    if changed:
        log.append(conn, subscriber_id, Action.RETURNED, origin, now=now)
    return changed


def can_undo(reader: Subscriber, now: datetime, within: timedelta = UNDO_WITHIN) -> bool:
    """Whether leaving can still be taken back, as far as the reader's own row tells."""
    if reader.state is not UNSUBSCRIBED or reader.unsubscribed_at is None or reader.confirmed_at is None:
        return False
    return now - reader.unsubscribed_at <= within


def _refuse_suppressed(conn: Connection, address: Address, log: Log) -> None:
    found = suppressions.find_suppression(conn, address, keys=log.keys)
    if found:
        raise SubscriberError(
            f"this address is suppressed ({found.reason}, {found.at:%Y-%m-%d})",
            hint="`newsletter suppressions remove ADDRESS` lifts it, if you are sure.",
        )
