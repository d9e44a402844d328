"""Consent can be proved: the log takes lines and nothing else, and any change to it is found."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgres import STORES, fresh_store
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from newsletter.addresses import read_address
from newsletter.keys import fingerprint
from newsletter.pipeline import subscribe
from newsletter.storage import consent, consent_check, schema, subscribers
from newsletter.storage.consent import Action, Log
from newsletter.storage.database import reading, writing
from newsletter.types import ALL_TOPICS, Origin, SubscriberState, Wording

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEYS = ("a-key-for-tests-alone", "an-older-key-for-tests")
LOG = Log(KEYS)
EARLIER = NOW - timedelta(days=30)
FORM = Origin(
    form="page",
    source="https://pain.example/subscribe",
    wording=Wording("Yes, send me the weekly newsletter. I can leave at any time.", "2026-11"),
    network="192.0.2.7",
)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


def join(store: Engine, email: str = "ann@example.org", *, log: Log = LOG) -> int:
    """Ask and confirm: two lines."""
    with writing(store) as conn:
        asked = subscribe.request(conn, read_address(email), topics=ALL_TOPICS, origin=FORM, log=log, now=NOW)
        assert asked.subscriber_id is not None
        subscribe.confirm(conn, asked.subscriber_id, asked_at=NOW, origin=FORM, log=log, now=NOW)
        return asked.subscriber_id


def verdict(store: Engine, anchor: str | None = None) -> consent_check.Verdict:
    with reading(store) as conn:
        return consent_check.verify(conn, keys=KEYS, anchor=anchor)


def tamper(store: Engine, *statements: str) -> None:
    """What somebody with all rights on the store can do: take the triggers off first."""
    with writing(store) as conn:
        if store.dialect.name == "sqlite":
            for name in ("consent_no_update", "consent_no_delete", "wordings_no_update"):
                conn.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("consent", "wordings"):
                conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in statements:
            conn.execute(text(statement))


def test_a_log_that_nobody_touched_holds(store: Engine) -> None:
    """Lines of several readers verify, and the head names their number."""
    join(store, "ann@example.org")
    join(store, "bob@example.org")
    found = verdict(store)
    assert found.faults == []
    assert found.lines == 4
    assert found.head.startswith("4:")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent SET source = 'elsewhere'",
        "DELETE FROM consent",
        "UPDATE wordings SET text = 'Yes to everything'",
        "DELETE FROM wordings",
    ],
)
def test_the_store_itself_refuses_to_change_a_line(store: Engine, statement: str) -> None:
    """No statement changes or removes what was logged."""
    join(store)
    with pytest.raises(DatabaseError, match="append-only"), writing(store) as conn:
        conn.execute(text(statement))
    assert verdict(store).lines == 2


def test_replacing_a_line_is_refused_too(tmp_path: Path) -> None:
    """SQLite's INSERT OR REPLACE deletes without a word; here its trigger speaks."""
    with fresh_store("sqlite", tmp_path) as store:
        join(store)
        with pytest.raises(DatabaseError, match="append-only"), writing(store) as conn:
            conn.execute(text("INSERT OR REPLACE INTO consent SELECT * FROM consent WHERE id = 1"))


@pytest.mark.postgresql
def test_emptying_the_table_is_refused_too(tmp_path: Path) -> None:
    """PostgreSQL's TRUNCATE passes row triggers; here it is refused."""
    with fresh_store("postgresql", tmp_path) as store:
        join(store)
        with pytest.raises(DatabaseError, match="append-only"), writing(store) as conn:
            conn.execute(text("TRUNCATE consent CASCADE"))


