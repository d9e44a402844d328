"""Who left stays out, asking again never un-confirms, and a repeated press changes nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from postgres import STORES, fresh_store
from sqlalchemy import Engine

from newsletter.addresses import read_address
from newsletter.errors import SubscriberError
from newsletter.pipeline import preferences, privacy, subscribe
from newsletter.pipeline.subscribe import Confirmed, Step
from newsletter.storage import consent, consent_check, subscribers, suppressions
from newsletter.storage.backup import checkpoint
from newsletter.storage.consent import Log
from newsletter.storage.database import open_database, reading, writing
from newsletter.storage.mails import Budget
from newsletter.storage.suppressions import Reason
from newsletter.types import ALL_TOPICS, Origin, Subscriber, Topics, Wording

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LOG = Log(("a-key-for-tests-alone",))
PAGE = Origin(form="page", source="https://pain.example/", wording=Wording("Yes, weekly.", "1"))
LINK = Origin(form="link")
ANN = read_address("Ann@example.org")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


class Readers:
    """The verbs, each in its transaction, at a moment that only moves on when told to."""

    def __init__(self, store: Engine, now: datetime = NOW) -> None:
        self.store, self.now = store, now

    def request(self, email: str = "Ann@example.org", **choices: object) -> subscribe.Requested:
        with writing(self.store) as conn:
            return subscribe.request(
                conn,
                read_address(email),
                origin=PAGE,
                log=LOG,
                now=self.now,
                **{"topics": ALL_TOPICS, **choices},  # type: ignore[arg-type]
            )

    def confirm(self, reader: int, asked_at: datetime | None = None) -> Confirmed:
        with writing(self.store) as conn:
            return subscribe.confirm(
                conn, reader, asked_at=asked_at or self.now, origin=LINK, log=LOG, now=self.now
            )

    def leave(self, reader: int, **why: object) -> bool:
        with writing(self.store) as conn:
            return subscribe.leave(conn, reader, origin=LINK, log=LOG, now=self.now, **why)  # type: ignore[arg-type]

    def undo(self, reader: int) -> bool:
        with writing(self.store) as conn:
            return subscribe.undo(conn, reader, origin=LINK, log=LOG, now=self.now)

    def erase(self, reader: int) -> bool:
        with writing(self.store) as conn:
            return privacy.erase(conn, reader, origin=LINK, log=LOG, now=self.now)

    def active(self, email: str = "Ann@example.org") -> int:
        asked = self.request(email)
        assert asked.subscriber_id is not None
        assert self.confirm(asked.subscriber_id) is Confirmed.NOW
        return asked.subscriber_id

    def get(self, reader: int) -> Subscriber:
        with reading(self.store) as conn:
            found = subscribers.find_subscriber(conn, reader)
        assert found is not None
        return found

    def lines(self, reader: int) -> list[str]:
        with reading(self.store) as conn:
            return [f"{line['action']} {line['detail']}".strip() for line in consent.list_lines(conn, reader)]

    def sendable(self) -> int:
        with reading(self.store) as conn:
            return subscribers.count_sendable(conn, self.now)


@pytest.fixture
def readers(store: Engine) -> Readers:
    return Readers(store)


def test_asking_makes_pending_and_confirming_makes_active(readers: Readers) -> None:
    """Each step leaves a line; nothing is sent to before the second."""
    asked = readers.request(topics=Topics(("news",)), first_name="Ann")
    assert asked.subscriber_id is not None
    assert (asked.step, readers.get(asked.subscriber_id).state.value) == (Step.CONFIRM, "pending")
    assert readers.sendable() == 0
    assert readers.confirm(asked.subscriber_id) is Confirmed.NOW
    assert readers.sendable() == 1
    assert readers.lines(asked.subscriber_id) == ["requested topics news", "confirmed topics news"]


def test_pressing_confirm_again_changes_nothing(readers: Readers) -> None:
    """The same is said, and no second line is written."""
    reader = readers.active()
    assert readers.confirm(reader) is Confirmed.ALREADY
    assert len(readers.lines(reader)) == 2


def test_asking_again_never_unconfirms(readers: Readers) -> None:
    """Whoever types an active reader's address changes nothing of theirs."""
    reader = readers.active()
    before = readers.get(reader)
    asked = readers.request(topics=Topics(("news",)), first_name="Mallory")
    assert asked.step is Step.PREFERENCES
    assert readers.get(reader) == before


