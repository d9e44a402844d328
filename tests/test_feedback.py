"""What providers tell later is kept once and acted on at once, in whatever order it comes, on either store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from feedback_kit import KEYS, LATER, Desk, make_desk, publish_more, told
from ledger_site import NOW, SLUG
from postgres import STORES, fresh_store
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from newsletter.addresses import read_address
from newsletter.pipeline import privacy
from newsletter.pipeline.feedback import has_run, why_hold_back
from newsletter.storage import issues, settling, suppressions
from newsletter.storage.consent import Log
from newsletter.storage.database import reading, writing
from newsletter.storage.ledger import record_not_taken, record_taken
from newsletter.storage.news import Trouble
from newsletter.storage.subscribers import count_sendable
from newsletter.types import Event, EventKind, IssueState, News, Origin, Receipt


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


@pytest.mark.parametrize("kind", STORES)
def test_a_store_from_before_is_upgraded_with_all_it_holds(kind: str, tmp_path: Path) -> None:
    """The ledger keeps its lines, and they take news from then on."""
    from alembic import command
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from postgres import empty_database

    from newsletter.storage import database
    from newsletter.storage.schema import metadata

    engine = database.connect(f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else empty_database())
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0001")
    with writing(engine) as conn:
        conn.execute(
            text(
                "INSERT INTO issues (id, slug, subject, state, hash, audience, provider, published_at) "
                "VALUES (1, 'x', 'x', 'sent', 'x', 1, 'memory', '2026-11-26 08:00:00+00:00')"
            )
        )
        conn.execute(text("INSERT INTO deliveries (issue_id, subscriber_id, state) VALUES (1, 7, 'skipped')"))
    database.upgrade(engine)
    with writing(engine) as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
        assert conn.execute(text("SELECT subscriber_id, news FROM deliveries")).all() == [(7, None)]
        conn.execute(text("UPDATE deliveries SET news = 'delivered'"))
    with pytest.raises(IntegrityError), writing(engine) as conn:
        conn.execute(text("UPDATE deliveries SET news = 'odd'"))
    engine.dispose()


# --- what follows from each -------------------------------------------------------------------------------


def test_an_event_is_kept_as_it_came(store: Engine) -> None:
    """Kind, moment, issue, reader and the provider's own words stand in the store."""
    desk = make_desk(store)
    desk.take(told("delivered"))
    with reading(store) as conn:
        row = conn.execute(text("SELECT kind, issue_id, subscriber_id, email_key, raw FROM events")).one()
    assert tuple(row) == ("delivered", 1, 1, "reader1@example.org", '{"event": "as it came"}')


def test_an_event_that_is_told_again_changes_nothing(store: Engine) -> None:
    """Providers repeat themselves, some dozens of times: what was lifted since stays lifted."""
    desk = make_desk(store)
    assert desk.take(told("hard")).suppressed == 1
    with writing(store) as conn:
        suppressions.remove_suppression(conn, read_address("reader1@example.org"), keys=KEYS)
    again = desk.take(told("hard"), told("hard"))
    assert (again.known, again.suppressed) == (2, 0)
    assert desk.suppressed() == {}
    assert desk.one("SELECT count(*) FROM events") == 1


def test_the_same_key_of_another_provider_is_another_event(store: Engine) -> None:
    """A provider's names for its events are its own."""
    desk = make_desk(store)
    desk.take(told("delivered", key="7"))
    desk.take(told("hard", key="7", provider="other"))
    assert desk.one("SELECT count(*) FROM events") == 2


@pytest.mark.parametrize(("kind", "reason"), [("hard", "bounced"), ("complained", "complained")])
def test_a_hard_bounce_and_a_complaint_suppress_at_once(store: Engine, kind: str, reason: str) -> None:
    """The reader stays what they are, and is never written to again."""
    desk = make_desk(store)
    assert desk.take(told(kind)).suppressed == 1
    assert desk.suppressed() == {"reader1@example.org": reason}
    assert desk.one("SELECT state FROM subscribers WHERE id = 1") == "active"
    with reading(store) as conn:
        assert count_sendable(conn, LATER) == 3


def test_a_complaint_outweighs_a_bounce_whichever_is_told_first(store: Engine) -> None:
    """The reason that stands in the list does not depend on the order."""
    desk = make_desk(store)
    desk.take(told("hard", 1), told("complained", 2))
    desk.take(told("complained", 1), told("hard", 2))
    assert set(desk.suppressed().values()) == {"complained"}


def test_leaving_at_the_provider_is_leaving(store: Engine) -> None:
    """With its line in the consent log, through the door "provider"."""
    desk = make_desk(store)
    assert desk.take(told("unsubscribed")).left == 1
    assert desk.one("SELECT state FROM subscribers WHERE id = 1") == "unsubscribed"
    with reading(store) as conn:
        line = conn.execute(text("SELECT action, form, source, detail FROM consent")).one()
    assert tuple(line) == ("unsubscribed", "provider", "stub", "issue 1")


