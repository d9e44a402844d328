"""Two at once on PostgreSQL: who waits for whom, who passes by, and that each guard of a claim holds alone.

SQLite has one writer at a time, so there nothing of this can happen. Each test holds one transaction open in the
middle and lets another come.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ledger_site import NOW, SLUG, sending
from lively_ledger import AGAIN, DOUBTFUL, OPEN, QUEUED, WAITING, Lively, lively_store, receipts
from sqlalchemy import Connection, Engine, event, text

from newsletter.providers.memory import Memory
from newsletter.storage import doubts, ledger
from newsletter.storage.database import reading, writing
from newsletter.storage.news import note_news
from newsletter.types import Batch, News

pytestmark = pytest.mark.postgresql


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[Lively]:
    with lively_store("postgresql", tmp_path) as made:
        yield made


def claim(conn: Connection) -> Batch | None:
    """Fails instead of waiting for ever."""
    conn.execute(text("SET LOCAL lock_timeout = '20s'"))
    return ledger.claim_batch(conn, 1, sender="us", provider="memory", now=NOW)


class Other:
    """Something done by another process at the same time: begun, and perhaps waiting for a lock."""

    def __init__(self, store: Engine, work: Callable[[], Any]) -> None:
        self._store, self.result, self._error = store, None, None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self.result = work()
        except BaseException as error:
            self._error = error

    def wait_until_stuck(self) -> bool:
        """Whether it came to wait for a lock; False when it came to its end."""
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while self._thread.is_alive():
            with reading(self._store) as conn:
                if conn.execute(query).scalar():
                    return True
            time.sleep(0.01)
        return False

    def end(self) -> Any:
        self._thread.join()
        if self._error:
            raise self._error
        return self.result


@contextmanager
def without(store: Engine, part: str) -> Iterator[None]:
    """Statements go out with this part taken from them: as if the code did not say it."""
    found: list[str] = []

    def rewrite(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        changed = re.sub(part, "", statement)
        if changed != statement:
            found.append(statement)
        return changed, parameters

    event.listen(store, "before_cursor_execute", rewrite, retval=True)
    try:
        yield
    finally:
        event.remove(store, "before_cursor_execute", rewrite)
    assert found


# --- claims ----------------------------------------------------------------------------------------------


def test_a_claim_passes_by_the_batch_of_another(lively: Lively) -> None:
    """It does not wait for it, and takes the next one that is due."""
    with writing(lively.store) as first:
        mine = claim(first)
        with writing(lively.store) as second:
            second.execute(text("UPDATE batches SET not_before = NULL WHERE id = 5"))
        with writing(lively.store) as second:
            others = claim(second)
    assert mine
    assert others
    assert (mine.id, others.id) == (QUEUED, WAITING)


def test_a_claim_takes_one_batch_however_it_is_planned(lively: Lively) -> None:
    """PostgreSQL may look at a part of a statement more than once; the rest stays queued."""
    with writing(lively.store) as conn:
        conn.execute(text("UPDATE batches SET not_before = NULL"))
        for planner in ("enable_hashjoin", "enable_mergejoin", "enable_material"):
            conn.execute(text(f"SET LOCAL {planner} = off"))
        assert claim(conn)
        left = text("SELECT count(*) FROM batches WHERE state = 'queued' AND issue_id = 1")
        assert conn.execute(left).scalar() == 1


LOCK = r" FOR UPDATE OF batches SKIP LOCKED"
STATE = r" AND batches.state = %\(\w+\)s::VARCHAR(?= RETURNING batches.id)"


@pytest.mark.parametrize("left_out", [LOCK, STATE], ids=["the state alone", "the lock alone"])
def test_each_guard_of_a_claim_holds_alone(lively: Lively, left_out: str) -> None:
    """Two claim at the same moment. With the row's lock taken away the state keeps them apart, and the other way
    round: neither is there for the look of it."""
    with without(lively.store, left_out):
        with writing(lively.store) as first:
            mine = claim(first)
            other = Other(lively.store, lambda: lively.do(claim))
            other.wait_until_stuck()
        others = other.end()
    assert mine
    assert others is None or others.id != mine.id


# --- records ---------------------------------------------------------------------------------------------


def not_taken(conn: Connection, batch: Batch) -> bool:
    conn.execute(text("SET LOCAL lock_timeout = '20s'"))
    return ledger.record_not_taken(conn, batch, "busy", NOW)


def test_a_cancellation_does_not_pass_between_a_look_and_a_record(lively: Lively) -> None:
    """What is queued again at that moment is seen by it, and skipped: nothing of a cancelled issue waits for ever."""
    with writing(lively.store) as recorder:
        assert not_taken(recorder, lively.batches[OPEN])
        other = Other(lively.store, lambda: sending(lively.store, Memory()).cancel(SLUG, NOW))
        assert other.wait_until_stuck()
    assert other.end()
    assert lively.picture()[OPEN] == "done: skipped skipped skipped skipped"


def test_two_record_side_by_side(lively: Lively) -> None:
    """Looking whether the issue goes on does not make one sender wait for another."""
    with writing(lively.store) as first:
        assert not_taken(first, lively.batches[OPEN])
        other = Other(lively.store, lambda: lively.do(lambda conn: not_taken(conn, lively.batches[AGAIN])))
        assert not other.wait_until_stuck()
    assert other.end()


def test_a_decision_to_send_again_and_a_cancellation_come_one_after_the_other(lively: Lively) -> None:
    """Whichever is first, nothing of the cancelled issue stays queued."""
    doubt = lively.doubt()
    with writing(lively.store) as person:
        assert doubts.settle_again(person, doubt)
        other = Other(lively.store, lambda: sending(lively.store, Memory()).cancel(SLUG, NOW))
        assert other.wait_until_stuck()
    assert other.end()
    assert lively.value("SELECT count(*) FROM deliveries WHERE issue_id = 1 AND state = 'queued'") == 0


def test_news_of_two_readers_is_taken_in_side_by_side(lively: Lively) -> None:
    """Of one batch that was sent, as most news is: nothing about the batch is held for it."""
    with writing(lively.store) as first:
        assert note_news(first, 1, 1, News.DELIVERED)
        other = Other(lively.store, lambda: lively.do(lambda conn: note_news(conn, 1, 3, News.DELIVERED)))
        assert not other.wait_until_stuck()
    assert other.end()


def test_news_and_an_answer_do_not_wait_for_each_other_for_ever(lively: Lively) -> None:
    """Both take the batch first, then its lines: the second waits, and neither is thrown out by the store."""
    batch = lively.batches[DOUBTFUL]
    reached, go_on = threading.Event(), threading.Event()

    def stop_after_the_line(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if (
            statement.startswith("UPDATE deliveries")
            and threading.current_thread() is not threading.main_thread()
        ):
            reached.set()
            go_on.wait(20)

    event.listen(lively.store, "after_cursor_execute", stop_after_the_line)
    news = Other(lively.store, lambda: lively.do(lambda conn: note_news(conn, 1, 8, News.DELIVERED)))
    assert reached.wait(20)
    threading.Timer(0.5, go_on.set).start()
    answer = receipts(batch, "sent", "refused", "unknown")
    recorded = lively.do(lambda conn: ledger.record_taken(conn, batch, answer, NOW))
    assert news.end()
    assert not recorded  # by then it was settled
    assert lively.picture()[DOUBTFUL] == "done: sent skipped refused sent"
