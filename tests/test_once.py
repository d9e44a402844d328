"""Every reader of an issue gets it once: planned once, asked about again, recorded by the latest attempt alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_site import NOW, SLUG, add_readers, change, make_editions, publish_issue, sending, states
from ledger_stubs import Keyed, Mute, taken
from postgres import STORES, fresh_store
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from newsletter import engine as engines
from newsletter.errors import AlreadyPublished, IssueError, MaybeTaken, NotTaken, Rejected, StopSending
from newsletter.pipeline import send
from newsletter.pipeline.publish import publish
from newsletter.process import Life
from newsletter.providers.memory import Memory
from newsletter.storage import issues, ledger, settling
from newsletter.storage.database import reading, writing
from newsletter.storage.issues import PublishedIssue
from newsletter.storage.planning import choose_edition
from newsletter.types import Batch, Outgoing, Receipt, Tally, Topics

OTHER_HOST = "elsewhere 11111111 pid:[1] 4711 99"
LATER = NOW + send.LEASE + timedelta(seconds=1)
"""When a sender on another host is no longer waited for."""


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


def tally(store: Engine, slug: str = SLUG) -> Tally:
    with reading(store) as conn:
        found = issues.tally(conn, issues.get_issue(conn, slug).id)
    assert found.holds
    return found


def claim(store: Engine, issue: PublishedIssue, sender: str = "us", **more: object) -> Batch | None:
    with writing(store) as conn:
        return ledger.claim_batch(conn, issue.id, sender=sender, provider="memory", now=NOW, **more)  # type: ignore[arg-type]


class Failing(Memory):
    """Raises what it is told to, then takes everything."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        if self.errors:
            raise self.errors.pop(0)
        return super().send(outgoing)


# --- planning --------------------------------------------------------------------------------------------


def test_a_reader_gets_the_edition_of_their_topics(store: Engine) -> None:
    """All of the issue for "*", the topics that the issue has for others, nothing where there are none."""
    topics = ["*", "conditions", "news,treatments", "gone,news", "gone"]
    add_readers(store, 5, topics)
    publish_issue(store)
    with reading(store) as conn:
        rows = conn.execute(
            text(
                "SELECT s.topics, e.topics, d.state, d.reason FROM deliveries d JOIN subscribers s "
                "ON s.id = d.subscriber_id LEFT JOIN editions e ON e.id = d.edition_id"
            )
        )
        found = {row[0]: tuple(row[1:]) for row in rows}
    assert found == {
        "*": ("conditions,news,treatments", "queued", None),
        "conditions": ("conditions", "queued", None),
        "news,treatments": ("news,treatments", "queued", None),
        "gone,news": ("news", "queued", None),
        "gone": (None, "skipped", "nothing in their topics this week"),
    }


def test_an_issue_without_sections_is_for_everyone() -> None:
    """An edition for all topics is everybody's, whatever they chose."""
    assert choose_edition(Topics(("news",)), {Topics(): 7}) == 7


def test_a_set_of_topics_without_an_edition_stops_planning(store: Engine) -> None:
    """A missing variant is an error, never a reader left out; nothing of the issue stays behind."""
    add_readers(store, 2, ["news"])
    only_whole = make_editions()[:1]
    with pytest.raises(IssueError, match="news"):
        publish(store, SLUG, only_whole, [], provider="memory", batch_size=2, now=NOW)
    with reading(store) as conn:
        assert issues.list_issues(conn) == []


def test_batches_hold_one_edition_and_no_more_than_their_size(store: Engine) -> None:
    """Each batch's deliveries are of its edition, as many as it says, and none is in two or in none."""
    add_readers(store, 23, ["*", "news", "conditions,news"])
    publish_issue(store, batch_size=4)
    with reading(store) as conn:
        rows = conn.execute(
            text(
                "SELECT b.id, b.size, count(*), min(d.edition_id), max(d.edition_id), b.edition_id "
                "FROM batches b JOIN deliveries d ON d.batch_id = b.id GROUP BY b.id, b.size, b.edition_id"
            )
        ).all()
    assert sum(row[2] for row in rows) == 23
    assert all(row[1] == row[2] <= 4 and row[3] == row[4] == row[5] for row in rows)