def test_news_of_leaving_does_not_undo_a_later_confirmation(store: Engine) -> None:
    """Told ten hours late, when the reader has come back since: they stay."""
    desk = make_desk(store)
    with writing(store) as conn:
        conn.execute(
            text("UPDATE subscribers SET confirmed_at = :at WHERE id = 1"),
            {"at": "2026-11-26 08:05:00+00:00"},
        )
    assert desk.take(told("unsubscribed")).left == 0
    assert desk.one("SELECT state FROM subscribers WHERE id = 1") == "active"


def test_what_nobody_knows_is_kept_and_nothing_follows(store: Engine) -> None:
    """An unknown event changes neither the delivery nor the list."""
    desk = make_desk(store)
    desk.take(told("unknown"))
    assert (desk.news()[1], desk.suppressed()) == (None, {})
    assert desk.one("SELECT raw FROM events") == '{"event": "as it came"}'


# --- whom it is about -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "delivery_id", ["1-99", "99-1", "0-0", "mail-5", "x", "", "99999999999999999999-1", "1-1 OR 1=1", "１-１"]
)
def test_a_delivery_that_is_not_ours_is_no_error(store: Engine, delivery_id: str) -> None:
    """Whatever stands where our id should: the address still counts."""
    desk = make_desk(store)
    desk.take(told("hard", delivery_id=delivery_id))
    assert desk.suppressed() == {"reader1@example.org": "bounced"}
    assert desk.news()[1] is None


def test_an_address_that_mail_is_forwarded_to_does_not_hide_the_reader(store: Engine) -> None:
    """We wrote to the reader's own address: that one is suppressed."""
    desk = make_desk(store)
    desk.take(told("hard", email="forwarded@elsewhere.example"))
    assert desk.suppressed() == {"reader1@example.org": "bounced"}


def test_a_reader_who_has_moved_keeps_the_new_address(store: Engine) -> None:
    """The mail went to the old one: only that is suppressed."""
    desk = make_desk(store)
    with writing(store) as conn:
        new = {"email": "new@example.org"}
        conn.execute(text("UPDATE subscribers SET email = :email, email_key = :email WHERE id = 1"), new)
        from newsletter.storage.consent import Action

        Log(KEYS).append(conn, 1, Action.ADDRESS_CHANGED, Origin("link"), now=LATER)
    desk.take(told("hard"))
    assert desk.suppressed() == {"reader1@example.org": "bounced"}


def test_nothing_of_an_erased_reader_is_kept(store: Engine) -> None:
    """Neither from before the erasure, nor what is told after it, by delivery or by address."""
    desk = make_desk(store)
    desk.take(told("delivered"))
    with writing(store) as conn:
        privacy.erase(conn, 1, origin=Origin("command"), log=Log(KEYS), now=LATER)
    desk.take(told("hard"), told("complained", delivery_id=None))
    with reading(store) as conn:
        rows = conn.execute(text("SELECT email_key, detail, raw FROM events")).all()
    assert {tuple(row) for row in rows} == {(None, "", "")}
    assert desk.suppressed() == {None: "erased"}


def test_a_readers_export_holds_what_was_told_of_them(store: Engine) -> None:
    """Kind, moment, issue and the server's words."""
    desk = make_desk(store)
    desk.take(told("hard"))
    with writing(store) as conn:
        held = privacy.export(conn, 1, origin=Origin("command"), log=Log(KEYS), now=LATER)
    assert held is not None
    assert [(one["kind"], one["issue"], one["detail"]) for one in held["events"]] == [
        ("bounced", SLUG, "550 5.1.1 unknown")
    ]


def test_text_that_no_store_takes_is_stored_without_it(store: Engine) -> None:
    """NUL and half of a surrogate pair come in JSON; a moment may be of any year."""
    desk = make_desk(store)
    odd = told("hard", key="a\x00b", detail="\ud800 no\x00", raw="\x00", at=NOW + timedelta(days=9999))
    assert desk.take(odd).suppressed == 1
    assert desk.one("SELECT at <= received_at FROM events") in (1, True)


# --- soft bounces -----------------------------------------------------------------------------------------


def test_soft_bounces_suppress_after_a_run_of_issues(store: Engine) -> None:
    """Three issues in a row by default, in whichever order they are told of."""
    desk = make_desk(store, 2)
    ids = [1, publish_more(desk, 1), publish_more(desk, 2)]
    for issue in (ids[2], ids[0]):
        desk.take(told("soft", issue=issue), told("soft", issue=issue, key=f"again-{issue}"))
        assert desk.suppressed() == {}
    desk.take(told("soft", issue=ids[1]))
    assert desk.suppressed() == {"reader1@example.org": "bounced"}