def test_ten_thousand_requests_for_one_address_give_no_more_than_the_few_mails(tmp_path: Path) -> None:
    """Not within the cool-down, and not past the cap; and no line for what was not done."""
    with fresh_store("sqlite", tmp_path) as store, writing(store) as conn:
        asked = [
            subscribe.request(
                conn,
                ANN,
                topics=ALL_TOPICS,
                origin=PAGE,
                log=LOG,
                now=NOW + 0.3 * number * MINUTE,
                budget=Budget(cooldown=10 * MINUTE, cap=3, window=7 * DAY),
            )
            for number in range(10_000)
        ]
        assert [one.step for one in asked].count(Step.CONFIRM) == 3
        assert [one.step for one in asked[:2]] == [Step.CONFIRM, Step.NOTHING]
        assert asked[0].subscriber_id is not None
        assert len(consent.list_lines(conn, asked[0].subscriber_id)) == 3


def test_a_second_mail_after_the_cooldown_is_allowed(readers: Readers) -> None:
    """People lose mails."""
    readers.request()
    readers.now += 11 * MINUTE
    assert readers.request().step is Step.CONFIRM


@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED, Reason.MANUAL])
def test_a_suppressed_address_gets_no_mail_and_no_row(readers: Readers, reason: Reason) -> None:
    """Asking does not bring back what must not be written to."""
    with writing(readers.store) as conn:
        suppressions.add_suppression(conn, ANN, reason, now=NOW)
    assert readers.request() == subscribe.Requested(Step.NOTHING, None)
    with reading(readers.store) as conn:
        assert subscribers.find_by_address(conn, ANN) is None


def test_leaving_is_at_once_and_pressing_again_changes_nothing(readers: Readers) -> None:
    """One press; the log keeps the issue and a reason from the list, and nothing that a person wrote."""
    reader = readers.active()
    assert readers.leave(reader, issue_id=7, reason="too-many")
    assert not readers.leave(reader, reason="my name is Ann")
    assert readers.sendable() == 0
    assert readers.lines(reader)[-1] == "unsubscribed issue 7, reason too-many"


def test_a_reason_that_is_not_on_the_list_is_dropped(readers: Readers) -> None:
    """Leaving goes through; the words do not."""
    reader = readers.active()
    assert readers.leave(reader, reason="my name is Ann")
    assert readers.lines(reader)[-1] == "unsubscribed"


def test_an_old_confirmation_link_does_not_bring_back_who_left(readers: Readers) -> None:
    """Only a link that was asked for after leaving does."""
    reader = readers.active()
    asked_at = readers.now
    readers.now += MINUTE
    assert readers.leave(reader)
    readers.now += 30 * MINUTE
    assert readers.confirm(reader, asked_at) is Confirmed.LEFT
    asked = readers.request()
    assert asked.step is Step.CONFIRM
    assert readers.get(reader).state.value == "unsubscribed"
    assert readers.confirm(reader) is Confirmed.NOW


def test_leaving_can_be_undone_for_a_day(readers: Readers) -> None:
    """By the reader's own press, soon; later they subscribe again."""
    reader = readers.active()
    readers.leave(reader)
    readers.now += 23 * 60 * MINUTE
    assert readers.undo(reader)
    assert not readers.undo(reader)
    assert readers.sendable() == 1
    readers.leave(reader)
    readers.now += 2 * DAY
    assert not readers.undo(reader)


def test_undo_confirms_nobody(readers: Readers) -> None:
    """Who left while pending had never agreed."""
    asked = readers.request()
    assert asked.subscriber_id is not None
    assert readers.leave(asked.subscriber_id)
    assert not readers.undo(asked.subscriber_id)