CHANGES = {
    "the source": "UPDATE consent SET source = 'https://elsewhere.example' WHERE id = 3",
    "the action": "UPDATE consent SET action = 'imported' WHERE id = 3",
    "the moment": "UPDATE consent SET at = '2020-01-01 00:00:00.000000' WHERE id = 3",
    "the given moment": "UPDATE consent SET given_at = '2020-01-01 00:00:00.000000' WHERE id = 3",
    "the reader": "UPDATE consent SET subscriber_id = 1 WHERE id = 3",
    "the form": "UPDATE consent SET form = 'embed' WHERE id = 3",
    "the network": "UPDATE consent SET network_hash = NULL WHERE id = 3",
    "the wording": "UPDATE consent SET wording_id = NULL WHERE id = 3",
    "the detail": "UPDATE consent SET detail = 'topics news' WHERE id = 3",
    "the hash": "UPDATE consent SET hash = 'f00' WHERE id = 3",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_line_is_found_and_named(store: Engine, statement: str) -> None:
    """Whichever column of a line was changed, verify names the line."""
    join(store, "ann@example.org")
    join(store, "bob@example.org")
    tamper(store, statement)
    assert [fault.line for fault in verdict(store).faults if fault.line][:1] == [3]


def test_a_line_taken_out_of_the_middle_is_found(store: Engine) -> None:
    """Ids have no gap: a missing line is named."""
    join(store, "ann@example.org")
    join(store, "bob@example.org")
    tamper(store, "DELETE FROM consent WHERE id = 2")
    assert (2, "is missing") in [(fault.line, fault.what) for fault in verdict(store).faults]


def test_lines_that_changed_places_are_found(store: Engine) -> None:
    """A chain has an order."""
    join(store, "ann@example.org")
    join(store, "bob@example.org")
    tamper(
        store,
        "UPDATE consent SET id = 99 WHERE id = 2",
        "UPDATE consent SET id = 2 WHERE id = 3",
        "UPDATE consent SET id = 3 WHERE id = 99",
    )
    assert not verdict(store).holds


def test_a_cut_off_end_is_found_even_with_the_head_turned_back(store: Engine) -> None:
    """Who cuts the log and corrects its head cannot seal it again without the site's key."""
    join(store, "ann@example.org")
    with reading(store) as conn:
        earlier = conn.execute(text("SELECT hash FROM consent WHERE id = 1")).scalar_one()
    tamper(store, "DELETE FROM consent WHERE id = 2")
    assert not verdict(store).holds
    with writing(store) as conn:
        conn.execute(text("UPDATE consent_head SET lines = 1, hash = :hash"), {"hash": earlier})
    assert [fault.what for fault in verdict(store).faults if "head" in fault.what] == [
        "the head was changed by somebody without the key"
    ]


def test_a_store_put_back_to_an_earlier_copy_fails_a_later_anchor(store: Engine) -> None:
    """An anchor noted elsewhere proves that the log still contains what it had then."""
    join(store, "ann@example.org")
    anchor = verdict(store).head
    join(store, "bob@example.org")
    assert verdict(store, anchor).holds
    assert not verdict(store, "9:f00").holds


def test_a_changed_wording_is_found(store: Engine) -> None:
    """What readers were shown is part of every line that names it."""
    join(store)
    tamper(store, "UPDATE wordings SET text = 'Yes to everything'")
    assert {1, 2} <= {fault.line for fault in verdict(store).faults}


def test_an_active_reader_without_consent_is_found(store: Engine) -> None:
    """A row slipped into subscribers is not consent."""
    with writing(store) as conn:
        subscribers.insert_subscriber(
            conn,
            read_address("eve@example.org"),
            SubscriberState.ACTIVE,
            topics=ALL_TOPICS,
            source="nowhere",
            now=NOW,
        )
    assert [fault.what for fault in verdict(store).faults] == [
        "1 active reader(s) have no line that says they agreed"
    ]


def test_a_reader_who_was_put_back_without_a_word_is_found(store: Engine) -> None:
    """They did agree once; but their last line says that they left, and no later one that they came back."""
    reader = join(store)
    with writing(store) as conn:
        subscribe.leave(conn, reader, origin=FORM, log=LOG, now=NOW)
    assert verdict(store).holds
    with writing(store) as conn:
        conn.execute(text("UPDATE subscribers SET state = 'active', unsubscribed_at = NULL"))
    assert [fault.what for fault in verdict(store).faults] == [
        "1 active reader(s) have left, as their last line says"
    ]


@pytest.mark.parametrize("ending", ["unsubscribed", "expired", "erased"])
@pytest.mark.parametrize("giving", ["confirmed", "added", "imported", "returned"])
def test_whoever_is_active_has_agreed_since_they_last_left(store: Engine, ending: str, giving: str) -> None:
    """In whichever way they left, and in whichever they came."""
    reader = join(store)
    with writing(store) as conn:
        LOG.append(conn, reader, Action(ending), FORM, now=NOW)
    assert [fault.what for fault in verdict(store).faults] == [
        "1 active reader(s) have left, as their last line says"
    ]
    with writing(store) as conn:
        LOG.append(conn, reader, Action(giving), FORM, now=NOW)
    assert verdict(store).holds


def test_a_log_that_was_emptied_with_its_head_is_found(store: Engine) -> None:
    """An empty log needs no seal; but where there are readers, there were lines."""
    reader = join(store)
    with writing(store) as conn:
        subscribe.leave(conn, reader, origin=FORM, log=LOG, now=NOW)
    tamper(store, "DELETE FROM consent", "UPDATE consent_head SET lines = 0, hash = '', seal = ''")
    assert "1 reader(s) have no line at all" in [fault.what for fault in verdict(store).faults]


def test_a_network_address_that_was_exchanged_is_found(store: Engine) -> None:
    """In the clear it stands beside the chain; the line has its hash."""
    join(store, log=Log(KEYS, keep_networks=True))
    assert verdict(store).holds
    with writing(store) as conn:
        conn.execute(text("UPDATE consent_networks SET network = '198.51.100.9' WHERE consent_id = 2"))
    assert [(fault.line, fault.what) for fault in verdict(store).faults] == [
        (2, "is not of the network address that is kept beside it")
    ]


def test_a_store_that_no_longer_refuses_is_found(store: Engine) -> None:
    """Before anything was changed: each trigger that is missing, or switched off, is named."""
    join(store)
    tamper(store)
    faults = [fault.what for fault in verdict(store).faults]
    names = ("consent_no_update", "consent_no_delete", "wordings_no_update")
    if store.dialect.name == "postgresql":
        names = ("consent_append_only", "wordings_append_only")
    assert sorted(faults) == sorted(
        f"the store no longer refuses changes: its trigger {name} is gone or off" for name in names
    )


def test_a_seal_of_an_older_key_holds_while_that_key_is_kept(store: Engine) -> None:
    """Keys are rotated by putting a new one first."""
    join(store, log=Log(KEYS[1:]))
    assert verdict(store).holds
    with reading(store) as conn:
        found = consent_check.verify(conn, keys=("another-key-altogether",))
    assert "a key that is not here" in found.faults[0].what


def test_anyone_can_recompute_a_line_from_what_export_prints(store: Engine) -> None:
    """The hash is SHA-256 over the JSON array that the module describes: no code of ours is needed."""
    reader = join(store)
    with writing(store) as conn:
        paper = Origin("command", "Prüfung der Zettel", Wording("Ja, gerne.", "Papier"))
        LOG.append(conn, reader, Action.ADDED, paper, now=NOW, given_at=EARLIER)
    with reading(store) as conn:
        lines = consent.list_lines(conn, reader)
    assert [line["given_at"] for line in lines] == [None, None, EARLIER]
    assert lines[2]["wording"] == "Ja, gerne."
    for line in lines:
        given = line["given_at"]
        array = [
            line["id"],
            line["previous_hash"],
            line["subscriber_id"],
            given and given.isoformat(timespec="microseconds"),
            line["network_hash"],
            line["detail"],
            line["action"],
            line["at"].isoformat(timespec="microseconds"),
            line["form"],
            line["source"],
            hashlib.sha256(f"{line['wording_version']}\n{line['wording']}".encode()).hexdigest(),
        ]
        written = json.dumps(array, ensure_ascii=False, separators=(",", ":"))
        assert line["hash"] == hashlib.sha256(written.encode()).hexdigest()


def test_lines_appended_at_once_still_make_one_chain(store: Engine) -> None:
    """Eight threads with their own transactions: no line is lost, none forks the chain."""
    reader = join(store)

    def append_some() -> None:
        for step in range(10):
            with writing(store) as conn:
                LOG.append(conn, reader, Action.TOPICS, FORM, now=NOW + timedelta(seconds=step))

    threads = [threading.Thread(target=append_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verdict(store)
    assert (found.faults, found.lines) == ([], 82)


def test_a_network_address_is_kept_as_a_keyed_hash_alone(store: Engine) -> None:
    """The address itself is nowhere in the line, unless the site turned that on."""
    reader = join(store)
    with reading(store) as conn:
        line = consent.list_lines(conn, reader)[0]
    assert line["network"] is None
    assert "192.0.2.7" not in str(line)
    assert line["network_hash"] == LOG.hash_network("192.0.2.7")


def test_a_network_address_kept_in_the_clear_can_still_be_forgotten(store: Engine) -> None:
    """It stands in a table of its own: forgetting it leaves the chain whole."""
    reader = join(store, log=Log(KEYS, keep_networks=True))
    with reading(store) as conn:
        assert consent.list_lines(conn, reader)[0]["network"] == "192.0.2.7"
    with writing(store) as conn:
        consent.forget_networks(conn, [reader])
    with reading(store) as conn:
        assert consent.list_lines(conn, reader)[0]["network"] is None
    assert verdict(store).holds


def test_only_the_networks_of_who_is_forgotten_go(store: Engine) -> None:
    """Each line has its own, and another reader's stays."""
    log = Log(KEYS, keep_networks=True)
    reader, other = join(store, log=log), join(store, "bob@example.org", log=log)
    with writing(store) as conn:
        log.append(conn, reader, Action.TOPICS, replace(FORM, network="198.51.100.9"), now=NOW)
    with reading(store) as conn:
        shown = [line["network"] for line in consent.list_lines(conn, reader)]
    assert shown == ["192.0.2.7", "192.0.2.7", "198.51.100.9"]
    with writing(store) as conn:
        consent.forget_networks(conn, [reader])
    with reading(store) as conn:
        assert [line["network"] for line in consent.list_lines(conn, reader)] == [None] * 3
        assert [line["network"] for line in consent.list_lines(conn, other)] == ["192.0.2.7"] * 2


def test_no_network_is_kept_in_the_clear_unless_the_site_wants_it(store: Engine) -> None:
    """Nor can one be that came as a hash, nor where there is none."""
    reader = join(store, log=Log(KEYS))
    hashed = LOG.hash_network("192.0.2.7")
    with writing(store) as conn:
        for network in (hashed, None):
            Log(KEYS, keep_networks=True).append(
                conn, reader, Action.TOPICS, replace(FORM, network=network), now=NOW
            )
        assert conn.execute(text("SELECT count(*) FROM consent_networks")).scalar() == 0
    with reading(store) as conn:
        assert [line["network_hash"] for line in consent.list_lines(conn, reader)] == [hashed] * 3 + [None]


def test_a_network_waits_as_it_may_be_kept() -> None:
    """What is written down before the log is written: in the clear only for a site that wants it, and hashed once."""
    hashed = LOG.network_to_keep("192.0.2.7")
    assert hashed
    assert hashed.startswith(f"{fingerprint(KEYS[0])}:")
    assert LOG.network_to_keep(hashed) == hashed
    assert LOG.network_to_keep("") is None
    assert LOG.network_to_keep(None) is None
    assert Log(KEYS, keep_networks=True).network_to_keep("192.0.2.7") == "192.0.2.7"


def test_a_reader_is_told_their_own_lines(store: Engine) -> None:
    """With what proves each, and no key of our tables."""
    reader, other = join(store), join(store, "bob@example.org")
    with reading(store) as conn:
        lines, others = consent.list_lines(conn, reader), consent.list_lines(conn, other)
    assert [line["id"] for line in lines + others] == [1, 2, 3, 4]
    assert [line["previous_hash"] for line in lines] == ["", lines[0]["hash"]]
    proof = {"wording", "wording_version", "wording_hash", "network", "previous_hash"}
    assert set(lines[0]) == {column.name for column in schema.consent.c} - {"wording_id"} | proof


def test_what_a_reader_did_is_asked_of_their_own_lines(store: Engine) -> None:
    """Of one kind, and after a moment: not at it."""
    reader, other = join(store), join(store, "bob@example.org")
    with writing(store) as conn:
        LOG.append(conn, reader, Action.PAUSED, FORM, now=NOW)
        LOG.append(conn, other, Action.RESUMED, FORM, now=NOW)

    def happened(action: Action, after: datetime) -> bool:
        with reading(store) as conn:
            return consent.has_happened(conn, reader, action, after=after)

    before = NOW - timedelta(microseconds=1)
    assert happened(Action.PAUSED, before)
    assert not happened(Action.PAUSED, NOW)
    assert not happened(Action.RESUMED, before)


def test_what_was_said_at_no_known_moment_has_none(store: Engine) -> None:
    """Also where moments are written as the driver takes them, as an import does."""
    with writing(store) as conn:
        chain = consent.Chain(conn, KEYS)
        writer = chain.writer(Action.IMPORTED, NOW, FORM, raw=lambda at: at.isoformat())
        assert writer.line(1, None, None, "")[2] is None
        assert writer.line(1, EARLIER, None, "")[2] == EARLIER.isoformat()