def test_only_sendable_readers_are_planned(store: Engine) -> None:
    """Pending, left, erased, suppressed and paused readers have no delivery; those whose pause is over have."""
    add_readers(store, 7)
    change(store, "UPDATE subscribers SET state = 'pending', confirmed_at = NULL WHERE id = 1")
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id = 2")
    change(store, "UPDATE subscribers SET state = 'erased', email = NULL, email_key = NULL WHERE id = 3")
    suppress(store, 4)
    pause_reader(store, 5, timedelta(days=1))
    pause_reader(store, 6, timedelta(days=-1))
    publish_issue(store)
    assert list(states(store)) == [6, 7]


def test_publishing_twice_is_refused(store: Engine) -> None:
    """The second time changes nothing, not even for readers who came since."""
    add_readers(store, 3)
    publish_issue(store)
    add_readers(store, 3)
    with pytest.raises(AlreadyPublished, match=SLUG):
        publish_issue(store)
    assert Tally(audience=3, queued=3) == tally(store)


def test_a_delivery_without_a_batch_cannot_be_written(store: Engine) -> None:
    """What would never be sent and never be shown is refused by the store itself."""
    add_readers(store, 1)
    publish_issue(store)
    with pytest.raises(IntegrityError, match="has_batch"):
        change(store, "UPDATE deliveries SET batch_id = NULL, edition_id = NULL")


# --- asked again -----------------------------------------------------------------------------------------


def suppress(store: Engine, reader: int) -> None:
    change(
        store,
        "INSERT INTO suppressions (email_key, reason, detail, at) VALUES (:key, 'bounced', '', :at)",
        key=f"reader{reader}@example.org",
        at=NOW.replace(tzinfo=None).isoformat(" "),
    )


def pause_reader(store: Engine, reader: int, span: timedelta) -> None:
    until = (NOW + span).isoformat(" ")
    change(
        store,
        "UPDATE subscribers SET paused_until = :until WHERE id = :reader",
        until=until if store.dialect.name == "postgresql" else until.replace("+00:00", ".000000"),
        reader=reader,
    )


@pytest.mark.parametrize("what", ["unsubscribed", "suppressed", "paused", "erased"])
def test_leaving_after_publish_is_in_time(store: Engine, what: str) -> None:
    """Who leaves, bounces, pauses or is erased before their batch is claimed is skipped, with the reason."""
    add_readers(store, 4)
    publish_issue(store)
    if what == "unsubscribed":
        change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id = 3")
    elif what == "suppressed":
        suppress(store, 3)
    elif what == "paused":
        pause_reader(store, 3, timedelta(days=7))
    else:
        change(store, "UPDATE subscribers SET state = 'erased', email = NULL, email_key = NULL WHERE id = 3")
    provider = Memory()
    sending(store, provider).send(SLUG, NOW)
    assert sorted(one.recipient for one in provider.messages) == [f"reader{n}@example.org" for n in (1, 2, 4)]
    assert Tally(audience=4, sent=3, skipped=1) == tally(store)
    with reading(store) as conn:
        assert conn.execute(text("SELECT reason FROM deliveries WHERE subscriber_id = 3")).scalar() == what


def test_a_batch_of_which_everybody_left_is_not_sent(store: Engine) -> None:
    """No call is made for nobody, and the issue ends."""
    add_readers(store, 2)
    publish_issue(store)
    change(store, "UPDATE subscribers SET state = 'unsubscribed'")
    report = sending(store, Memory()).send(SLUG, NOW)
    assert report.calls == 0
    assert sending(store, Memory()).status(SLUG, NOW).issue.state == "sent"


