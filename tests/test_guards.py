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
from sqlalchemy import Connection, select, text, update

from newsletter.errors import MaybeTaken, NotTaken, StopSending
from newsletter.pipeline import send
from newsletter.process import Life, this_process
from newsletter.providers.memory import Memory
from newsletter.storage import doubts, issues, ledger, lines, news, settling
from newsletter.storage.database import reading
from newsletter.storage.schema import attempts, batches, deliveries
from newsletter.types import Batch, News, Outgoing, Receipt

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


def without_order(conn: Connection) -> Connection:
    """A statement that asks for no order is answered in the least likely one, by SQLite at least."""
    if conn.dialect.name == "sqlite":
        conn.execute(text("PRAGMA reverse_unordered_selects = ON"))
    return conn


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
    sizes = {key[1]: row[5] for key, row in now.items() if key[0] == "batches"}
    assert sizes == {batch: len(words.split()) - 1 for batch, words in found.items()}


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
        found = settling.list_open_attempts(without_order(conn), 1)
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
    provider = Uncalled()
    batch = lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    answer = send.deliver(a_job(lively, provider, "us"), batch)
    assert answer.outcome == "taken"
    assert [one.outcome for one in answer.receipts] == ["refused"] * 3


class Uncalled(Memory):
    def send(self, outgoing: Outgoing) -> list[Receipt]:
        raise AssertionError("it is called")


# --- news that came first --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("in doubt", "in_doubt: in_doubt skipped in_doubt sent"),
        ("sender dead", "in_doubt: in_doubt skipped in_doubt sent"),
        ("not taken", "queued: queued skipped queued sent"),
        ("mixed", "done: sent skipped sent"),
        ("again under the key", "sending: sending skipped sending sending"),
        ("all refused", "done: refused skipped refused refused"),
    ],
)
def test_news_that_came_before_the_answer_is_not_forgotten(lively: Lively, name: str, after: str) -> None:
    """The provider told of a delivery while the call was under way: what then seems in doubt, or not taken, was."""
    assert lively.do(lambda conn: news.note_news(conn, 1, 16, News.DELIVERED))
    assert lively.do(lambda conn: MOVES[name][0](conn, lively))
    assert lively.picture()[OPEN] == after


def test_what_news_has_proved_is_not_tried_later(lively: Lively) -> None:
    """The provider puts a reader off and has told of the delivery before: whoever has the mail gets no second one."""
    assert lively.do(lambda conn: news.note_news(conn, 1, 15, News.DELIVERED))
    late = receipts(lively.batches[OPEN], "sent", "later", "later")
    assert lively.do(lambda conn: ledger.record_taken(conn, lively.batches[OPEN], late, LATER))
    found = lively.picture()
    assert (found[OPEN], found[13]) == ("done: sent skipped sent", "queued: queued")
    assert line(lively, 15, "reason") == news.TOLD


def test_news_of_all_that_is_in_doubt_closes_the_batch(lively: Lively) -> None:
    """Whichever of them came first."""
    for reader in (13, 15, 16):
        assert lively.do(lambda conn, reader=reader: news.note_news(conn, 1, reader, News.DELIVERED))
    assert lively.do(lambda conn: MOVES["in doubt"][0](conn, lively))
    assert lively.picture()[OPEN] == "done: sent skipped sent sent"
    assert (
        lively.value("SELECT reason FROM deliveries WHERE issue_id = 1 AND subscriber_id = 13") == news.TOLD
    )


def test_a_batch_of_which_everybody_left_holds_up_no_other(lively: Lively) -> None:
    """It is done with; the next one is claimed at once, and those of others are not closed with it."""
    change(lively.store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id > 16")
    before = lively.picture()
    assert (
        lively.do(lambda conn: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=SOON)) is None
    )
    skipped = "done: skipped skipped skipped skipped"
    assert lively.picture() == before | {WAITING: skipped, QUEUED: skipped}


def test_a_part_of_a_batch_is_its_first_readers(lively: Lively) -> None:
    """Of those that are queued: who is skipped does not count, and the others wait in a batch of their own."""
    for most in (2, 1):
        batch = lively.do(
            lambda conn, most=most: ledger.claim_batch(
                without_order(conn), 1, sender="us", provider="memory", now=SOON, most=most
            )
        )
        assert batch.id == WAITING
        assert [one.subscriber_id for one in batch.deliveries] == [17, 19][:most]
        assert lively.do(lambda conn, batch=batch: ledger.record_not_taken(conn, batch, "busy", NOW))
    assert lively.picture()[WAITING] == "queued: queued skipped"
    assert lively.picture()[13] == "queued: queued"


# --- what is listed --------------------------------------------------------------------------------------