def test_an_issue_that_arrived_breaks_the_run(store: Engine) -> None:
    """What counts is a row without a gap."""
    desk = make_desk(store, 2, limits="soft_bounces = 2")
    ids = [1, publish_more(desk, 1), publish_more(desk, 2)]
    desk.take(told("soft", issue=ids[0]), told("delivered", issue=ids[1]), told("soft", issue=ids[2]))
    assert desk.suppressed() == {}


@pytest.mark.parametrize(
    ("course", "issue", "expected"),
    [
        ("sss", 1, True),
        ("sss", 3, True),
        ("ssd", 2, False),
        ("dsss", 4, True),
        ("sssd", 4, False),
        ("sssds", 5, False),
        ("ss-s", 4, False),
        ("shs", 2, True),
        ("", 1, False),
    ],
)
def test_a_run_is_counted_around_the_issue(course: str, issue: int, expected: bool) -> None:
    """A run of long ago is not this issue's."""
    letters = {"s": News.SOFT_BOUNCED, "h": News.BOUNCED, "d": News.DELIVERED, "-": None}
    listed = [(number, letters[one]) for number, one in enumerate(course, 1)]
    assert has_run(listed, issue, 3) is expected


# --- doubts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["delivered", "deferred", "soft", "hard", "complained", "unsubscribed"])
def test_news_settles_a_doubt(store: Engine, kind: str) -> None:
    """Whatever it says of a delivery, the provider took it: it was sent, and never goes again."""
    desk = make_desk(store, 2, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.doubt(batch)
    desk.take(told(kind, 1))
    assert desk.states() == {1: "sent", 2: "in_doubt"}
    assert desk.one("SELECT state FROM batches") == "in_doubt"
    desk.take(told(kind, 2))
    assert desk.states() == {1: "sent", 2: "sent"}
    assert desk.one("SELECT state FROM batches") == "done"


def test_an_unknown_event_settles_no_doubt(store: Engine) -> None:
    """Nobody knows what it says."""
    desk = make_desk(store, 2, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.doubt(batch)
    desk.take(told("unknown", 1))
    assert desk.states() == {1: "in_doubt", 2: "in_doubt"}


def test_news_before_the_doubt_settles_it_as_well(store: Engine) -> None:
    """The webhook overtakes the answer: the sender's record finds the news there."""
    desk = make_desk(store, 2, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.take(told("delivered", 1))
    assert desk.states() == {1: "sending", 2: "sending"}  # its sender's until it has recorded
    desk.doubt(batch)
    assert desk.states() == {1: "sent", 2: "in_doubt"}


def test_news_of_who_is_missing_from_the_answer_settles_it(store: Engine) -> None:
    """A provider that answers for some, and had told of another before."""
    desk = make_desk(store, 2, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.take(told("delivered", 1))
    with writing(store) as conn:
        record_taken(conn, batch, [Receipt("1-2", "sent")], NOW)
    assert desk.states() == {1: "sent", 2: "sent"}
    assert desk.one("SELECT state FROM batches") == "done"


def test_news_of_what_a_dead_process_left_settles_it(store: Engine) -> None:
    """Whoever finds the dead process's attempt finds the news as well."""
    desk = make_desk(store, 2, sent=False)
    desk.claim()
    desk.take(told("hard", 2))
    with writing(store) as conn:
        for attempt in settling.list_open_attempts(conn, 1):
            settling.put_in_doubt(conn, attempt, "its process died", NOW)
    assert desk.states() == {1: "in_doubt", 2: "sent"}


def test_what_was_thought_not_taken_is_not_sent_again_once_it_arrived(store: Engine) -> None:
    """A provider that refused the call and delivered it all the same."""
    desk = make_desk(store, 2, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.take(told("delivered", 1))
    with writing(store) as conn:
        record_not_taken(conn, batch, "429", NOW)
    assert desk.states() == {1: "sent", 2: "queued"}
    desk.take(told("delivered", 2))
    assert desk.states() == {1: "sent", 2: "sent"}
    assert desk.claim() is None


def test_news_never_takes_a_delivery_out_of_its_senders_hands(store: Engine) -> None:
    """A call that may be made again under its key keeps its members, or it would be another call."""
    desk = make_desk(store, 2, sent=False)
    desk.claim()
    desk.take(told("delivered", 1), told("hard", 2))
    assert desk.states() == {1: "sending", 2: "sending"}


# --- order ------------------------------------------------------------------------------------------------


def test_the_end_is_the_same_in_every_order(tmp_path: Path) -> None:
    """All orders of five events about one delivery leave the same news and the same list."""
    kinds = ("deferred", "delivered", "soft", "hard", "complained")
    ends = set()
    with fresh_store("sqlite", tmp_path) as engine:
        desk = make_desk(engine, 1)
        for order in permutations(kinds):
            desk.take(*(told(kind) for kind in order[:2]))
            for kind in order[2:]:
                desk.take(told(kind))
            ends.add((str(desk.news()), str(desk.suppressed()), str(desk.states())))
            with writing(engine) as conn:
                for statement in (
                    "DELETE FROM events",
                    "DELETE FROM suppressions",
                    "UPDATE deliveries SET news = NULL",
                ):
                    conn.execute(text(statement))
    assert ends == {("{1: 'complained'}", "{'reader1@example.org': 'complained'}", "{1: 'sent'}")}


def test_two_that_tell_the_same_at_once_are_one(store: Engine) -> None:
    """Requests in parallel, in opposite orders, each whole: nobody waits for ever, and every event is there once."""
    import threading

    desk = make_desk(store, 20, batch_size=20)
    events = [told("delivered", reader) for reader in range(1, 21)] + [
        told("soft", reader) for reader in range(1, 21)
    ]
    failed: list[Exception] = []

    def tell(listed: list[Event]) -> None:
        try:
            desk.take(*listed)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=tell, args=(events[:: (-1) ** n],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert desk.one("SELECT count(*) FROM events") == 40
    assert set(desk.news().values()) == {"soft_bounced"}


# --- too much ---------------------------------------------------------------------------------------------


def state_of(desk: Desk) -> tuple[str, str | None]:
    with reading(desk.engine) as conn:
        issue = issues.get_issue(conn, SLUG)
    return str(issue.state), issue.note


def test_an_issue_pauses_itself_when_too_much_bounces(store: Engine) -> None:
    """From five on, and beyond the share; the note says how many, of how many."""
    desk = make_desk(store, 120, batch_size=40, sent=False)
    batch = desk.claim()
    assert batch is not None
    desk.take(*(told("hard", reader) for reader in range(1, 5)))
    assert state_of(desk) == ("sending", None)
    taken = desk.take(told("soft", 5))
    assert taken.paused == [1]
    assert state_of(desk) == ("paused", "5 of 40 mails bounced (12.5%; the limit is 5.0%)")
    assert desk.claim() is None


def test_an_issue_pauses_itself_when_too_many_complain(store: Engine) -> None:
    """Three of forty are far more than one in a thousand."""
    desk = make_desk(store, 120, batch_size=40, sent=False)
    desk.claim()
    desk.take(*(told("complained", reader) for reader in (1, 2)))
    assert state_of(desk)[0] == "sending"
    desk.take(told("complained", 3))
    assert state_of(desk) == ("paused", "3 of 40 mails were complained of (7.5%; the limit is 0.1%)")


def test_an_issue_of_which_everything_has_gone_out_is_not_paused(store: Engine) -> None:
    """There is nothing to hold back, and it would never be finished."""
    desk = make_desk(store, 20, batch_size=20)
    desk.take(*(told("hard", reader) for reader in range(1, 11)))
    assert state_of(desk)[0] != "paused"


def test_what_a_person_cancelled_stays_cancelled(store: Engine) -> None:
    """The pause is only for what is being sent."""
    desk = make_desk(store, 60, batch_size=20, sent=False)
    desk.claim()
    with writing(store) as conn:
        issues.change_state(conn, 1, before=[IssueState.SENDING], after=IssueState.CANCELLED)
    desk.take(*(told("hard", reader) for reader in range(1, 11)))
    assert state_of(desk)[0] == "cancelled"


@pytest.mark.parametrize(
    ("bounced", "complained", "given", "held"),
    [
        (1, 0, 3, False),
        (4, 0, 4, False),
        (5, 0, 100, False),
        (6, 0, 100, True),
        (50, 0, 1000, False),
        (51, 0, 1000, True),
        (0, 2, 2, False),
        (0, 3, 3000, False),
        (0, 3, 2999, True),
        (5, 0, 0, True),
    ],
)
def test_the_limits_are_a_share_and_a_floor(bounced: int, complained: int, given: int, held: bool) -> None:
    """5 % and 0.1 %, but never below five bounces or three complaints."""
    from ledger_site import settings

    why = why_hold_back(Trouble(bounced, complained, given), settings().sending)
    assert (why is not None) is held


def test_every_kind_of_event_has_its_news() -> None:
    """Nobody can add a kind and forget what it means for a delivery."""
    from newsletter.pipeline.feedback import news_of

    silent = [kind for kind in EventKind if news_of(replace(told("delivered"), kind=kind)) is None]
    assert silent == [EventKind.UNKNOWN]
