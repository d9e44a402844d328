"""An issue changes its state only as it may, once, and alone; and its numbers are its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_site import NOW, SLUG, add_readers, change, make_editions, publish_issue
from lively_ledger import NEXT, OPEN, Lively, lively_store, receipts
from postgres import STORES, fresh_store
from sqlalchemy import Engine, insert, text

from newsletter.errors import IssueError
from newsletter.storage import issues, ledger
from newsletter.storage.database import reading, writing
from newsletter.storage.issues import CANCELLED, PublishedIssue
from newsletter.storage.schema import attempts
from newsletter.types import IssueState, Tally

LATER = NOW + timedelta(hours=1)


@pytest.fixture(params=STORES)
def lively(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lively]:
    with lively_store(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


def get(lively: Lively, slug: str = SLUG) -> PublishedIssue:
    with reading(lively.store) as conn:
        return issues.get_issue(conn, slug)


def settle_all(lively: Lively) -> None:
    """Nothing of the first issue waits or is being sent any more."""
    change(lively.store, "UPDATE batches SET state = 'done' WHERE issue_id = 1")
    change(lively.store, "UPDATE deliveries SET state = 'sent' WHERE issue_id = 1")


# --- states ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", list(IssueState))
@pytest.mark.parametrize("allowed", [(IssueState.SENDING,), (IssueState.SENDING, IssueState.PAUSED)])
def test_a_state_changes_only_from_those_named(
    lively: Lively, before: IssueState, allowed: tuple[IssueState, ...]
) -> None:
    """With its note; otherwise nothing changes, and never another issue."""
    change(lively.store, "UPDATE issues SET state = :before WHERE id = 1", before=before)
    other = get(lively, NEXT)
    changed = lively.do(
        lambda conn: issues.change_state(
            conn, 1, before=allowed, after=IssueState.CANCELLED, note="a wrong dose"
        )
    )
    assert changed == (before in allowed)
    found = get(lively)
    assert (found.state, found.note) == (
        (IssueState.CANCELLED, "a wrong dose") if changed else (before, None)
    )
    assert get(lively, NEXT) == other


def test_what_is_dropped_says_why(lively: Lively) -> None:
    """The number of readers is told, and each of their lines has the reason."""
    assert lively.do(lambda conn: issues.drop_queued(conn, 1)) == 7
    with reading(lively.store) as conn:
        rows = conn.execute(
            text("SELECT issue_id, count(*) FROM deliveries WHERE reason = :why GROUP BY 1"),
            {"why": CANCELLED},
        )
        assert [tuple(row) for row in rows] == [(1, 7)]


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_an_issue_with_work_left_is_not_finished(lively: Lively, state: str) -> None:
    """One batch is enough, whether it waits or is under way."""
    settle_all(lively)
    change(lively.store, "UPDATE batches SET state = :state WHERE id = 4", state=state)
    assert not lively.do(lambda conn: issues.finish_issue(conn, 1, LATER))
    assert (get(lively).state, get(lively).finished_at) == (IssueState.SENDING, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IssueState.SENDING, IssueState.SENT),
        (IssueState.CANCELLED, IssueState.CANCELLED),
        (IssueState.PAUSED, None),
        (IssueState.SENT, None),
    ],
)
def test_an_issue_is_finished_once(lively: Lively, before: IssueState, after: IssueState | None) -> None:
    """When nothing is left to do, whatever is in doubt, and whatever another issue has left; a held one is not."""
    settle_all(lively)
    change(lively.store, "UPDATE batches SET state = 'in_doubt' WHERE id = 2")
    change(lively.store, "UPDATE issues SET state = :before WHERE id = 1", before=before)
    other = get(lively, NEXT)
    assert lively.do(lambda conn: issues.finish_issue(conn, 1, LATER)) == (after is not None)
    found = get(lively)
    assert (found.state, found.finished_at) == (after or before, LATER if after else None)
    assert not lively.do(lambda conn: issues.finish_issue(conn, 1, LATER + timedelta(hours=1)))
    assert get(lively) == found
    assert get(lively, NEXT) == other


@pytest.mark.parametrize("before", list(IssueState))
def test_only_a_sent_issue_is_opened_again(lively: Lively, before: IssueState) -> None:
    """Then it is being sent, and not finished; a cancelled one says no; no other issue is touched."""
    change(
        lively.store,
        "UPDATE issues SET state = :before, finished_at = published_at WHERE id = 1",
        before=before,
    )
    change(lively.store, "UPDATE issues SET state = 'sent' WHERE id = 2")
    other = get(lively, NEXT)
    assert lively.do(lambda conn: issues.reopen_issue(conn, 1)) == (before != IssueState.CANCELLED)
    found = get(lively)
    if before == IssueState.SENT:
        assert (found.state, found.finished_at) == (IssueState.SENDING, None)
    else:
        assert (found.state, found.finished_at) == (before, NOW)
    assert get(lively, NEXT) == other


# --- publishing ------------------------------------------------------------------------------------------


def add(conn: Any, slug: str) -> int | None:
    return issues.add_issue(conn, slug=slug, subject="s", hash="h", provider="memory", now=NOW)


def test_publishing_a_second_time_leaves_the_transaction_whole(store: Engine) -> None:
    """It is told, and whoever asked can go on."""
    with writing(store) as conn:
        assert add(conn, SLUG) == 1
        assert add(conn, SLUG) is None
        assert add(conn, NEXT)
    with reading(store) as conn:
        assert {one.slug for one in issues.list_issues(conn)} == {SLUG, NEXT}


def test_each_issue_has_its_own_audience_and_editions(store: Engine) -> None:
    """Readers who came between two issues are in the second one alone."""
    add_readers(store, 2)
    publish_issue(store)
    add_readers(store, 3)
    publish_issue(store, slug=NEXT)
    with reading(store) as conn:
        assert issues.tally(conn, 1) == Tally(audience=2, queued=2)
        assert issues.tally(conn, 2) == Tally(audience=5, queued=5)
        for number, slug in ((1, SLUG), (2, NEXT)):
            assert list(issues.list_editions(conn, number).values()) == make_editions(slug)


def test_an_issue_that_is_not_there_names_those_that_are(store: Engine) -> None:
    """Or says that there is none."""
    with reading(store) as conn, pytest.raises(IssueError, match="None has been so far"):
        issues.get_issue(conn, "1999-01-01")
    publish_issue(store)
    with reading(store) as conn, pytest.raises(IssueError, match=f"so far: {SLUG}"):
        issues.get_issue(conn, "1999-01-01")


# --- numbers ---------------------------------------------------------------------------------------------


def rate(lively: Lively, after: timedelta, window: timedelta = timedelta(minutes=1)) -> float:
    with reading(lively.store) as conn:
        return issues.recent_rate(conn, 1, NOW + after, window=window)


def test_the_rate_is_of_what_was_taken_lately(lively: Lively) -> None:
    """Two batches of four, begun at NOW: what failed, or is of another issue, or long ago, does not count."""
    change(
        lively.store,
        "UPDATE attempts SET started_at = :late WHERE id = 1",
        late=kept(lively, timedelta(seconds=9)),
    )
    assert rate(lively, timedelta(seconds=10)) == 0.8
    assert rate(lively, timedelta(seconds=0.1)) == 8
    assert rate(lively, timedelta(seconds=60)) == 0
    change(
        lively.store,
        "UPDATE attempts SET finished_at = :late WHERE id <= 2",
        late=kept(lively, timedelta(seconds=50)),
    )
    assert rate(lively, timedelta(seconds=80)) == 8 / 60
    assert rate(lively, timedelta(seconds=40), timedelta(seconds=20)) == 8 / 20


def kept(lively: Lively, after: timedelta) -> object:
    moment = NOW + after
    return moment if lively.store.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def test_the_latest_errors_are_told_each_once(lively: Lively) -> None:
    """The newest first, of this issue alone, however many calls went well since; what says nothing is left out."""
    for error in ("503", "", "busy", "gone"):
        assert lively.do(lambda conn, error=error: take_and_fail(conn, lively, error))
    with writing(lively.store) as conn:
        more = [row(number) for number in range(100, 160)]
        conn.execute(insert(attempts), more)
    with reading(lively.store) as conn:
        assert issues.latest_errors(conn, 1) == ["gone", "busy", "503"]
        assert issues.latest_errors(conn, 1, most=9) == ["gone", "busy", "503", "lost"]
        assert issues.latest_errors(conn, 2) == ["busy", "lost"]


def take_and_fail(conn: Any, lively: Lively, error: str) -> bool:
    batch = (
        lively.batches[OPEN]
        if error == "503"
        else ledger.claim_batch(conn, 1, sender="us", provider="x", now=NOW)
    )
    assert batch
    return ledger.record_not_taken(conn, batch, error, NOW)


def row(number: int) -> dict[str, Any]:
    return {
        "batch_id": 1,
        "number": number,
        "key": "k",
        "sender": "us",
        "provider": "memory",
        "started_at": NOW,
        "finished_at": NOW,
        "outcome": "taken",
    }


def test_the_last_receipt_of_a_batch_is_not_lost_on_another(lively: Lively) -> None:
    """Each line is written by issue and reader: the same reader's line of another issue stays."""
    batch = lively.batches[OPEN]
    assert lively.do(
        lambda conn: ledger.record_taken(conn, batch, receipts(batch, "sent", "refused", "sent"), LATER)
    )
    with reading(lively.store) as conn:
        rows = conn.execute(
            text("SELECT issue_id, state FROM deliveries WHERE subscriber_id = 15 ORDER BY 1")
        )
        assert [tuple(row) for row in rows] == [(1, "refused"), (2, "sending")]