def test_a_refused_call_asks_about_its_readers_again(store: Engine) -> None:
    """What was certainly not taken is queued again; who left meanwhile is not written to."""
    add_readers(store, 2)
    issue = publish_issue(store)
    batch = claim(store, issue)
    assert batch
    with writing(store) as conn:
        assert ledger.record_not_taken(conn, batch, "busy", NOW)
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id = 1")
    again = claim(store, issue)
    assert again
    assert [one.subscriber_id for one in again.deliveries] == [2]


def test_a_batch_waits_as_long_as_the_provider_asks(store: Engine) -> None:
    """Until then nobody claims it, whatever process they are of; then it goes."""
    add_readers(store, 2)
    issue = publish_issue(store)
    batch = claim(store, issue)
    assert batch
    soon = NOW + timedelta(seconds=30)
    with writing(store) as conn:
        ledger.record_not_taken(conn, batch, "busy", NOW, not_before=soon)
        assert ledger.next_due(conn, issue.id) == soon
        early = ledger.claim_batch(conn, issue.id, sender="us", provider="memory", now=NOW)
        in_time = ledger.claim_batch(conn, issue.id, sender="us", provider="memory", now=soon)
    assert early is None
    assert in_time
    assert in_time.deliveries == batch.deliveries


# --- claiming --------------------------------------------------------------------------------------------


def test_many_claims_at_once_take_each_batch_once(store: Engine) -> None:
    """Eight threads claim until nothing is left: no batch twice, none left over."""
    add_readers(store, 60)
    issue = publish_issue(store, batch_size=1)
    found: list[int] = []

    def take() -> None:
        while batch := claim(store, issue):
            found.append(batch.id)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(set(found))
    assert len(found) == 60


def test_a_first_slice_splits_a_batch(store: Engine) -> None:
    """With a limit of three the first three of a batch of ten go out; the others stay queued and go out later."""
    add_readers(store, 10)
    publish_issue(store, batch_size=10)
    provider = Memory()
    report = sending(store, provider).send(SLUG, NOW, limit=3)
    assert report.sent == 3
    assert Tally(audience=10, sent=3, queued=7) == tally(store)
    sending(store, provider).send(SLUG, NOW)
    assert sorted(one.delivery_id for one in provider.messages) == sorted(f"1-{n}" for n in range(1, 11))


def test_several_threads_send_every_reader_once(store: Engine) -> None:
    """Eight threads on one store: no "database is locked", nobody twice, nobody forgotten."""
    add_readers(store, 300, ["*", "news"])
    publish_issue(store, batch_size=3)
    provider = Memory()
    report = sending(store, provider, "concurrency = 8").send(SLUG, NOW)
    assert report.sent == len({one.recipient for one in provider.messages}) == len(provider.messages) == 300
    assert Tally(audience=300, sent=300) == tally(store)


# --- recording -------------------------------------------------------------------------------------------


def test_each_receipt_is_written_to_its_reader(store: Engine) -> None:
    """Sent with a reference, refused with a reason, and in doubt where the answer says nothing."""
    add_readers(store, 3)
    issue = publish_issue(store, batch_size=3)
    batch = claim(store, issue)
    assert batch
    receipts = [Receipt("1-1", "sent", reference="<a>"), Receipt("1-2", "refused", reason="no such user")]
    with writing(store) as conn:
        assert ledger.record_taken(conn, batch, receipts, NOW)
    with reading(store) as conn:
        rows = conn.execute(text("SELECT subscriber_id, state, reference, reason FROM deliveries ORDER BY 1"))
        assert [tuple(row) for row in rows] == [
            (1, "sent", "<a>", None),
            (2, "refused", None, "no such user"),
            (3, "in_doubt", None, ledger.NO_ANSWER),
        ]
        assert conn.execute(text("SELECT state FROM batches")).scalar() == "in_doubt"


