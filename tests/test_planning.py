"""Who may be written to is planned once, counted once, and in the batches of their own issue and edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_site import NOW, SLUG, add_readers, change, make_editions, publish_issue, sending
from postgres import STORES, fresh_store
from sqlalchemy import Connection, Engine, event, insert, text

from newsletter.errors import IssueError
from newsletter.pipeline.publish import publish
from newsletter.providers.memory import Memory
from newsletter.storage import issues, planning
from newsletter.storage.database import reading, writing
from newsletter.storage.schema import subscribers
from newsletter.types import Tally, Topics

NEXT = "2026-12-03"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


def tally(store: Engine, slug: str = SLUG) -> Tally:
    with reading(store) as conn:
        return issues.tally(conn, issues.get_issue(conn, slug).id)


def test_an_issue_that_nobody_may_get_is_published_and_done(store: Engine) -> None:
    """On a new site, or when everybody paused: no batch, no call, and it counts as sent."""
    publish_issue(store)
    assert tally(store) == Tally()
    report = sending(store, Memory()).send(SLUG, NOW)
    assert (report.calls, report.stopped) == (0, None)
    assert sending(store, Memory()).status(SLUG, NOW).issue.state == "sent"


def test_an_issue_for_nobody_s_topics_skips_everybody(store: Engine) -> None:
    """There are readers, and nothing for any of them."""
    add_readers(store, 3, ["gone"])
    publish_issue(store)
    assert tally(store) == Tally(audience=3, skipped=3)


def test_the_audience_is_what_was_planned(store: Engine) -> None:
    """Who may not be written to is neither planned nor counted, and nobody else is missing from the sum."""
    add_readers(store, 6, ["*", "gone"])
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id IN (1, 2)")
    publish_issue(store)
    assert tally(store) == Tally(audience=4, queued=2, skipped=2)


def test_a_forecast_counts_as_planning_does(store: Engine) -> None:
    """Messages, and readers for whom there is nothing; those who left are neither."""
    add_readers(store, 9, ["*", "news", "gone"])
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id <= 3")
    ids = {one.topics: number for number, one in enumerate(make_editions())}
    with reading(store) as conn:
        assert planning.count_audience(conn, ids, NOW) == (4, 2)


def test_two_issues_at_once_keep_their_readers_apart(store: Engine) -> None:
    """Both number their batches from the beginning; each reader's line is in a batch of its own issue."""
    add_readers(store, 5, ["*", "news"])
    publish_issue(store)
    publish_issue(store, slug=NEXT)
    with reading(store) as conn:
        rows = conn.execute(
            text(
                "SELECT d.issue_id, b.issue_id, d.edition_id, b.edition_id FROM deliveries d "
                "JOIN batches b ON b.id = d.batch_id"
            )
        ).all()
    assert len(rows) == 10
    assert all(row[0] == row[1] and row[2] == row[3] for row in rows)


def test_an_issue_without_an_edition_is_not_published(store: Engine) -> None:
    """There would be nothing to send."""
    with pytest.raises(IssueError, match="no edition"):
        publish(store, SLUG, [], [], provider="memory", batch_size=2, now=NOW)
    with reading(store) as conn:
        assert issues.find_issue(conn, SLUG) is None


def test_the_articles_of_an_issue_are_remembered(store: Engine) -> None:
    """By their addresses, each once, with the issues that hold them, the first one first."""
    for slug, urls, days in (
        (SLUG, ["example.org/b", "example.org/a", "example.org/a"], 1),
        (NEXT, ["example.org/a"], 0),
    ):
        now = NOW + timedelta(days=days)
        publish(store, slug, make_editions(slug), urls, provider="memory", batch_size=2, now=now)
    with reading(store) as conn:
        assert issues.list_used_articles(conn) == {"example.org/a": (NEXT, SLUG), "example.org/b": (SLUG,)}


def test_an_issue_is_called_by_what_most_read(store: Engine) -> None:
    """The subject of the edition with everything in it."""
    editions = [replace(one, subject=f"About {one.topics}") for one in reversed(make_editions())]
    publish(store, SLUG, editions, [], provider="memory", batch_size=2, now=NOW)
    with reading(store) as conn:
        assert issues.get_issue(conn, SLUG).subject == "About conditions,news,treatments"