def test_doubts_are_listed_with_all_that_settling_takes(lively: Lively) -> None:
    """Of one issue or of all, the oldest first; only what is in doubt of a batch is counted."""
    assert lively.do(lambda conn: MOVES["sender dead"][0](conn, lively))
    with reading(lively.store) as conn:
        assert [one.batch_id for one in doubts.list_doubts(without_order(conn))] == [
            DOUBTFUL,
            OPEN,
            DOUBTFUL + 6,
        ]
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


@pytest.mark.parametrize(
    "name", ["all refused", "mixed", "not taken", "rejected", "in doubt", "again under the key"]
)
def test_what_news_has_proved_no_late_answer_takes_back(lively: Lively, name: str) -> None:
    """Its sender was thought dead, the provider told of one delivery, and then the sender came back with another."""
    assert lively.do(lambda conn: MOVES["sender dead"][0](conn, lively))
    assert lively.do(lambda conn: news.note_news(conn, 1, 16, News.DELIVERED))
    assert lively.do(lambda conn: MOVES[name][0](conn, lively))
    assert lively.value("SELECT state FROM deliveries WHERE issue_id = 1 AND subscriber_id = 16") == "sent"


ANSWERS = ["all sent", "all refused", "mixed", "not taken", "rejected", "in doubt", "again under the key"]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_late_answer_counts_as_one_in_time(lively: Lively, name: str) -> None:
    """A sender that was thought dead knows what became of its call, as long as nobody else has made it again."""
    assert lively.do(lambda conn: MOVES["sender dead"][0](conn, lively))
    move, after = MOVES[name]
    assert lively.do(lambda conn: move(conn, lively))
    found = lively.picture()
    assert {batch: found[batch] for batch in after} == after


def test_what_an_earlier_call_may_have_had_taken_waits_for_its_key(lively: Lively) -> None:
    """The second call under the key was certainly not taken, and its sender says so late: of the first nobody knows."""
    batch = lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    attempt = lively.attempt(AGAIN)
    assert lively.do(lambda conn: settling.put_in_doubt(conn, attempt, "dead", LATER))
    assert lively.do(lambda conn: ledger.record_not_taken(conn, batch, "busy", LATER, not_before=SOON))
    assert lively.picture()[AGAIN] == "sending: sending skipped sending sending"
    assert moment(lively, AGAIN) == SOON


# --- what is written down --------------------------------------------------------------------------------


def line(lively: Lively, reader: int, column: str) -> Any:
    query = f"SELECT {column} FROM deliveries WHERE issue_id = 1 AND subscriber_id = :reader"
    return lively.value(query, reader=reader)


def test_the_provider_s_name_for_a_mail_is_kept(lively: Lively) -> None:
    """From its answer, from what it found, or none; and a person's word that it was sent does not lose it."""
    assert line(lively, 1, "reference") == "<done>"
    assert line(lively, 2, "reference") is None
    assert line(lively, 8, "reference") == "<mixed>"
    assert lively.do(lambda conn: MOVES["decided sent"][0](conn, lively))
    assert (line(lively, 8, "reference"), line(lively, 8, "reason")) == ("<mixed>", "Ada said so")
    assert lively.do(lambda conn: MOVES["sender dead"][0](conn, lively))
    with reading(lively.store) as conn:
        (doubt,) = doubts.list_doubts(conn, 1)
    names = {"1-13": "<13>", "1-15": "", "1-16": "<16>"}
    assert lively.do(lambda conn: doubts.settle_found(conn, doubt, names)) == 3
    assert [line(lively, reader, "reference") for reader in (13, 15, 16)] == ["<13>", None, "<16>"]


RECORDS = {
    "all sent": ("taken", None),
    "all refused": ("taken", None),
    "mixed": ("taken", None),
    "not taken": ("not_taken", "why"),
    "rejected": ("not_taken", "why"),
    "in doubt": ("maybe_taken", "why"),
    "again under the key": ("maybe_taken", "why"),
    "sender dead": ("maybe_taken", settling.NO_RECORD),
}


@pytest.mark.parametrize("name", RECORDS)
def test_how_a_call_ended_is_on_record(lively: Lively, name: str) -> None:
    """When, with what outcome, and what was said."""
    assert lively.do(lambda conn: MOVES[name][0](conn, lively))
    with reading(lively.store) as conn:
        row = conn.execute(select(attempts).where(attempts.c.id == lively.batches[OPEN].attempt_id)).one()
    assert (row.finished_at, row.outcome, row.error) == (LATER, *RECORDS[name])