def test_a_reason_given_after_leaving_is_kept_as_a_code(readers: Readers) -> None:
    """Unknown words are not kept: they could tell who it is."""
    reader = readers.active()
    readers.leave(reader)
    with writing(readers.store) as conn:
        assert subscribe.say_why(conn, reader, "not-relevant", origin=LINK, log=LOG, now=NOW)
        assert not subscribe.say_why(conn, reader, "it is me, Ann", origin=LINK, log=LOG, now=NOW)
    assert readers.lines(reader)[-1] == "reason reason not-relevant"


def test_topics_pause_and_name_are_changed_once(readers: Readers) -> None:
    """The answer says whether this call changed something; the log never holds the name."""
    reader = readers.active()
    with writing(readers.store) as conn:
        given = {"origin": LINK, "log": LOG, "now": NOW}
        news = Topics(("news",))
        assert preferences.set_topics(conn, reader, news, **given)  # type: ignore[arg-type]
        assert not preferences.set_topics(conn, reader, news, **given)  # type: ignore[arg-type]
        assert preferences.set_first_name(conn, reader, " Ann ", **given)  # type: ignore[arg-type]
        assert not preferences.set_first_name(conn, reader, "Ann", **given)  # type: ignore[arg-type]
        assert preferences.pause(conn, reader, NOW + 14 * DAY, **given)  # type: ignore[arg-type]
        assert not preferences.pause(conn, reader, NOW - DAY, **given)  # type: ignore[arg-type]
    assert readers.sendable() == 0
    readers.now += 15 * DAY
    assert readers.sendable() == 1
    assert readers.lines(reader)[2:] == ["topics topics news", "name given", "paused until 2026-12-08"]


def test_a_pause_can_be_ended_early(readers: Readers) -> None:
    """And only once."""
    reader = readers.active()
    with writing(readers.store) as conn:
        preferences.pause(conn, reader, NOW + 14 * DAY, origin=LINK, log=LOG, now=NOW)
        assert preferences.resume(conn, reader, origin=LINK, log=LOG, now=NOW)
        assert not preferences.resume(conn, reader, origin=LINK, log=LOG, now=NOW)
    assert readers.sendable() == 1


def test_an_address_changes_when_the_new_one_answers(readers: Readers) -> None:
    """Till then mail goes to the old one; afterwards no list brings the old one back."""
    reader = readers.active()
    new = read_address("Ann@new.example")
    mark = preferences.address_mark(new.key)
    with writing(readers.store) as conn:
        assert preferences.request_address(conn, reader, new, origin=LINK, log=LOG, now=NOW)
    assert (readers.get(reader).email, readers.get(reader).new_email) == (
        "Ann@example.org",
        "Ann@new.example",
    )
    with writing(readers.store) as conn:
        assert not preferences.confirm_address(conn, reader, "0" * 16, origin=LINK, log=LOG, now=NOW)
        for _ in range(2):
            assert preferences.confirm_address(conn, reader, mark, origin=LINK, log=LOG, now=NOW)
        assert suppressions.find_suppression(conn, ANN, keys=LOG.keys) is not None
    assert readers.get(reader).email == "Ann@new.example"
    assert readers.lines(reader).count("address changed") == 1
    assert readers.sendable() == 1


def test_somebody_elses_address_cannot_be_taken(readers: Readers) -> None:
    """Neither when asked for, nor when it was taken in between; and the answer does not tell which."""
    reader, other = readers.active(), read_address("bob@example.org")
    mark = preferences.address_mark(other.key)
    with writing(readers.store) as conn:
        assert preferences.request_address(conn, reader, other, origin=LINK, log=LOG, now=NOW)
    readers.active("bob@example.org")
    with writing(readers.store) as conn:
        assert not preferences.confirm_address(conn, reader, mark, origin=LINK, log=LOG, now=NOW)
        assert not preferences.request_address(conn, reader, other, origin=LINK, log=LOG, now=NOW + DAY)


def test_a_new_address_that_bounced_meanwhile_is_not_moved_to(readers: Readers) -> None:
    """Suppressed between asking and confirming: mail goes on to the old one."""
    reader, new = readers.active(), read_address("ann@new.example")
    mark = preferences.address_mark(new.key)
    with writing(readers.store) as conn:
        assert preferences.request_address(conn, reader, new, origin=LINK, log=LOG, now=NOW)
        suppressions.add_suppression(conn, new, Reason.BOUNCED, now=NOW)
        assert not preferences.confirm_address(conn, reader, mark, origin=LINK, log=LOG, now=NOW)
    assert readers.get(reader).email == "Ann@example.org"


