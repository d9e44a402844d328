"""Whatever order events come in, how often, and what happens in between: the store agrees with a plain model."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from feedback_kit import Desk, make_desk, publish_more, told
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ledger_site import NOW

from newsletter.storage import settling
from newsletter.storage.database import open_database, reading, writing
from newsletter.storage.issues import tally
from newsletter.storage.ledger import record_not_taken, record_taken
from newsletter.types import Batch, Receipt

READERS, ISSUES = 3, 3
KINDS = ("deferred", "delivered", "unsubscribed", "soft", "hard", "complained")
NEWS = dict(
    zip(
        KINDS, ("deferred", "delivered", "unsubscribed", "soft_bounced", "bounced", "complained"), strict=True
    )
)


class Feedback(RuleBasedStateMachine):
    """Three readers, two issues that were sent and one that is being sent."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        engine = open_database(f"sqlite:///{Path(self.folder.name) / 'readers.db'}")
        self.desk: Desk = make_desk(engine, READERS, batch_size=1, sent=False, limits="soft_bounces = 2")
        self.desk.send_all()
        publish_more(self.desk, 1)
        publish_more(self.desk, 2)
        self.told: set[tuple[int, int, str]] = set()
        self.open: list[Batch] = []

    @rule(
        events=st.lists(
            st.tuples(st.integers(1, ISSUES), st.integers(1, READERS), st.sampled_from((*KINDS, "unknown"))),
            min_size=1,
            max_size=4,
        )
    )
    def tell(self, events: list[tuple[int, int, str]]) -> None:
        """Some events in one request, known ones among them."""
        taken = self.desk.take(*(told(kind, reader, issue=issue) for issue, reader, kind in events))
        new = set(events) - self.told
        assert sum(taken.new.values()) == len(new)
        assert taken.known == len(events) - len(new)
        self.told |= new

    @invariant()
    def the_news_is_the_furthest_that_was_told(self) -> None:
        with reading(self.desk.engine) as conn:
            from sqlalchemy import text

            rows = conn.execute(text("SELECT issue_id, subscriber_id, news FROM deliveries"))
            found = {(row[0], row[1]): row[2] for row in rows}
        assert found == {
            (issue, reader): NEWS[max(kinds, key=KINDS.index)]
            if (kinds := self.kinds(issue, reader))
            else None
            for issue in range(1, ISSUES + 1)
            for reader in range(1, READERS + 1)
        }

    @invariant()
    def the_list_is_what_follows_from_all_that_was_told(self) -> None:
        expected = {
            f"reader{reader}@example.org": reason
            for reader in range(1, READERS + 1)
            if (reason := self.reason(reader))
        }
        assert self.desk.suppressed() == expected

    @invariant()
    def who_left_there_has_left(self) -> None:
        states = self.desk.pairs("SELECT id, state FROM subscribers")
        left = {reader for _, reader, kind in self.told if kind == "unsubscribed"}
        assert {reader for reader, state in states.items() if state == "unsubscribed"} == left

    def kinds(self, issue: int, reader: int) -> list[str]:
        return [kind for kind in KINDS if (issue, reader, kind) in self.told]

    def reason(self, reader: int) -> str | None:
        kinds = [kind for issue in range(1, ISSUES + 1) for kind in self.kinds(issue, reader)]
        if "complained" in kinds:
            return "complained"
        if "hard" in kinds:
            return "bounced"
        soft = ["soft" in self.kinds(issue, reader) for issue in range(1, ISSUES + 1)]
        return "bounced" if any(one and two for one, two in itertools.pairwise(soft)) else None

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.engine.dispose()
            self.folder.cleanup()


class Doubts(RuleBasedStateMachine):
    """One issue in batches of two, claimed, answered, lost and told of in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        engine = open_database(f"sqlite:///{Path(self.folder.name) / 'readers.db'}")
        self.desk = make_desk(engine, 4, batch_size=2, sent=False)
        self.open: list[Batch] = []
        self.calls: dict[int, int] = {}
        self.known: set[int] = set()

    @rule()
    def claim(self) -> None:
        if batch := self.desk.claim():
            self.open.append(batch)
            for one in batch.deliveries:
                # Whose news had come was sent: a call for them would be a second mail.
                assert one.subscriber_id not in self.known
                self.calls[one.subscriber_id] = self.calls.get(one.subscriber_id, 0) + 1

    @rule(how=st.sampled_from(("doubt", "not taken", "taken", "silent", "died")))
    def end(self, how: str) -> None:
        if not self.open:
            return
        batch = self.open.pop()
        with writing(self.desk.engine) as conn:
            if how == "not taken":
                record_not_taken(conn, batch, "429", NOW)
            elif how in ("taken", "silent"):
                said = batch.deliveries if how == "taken" else batch.deliveries[:1]
                record_taken(conn, batch, [Receipt(one.id, "sent") for one in said], NOW)
            elif how == "died":
                for attempt in settling.list_open_attempts(conn, 1):
                    if attempt.batch_id == batch.id:
                        settling.put_in_doubt(conn, attempt, "died", NOW)
        if how == "doubt":
            self.desk.doubt(batch)

    @rule(reader=st.integers(1, 4), kind=st.sampled_from(("delivered", "hard", "deferred")))
    def tell(self, reader: int, kind: str) -> None:
        """News of a mail for which there was a call."""
        if reader in self.calls:
            self.desk.take(told(kind, reader))
            self.known.add(reader)

    @invariant()
    def whoever_there_is_news_of_is_sent_or_still_being_sent(self) -> None:
        states = self.desk.states()
        assert {states[reader] for reader in self.known} <= {"sent", "sending"}

    @invariant()
    def the_numbers_hold(self) -> None:
        with reading(self.desk.engine) as conn:
            assert tally(conn, 1).holds

    @invariant()
    def no_batch_is_in_doubt_without_a_line_in_doubt(self) -> None:
        orphans = self.desk.one(
            "SELECT count(*) FROM batches b WHERE state = 'in_doubt' AND NOT EXISTS "
            "(SELECT 1 FROM deliveries d WHERE d.batch_id = b.id AND d.state = 'in_doubt')"
        )
        assert orphans == 0

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.engine.dispose()
            self.folder.cleanup()


TestFeedback = Feedback.TestCase
TestFeedback.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestDoubts = Doubts.TestCase
TestDoubts.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
