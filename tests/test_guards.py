"""Each move of the ledger does what it says to its own batch, and nothing to anything else, in whatever state it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from ledger_site import NOW, SLUG, change, sending
from lively_ledger import (
    AGAIN,
    DONE,
    DOUBTFUL,
    OPEN,
    QUEUED,
    SOON,
    START,
    WAITING,
    Lively,
    lively_store,
    receipts,
)
from postgres import STORES
from sqlalchemy import Connection

from newsletter.pipeline import send
from newsletter.process import this_process
from newsletter.providers.memory import Memory
from newsletter.storage import doubts, issues, ledger, news, settling
from newsletter.storage.database import reading
from newsletter.types import Batch, News

LATER = NOW + timedelta(hours=1)


class Keyed(Memory):
    """Takes a key once."""

    settles: Literal["key"] = "key"  # type: ignore[assignment]


Move = Callable[[Connection, Lively], Any]


@pytest.fixture(params=STORES)
def lively(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lively]:
    with lively_store(request.param, tmp_path) as made:
        yield made


def test_the_store_begins_with_a_batch_in_every_state(lively: Lively) -> None:
    """Twice, for two issues: whatever is asked about one of them finds the like in the other."""
    assert lively.picture() == START | {batch + 6: words for batch, words in START.items()}


# --- what each move does, and to whom alone --------------------------------------------------------------


def taken(*outcomes: str) -> Move:
    return lambda conn, all_: ledger.record_taken(
        conn, all_.batches[OPEN], receipts(all_.batches[OPEN], *outcomes, name="<x>"), LATER, not_before=SOON
    )


def of_open(move: Callable[..., Any], **more: Any) -> Move:
    return lambda conn, all_: move(conn, all_.batches[OPEN], "why", LATER, **more)


def take_over(number: int) -> Move:
    return lambda conn, all_: settling.take_over(
        conn, 1, all_.attempt(number), sender="us", provider="other", now=LATER
    )


MOVES: dict[str, tuple[Move, dict[int, str]]] = {
    "all sent": (taken("sent", "sent", "sent"), {OPEN: "done: sent skipped sent sent"}),
    "all refused": (taken("refused", "refused", "refused"), {OPEN: "done: refused skipped refused refused"}),
    "mixed": (
        taken("sent", "later", "unknown"),
        {OPEN: "in_doubt: sent skipped in_doubt", 13: "queued: queued"},
    ),
    "not taken": (
        of_open(ledger.record_not_taken, not_before=SOON),
        {OPEN: "queued: queued skipped queued queued"},
    ),
    "rejected": (
        of_open(ledger.record_rejected),
        {OPEN: "queued: queued skipped", 13: "queued: queued queued"},
    ),
    "in doubt": (of_open(ledger.record_doubt), {OPEN: "in_doubt: in_doubt skipped in_doubt in_doubt"}),
    "again under the key": (
        of_open(ledger.record_doubt, again=True, not_before=SOON),
        {OPEN: "sending: sending skipped sending sending"},
    ),
    "sender dead": (
        lambda conn, all_: settling.put_in_doubt(conn, all_.attempt(OPEN), "dead", LATER),
        {OPEN: "in_doubt: in_doubt skipped in_doubt in_doubt"},
    ),
    "taken over": (take_over(OPEN), {OPEN: "sending: sending skipped sending sending"}),
    "tried again": (take_over(AGAIN), {AGAIN: "sending: sending skipped sending sending"}),
    "claimed": (
        lambda conn, _: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=NOW),
        {QUEUED: "sending: sending sending sending sending"},
    ),
    "claimed in part": (
        lambda conn, _: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=NOW, most=1),
        {QUEUED: "sending: sending", 13: "queued: queued queued queued"},
    ),
    "claimed when due": (
        lambda conn, _: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=SOON),
        {WAITING: "sending: sending skipped sending sending"},
    ),
    "found": (
        lambda conn, all_: doubts.settle_found(conn, all_.doubt(), {"1-8": "<8>", "1-5": "<5>", "2-8": "<x>"}),
        {DOUBTFUL: "done: sent skipped refused sent"},
    ),
    "not found": (
        lambda conn, all_: doubts.leave_in_doubt(conn, all_.doubt(), "asked"),
        {DOUBTFUL: "in_doubt: sent skipped refused in_doubt"},
    ),
    "decided sent": (
        lambda conn, all_: doubts.settle_sent(conn, all_.doubt(), "Ada said so"),
        {DOUBTFUL: "done: sent skipped refused sent"},
    ),
    "decided again": (
        lambda conn, all_: doubts.settle_again(conn, all_.doubt()),
        {DOUBTFUL: "done: sent skipped refused", 13: "queued: queued"},
    ),
    "news of a doubt": (
        lambda conn, _: news.note_news(conn, 1, 8, News.DELIVERED),
        {DOUBTFUL: "done: sent skipped refused sent"},
    ),
    "news of one queued again": (
        lambda conn, _: news.note_news(conn, 1, 17, News.BOUNCED),
        {WAITING: "queued: sent skipped queued queued"},
    ),
    "news of one being sent": (
        lambda conn, _: news.note_news(conn, 1, 13, News.DELIVERED),
        {OPEN: "sending: sending skipped sending sending"},
    ),
    "told by the provider": (
        lambda conn, _: doubts.settle_delivery(conn, 1, 8, "<told>", LATER),
        {DOUBTFUL: "done: sent skipped refused sent"},
    ),
    "dropped": (
        lambda conn, _: issues.drop_queued(conn, 1),
        {WAITING: "done: skipped skipped skipped skipped", QUEUED: "done: skipped skipped skipped skipped"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_a_move_touches_its_own_batch_alone(lively: Lively, name: str) -> None:
    """Every other row of the ledger is afterwards, to the letter, what it was; also those of another issue."""
    move, after = MOVES[name]
    before = lively.rows()
    assert lively.do(lambda conn: move(conn, lively))
    found = lively.picture()
    assert {batch: found[batch] for batch in after} == after
    assert set(found) == set(range(1, 13)) | set(after)
    now = lively.rows()
    assert {key: row for key, row in before.items() if is_bystander(key, row, after)} == {
        key: now[key] for key, row in before.items() if is_bystander(key, row, after)
    }


def is_bystander(key: tuple[Any, ...], row: tuple[Any, ...], touched: dict[int, str]) -> bool:
    """A delivery of a touched batch is its own too when it was done with: sent, refused or skipped."""
    table = key[0]
    if table == "deliveries":
        return row[3] not in touched or row[4] in ("sent", "refused", "skipped")
    if table == "attempts":
        return row[1] not in touched
    return table == "issues" or key[1] not in touched


# --- late, early, and by others --------------------------------------------------------------------------


STALE: dict[str, Callable[[Connection, Batch], Any]] = {
    "taken": lambda conn, one: ledger.record_taken(conn, one, receipts(one, *["sent"] * 3), LATER),
    "mixed": lambda conn, one: ledger.record_taken(
        conn, one, receipts(one, "sent", "later", "unknown"), LATER
    ),
    "not taken": lambda conn, one: ledger.record_not_taken(conn, one, "busy", LATER),
    "rejected": lambda conn, one: ledger.record_rejected(conn, one, "400", LATER),
    "in doubt": lambda conn, one: ledger.record_doubt(conn, one, "?", LATER),
    "again": lambda conn, one: ledger.record_doubt(conn, one, "?", LATER, again=True),
}


@pytest.mark.parametrize("name", STALE)
@pytest.mark.parametrize("batch", [DONE, WAITING])
def test_what_is_settled_or_queued_again_cannot_be_recorded(lively: Lively, name: str, batch: int) -> None:
    """By its own latest attempt neither: nothing is written, and the sender is told."""
    before = lively.rows()
    assert not lively.do(lambda conn: STALE[name](conn, lively.batches[batch]))
    assert lively.rows() == before


@pytest.mark.parametrize("name", STALE)
def test_what_was_taken_over_cannot_be_recorded_by_the_first(lively: Lively, name: str) -> None:
    """The fence is the attempt, not the batch."""
    assert lively.do(lambda conn: take_over(OPEN)(conn, lively))
    before = lively.rows()
    assert not lively.do(lambda conn: STALE[name](conn, lively.batches[OPEN]))
    assert lively.rows() == before


@pytest.mark.parametrize("way", ["taken over", "recorded", "queued again"])
def test_an_attempt_is_given_up_once(lively: Lively, way: str) -> None:
    """Whoever comes second, with what they read before, changes nothing, in whatever way the first settled it."""
    attempt = lively.attempt(OPEN)
    if way == "taken over":
        assert lively.do(lambda conn: take_over(OPEN)(conn, lively))
    elif way == "recorded":
        assert lively.do(lambda conn: STALE["in doubt"](conn, lively.batches[OPEN]))
    else:
        assert lively.do(lambda conn: STALE["not taken"](conn, lively.batches[OPEN]))
    before = lively.rows()
    assert not lively.do(lambda conn: settling.put_in_doubt(conn, attempt, "dead", LATER))
    assert (
        lively.do(lambda conn: settling.take_over(conn, 1, attempt, sender="us", provider="x", now=LATER))
        is None
    )
    assert lively.rows() == before


DECISIONS: dict[str, Callable[[Connection, doubts.Doubt], int]] = {
    "found": lambda conn, one: doubts.settle_found(conn, one, {"1-8": "<8>"}),
    "sent": lambda conn, one: doubts.settle_sent(conn, one, "Ada"),
    "again": lambda conn, one: doubts.settle_again(conn, one),
    "left": lambda conn, one: doubts.leave_in_doubt(conn, one, "asked"),
}


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("way", ["settled", "another attempt"])
def test_a_doubt_that_is_another_by_now_is_not_settled(lively: Lively, name: str, way: str) -> None:
    """It was settled meanwhile, or the same batch is in doubt by a later attempt: of that nothing was asked."""
    doubt = lively.doubt()
    if way == "settled":
        assert lively.do(lambda conn: doubts.settle_sent(conn, doubt, "Bob")) == 1
    else:
        change(lively.store, "UPDATE batches SET attempt_id = attempt_id + 100 WHERE id = 2")
    before = lively.rows()
    assert lively.do(lambda conn: DECISIONS[name](conn, doubt)) == 0
    assert lively.rows() == before


# --- whose attempt it is ---------------------------------------------------------------------------------


def a_job(lively: Lively, provider: Memory, process: str) -> send.Job:
    with reading(lively.store) as conn:
        issue = issues.get_issue(conn, SLUG)
        editions = issues.list_editions(conn, 1)
    return replace(sending(lively.store, provider)._job(issue, editions), process=process)


def test_a_living_sender_s_batch_is_left_to_it(lively: Lively) -> None:
    """Another process takes the next batch, and neither gives the first one up nor makes its call."""
    change(lively.store, "UPDATE attempts SET sender = :alive", alive=this_process())
    job = a_job(lively, Keyed(), "another process")
    found = send.next_batch(job, NOW)
    assert found
    assert found.id == AGAIN  # its call was over, and may be made again
    found = send.next_batch(job, NOW)
    assert found
    assert found.id == QUEUED
    assert lively.picture()[OPEN] == START[OPEN]


def test_what_is_to_wait_is_not_taken_over_before(lively: Lively) -> None:
    """A call that may be made again under its key waits as long as the provider asked."""
    change(lively.store, "UPDATE attempts SET sender = :alive", alive=this_process())
    change(lively.store, "UPDATE batches SET not_before = :soon WHERE id = 3", soon=plain(lively, SOON))
    job = a_job(lively, Keyed(), "another process")
    first = send.next_batch(job, SOON - timedelta(microseconds=1))
    assert first
    assert first.id == QUEUED
    second = send.next_batch(job, SOON)
    assert second
    assert second.id == AGAIN


def plain(lively: Lively, moment: datetime) -> object:
    """As the store keeps it."""
    return moment if lively.store.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def test_open_attempts_are_those_of_the_issue_in_order(lively: Lively) -> None:
    """Of batches that are being sent, the first one first, also after it was taken over."""
    assert lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    with reading(lively.store) as conn:
        found = settling.list_open_attempts(conn, 1)
    assert [one.batch_id for one in found] == [AGAIN, OPEN]
    assert [(one.number, one.sender, one.provider) for one in found] == [
        (2, "us", "other"),
        (1, "sender 1", "memory"),
    ]


def test_a_key_is_as_old_as_the_first_call_under_it(lively: Lively) -> None:
    """However often it was called since; and a batch that goes again to fewer readers has a new one."""
    assert lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    assert lively.attempt(AGAIN).first_at == NOW
    change(lively.store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id = 17")
    assert (
        lively.do(lambda conn: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=LATER)).id
        == WAITING
    )
    assert lively.attempt(WAITING).first_at == LATER
    assert lively.attempt(WAITING).number == 2


def test_an_issue_that_is_held_is_not_taken_over_though_another_goes_on(lively: Lively) -> None:
    """Paused is paused, whatever else is being sent."""
    change(lively.store, "UPDATE issues SET state = 'paused' WHERE id = 1")
    assert lively.do(lambda conn: take_over(OPEN)(conn, lively)) is None
    assert (
        lively.do(lambda conn: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=NOW)) is None
    )


def test_who_was_erased_stays_in_a_batch_that_may_have_been_taken(lively: Lively) -> None:
    """Without an address, so that no mail goes out; the others are the same under the same key."""
    erase(lively, 9)
    batch = lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    assert [one.email for one in batch.deliveries] == ["", "reader11@example.org", "reader12@example.org"]
    assert batch.key == lively.batches[AGAIN].key
    answer = send.deliver(a_job(lively, Memory(), "us"), batch)
    assert [(one.delivery_id, one.outcome) for one in answer.receipts] == [
        ("1-11", "sent"),
        ("1-12", "sent"),
        ("1-9", "refused"),
    ]


def erase(lively: Lively, reader: int) -> None:
    change(
        lively.store,
        "UPDATE subscribers SET state = 'erased', email = NULL, email_key = NULL WHERE id = :reader",
        reader=reader,
    )


def test_a_batch_without_any_address_makes_no_call(lively: Lively) -> None:
    """Each is refused, and nobody is asked to carry nothing."""
    for reader in (9, 11, 12):
        erase(lively, reader)
    provider = Memory()
    batch = lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    answer = send.deliver(a_job(lively, provider, "us"), batch)
    assert answer.outcome == "taken"
    assert [one.outcome for one in answer.receipts] == ["refused"] * 3
    assert provider.messages == []


# --- news that came first --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("in doubt", "in_doubt: sent skipped in_doubt in_doubt"),
        ("sender dead", "in_doubt: sent skipped in_doubt in_doubt"),
        ("not taken", "queued: sent skipped queued queued"),
        ("mixed", "in_doubt: sent skipped in_doubt"),
        ("again under the key", "sending: sending skipped sending sending"),
        ("all refused", "done: refused skipped refused refused"),
    ],
)
def test_news_that_came_before_the_answer_is_not_forgotten(lively: Lively, name: str, after: str) -> None:
    """The provider told of a delivery while the call was under way: what then seems in doubt, or not taken, was."""
    assert lively.do(lambda conn: news.note_news(conn, 1, 13, News.DELIVERED))
    assert lively.do(lambda conn: MOVES[name][0](conn, lively))
    assert lively.picture()[OPEN] == after


def test_news_of_all_that_is_in_doubt_closes_the_batch(lively: Lively) -> None:
    """Whichever of them came first."""
    for reader in (13, 15, 16):
        assert lively.do(lambda conn, reader=reader: news.note_news(conn, 1, reader, News.DELIVERED))
    assert lively.do(lambda conn: MOVES["in doubt"][0](conn, lively))
    assert lively.picture()[OPEN] == "done: sent skipped sent sent"
    assert (
        lively.value("SELECT reason FROM deliveries WHERE issue_id = 1 AND subscriber_id = 13") == news.TOLD
    )


# --- what is listed --------------------------------------------------------------------------------------


def test_doubts_are_listed_with_all_that_settling_takes(lively: Lively) -> None:
    """Of one issue or of all, the oldest first; only what is in doubt of a batch is counted."""
    assert lively.do(lambda conn: MOVES["sender dead"][0](conn, lively))
    with reading(lively.store) as conn:
        assert [one.batch_id for one in doubts.list_doubts(conn)] == [DOUBTFUL, OPEN, DOUBTFUL + 6]
        assert [one.batch_id for one in doubts.list_doubts(conn, 2)] == [DOUBTFUL + 6]
        first, second = doubts.list_doubts(conn, 1)
        assert [one.email for one in doubts.list_doubtful(conn, DOUBTFUL)] == ["reader8@example.org"]
    assert (first.readers, first.reason, first.answered, first.ended_at) == (1, "", True, NOW)
    assert (second.readers, second.reason, second.answered, second.ended_at) == (3, "dead", False, LATER)
    assert (second.slug, second.sender, second.provider) == (SLUG, "sender 1", "memory")
    assert second.key == lively.batches[OPEN].key
    erase(lively, 8)
    with reading(lively.store) as conn:
        assert [one.email for one in doubts.list_doubtful(conn, DOUBTFUL)] == [""]


def test_what_was_known_of_a_call_stays_on_record(lively: Lively) -> None:
    """When it is made again, or given up, by another: what its own process wrote down is not overwritten."""
    attempt = lively.attempt(AGAIN)
    assert lively.do(lambda conn: settling.put_in_doubt(conn, attempt, "too often", LATER))
    assert lively.value("SELECT error FROM attempts WHERE batch_id = 3") == "lost"