def test_erasing_takes_out_everything_that_tells_who_it_was(readers: Readers) -> None:
    """The row, the log and the suppression hold no address, no name; and the log still holds."""
    reader = readers.active()
    with writing(readers.store) as conn:
        preferences.set_first_name(conn, reader, "Ann", origin=LINK, log=LOG, now=NOW)
    assert readers.erase(reader)
    assert not readers.erase(reader)
    found = readers.get(reader)
    assert (found.email, found.first_name, found.state.value, found.source) == (None, None, "erased", "")
    with reading(readers.store) as conn:
        assert consent_check.verify(conn, keys=LOG.keys).holds
        assert "ann" not in str(list(suppressions.iter_suppressions(conn))).lower()
    assert readers.confirm(reader) is Confirmed.GONE
    assert not readers.undo(reader)


def test_no_byte_of_an_erased_reader_stays_in_the_files(tmp_path: Path) -> None:
    """Freed pages are overwritten, and the write-ahead log is emptied."""
    with fresh_store("sqlite", tmp_path) as store:
        readers = Readers(store)
        for number in range(300):
            readers.active(f"filler{number}@example.org")
        reader = readers.active("unmistakable.ann@example.org")
        with writing(store) as conn:
            preferences.set_first_name(conn, reader, "Unmistakable", origin=LINK, log=LOG, now=NOW)
        readers.erase(reader)
        checkpoint(store)
        files = b"".join(path.read_bytes() for path in tmp_path.glob("readers.db*"))
    assert b"nmistakable" not in files


def test_an_erased_reader_can_come_back_by_their_own_hand(readers: Readers) -> None:
    """Their address is theirs to give again: as a new reader, with nothing of the old."""
    reader = readers.active()
    readers.erase(reader)
    readers.now += DAY
    again = readers.active()
    assert again != reader
    assert readers.sendable() == 1
    with reading(readers.store) as conn:
        assert suppressions.find_suppression(conn, ANN, keys=LOG.keys) is None


def test_who_never_confirmed_is_forgotten_after_a_while(readers: Readers) -> None:
    """And only they; asking anew works afterwards."""
    waiting = readers.request("waiting@example.org").subscriber_id
    active = readers.active()
    assert waiting is not None
    readers.now += 31 * DAY
    lately = readers.request("lately@example.org").subscriber_id
    assert lately is not None
    with writing(readers.store) as conn:
        forgotten = privacy.forget_unconfirmed(
            conn, readers.now - 30 * DAY, origin=LINK, log=LOG, now=readers.now
        )
    assert forgotten == 1
    states = [readers.get(reader).state.value for reader in (waiting, active, lately)]
    assert states == ["erased", "active", "pending"]
    assert readers.request("waiting@example.org").step is Step.CONFIRM


def test_an_export_holds_all_there_is(readers: Readers) -> None:
    """Reader, consent with its wording, mails, issues: ready for JSON."""
    reader = readers.active()
    with writing(readers.store) as conn:
        held = privacy.export(conn, reader, origin=LINK, log=LOG, now=NOW)
    assert held is not None
    assert held["reader"]["email"] == "Ann@example.org"
    assert [line["action"] for line in held["consent"]] == ["requested", "confirmed", "exported"]
    assert held["consent"][0]["wording"] == "Yes, weekly."
    assert [mail["kind"] for mail in held["mails"]] == ["confirm"]


