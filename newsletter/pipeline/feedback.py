"""Feedback: what providers tell later is kept, each event once, and acted on in the same transaction.

    delivered, deferred     news of the delivery
    bounced for good        the address is suppressed, at once
    bounced for now         suppressed after so many issues in a row
    complained              suppressed, at once
    unsubscribed            counts as leaving, unless the reader has confirmed anew since
    unknown                 kept

Whatever else it says, news of a delivery proves that it was sent. Events come twice, late, and in any order: each step
changes something only if it is not so yet, and the end is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import sleep

from sqlalchemy import Connection, Engine

from newsletter.config import Sending
from newsletter.storage import events as store
from newsletter.storage import news as ledger
from newsletter.storage import subscribers, suppressions
from newsletter.storage.consent import Log
from newsletter.storage.database import is_busy, writing
from newsletter.storage.events import About
from newsletter.storage.news import Trouble
from newsletter.storage.suppressions import Reason
from newsletter.types import Event, EventKind, News, Origin

MIN_BOUNCES = 5
MIN_COMPLAINTS = 3
"""Fewer than these say nothing about an issue, whatever their share."""
PATIENCE = (0.05, 0.2, 0.5)
"""Seconds between tries when the store is busy."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
WHOLE_SECOND = timedelta(seconds=1)
"""Some providers tell no parts of a second."""
FORM = "provider"
"""Through which door somebody left, in the consent log."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """All that taking events in takes."""

    engine: Engine
    log: Log
    limits: Sending
    leave: Callable[..., bool]
    """As pipeline.subscribe.leave."""


@dataclass
class Taken:
    """What came of some events."""

    new: Counter[EventKind] = field(default_factory=Counter)
    known: int = 0
    """Told before."""
    strangers: int = 0
    """Unsigned, and about nobody we know: not kept."""
    suppressed: int = 0
    left: int = 0
    paused: list[int] = field(default_factory=list)
    """Ids of issues whose sending was paused by it."""

    def __iadd__(self, other: Taken) -> Taken:
        self.new += other.new
        self.known += other.known
        self.strangers += other.strangers
        self.suppressed += other.suppressed
        self.left += other.left
        self.paused += other.paused
        return self


# --- deciding --------------------------------------------------------------------------------------------


def news_of(event: Event) -> News | None:
    """What an event says about its delivery; None where it says nothing we know."""
    if event.kind is EventKind.BOUNCED:
        return News.BOUNCED if event.permanent else News.SOFT_BOUNCED
    return None if event.kind is EventKind.UNKNOWN else News(event.kind.value)


def has_run(course: Sequence[tuple[int, News | None]], issue_id: int, length: int) -> bool:
    """Whether the issue stands in a row of at least so many that bounced, for now or for good."""
    run, holds_it = 0, False
    for id, news in course:
        bounced = news in (News.SOFT_BOUNCED, News.BOUNCED)
        run, holds_it = (run + 1, holds_it or id == issue_id) if bounced else (0, False)
        if holds_it and run >= length:
            return True
    return False


def why_hold_back(trouble: Trouble, limits: Sending) -> str | None:
    """Why an issue must not be sent on as it is, in words for a person; None when it may."""
    given = max(trouble.handed_over, 1)
    for count, least, most, what in (
        (trouble.bounced, MIN_BOUNCES, limits.max_bounce_rate, "bounced"),
        (trouble.complained, MIN_COMPLAINTS, limits.max_complaint_rate, "were complained of"),
    ):
        if count >= least and count / given > most:
            return f"{count:,} of {given:,} mails {what} ({count / given:.1%}; the limit is {most:.1%})"
    return None


def in_order(events: Iterable[Event]) -> list[Event]:
    """By delivery: two requests at once then wait for each other's lines in one order, never in a circle."""
    return sorted(events, key=lambda event: (event.delivery_id or "", event.email or "", event.key))


def with_sane_moment(event: Event, now: datetime) -> Event:
    """No provider tells of the future, or of a time before mail like ours."""
    return event if EARLIEST <= event.at <= now + timedelta(minutes=5) else replace(event, at=now)