def test_a_sender_that_wakes_up_late_records_nothing(store: Engine) -> None:
    """When somebody else has taken the batch over, the first attempt's answer no longer counts."""
    add_readers(store, 2)
    issue = publish_issue(store)
    late = claim(store, issue, OTHER_HOST)
    assert late
    with writing(store) as conn:
        (attempt,) = settling.list_open_attempts(conn, issue.id)
        ours = settling.take_over(conn, issue.id, attempt, sender="us", provider="memory", now=NOW)
        assert ours
        assert settling.take_over(conn, issue.id, attempt, sender="them", provider="memory", now=NOW) is None
    assert ours.deliveries == late.deliveries
    with writing(store) as conn:
        assert not ledger.record_not_taken(conn, late, "busy", NOW)
        assert not ledger.record_taken(conn, late, [], NOW)
        assert not ledger.record_doubt(conn, late, "?", NOW)
    assert Tally(audience=2, sending=2) == tally(store)


def test_a_doubt_is_settled_by_the_attempt_that_caused_it(store: Engine) -> None:
    """A sender that was thought dead and comes back with the answer is believed."""
    add_readers(store, 2)
    issue = publish_issue(store)
    batch = claim(store, issue)
    assert batch
    with writing(store) as conn:
        (attempt,) = settling.list_open_attempts(conn, issue.id)
        assert settling.put_in_doubt(conn, attempt, "?", NOW)
        assert not settling.put_in_doubt(conn, attempt, "?", NOW)
    assert Tally(audience=2, in_doubt=2) == tally(store)
    with writing(store) as conn:
        assert ledger.record_taken(conn, batch, [Receipt(one.id, "sent") for one in batch.deliveries], NOW)
    assert Tally(audience=2, sent=2) == tally(store)


def test_a_batch_that_may_have_been_taken_keeps_its_readers(tmp_path: Path, store: Engine) -> None:
    """A key is good for the same mails only: after a death and a refused second call, the same ones go again,
    even when one of them has left since, for they may have it already."""
    add_readers(store, 2)
    issue = publish_issue(store, provider="keyed")
    with writing(store) as conn:
        ledger.claim_batch(conn, issue.id, sender=OTHER_HOST, provider="keyed", now=NOW)
    job = sending(store, Keyed(tmp_path))._job(issue, _editions(store, issue))
    batch = send.next_batch(job, LATER)
    assert batch
    assert send.record(job, batch, send.Answer("not_taken", error=NotTaken("busy")), LATER)
    assert Tally(audience=2, sending=2) == tally(store)
    change(store, "UPDATE subscribers SET state = 'unsubscribed' WHERE id = 1")
    sending(store, Keyed(tmp_path)).send(SLUG, LATER)
    assert taken("keyed", tmp_path) == {1: 1, 2: 1}
    assert Tally(audience=2, sent=2) == tally(store)


def _editions(store: Engine, issue: PublishedIssue) -> dict[int, object]:
    with reading(store) as conn:
        return issues.list_editions(conn, issue.id)  # type: ignore[return-value]


def test_a_dead_sender_of_another_provider_leaves_doubt(tmp_path: Path, store: Engine) -> None:
    """Another provider knows nothing of the first one's keys: what that one had is not sent again."""
    add_readers(store, 2)
    issue = publish_issue(store)
    assert claim(store, issue, OTHER_HOST)
    sending(store, Keyed(tmp_path)).send(SLUG, LATER)
    assert Tally(audience=2, in_doubt=2) == tally(store)
    assert taken("keyed", tmp_path) == {}


# --- who is dead -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "minutes", "over"),
    [
        (Life.ALIVE, 600, False),
        (Life.DEAD, 0, True),
        (Life.UNKNOWN, 14, False),
        (Life.UNKNOWN, 16, True),
    ],
)
def test_an_attempt_is_over_when_its_process_is(life: Life, minutes: int, over: bool) -> None:
    """A living sender is left alone however slow; a dead one at once given up; one elsewhere after the lease."""
    attempt = settling.OpenAttempt(1, 1, 1, OTHER_HOST, "memory", NOW, None, None, 1, "a key", NOW)
    assert over == send.is_over(attempt, "us", NOW + timedelta(minutes=minutes), lambda _: life)


