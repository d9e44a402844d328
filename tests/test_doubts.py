"""What is in doubt is shown, and settled only by those who can know: the provider, its later news, or a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from ledger_site import NOW, SLUG, add_readers, publish_issue, sending, states
from postgres import STORES, fresh_store
from sqlalchemy import Engine, text

from newsletter.errors import MaybeTaken, NotTaken
from newsletter.pipeline import doubts, send
from newsletter.process import Life, this_process
from newsletter.providers.memory import Memory
from newsletter.storage import issues, ledger, settling
from newsletter.storage.database import reading, writing
from newsletter.storage.doubts import Doubt, list_doubts
from newsletter.storage.news import note_news
from newsletter.types import Batch, News, Outgoing, Receipt, Recipient, Tally

ELSEWHERE = "elsewhere 11111111 pid:[1] 4711 99"
DEAD = " ".join([*this_process().split()[:3], "4194303", "1"])
"""A process of this machine that is not there."""
LAG = timedelta(minutes=5)
SOON, LATE = NOW + timedelta(minutes=20), NOW + timedelta(minutes=40)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


class Asked(Memory):
    """Can be asked what it has. `lost` calls are taken without an answer, `dropped` ones are not even taken."""

    settles: Literal["lookup"] = "lookup"  # type: ignore[assignment]
    log_lag = LAG

    def __init__(self, *, lost: int = 0, dropped: int = 0) -> None:
        super().__init__()
        self.lost, self.dropped = lost, dropped
        self.keys: list[tuple[str, set[str]]] = []
        self.questions: list[tuple[str, datetime]] = []

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        if self.dropped:
            self.dropped -= 1
            raise MaybeTaken("the answer was lost")
        self.keys.append((outgoing.key, {one.delivery_id for one in outgoing.recipients}))
        receipts = super().send(outgoing)
        if self.lost:
            self.lost -= 1
            raise MaybeTaken("the answer was lost")
        return receipts

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        self.questions.append((key, since))
        return {one: f"<{one}>" for known, taken in self.keys if known == key for one in taken}


class Keyed(Memory):
    """Takes a key once, for a day; the first `silent` calls get no answer."""

    settles: Literal["key"] = "key"  # type: ignore[assignment]
    key_lives: timedelta | None = timedelta(hours=24)

    def __init__(self, silent: int = 0) -> None:
        super().__init__()
        self.silent = silent
        self.keys: list[str] = []

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        self.keys.append(outgoing.key)
        if self.keys.count(outgoing.key) == 1:
            super().send(outgoing)
        if self.silent:
            self.silent -= 1
            raise MaybeTaken("no answer")
        return [Receipt(one.delivery_id, "sent") for one in outgoing.recipients]


def tally(store: Engine) -> Tally:
    with reading(store) as conn:
        found = issues.tally(conn, issues.get_issue(conn, SLUG).id)
    assert found.holds
    return found


def recipients(provider: Memory) -> list[str]:
    return sorted(one.recipient for one in provider.messages)


def claim(store: Engine, sender: str, provider: str = "memory") -> Batch:
    with writing(store) as conn:
        batch = ledger.claim_batch(conn, 1, sender=sender, provider=provider, now=NOW)
    assert batch
    return batch


def bury(store: Engine, at: datetime = NOW) -> None:
    """Somebody finds the senders of all open attempts dead."""
    with writing(store) as conn:
        for attempt in settling.list_open_attempts(conn, 1):
            assert settling.put_in_doubt(conn, attempt, send.ENDED, at)


def the_doubt(store: Engine) -> Doubt:
    with reading(store) as conn:
        (found,) = list_doubts(conn, 1)
    return found


# --- asking ----------------------------------------------------------------------------------------------


def test_the_provider_s_word_that_it_was_sent_is_believed(store: Engine) -> None:
    """Asked under the call's own key, at once: those it has are sent, with its name for them."""
    add_readers(store, 4)
    publish_issue(store, provider="memory")
    provider = Asked(lost=1)
    desk = sending(store, provider)
    desk.send(SLUG, NOW)
    assert Tally(audience=4, sent=2, in_doubt=2) == tally(store)
    assert desk.ask(desk.doubts(SLUG), NOW).sent == 2
    assert Tally(audience=4, sent=4) == tally(store)
    assert desk.doubts(SLUG) == []
    ((key, since),) = provider.questions
    assert key == provider.keys[0][0]
    assert timedelta() < NOW - since < timedelta(minutes=10)
    assert len(provider.messages) == 4
    with reading(store) as conn:
        assert (
            conn.execute(text("SELECT reference FROM deliveries WHERE subscriber_id = 1")).scalar() == "<1-1>"
        )