# --- acting ----------------------------------------------------------------------------------------------


def take_in(feedback: Feedback, events: Sequence[Event], now: datetime, *, signed: bool = True) -> Taken:
    """Keep the events and act on them, all or none. `signed`: they are certainly the provider's.

    Raises OperationalError when the store stays busy: then the provider must tell again.
    """
    ordered = in_order(with_sane_moment(event, now) for event in events)
    for patience in (*PATIENCE, None):
        try:
            with writing(feedback.engine) as conn:
                return _take_all(conn, feedback, ordered, now, signed=signed)
        except Exception as error:
            if patience is None or not is_busy(error):
                raise
            sleep(patience)
    raise AssertionError("the last try either returns or raises")


def _take_all(
    conn: Connection, feedback: Feedback, events: list[Event], now: datetime, *, signed: bool
) -> Taken:
    taken, troubled = Taken(), set[int]()
    for event in events:
        about = store.find_about(conn, event, keys=feedback.log.keys, signed=signed)
        if not signed and about.subscriber_id is None:
            taken.strangers += 1
        elif not store.add_event(conn, event, about, now=now):
            taken.known += 1
        else:
            taken.new[event.kind] += 1
            if _note(conn, event, about) and about.issue_id is not None:
                troubled.add(about.issue_id)
            taken.suppressed += _suppress(conn, feedback, event, about, now)
            taken.left += _leave(conn, feedback, event, about, now)
    for issue_id in sorted(troubled):
        why = why_hold_back(ledger.count_trouble(conn, issue_id), feedback.limits)
        if why and ledger.hold_back(conn, issue_id, why):
            taken.paused.append(issue_id)
    return taken


def _note(conn: Connection, event: Event, about: About) -> bool:
    """Whether it is new trouble."""
    news = news_of(event)
    if news is None or about.issue_id is None or about.subscriber_id is None:
        return False
    moved = ledger.note_news(conn, about.issue_id, about.subscriber_id, news)
    return moved and news in (News.SOFT_BOUNCED, News.BOUNCED, News.COMPLAINED)


def _suppress(conn: Connection, feedback: Feedback, event: Event, about: About, now: datetime) -> bool:
    reason = _reason(conn, feedback, event, about)
    if reason is None or about.address is None:
        return False
    if suppressions.find_suppression(conn, about.address, keys=feedback.log.keys):
        if reason is Reason.COMPLAINED:
            suppressions.note_complaint(conn, about.address)
        return False
    detail = f"{event.provider}: {event.kind}" + (
        "" if event.permanent or reason is Reason.COMPLAINED else ", several issues in a row"
    )
    return suppressions.add_suppression(conn, about.address, reason, now=now, detail=detail)


def _reason(conn: Connection, feedback: Feedback, event: Event, about: About) -> Reason | None:
    if event.kind is EventKind.COMPLAINED:
        return Reason.COMPLAINED
    if event.kind is not EventKind.BOUNCED:
        return None
    if event.permanent:
        return Reason.BOUNCED
    if about.issue_id is None or about.subscriber_id is None:
        return None
    course = ledger.list_course(conn, about.subscriber_id)
    return Reason.BOUNCED if has_run(course, about.issue_id, feedback.limits.soft_bounces) else None


def _leave(conn: Connection, feedback: Feedback, event: Event, about: About, now: datetime) -> bool:
    if event.kind is not EventKind.UNSUBSCRIBED or about.subscriber_id is None:
        return False
    reader = subscribers.find_subscriber(conn, about.subscriber_id)
    if reader and reader.confirmed_at and reader.confirmed_at >= event.at + WHOLE_SECOND:
        return False  # told late: they came back since, by their own hand
    return feedback.leave(
        conn,
        about.subscriber_id,
        issue_id=about.issue_id,
        origin=Origin(form=FORM, source=event.provider),
        log=feedback.log,
        now=now,
    )