def test_our_own_attempt_is_not_over() -> None:
    """Another thread of this process is at it."""
    attempt = settling.OpenAttempt(1, 1, 1, "us", "memory", NOW, None, None, 1, "a key", NOW)
    assert not send.is_over(attempt, "us", NOW + timedelta(days=1), lambda _: Life.DEAD)


# --- what a provider can say -----------------------------------------------------------------------------


def test_a_call_that_was_not_taken_is_made_again(store: Engine) -> None:
    """The provider asks to wait a moment; the run waits and goes on, and everybody gets one mail."""
    add_readers(store, 4)
    publish_issue(store)
    provider = Failing(NotTaken("too many", retry_after=0.2))
    report = sending(store, provider).send(SLUG, NOW)
    assert report.stopped is None
    assert report.seconds >= 0.2
    assert Tally(audience=4, sent=4) == tally(store)


def test_when_the_provider_asks_to_wait_no_other_batch_goes_out(store: Engine) -> None:
    """A limit is the provider's for all of us: no other batch goes out meanwhile."""
    add_readers(store, 12)
    publish_issue(store)
    calls: list[float] = []

    class Limited(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            calls.append(time.monotonic())
            if len(calls) == 1:
                raise NotTaken("too many", retry_after=0.5)
            return super().send(outgoing)

    sending(store, Limited(), "concurrency = 1").send(SLUG, NOW)
    assert calls[1] - calls[0] >= 0.5
    assert Tally(audience=12, sent=12) == tally(store)


def test_a_call_that_may_have_been_taken_is_not_made_again(store: Engine) -> None:
    """Its readers stay in doubt, also through the next runs; the others are sent to."""
    add_readers(store, 4)
    publish_issue(store)
    provider = Failing(MaybeTaken("the answer was lost"))
    for _ in range(2):
        sending(store, provider).send(SLUG, NOW)
    assert len(provider.messages) == 2
    assert Tally(audience=4, sent=2, in_doubt=2) == tally(store)
    assert sending(store, provider).status(SLUG, NOW).errors == ("the answer was lost",)


def test_an_error_nobody_foresaw_counts_as_maybe_taken(store: Engine) -> None:
    """It may have struck after the provider had taken the call."""
    add_readers(store, 2)
    publish_issue(store)
    sending(store, Failing(ZeroDivisionError("surprise"))).send(SLUG, NOW)
    assert Tally(audience=2, in_doubt=2) == tally(store)


def test_a_provider_that_cannot_work_stops_the_run(store: Engine) -> None:
    """Nothing was taken: all stays queued, the reason is said, and one call was enough to learn it."""
    add_readers(store, 6)
    publish_issue(store)
    provider = Failing(StopSending("the key is wrong", hint="See [provider]."), StopSending("again"))
    report = sending(store, provider).send(SLUG, NOW)
    assert report.stopped == "the key is wrong\n  See [provider]."
    assert len(provider.errors) == 1
    assert Tally(audience=6, queued=6) == tally(store)


def test_a_run_gives_up_after_so_many_failed_calls(store: Engine) -> None:
    """Three in a row, as set, and not one more."""
    add_readers(store, 12)
    publish_issue(store)
    provider = Failing(*(MaybeTaken("lost") for _ in range(6)))
    report = sending(store, provider, "concurrency = 1\nstop_after_errors = 3").send(SLUG, NOW)
    assert report.stopped
    assert "3 calls in a row failed" in report.stopped
    assert Tally(audience=12, in_doubt=6, queued=6) == tally(store)


def test_an_address_that_would_break_the_headers_is_refused_alone(store: Engine) -> None:
    """One impossible address neither stops nor repeats its batch-mates."""
    add_readers(store, 3)
    publish_issue(store, batch_size=3)
    change(store, "UPDATE subscribers SET email = :bad WHERE id = 2", bad="a@b.example\r\nBcc: c@d.example")
    provider = Memory()
    sending(store, provider).send(SLUG, NOW)
    assert Tally(audience=3, sent=2, refused=1) == tally(store)
    assert not any(b"Bcc" in one.content for one in provider.messages)


# --- one bad address -------------------------------------------------------------------------------------


class Picky(Memory):
    """Takes no call that holds one of these readers."""

    def __init__(self, *bad: int) -> None:
        super().__init__()
        self.bad = {f"1-{number}" for number in bad}
        self.calls = 0

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        self.calls += 1
        if self.bad & {one.delivery_id for one in outgoing.recipients}:
            raise Rejected("400: one of these addresses is wrong")
        return super().send(outgoing)


@pytest.mark.parametrize("bad", [1, 333, 1000])
def test_one_bad_address_in_a_thousand_costs_a_few_calls(store: Engine, bad: int) -> None:
    """It is found by halving and refused with the provider's reason; all others get one mail, in some twenty calls."""
    add_readers(store, 1000)
    publish_issue(store, batch_size=1000)
    provider = Picky(bad)
    report = sending(store, provider).send(SLUG, NOW)
    assert report.stopped is None
    assert len({one.recipient for one in provider.messages}) == len(provider.messages) == 999
    assert Tally(audience=1000, sent=999, refused=1) == tally(store)
    assert provider.calls <= 2 * 10 + 2
    with reading(store) as conn:
        rows = conn.execute(
            text("SELECT subscriber_id, reason FROM deliveries WHERE state = 'refused'")
        ).all()
    assert [tuple(row) for row in rows] == [(bad, "400: one of these addresses is wrong")]
    assert report.refused == 1


def test_several_bad_addresses_are_each_found(store: Engine) -> None:
    """Side by side and apart, by several threads."""
    add_readers(store, 200)
    publish_issue(store, batch_size=50)
    provider = Picky(1, 2, 3, 77, 199)
    sending(store, provider, "concurrency = 4").send(SLUG, NOW)
    assert Tally(audience=200, sent=195, refused=5) == tally(store)
    assert len({one.recipient for one in provider.messages}) == len(provider.messages) == 195


def test_nobody_is_refused_for_what_every_call_is_told(store: Engine) -> None:
    """A sender address that the provider does not know is nobody's fault among the readers: the run stops."""
    add_readers(store, 100)
    publish_issue(store, batch_size=50)
    provider = Picky(*range(1, 101))
    report = sending(store, provider).send(SLUG, NOW)
    assert report.stopped
    assert "rejected" in report.stopped
    assert provider.calls < 30
    assert Tally(audience=100, queued=100) == tally(store)


def test_what_may_have_been_taken_is_never_split(store: Engine) -> None:
    """A rejection after an unknown attempt does not say what became of that: the batch is in doubt whole."""
    add_readers(store, 4)
    issue = publish_issue(store, batch_size=4)
    assert claim(store, issue, OTHER_HOST)
    with writing(store) as conn:
        (attempt,) = settling.list_open_attempts(conn, issue.id)
        ours = settling.take_over(conn, issue.id, attempt, sender="us", provider="memory", now=NOW)
        assert ours
        assert ledger.record_rejected(conn, ours, "400", NOW)
    assert Tally(audience=4, in_doubt=4) == tally(store)


def test_a_rejected_call_of_a_cancelled_issue_is_not_split(store: Engine) -> None:
    """Nothing of it is sent any more."""
    add_readers(store, 4)
    issue = publish_issue(store, batch_size=4)
    batch = claim(store, issue)
    assert batch
    sending(store, Memory()).cancel(SLUG, NOW)
    with writing(store) as conn:
        assert ledger.record_rejected(conn, batch, "400", NOW)
        assert not ledger.record_rejected(conn, batch, "400", NOW)
    assert Tally(audience=4, skipped=4) == tally(store)


# --- mail by mail ----------------------------------------------------------------------------------------


def test_a_provider_may_take_some_now_and_others_later(store: Engine) -> None:
    """Those it did not take wait in a batch of their own; those it perhaps took stay in doubt with theirs."""
    add_readers(store, 4)
    issue = publish_issue(store, batch_size=4)
    batch = claim(store, issue)
    assert batch
    soon = NOW + timedelta(seconds=30)
    receipts = [
        Receipt("1-1", "sent"),
        Receipt("1-2", "later", reason="try again"),
        Receipt("1-3", "unknown", reason="no reply to the final dot"),
        Receipt("1-4", "refused", reason="no such user"),
    ]
    with writing(store) as conn:
        assert ledger.record_taken(conn, batch, receipts, NOW, not_before=soon)
    assert states(store) == {1: "sent", 2: "queued", 3: "in_doubt", 4: "refused"}
    assert claim(store, issue) is None
    with writing(store) as conn:
        again = ledger.claim_batch(conn, issue.id, sender="us", provider="memory", now=soon)
    assert again
    assert [one.id for one in again.deliveries] == ["1-2"]
    assert again.id != batch.id
    assert again.edition_id == batch.edition_id
    assert again.key != batch.key


def test_later_after_an_unknown_attempt_is_in_doubt(store: Engine) -> None:
    """The first attempt may have been taken, whatever the second one was told."""
    add_readers(store, 2)
    issue = publish_issue(store)
    assert claim(store, issue, OTHER_HOST)
    with writing(store) as conn:
        (attempt,) = settling.list_open_attempts(conn, issue.id)
        ours = settling.take_over(conn, issue.id, attempt, sender="us", provider="memory", now=NOW)
        assert ours
        ledger.record_taken(conn, ours, [Receipt("1-1", "sent"), Receipt("1-2", "later")], NOW)
    assert states(store) == {1: "sent", 2: "in_doubt"}


def test_later_of_a_cancelled_issue_is_skipped(store: Engine) -> None:
    """It will not be sent."""
    add_readers(store, 2)
    issue = publish_issue(store)
    batch = claim(store, issue)
    assert batch
    sending(store, Memory()).cancel(SLUG, NOW)
    with writing(store) as conn:
        ledger.record_taken(conn, batch, [Receipt("1-1", "sent"), Receipt("1-2", "later")], NOW)
    assert Tally(audience=2, sent=1, skipped=1) == tally(store)


def test_a_provider_that_puts_everything_off_ends_the_run(store: Engine) -> None:
    """Five calls in a row of which nothing was taken, with longer and longer waits; nothing is lost."""
    add_readers(store, 2)
    publish_issue(store)

    class Later(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            return [Receipt(one.delivery_id, "later", reason="451 busy") for one in outgoing.recipients]

    report = sending(store, Later(), "concurrency = 1\nstop_after_errors = 2").send(SLUG, NOW)
    assert report.stopped == "2 calls in a row failed; the last: 451 busy"
    assert Tally(audience=2, queued=2) == tally(store)


# --- holding ---------------------------------------------------------------------------------------------


def test_a_pause_is_noticed_within_a_batch(store: Engine) -> None:
    """The provider pauses the issue during the first call: that call is recorded, no second one is made."""
    add_readers(store, 10)
    publish_issue(store)

    class Pausing(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            sending(store, self).pause(SLUG, "a wrong dose")
            return super().send(outgoing)

    sending(store, Pausing()).send(SLUG, NOW)
    assert Tally(audience=10, sent=2, queued=8) == tally(store)
    with pytest.raises(IssueError, match="paused: a wrong dose"):
        sending(store, Memory()).send(SLUG, NOW)
    assert sending(store, Memory()).resume(SLUG)
    assert not sending(store, Memory()).resume(SLUG)
    sending(store, Memory()).send(SLUG, NOW)
    assert Tally(audience=10, sent=10) == tally(store)


def test_a_cancelled_issue_is_never_sent_on(store: Engine) -> None:
    """What was queued is skipped, what was under way is recorded, and what came back untaken is skipped too."""
    add_readers(store, 6)
    issue = publish_issue(store)
    first, second = claim(store, issue), claim(store, issue)
    assert first
    assert second
    assert sending(store, Memory()).cancel(SLUG, NOW)
    assert Tally(audience=6, sending=4, skipped=2) == tally(store)
    with writing(store) as conn:
        ledger.record_taken(conn, first, [Receipt(one.id, "sent") for one in first.deliveries], NOW)
        ledger.record_not_taken(conn, second, "busy", NOW)
        assert issues.finish_issue(conn, issue.id, NOW)
    assert Tally(audience=6, sent=2, skipped=4) == tally(store)
    with pytest.raises(IssueError, match="cancelled"):
        sending(store, Memory()).send(SLUG, NOW)
    with pytest.raises(IssueError, match="cancelled already"):
        sending(store, Memory()).resume(SLUG)


def test_what_a_dead_sender_left_of_a_cancelled_issue_is_in_doubt(store: Engine) -> None:
    """Nobody sends it on, so nobody else would settle it; cancelling again asks again."""
    add_readers(store, 4)
    issue = publish_issue(store)
    assert claim(store, issue, OTHER_HOST)
    assert sending(store, Memory()).cancel(SLUG, NOW)
    assert Tally(audience=4, sending=2, skipped=2) == tally(store)
    assert not sending(store, Memory()).cancel(SLUG, LATER)
    assert Tally(audience=4, in_doubt=2, skipped=2) == tally(store)
    assert sending(store, Memory()).status(SLUG, NOW).issue.finished_at == LATER


def test_a_paused_issue_is_not_taken_over(store: Engine) -> None:
    """What a dead sender left waits like everything else until somebody lets the issue go on."""
    add_readers(store, 2)
    issue = publish_issue(store)
    assert claim(store, issue, OTHER_HOST)
    sending(store, Memory()).pause(SLUG)
    with writing(store) as conn:
        (attempt,) = settling.list_open_attempts(conn, issue.id)
        assert settling.take_over(conn, issue.id, attempt, sender="us", provider="memory", now=NOW) is None


def test_a_finished_issue_says_when(store: Engine) -> None:
    """It is sent when nothing waits any more; what is in doubt stays visible and does not keep it open."""
    add_readers(store, 4)
    publish_issue(store)
    sending(store, Failing(MaybeTaken("lost"))).send(SLUG, NOW)
    status = sending(store, Memory()).status(SLUG, NOW)
    assert status.issue.state == "sent"
    assert status.issue.finished_at
    assert status.issue.finished_at >= NOW
    assert not status.is_done


def test_a_mute_provider_is_told_nothing_twice(tmp_path: Path, store: Engine) -> None:
    """A sender dies with the call made and nothing recorded: the next run puts it in doubt and sends the rest."""
    add_readers(store, 4)
    issue = publish_issue(store, provider="mute")
    job = sending(store, Mute(tmp_path))._job(issue, _editions(store, issue))
    dead = replace(job, process=OTHER_HOST)
    batch = send.next_batch(dead, NOW)
    assert batch
    send.deliver(dead, batch)
    sending(store, Mute(tmp_path)).send(SLUG, LATER)
    assert taken("mute", tmp_path) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert Tally(audience=4, sent=2, in_doubt=2) == tally(store)


def test_the_engine_ends_when_a_thread_fails_unforeseen(store: Engine) -> None:
    """A fault of our own is not hidden: all threads end and it is raised."""
    add_readers(store, 4)
    issue = publish_issue(store)
    job = replace(sending(store, Memory())._job(issue, {}), letters={})
    with pytest.raises(KeyError):
        engines.run(job, engines.Pace(concurrency=2), NOW)
    assert tally(store).holds
