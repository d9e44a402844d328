"""When an issue is drafted and sent, and which one is next. Pure: the clock and the files are arguments.

Settings speak of a wall clock ("Thu 09:00"). Where daylight saving skips that time, the moment is as far
after the jump (02:30 becomes 03:30); where it comes twice, it is the first: what `zoneinfo` does with
`fold=0` (PEP 495). Spans ("6h") are elapsed time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.types import Issue

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A site's week: when drafts are made and issues sent, in the site's time zone."""

    draft: tuple[int, time]
    """Day of the week (Monday is 0) and time on the wall clock."""
    send: tuple[int, time]
    window: timedelta
    zone: ZoneInfo

    @classmethod
    def of(cls, schedule: Any, zone: ZoneInfo) -> Calendar:
        """From `config.Schedule`, whose texts are known to be well formed."""
        return cls(
            parse_moment(schedule.draft), parse_moment(schedule.send), parse_span(schedule.window), zone
        )

    def send_at(self, day: date) -> datetime:
        """When the issue of this date goes out, in UTC. Any date may have one, not just the usual weekday."""
        return self._moment(day, self.send[1])

    def window_ends(self, day: date) -> datetime:
        """Until when it still goes out by itself, in UTC."""
        return self.send_at(day) + self.window

    def draft_at(self, day: date) -> datetime:
        """When it is drafted, in UTC: the last drafting moment of the week before it is sent."""
        weekday, clock = self.draft
        drafting = day - timedelta(days=(day.weekday() - weekday) % 7)
        if drafting == day and clock >= self.send[1]:
            drafting -= WEEK
        return self._moment(drafting, clock)

    def next_issue(self, now: datetime, existing: Iterable[str], sent: Collection[str] = ()) -> str:
        """The slug to work on: the earliest of the unsent files dated today or later and the next send date whose
        moment has not come. A special issue prepared for December does not hide next week's."""
        today = now.astimezone(self.zone).date()
        waiting = [slug for slug in existing if slug >= today.isoformat() and slug not in sent]
        return min([*waiting, self._next_date(now, today, sent).isoformat()])

    def _next_date(self, now: datetime, today: date, sent: Collection[str]) -> date:
        day = today + timedelta(days=(self.send[0] - today.weekday()) % 7)
        while day.isoformat() in sent or self.send_at(day) <= now:
            day += WEEK
        return day

    def new_since(self, day: date, others: Iterable[Issue]) -> datetime:
        """From when articles are new for the issue of this date: from when they were last looked at for the
        issue before it, else a week before its own drafting."""
        earlier = [issue for issue in others if issue.date < day]
        if not earlier:
            return self.draft_at(day) - WEEK
        previous = max(earlier, key=lambda issue: issue.date)
        return previous.drafted_at or self.draft_at(previous.date)

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)


def parse_moment(text: str) -> tuple[int, time]:
    """`Thu 09:00` as (3, 09:00)."""
    day, clock = text.split()
    return _DAYS.index(day), time.fromisoformat(clock)


def parse_span(text: str) -> timedelta:
    """`30m`, `6h`, `2d` as a length of time."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