def test_not_found_too_early_sends_nothing_again(store: Engine) -> None:
    """The provider's log may be behind: it stays in doubt, and says that it was asked."""
    add_readers(store, 2)
    publish_issue(store)
    desk = sending(store, Asked(dropped=1))
    desk.send(SLUG, NOW)
    told = desk.ask(desk.doubts(SLUG), NOW + timedelta(minutes=4))
    assert (told.sent, told.again, told.left) == (0, 0, 2)
    assert "did not know" in desk.doubts(SLUG)[0].reason
    assert Tally(audience=2, in_doubt=2) == tally(store)


def test_not_found_late_enough_goes_again_by_itself(store: Engine) -> None:
    """The call is over and the log had its time: the next run sends to those, under another key, each once."""
    add_readers(store, 2)
    publish_issue(store)
    provider = Asked(dropped=1)
    desk = sending(store, provider)
    desk.send(SLUG, NOW)
    first = desk.doubts(SLUG)[0].key
    assert desk.status(SLUG, NOW).issue.finished_at
    assert desk.unfinished(SOON) == [SLUG]
    desk.send(SLUG, SOON)
    assert Tally(audience=2, sent=2) == tally(store)
    assert len(provider.messages) == 2
    assert provider.keys[0][0] != first
    assert desk.status(SLUG, SOON).issue.state == "sent"
    assert desk.unfinished(SOON) == []


def test_what_was_found_in_part_is_settled_in_part(store: Engine) -> None:
    """Those found are sent, the others alone go again."""
    add_readers(store, 3)
    publish_issue(store, batch_size=3)
    provider = Asked(lost=1)
    desk = sending(store, provider)
    desk.send(SLUG, NOW)
    provider.keys[0][1].discard("1-2")
    told = desk.ask(desk.doubts(SLUG), SOON)
    assert (told.sent, told.again) == (2, 1)
    assert Tally(audience=3, sent=2, queued=1) == tally(store)


@pytest.mark.parametrize(
    ("sender", "goes"),
    [(DEAD, True), (ELSEWHERE, False), (this_process(), False)],
    ids=["dead", "elsewhere", "alive"],
)
def test_only_where_the_sender_is_known_to_be_dead_it_goes_again(
    store: Engine, sender: str, goes: bool
) -> None:
    """A process on another machine, or a living one, may be frozen between its attempt and its call."""
    add_readers(store, 2)
    publish_issue(store)
    claim(store, sender)
    bury(store)
    sending(store, Asked()).ask([the_doubt(store)], LATE)
    assert (Tally(audience=2, queued=2) if goes else Tally(audience=2, in_doubt=2)) == tally(store)


def test_a_frozen_sender_that_wakes_up_is_not_sent_before(store: Engine) -> None:
    """It was taken for dead, asked about and not found: its late call is the only one, and its answer counts."""
    add_readers(store, 2)
    issue = publish_issue(store)
    provider = Asked()
    desk = sending(store, provider)
    batch = claim(store, ELSEWHERE)
    bury(store)
    desk.send(SLUG, LATE)
    assert provider.messages == []
    with reading(store) as conn:
        job = desk._job(issue, issues.list_editions(conn, issue.id))
    assert send.record(job, batch, send.deliver(job, batch), LATE)
    assert Tally(audience=2, sent=2) == tally(store)
    assert len(provider.messages) == 2


