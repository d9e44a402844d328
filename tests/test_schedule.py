"""When issues are drafted and sent, whatever the clocks do, and which one is next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import Schedule
from newsletter.schedule import WEEK, Calendar, parse_span
from newsletter.types import Issue

ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc", "posix", "right"))
)


def calendar(
    draft: str = "Tue 06:00", send: str = "Thu 09:00", window: str = "6h", zone: str = "America/Phoenix"
) -> Calendar:
    return Calendar.of(Schedule(draft=draft, send=send, window=window), ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


THURSDAY = date(2026, 11, 26)


def test_an_issue_has_its_moments_on_the_sites_clock() -> None:
    """Phoenix is seven hours behind UTC, all year."""
    week = calendar()
    assert week.draft_at(THURSDAY) == utc("2026-11-24T13:00")
    assert week.send_at(THURSDAY) == utc("2026-11-26T16:00")
    assert week.window_ends(THURSDAY) == utc("2026-11-26T22:00")


@pytest.mark.parametrize(
    ("draft", "day"), [("Thu 06:00", 26), ("Thu 09:00", 19), ("Fri 06:00", 20), ("Wed 23:59", 25)]
)
def test_a_draft_comes_before_its_sending(draft: str, day: int) -> None:
    """It is made at the last drafting moment that is strictly earlier."""
    assert calendar(draft=draft).draft_at(THURSDAY).astimezone(ZoneInfo("America/Phoenix")).day == day


def test_a_time_that_the_clocks_skip_comes_as_far_after_the_jump() -> None:
    """Berlin, 28 March 2027: 02:30 is not on the clock; the issue goes out at 03:30 summer time."""
    week = calendar(send="Sun 02:30", zone="Europe/Berlin")
    assert week.send_at(date(2027, 3, 28)) == utc("2027-03-28T01:30")


def test_a_time_that_comes_twice_is_the_first() -> None:
    """Berlin, 31 October 2027: 02:30 comes in summer time first, then an hour later."""
    week = calendar(send="Sun 02:30", zone="Europe/Berlin")
    assert week.send_at(date(2027, 10, 31)) == utc("2027-10-31T00:30")


def test_a_week_with_a_change_of_clocks_keeps_the_wall_clock() -> None:
    """09:00 stays 09:00, though that week has 169 hours; the window is elapsed time."""
    week = calendar(zone="America/New_York", send="Sun 00:30")
    before, after = week.send_at(date(2026, 10, 25)), week.send_at(date(2026, 11, 1))
    assert after - before == WEEK
    assert week.send_at(date(2026, 11, 8)) - after == WEEK + timedelta(hours=1)
    assert week.window_ends(date(2026, 11, 1)) - after == timedelta(hours=6)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_every_date_has_its_moments_in_order_in_every_zone(
    zone: str, day: date, hour: int, minute: int
) -> None:
    """Draft, then send, then the end of the window, never more than a week (and an hour or so) apart."""
    week = calendar(draft=f"Mon {minute % 24:02}:{hour:02}", send=f"Thu {hour:02}:{minute:02}", zone=zone)
    assert week.draft_at(day) < week.send_at(day) < week.window_ends(day)
    assert week.send_at(day) - week.draft_at(day) <= WEEK + timedelta(hours=25)


# --- which issue is next ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "existing", "sent", "expected"),
    [
        ("2026-11-20T12:00", [], [], "2026-11-26"),
        ("2026-11-26T15:59", [], [], "2026-11-26"),
        ("2026-11-26T16:00", [], [], "2026-12-03"),
        ("2026-11-26T20:00", ["2026-11-26"], [], "2026-11-26"),
        ("2026-11-26T20:00", ["2026-11-26"], ["2026-11-26"], "2026-12-03"),
        ("2026-11-25T20:00", ["2026-11-26"], ["2026-11-26"], "2026-12-03"),
        ("2026-11-27T06:59", ["2026-11-26"], [], "2026-11-26"),
        ("2026-11-27T07:00", ["2026-11-26"], [], "2026-12-03"),
        ("2026-11-24T12:00", ["2026-12-10", "2026-11-25", "2026-11-19"], [], "2026-11-25"),
        ("2026-11-24T12:00", ["2026-12-10"], [], "2026-11-26"),
        ("2026-11-24T12:00", ["2026-12-10"], ["2026-11-26"], "2026-12-03"),
    ],
)
def test_the_next_issue_is_the_one_to_work_on(
    now: str, existing: list[str], sent: list[str], expected: str
) -> None:
    """The earliest of the unsent files dated today or later, by the site's calendar, and the next date to send."""
    assert calendar().next_issue(utc(now), existing, sent) == expected


@given(st.integers(1_735_689_600, 2_051_222_400), st.sampled_from(ZONES))
def test_the_next_date_is_always_ahead_and_within_a_week(now: int, zone: str) -> None:
    """Without files, the next issue's moment of sending has not come yet."""
    week, at = calendar(zone=zone), datetime.fromtimestamp(now, UTC)
    day = date.fromisoformat(week.next_issue(at, []))
    assert day.weekday() == 3
    assert at < week.send_at(day) <= at + WEEK + timedelta(hours=25)


def issue(slug: str, drafted_at: datetime | None = None) -> Issue:
    return Issue(slug, "x", "", date.fromisoformat(slug), None, (), "", drafted_at=drafted_at)


def test_an_issue_takes_what_is_new_since_the_one_before_it() -> None:
    """Since when the previous one was last looked at; by the calendar where its file does not say."""
    week = calendar()
    others = [issue("2026-11-05"), issue("2026-11-12"), issue("2026-12-03")]
    assert week.new_since(THURSDAY, others) == week.draft_at(date(2026, 11, 12))
    looked = utc("2026-11-11T08:00")
    assert week.new_since(THURSDAY, [issue("2026-11-12", looked)]) == looked


def test_the_first_issue_takes_the_week_before_its_draft() -> None:
    """Nothing of the back list, and later issues do not count."""
    assert calendar().new_since(THURSDAY, [issue("2026-12-03")]) == utc("2026-11-17T13:00")


def test_a_span_is_minutes_hours_or_days() -> None:
    """As in the settings."""
    assert [parse_span(text) for text in ("30m", "6h", "2d")] == [
        timedelta(minutes=30),
        timedelta(hours=6),
        timedelta(days=2),
    ]