def test_each_mail_has_the_name_the_provider_gave_it(lively: Lively) -> None:
    """One for all, or its own."""
    assert lively.do(lambda conn: MOVES["all sent"][0](conn, lively))
    assert [line(lively, reader, "reference") for reader in (13, 14, 15, 16)] == ["<x>", None, "<x>", "<x>"]
    batch = lively.do(lambda conn: take_over(AGAIN)(conn, lively))
    own = [Receipt(one.id, "sent", reference=f"<{one.id}>") for one in batch.deliveries]
    assert lively.do(lambda conn: ledger.record_taken(conn, batch, own, NOW))
    assert [line(lively, reader, "reference") for reader in (9, 11, 12)] == ["<1-9>", "<1-11>", "<1-12>"]


def test_as_many_receipts_as_readers_are_not_yet_one_for_each(lively: Lively) -> None:
    """A provider that names one reader twice has said nothing of another."""
    twice = [Receipt(one, "sent") for one in ("1-13", "1-13", "1-15")]
    assert lively.do(lambda conn: ledger.record_taken(conn, lively.batches[OPEN], twice, NOW))
    assert lively.picture()[OPEN] == "in_doubt: sent skipped sent in_doubt"


def test_what_a_cancelled_issue_s_call_left_for_later_is_skipped(lively: Lively) -> None:
    """Also when it left all of it, and each line says why."""
    change(lively.store, "UPDATE issues SET state = 'cancelled' WHERE id = 1")
    batch = lively.batches[OPEN]
    later = receipts(batch, "later", "later", "later")
    assert lively.do(lambda conn: ledger.record_taken(conn, batch, later, NOW))
    assert lively.picture()[OPEN] == "done: skipped skipped skipped skipped"
    assert line(lively, 13, "reason") == issues.CANCELLED


def one_alone(lively: Lively) -> Batch:
    found: Batch = lively.do(
        lambda conn: ledger.claim_batch(conn, 1, sender="us", provider="memory", now=NOW, most=1)
    )
    return found


def test_a_reader_alone_in_a_rejected_call_is_refused(lively: Lively) -> None:
    """It was found by halving: the provider's reason is kept with the reader and with the call."""
    batch = one_alone(lively)
    assert lively.do(lambda conn: ledger.record_rejected(conn, batch, "400: bad address", LATER))
    assert lively.picture()[QUEUED] == "done: refused"
    assert line(lively, 21, "reason") == "400: bad address"
    with reading(lively.store) as conn:
        row = conn.execute(select(attempts).where(attempts.c.id == batch.attempt_id)).one()
    assert (row.finished_at, row.outcome, row.error) == (LATER, "not_taken", "400: bad address")


def test_a_late_rejection_refuses_nobody(lively: Lively) -> None:
    """Somebody else has taken the batch over."""
    batch = one_alone(lively)
    attempt = lively.attempt(QUEUED)
    lively.do(lambda conn: settling.take_over(conn, 1, attempt, sender="them", provider="x", now=LATER))
    before = lively.rows()
    assert not lively.do(lambda conn: ledger.record_rejected(conn, batch, "400", LATER))
    assert lively.rows() == before


def test_a_reader_alone_waits_while_nothing_of_the_issue_was_sent(lively: Lively) -> None:
    """It may be the call that is wrong, whatever was sent of another issue: it goes behind the others, and its batch
    is done with."""
    change(lively.store, "UPDATE deliveries SET state = 'refused' WHERE issue_id = 1 AND state = 'sent'")
    batch = one_alone(lively)
    assert lively.do(lambda conn: ledger.record_rejected(conn, batch, "400", LATER))
    found = lively.picture()
    assert (found[QUEUED], found[13], found[14]) == (
        "done:",
        "queued: queued queued queued",
        "queued: queued",
    )


def moment(lively: Lively, batch: int) -> Any:
    with reading(lively.store) as conn:
        return conn.execute(select(batches.c.not_before).where(batches.c.id == batch)).scalar()


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (send.Answer("not_taken", error=NotTaken("busy")), OPEN),
        (send.Answer("stop", error=StopSending("wrong key")), OPEN),
        (send.Answer("maybe_taken", error=MaybeTaken("lost")), OPEN),
        (
            send.Answer(
                "taken", (Receipt("1-13", "sent"), Receipt("1-15", "later"), Receipt("1-16", "sent"))
            ),
            13,
        ),
    ],
    ids=["not taken", "stopped", "again under the key", "some later"],
)
def test_what_goes_again_waits_as_long_as_is_asked(lively: Lively, answer: send.Answer, waits: int) -> None:
    """And is then due at once: the moment is forgotten when it is claimed."""
    job = a_job(lively, Keyed(), "another process")
    assert send.record(job, lively.batches[OPEN], answer, NOW, not_before=SOON)
    assert moment(lively, waits) == SOON
    found = []
    while batch := send.next_batch(job, SOON):
        found.append(batch.id)
    assert waits in found
    assert moment(lively, waits) is None