@pytest.mark.parametrize(
    ("answered", "life", "minutes", "goes"),
    [
        (True, Life.UNKNOWN, 5, True),
        (True, Life.ALIVE, 4, False),
        (False, Life.DEAD, 5, True),
        (False, Life.DEAD, 4, False),
        (False, Life.ALIVE, 500, False),
        (False, Life.UNKNOWN, 500, False),
    ],
)
def test_when_what_is_not_found_may_go_again(answered: bool, life: Life, minutes: int, goes: bool) -> None:
    """The call is over, and the log had its time since."""
    doubt = Doubt(1, SLUG, 1, 1, "key", "memory", "them", NOW, NOW, answered, 2, "")
    assert goes == doubts.may_go_again(doubt, LAG, NOW + timedelta(minutes=minutes), lambda _: life)


def test_a_provider_that_cannot_be_asked_now_leaves_everything(store: Engine) -> None:
    """The trouble is told, nothing is settled; the same where it fails in a way that nobody foresaw."""
    add_readers(store, 2)
    publish_issue(store)
    provider = Asked(dropped=1)
    desk = sending(store, provider)
    desk.send(SLUG, NOW)
    for error in (NotTaken("busy"), ZeroDivisionError("surprise")):

        def fail(*_: object, error: Exception = error) -> dict[str, str]:
            raise error

        provider.look_up = fail  # type: ignore[method-assign]
        told = desk.ask(desk.doubts(SLUG), LATE)
        assert told.left == 2
        assert told.trouble
    assert Tally(audience=2, in_doubt=2) == tally(store)


def test_another_provider_is_not_asked_about_it(store: Engine) -> None:
    """It would not know, and that would say nothing."""
    add_readers(store, 2)
    publish_issue(store)
    claim(store, DEAD, provider="postmark")
    bury(store)
    provider = Asked()
    assert sending(store, provider).ask([the_doubt(store)], LATE).left == 2
    assert provider.questions == []


def test_of_a_cancelled_issue_nothing_goes_again(store: Engine) -> None:
    """What was not taken is skipped."""
    add_readers(store, 2)
    publish_issue(store)
    desk = sending(store, Asked())
    claim(store, DEAD)
    desk.cancel(SLUG, NOW)
    desk.ask(desk.doubts(SLUG), LATE)
    assert Tally(audience=2, skipped=2) == tally(store)
    assert desk.status(SLUG, LATE).issue.state == "cancelled"


# --- keys ------------------------------------------------------------------------------------------------


def test_under_a_key_a_call_without_an_answer_is_made_again(store: Engine) -> None:
    """Same key, and the provider took it once; nothing is in doubt."""
    add_readers(store, 2)
    publish_issue(store)
    provider = Keyed(silent=1)
    report = sending(store, provider).send(SLUG, NOW)
    assert len(provider.keys) == 2
    assert len(set(provider.keys)) == 1
    assert len(provider.messages) == 2
    assert report.in_doubt == 0
    assert Tally(audience=2, sent=2) == tally(store)


def test_a_key_is_tried_a_few_times_only(store: Engine) -> None:
    """When it was answered so often that nobody knows, a person is asked."""
    add_readers(store, 2)
    publish_issue(store)
    with writing(store) as conn:
        batch = ledger.claim_batch(conn, 1, sender=DEAD, provider="memory", now=NOW)
        for number in range(1, send.KEY_TRIES + 1):
            assert batch
            assert ledger.record_doubt(conn, batch, "500", NOW, again=True)
            (attempt,) = settling.list_open_attempts(conn, 1)
            if number < send.KEY_TRIES:
                batch = settling.take_over(conn, 1, attempt, sender=DEAD, provider="memory", now=NOW)
    provider = Keyed()
    sending(store, provider).send(SLUG, NOW)
    assert provider.keys == []
    assert Tally(audience=2, in_doubt=2) == tally(store)


@pytest.mark.parametrize(("hours", "again"), [(23, True), (23.95, False), (48, False)])
def test_a_key_that_may_be_forgotten_is_not_relied_on(store: Engine, hours: float, again: bool) -> None:
    """Counted from the first call under it: the same call later would be another mail."""
    add_readers(store, 2)
    publish_issue(store)
    claim(store, DEAD)
    provider = Keyed()
    sending(store, provider).send(SLUG, NOW + timedelta(hours=hours))
    assert len(provider.keys) == int(again)
    assert (Tally(audience=2, sent=2) if again else Tally(audience=2, in_doubt=2)) == tally(store)