def test_who_joins_while_an_issue_is_published_gets_the_next_one(store: Engine) -> None:
    """They were not counted, so they are not planned: on PostgreSQL somebody may join between the two."""
    add_readers(store, 3)
    joined: list[str] = []

    def join(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if "GROUP BY subscribers.topics" in statement and not joined:
            joined.append("late@example.org")
            with store.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                other.execute(insert(subscribers), reader(joined[0]))

    if store.dialect.name == "postgresql":  # SQLite's writer is alone
        event.listen(store, "after_cursor_execute", join)
    publish_issue(store)
    assert len(joined) == (store.dialect.name == "postgresql")
    assert tally(store) == Tally(audience=3, queued=3)


def reader(address: str) -> dict[str, Any]:
    return {
        "email": address,
        "email_key": address,
        "state": "active",
        "topics": "*",
        "source": "test",
        "created_at": NOW,
        "confirmed_at": NOW,
    }


def test_readers_are_sorted_on_disk_and_addresses_never(tmp_path: Path) -> None:
    """SQLite's memory does not grow with the list while it is planned; before and after, nothing goes to a temporary
    file."""
    with fresh_store("sqlite", tmp_path) as store:
        add_readers(store, 3)
        kept: list[int] = []

        @event.listens_for(store, "before_cursor_execute")
        def look(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
            if "deliveries" in statement or "GROUP BY subscribers.topics" in statement:
                cursor.execute("PRAGMA temp_store")
                kept.append(cursor.fetchone()[0])

        with writing(store) as conn:
            issue_id = add_issue(conn)
            planning.plan_deliveries(
                conn, issue_id, {Topics(): add_edition(conn, issue_id)}, batch_size=2, now=NOW
            )
            assert conn.exec_driver_sql("PRAGMA temp_store").scalar() == 2
        assert kept == [2, 1]


def test_a_connection_that_has_a_temporary_table_plans_all_the_same(tmp_path: Path) -> None:
    """Where to sort cannot be changed there any more: it is done in memory."""
    with fresh_store("sqlite", tmp_path) as store:
        add_readers(store, 3)
        with writing(store) as conn:
            conn.exec_driver_sql("CREATE TEMP TABLE staged (x)")
            conn.exec_driver_sql("INSERT INTO staged VALUES (1)")
            issue_id = add_issue(conn)
            ids = {Topics(): add_edition(conn, issue_id)}
            assert planning.plan_deliveries(conn, issue_id, ids, batch_size=2, now=NOW) == 3


def add_issue(conn: Connection) -> int:
    found = issues.add_issue(conn, slug=SLUG, subject="s", hash="h", provider="memory", now=NOW)
    assert found
    return found


def add_edition(conn: Connection, issue_id: int) -> int:
    return next(iter(issues.add_editions(conn, issue_id, make_editions()[:1]).values()))


def test_a_pause_ends_at_its_moment(store: Engine) -> None:
    """Not a second later."""
    add_readers(store, 2)
    with writing(store) as conn:
        for number, until in ((1, NOW), (2, NOW + timedelta(microseconds=1))):
            conn.execute(subscribers.update().where(subscribers.c.id == number).values(paused_until=until))
    publish_issue(store)
    assert tally(store) == Tally(audience=1, queued=1)


def test_who_confirmed_once_and_waits_again_is_not_written_to(store: Engine) -> None:
    """Being confirmed at some time is not enough: it is the state that counts."""
    add_readers(store, 2)
    change(store, "UPDATE subscribers SET state = 'pending' WHERE id = 1")
    publish_issue(store)
    assert tally(store) == Tally(audience=1, queued=1)


def test_who_never_confirmed_is_not_written_to_whatever_their_state(tmp_path: Path) -> None:
    """The store refuses such a row; where somebody forced it in, nothing is sent all the same."""
    with fresh_store("sqlite", tmp_path) as store:
        add_readers(store, 2)
        with writing(store) as conn:
            conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            conn.exec_driver_sql("UPDATE subscribers SET confirmed_at = NULL WHERE id = 1")
        publish_issue(store)
        assert tally(store) == Tally(audience=1, queued=1)
