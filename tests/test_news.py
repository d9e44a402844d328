"""What is asked about the news of one issue, or of one reader, is about no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_site import NOW
from lively_ledger import DOUBTFUL, OPEN, START, Lively, lively_store
from postgres import STORES
from sqlalchemy import text

from newsletter.storage import ledger, news
from newsletter.storage.database import reading
from newsletter.types import News


@pytest.fixture(params=STORES)
def lively(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lively]:
    with lively_store(request.param, tmp_path) as made:
        yield made


def note(lively: Lively, issue: int, reader: int, what: News) -> bool:
    return bool(lively.do(lambda conn: news.note_news(conn, issue, reader, what)))


def test_a_reader_s_course_is_what_was_sent_to_them(lively: Lively) -> None:
    """Also what is on its way, or in doubt: they may have it. Not what was refused, skipped, or still waits."""
    note(lively, 2, 1, News.BOUNCED)
    with reading(lively.store) as conn:
        assert news.list_course(conn, 1) == [(1, None), (2, News.BOUNCED)]
        counted = {reader: len(news.list_course(conn, reader)) for reader in (2, 7, 8, 13, 17, 24)}
    assert counted == {2: 0, 7: 0, 8: 2, 13: 2, 17: 0, 24: 0}


def test_trouble_is_counted_for_one_issue(lively: Lively) -> None:
    """Its bounces, its complaints, and what of it was given to the provider."""
    note(lively, 1, 1, News.BOUNCED)
    note(lively, 1, 3, News.COMPLAINED)
    note(lively, 2, 1, News.SOFT_BOUNCED)
    note(lively, 2, 3, News.BOUNCED)
    note(lively, 2, 4, News.COMPLAINED)
    with reading(lively.store) as conn:
        assert news.count_trouble(conn, 1) == news.Trouble(bounced=1, complained=1, handed_over=16)
        assert news.count_news(conn, 1) == {News.BOUNCED: 1, News.COMPLAINED: 1}


def test_of_an_issue_that_has_not_begun_nothing_was_handed_over(lively: Lively) -> None:
    """No row is no number, and counts as none."""
    lively.do(lambda conn: conn.execute(text("UPDATE batches SET state = 'queued' WHERE issue_id = 1")))
    with reading(lively.store) as conn:
        assert news.count_trouble(conn, 1).handed_over == 0


def test_an_issue_of_which_nothing_waits_is_not_held_back(lively: Lively) -> None:
    """Though much of another waits; as long as one batch of its own does, it is."""
    assert lively.do(lambda conn: news.hold_back(conn, 2, "too many bounces"))
    lively.do(lambda conn: conn.execute(text("UPDATE batches SET state = 'done' WHERE issue_id = 1")))
    assert lively.do(lambda conn: news.hold_back(conn, 1, "too many bounces")) is False
    assert lively.value("SELECT state FROM issues WHERE id = 1") == "sending"
    assert lively.value("SELECT state FROM issues WHERE id = 2") == "paused"


def test_news_settles_what_nobody_knew_and_nothing_else(lively: Lively) -> None:
    """What was refused stays refused, whatever the provider tells of it."""
    assert note(lively, 1, 7, News.DELIVERED)
    assert note(lively, 1, 8, News.DELIVERED)
    assert lively.picture()[DOUBTFUL] == "done: sent skipped refused sent"
    assert lively.picture()[DOUBTFUL + 6] == START[DOUBTFUL]


@pytest.mark.parametrize("first", ["the news", "the record"])
def test_news_proves_that_a_skipped_line_was_sent(lively: Lively, first: str) -> None:
    """The issue was cancelled while the call was under way, and the provider said that it took nothing; it did."""
    lively.do(lambda conn: conn.execute(text("UPDATE issues SET state = 'cancelled' WHERE id = 1")))

    def record() -> None:
        assert lively.do(lambda conn: ledger.record_not_taken(conn, lively.batches[OPEN], "429", NOW))

    steps = [lambda: note(lively, 1, 13, News.DELIVERED), record]
    for step in steps if first == "the news" else reversed(steps):
        step()
    assert lively.picture()[OPEN] == "done: sent skipped skipped skipped"
    assert (
        lively.value("SELECT reason FROM deliveries WHERE issue_id = 1 AND subscriber_id = 13") == news.TOLD
    )


def test_news_of_who_was_in_no_batch_proves_nothing(lively: Lively) -> None:
    """Nothing was ever sent to them: the provider is wrong, or somebody who has its key."""
    skipped = "INSERT INTO deliveries (issue_id, subscriber_id, state) VALUES (1, 99, 'skipped')"
    lively.do(lambda conn: conn.execute(text(skipped)))
    assert note(lively, 1, 99, News.DELIVERED)
    assert lively.value("SELECT state FROM deliveries WHERE subscriber_id = 99") == "skipped"