def test_a_key_differs_between_stores_that_share_an_account(store: Engine, tmp_path: Path) -> None:
    """The same issue in a trial copy of the site must not pass for the real one."""
    add_readers(store, 2)
    publish_issue(store)
    first = claim(store, "us").key
    with fresh_store("sqlite", tmp_path / "other") as other:
        add_readers(other, 2)
        publish_issue(other, now=NOW + timedelta(seconds=1))
        assert claim(other, "us").key != first


def test_a_sender_that_slept_makes_no_call(store: Engine) -> None:
    """Its key may be forgotten, and somebody may believe it dead."""
    add_readers(store, 2)
    issue = publish_issue(store)
    provider = Keyed()
    desk = sending(store, provider)
    with reading(store) as conn:
        job = desk._job(issue, issues.list_editions(conn, issue.id))
    answer = send.deliver(job, claim(store, "us"), in_time=lambda: False)
    assert answer.outcome == "not_taken"
    assert provider.keys == []


# --- later news, and people ------------------------------------------------------------------------------


def doubtful(store: Engine) -> None:
    add_readers(store, 4)
    publish_issue(store)
    claim(store, DEAD)
    bury(store)


def test_the_provider_s_later_news_settles_a_delivery(store: Engine) -> None:
    """Once; what is not in doubt is left alone, whatever comes."""
    doubtful(store)
    with writing(store) as conn:
        assert note_news(conn, 1, 1, News.DELIVERED)
        assert not note_news(conn, 1, 1, News.DELIVERED)
        assert not note_news(conn, 7, 7, News.DELIVERED)
    assert states(store) == {1: "sent", 2: "in_doubt", 3: "queued", 4: "queued"}
    with writing(store) as conn:
        assert note_news(conn, 1, 2, News.BOUNCED)
    with reading(store) as conn:
        assert list_doubts(conn) == []
        assert conn.execute(text("SELECT state FROM batches WHERE id = 1")).scalar() == "done"


def test_a_person_s_word_settles_a_batch_and_is_on_record(store: Engine) -> None:
    """Who, when, how many; once."""
    doubtful(store)
    desk = sending(store, Memory())
    found = desk.doubts(SLUG)
    assert desk.decide(found, "sent", who="Ada", now=NOW).sent == 2
    assert desk.decide(found, "again", who="Bob", now=NOW).again == 0
    assert Tally(audience=4, sent=2, queued=2) == tally(store)
    with reading(store) as conn:
        rows = conn.execute(text("SELECT name, holder, outcome FROM runs")).all()
    assert [tuple(row) for row in rows] == [(f"resolve {SLUG}", "Ada", "batch 1: 2 readers, sent")]


def test_a_person_may_send_again(store: Engine) -> None:
    """Also when the issue was finished; those who left meanwhile are not written to."""
    doubtful(store)
    provider = Memory()
    desk = sending(store, provider)
    desk.send(SLUG, NOW)
    assert desk.status(SLUG, NOW).issue.state == "sent"
    with writing(store) as conn:
        conn.execute(text("UPDATE subscribers SET state = 'unsubscribed' WHERE id = 1"))
    assert desk.decide(desk.doubts(SLUG), "again", who="Ada", now=NOW).again == 2
    with reading(store) as conn:
        assert conn.execute(text("SELECT outcome FROM runs")).scalar() == "batch 1: 2 readers, again"
    desk.send(SLUG, NOW)
    assert Tally(audience=4, sent=3, skipped=1) == tally(store)
    assert recipients(provider) == [f"reader{n}@example.org" for n in (2, 3, 4)]


def test_after_a_person_s_word_the_late_sender_has_no_say(store: Engine) -> None:
    """What was decided stays decided."""
    add_readers(store, 2)
    publish_issue(store)
    batch = claim(store, DEAD)
    bury(store)
    desk = sending(store, Memory())
    desk.decide(desk.doubts(SLUG), "again", who="Ada", now=NOW)
    with writing(store) as conn:
        assert not ledger.record_taken(
            conn, batch, [Receipt(one.id, "sent") for one in batch.deliveries], NOW
        )
        assert not ledger.record_not_taken(conn, batch, "busy", NOW)
    assert Tally(audience=2, queued=2) == tally(store)