def test_an_operator_adds_who_agreed_and_nobody_who_left(readers: Readers) -> None:
    """Adding twice changes nothing; who left or is suppressed is refused with what to do."""
    with writing(readers.store) as conn:
        given = {"topics": ALL_TOPICS, "origin": Origin("command", "paper form"), "log": LOG, "now": NOW}
        added = subscribe.add(conn, ANN, **given)  # type: ignore[arg-type]
        assert added.changed
        assert not subscribe.add(conn, ANN, **given).changed  # type: ignore[arg-type]
    readers.leave(added.subscriber.id)
    with pytest.raises(SubscriberError, match="left on 2026-11-24"), writing(readers.store) as conn:
        subscribe.add(conn, ANN, **given)  # type: ignore[arg-type]
    readers.erase(added.subscriber.id)
    with pytest.raises(SubscriberError, match="suppressed"), writing(readers.store) as conn:
        subscribe.add(conn, ANN, **given)  # type: ignore[arg-type]


class OneReader(RuleBasedStateMachine):
    """Whatever is pressed in whatever order: a model of four words says what the store must say."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.readers = Readers(open_database(f"sqlite:///{Path(self.folder.name) / 'readers.db'}"))
        self.reader = 0
        self.state = "nobody"
        self.consented = False
        self.bounced = False
        self.left_at = NOW

    def teardown(self) -> None:
        self.readers.store.dispose()
        self.folder.cleanup()

    @rule(minutes=st.sampled_from([1, 20, 60 * 30, 60 * 24 * 8]))
    def wait(self, minutes: int) -> None:
        self.readers.now += minutes * MINUTE

    @rule()
    def request(self) -> None:
        asked = self.readers.request()
        if self.bounced:
            assert asked.subscriber_id is None
            return
        assert asked.subscriber_id is not None
        if self.state in ("nobody", "erased"):
            assert asked.subscriber_id != self.reader
            self.reader, self.state, self.consented = asked.subscriber_id, "pending", False

    @precondition(lambda self: self.reader)
    @rule(age=st.sampled_from([0, 5, 60 * 24 * 6]))
    def confirm(self, age: int) -> None:
        asked_at = self.readers.now - age * MINUTE
        answer = self.readers.confirm(self.reader, asked_at)
        if self.state == "erased":
            assert answer is Confirmed.GONE
        elif self.state == "active":
            assert answer is Confirmed.ALREADY
        elif self.state == "unsubscribed" and asked_at <= self.left_at:
            assert answer is Confirmed.LEFT
        elif self.bounced:
            assert answer is Confirmed.GONE
        else:
            assert answer is Confirmed.NOW
            self.state, self.consented = "active", True

    @precondition(lambda self: self.reader)
    @rule()
    def leave(self) -> None:
        expected = self.state in ("pending", "active")
        assert self.readers.leave(self.reader) is expected
        if expected:
            self.state, self.left_at = "unsubscribed", self.readers.now

    @precondition(lambda self: self.reader)
    @rule()
    def undo(self) -> None:
        soon = self.readers.now - self.left_at <= DAY
        expected = self.state == "unsubscribed" and self.consented and soon and not self.bounced
        assert self.readers.undo(self.reader) is expected
        if expected:
            self.state = "active"

    @precondition(lambda self: self.reader)
    @rule()
    def choose(self) -> None:
        with writing(self.readers.store) as conn:
            changed = preferences.set_topics(
                conn, self.reader, Topics(("news",)), origin=LINK, log=LOG, now=self.readers.now
            )
        assert not changed or self.state in ("pending", "active")

    @precondition(lambda self: self.reader)
    @rule()
    def erase(self) -> None:
        assert self.readers.erase(self.reader) is (self.state != "erased")
        if self.state != "erased":
            # The bounce was about an address in the clear; only a keyed hash of it stays.
            self.state, self.bounced = "erased", False

    @rule()
    def bounce(self) -> None:
        with writing(self.readers.store) as conn:
            suppressions.add_suppression(conn, ANN, Reason.BOUNCED, now=self.readers.now)
        self.bounced = True

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        if self.reader:
            assert self.readers.get(self.reader).state.value == self.state

    @invariant()
    def nobody_gets_mail_without_consent(self) -> None:
        expected = self.state == "active" and self.consented and not self.bounced
        assert self.readers.sendable() == int(expected)

    @invariant()
    def the_log_holds(self) -> None:
        with reading(self.readers.store) as conn:
            assert consent_check.verify(conn, keys=LOG.keys).faults == []


OneReader.TestCase.settings = settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestOneReader = OneReader.TestCase