def test_a_batch_without_such_lines_is_not_split(lively: Lively) -> None:
    """A batch of nobody would be claimed for nothing."""
    queued = deliveries.c.state == "queued"
    before = lively.rows()
    assert lively.do(lambda conn: lines.split_off(conn, DONE, queued)) == 0
    assert lively.rows() == before


# --- how long, how often ---------------------------------------------------------------------------------


def open_attempt(**more: Any) -> settling.OpenAttempt:
    made = settling.OpenAttempt(1, 1, 1, "them", "memory", NOW, None, None, 1, "a key", NOW)
    return replace(made, **more)


class ForADay(Keyed):
    key_lives = timedelta(days=1)


LAST = NOW + timedelta(days=1) - send.MARGIN


@pytest.mark.parametrize(
    ("provider", "more", "now", "why"),
    [
        (Keyed(), {}, LAST + timedelta(days=99), None),
        (ForADay(), {}, LAST, None),
        (ForADay(), {}, LAST + timedelta(microseconds=1), send.TOO_OLD),
        (ForADay(), {"started_at": LAST}, LAST, None),
        (Keyed(), {"number": send.KEY_TRIES - 1, "finished_at": NOW}, NOW, None),
        (Keyed(), {"number": send.KEY_TRIES, "finished_at": NOW}, NOW, send.TOO_OFTEN),
        (Keyed(), {"number": send.KEY_TRIES}, NOW, None),
        (Keyed(), {"provider": "other"}, NOW, send.ENDED),
        (Memory(), {}, NOW, send.ENDED),
    ],
)
def test_when_a_call_may_be_made_again_under_its_key(
    provider: Memory, more: dict[str, Any], now: datetime, why: str | None
) -> None:
    """As long as the key is remembered, and as often as the provider may be thought to mend; a sender that died says
    nothing of the provider."""
    assert send.why_not_again(open_attempt(**more), provider, now) == why


@pytest.mark.parametrize(
    ("life", "after", "over"),
    [
        (Life.UNKNOWN, send.LEASE, False),
        (Life.UNKNOWN, send.LEASE + timedelta(microseconds=1), True),
        (Life.DEAD, timedelta(), True),
        (Life.ALIVE, timedelta(days=9), False),
    ],
)
def test_when_a_sender_is_no_longer_waited_for(life: Life, after: timedelta, over: bool) -> None:
    """One of which nothing can be known has its lease, to the last moment."""
    assert send.is_over(open_attempt(), "us", NOW + after, lambda _: life) == over


@pytest.mark.parametrize(
    ("not_before", "over"), [(None, True), (NOW, True), (NOW + timedelta(microseconds=1), False)]
)
def test_a_call_that_ended_is_over_when_it_may_come_again(not_before: datetime | None, over: bool) -> None:
    """Whoever made it, and whether they live."""
    attempt = open_attempt(finished_at=NOW, not_before=not_before)
    assert send.is_over(attempt, "them", NOW, lambda _: Life.ALIVE) == over


def test_a_process_that_slept_has_sent_nothing(lively: Lively) -> None:
    """It is known: its batch goes again at once, and no provider is blamed."""
    job = a_job(lively, Uncalled(), "us")
    answer = send.deliver(job, lively.batches[OPEN], in_time=lambda: False)
    assert answer.outcome == "not_taken"
    assert type(answer.error) is NotTaken


# --- when to come again ----------------------------------------------------------------------------------


def due(lively: Lively) -> datetime | None:
    with reading(lively.store) as conn:
        return ledger.next_due(conn, 1)


def put_off(lively: Lively, batch: int, until: datetime | None) -> None:
    statement = update(batches).where(batches.c.id == batch).values(not_before=until)
    lively.do(lambda conn: conn.execute(statement))


def test_the_next_moment_is_that_of_the_first_batch_that_waits(lively: Lively) -> None:
    """Queued or to be called again under its key; what nobody asked to wait for is due since publishing."""
    put_off(lively, AGAIN, LATER)
    assert due(lively) == NOW
    put_off(lively, QUEUED, LATER)
    assert due(lively) == SOON
    put_off(lively, WAITING, LATER + timedelta(hours=1))
    put_off(lively, QUEUED, LATER + timedelta(hours=1))
    assert due(lively) == LATER
    put_off(lively, AGAIN, None)
    assert due(lively) == NOW


def test_nothing_is_due_of_what_is_under_way_or_held(lively: Lively) -> None:
    """A call that has not ended is waited for by its own sender; another issue's batches are not ours."""
    settle = "UPDATE batches SET state = 'done' WHERE id IN (3, 5, 6)"
    change(lively.store, "UPDATE issues SET state = 'paused' WHERE id = 1")
    assert due(lively) is None
    change(lively.store, "UPDATE issues SET state = 'sending' WHERE id = 1")
    assert due(lively) == NOW
    change(lively.store, settle)
    assert due(lively) is None
