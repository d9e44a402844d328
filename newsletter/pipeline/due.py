"""What is due, decided from the calendar and from what store and folder say. Pure; `cron` acts on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from newsletter.schedule import Calendar
from newsletter.storage.runs import Run

PULL_EVERY = timedelta(hours=1)
"""A library and its news change a few times a day; hourly is polite to the site and soon enough."""
PULL_AGAIN = timedelta(minutes=10)
"""How old the last pull may be when an issue is drafted, and how soon a failed one is tried again."""
TIDY_EVERY = timedelta(days=1)
DONE, NOTHING_NEW = "done", "nothing new"


@dataclass(frozen=True, slots=True)
class Week:
    """One issue's moments, in UTC."""

    slug: str
    draft_at: datetime
    send_at: datetime
    closes_at: datetime
    """From here on it does not go out by itself."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a week's issue."""

    has_file: bool
    published: bool = False
    """Its sending has begun, and may be over."""
    drafted: bool = False
    """Drafted once already: when the file is gone again, an editor wanted that."""
    waits_for_articles: bool = False
    """There was nothing to draft, and nothing was collected since."""


class Due(StrEnum):
    DRAFT = "draft"
    SEND = "send"
    MISSED = "missed"


def decide(week: Week, standing: Standing, now: datetime) -> Due | None:
    """What is due for one week's issue."""
    if standing.published or now < week.draft_at:
        return None
    if now >= week.closes_at:
        return Due.MISSED if standing.has_file else None
    if not standing.has_file:
        return None if standing.drafted or standing.waits_for_articles else Due.DRAFT
    return Due.SEND if now >= week.send_at else None


def weeks_around(calendar: Calendar, slugs: Iterable[str], now: datetime) -> list[Week]:
    """The issues that can matter now, oldest first: those of the usual weekday and those there is a file for,
    from a week back to two weeks ahead."""
    today = now.astimezone(calendar.zone).date()
    days = [today + timedelta(days=n) for n in range(-7, 15)]
    files = set(slugs)
    wanted = [day for day in days if day.weekday() == calendar.send[0] or day.isoformat() in files]
    return [week_of(calendar, day) for day in wanted]


def week_of(calendar: Calendar, day: date) -> Week:
    return Week(
        slug=day.isoformat(),
        draft_at=calendar.draft_at(day),
        send_at=calendar.send_at(day),
        closes_at=calendar.window_ends(day),
    )


def pull_is_due(last: Run | None, now: datetime, *, drafting: bool) -> bool:
    """Whether the feeds are to be asked, `last` being the last time they were."""
    if last is None:
        return True
    soon = drafting or last.outcome != DONE
    return now - last.started_at >= (PULL_AGAIN if soon else PULL_EVERY)


def next_moment(weeks: Sequence[Week], now: datetime) -> tuple[Due, str, datetime] | None:
    """The next thing the calendar asks for after `now`."""
    moments = [
        (at, due, week.slug)
        for week in weeks
        for at, due in ((week.draft_at, Due.DRAFT), (week.send_at, Due.SEND))
        if at > now
    ]
    return next(((due, slug, at) for at, due, slug in sorted(moments)), None)
