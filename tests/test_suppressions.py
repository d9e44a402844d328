"""Who must not be written to is on one list: what is done to one address is done to no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from postgres import STORES, fresh_store
from sqlalchemy import Connection, Engine

from newsletter.addresses import Address, read_address
from newsletter.errors import ConfigError
from newsletter.storage import suppressions
from newsletter.storage.database import writing
from newsletter.storage.suppressions import Reason

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEYS = ("a-key-for-tests-alone", "an-older-key-for-tests")
ANN, BOB, CAT, DAN, EVE = (
    read_address(f"{name}@example.org") for name in ("ann", "bob", "cat", "dan", "eve")
)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture
def conn(store: Engine) -> Iterator[Connection]:
    """Of a list with an entry of every reason."""
    with writing(store) as conn:
        assert suppressions.add_suppression(conn, ANN, Reason.BOUNCED, now=NOW, detail="550")
        assert suppressions.add_suppression(conn, BOB, Reason.BOUNCED, now=NOW)
        assert suppressions.add_suppression(conn, CAT, Reason.MANUAL, now=NOW)
        assert suppressions.add_erased(conn, DAN, keys=KEYS, now=NOW)
        assert suppressions.add_erased(conn, EVE, keys=KEYS[1:], now=NOW)
        yield conn


def why(conn: Connection, *who: Address) -> list[Reason | None]:
    found = [suppressions.find_suppression(conn, one, keys=KEYS) for one in who]
    return [one and one.reason for one in found]


def everyone(conn: Connection) -> list[Reason | None]:
    return why(conn, ANN, BOB, CAT, DAN, EVE)


START = [Reason.BOUNCED, Reason.BOUNCED, Reason.MANUAL, Reason.ERASED, Reason.ERASED]


def test_each_address_has_its_own_reason(conn: Connection) -> None:
    """Also one that was erased under an older key; whoever is not on the list has none."""
    assert everyone(conn) == START
    assert why(conn, read_address("fay@example.org")) == [None]


def test_the_first_reason_stands(conn: Connection) -> None:
    """Whatever comes after it, and with its own words."""
    assert not suppressions.add_suppression(conn, ANN, Reason.MANUAL, now=NOW, detail="asked by phone")
    found = suppressions.find_suppression(conn, ANN, keys=KEYS)
    assert found
    assert (found.reason, found.detail, found.address, found.at) == (
        Reason.BOUNCED,
        "550",
        ANN.key,
        NOW,
    )


def test_a_complaint_outweighs_the_bounce_of_its_address(conn: Connection) -> None:
    """Of nobody else; and nothing but a bounce, so that it is told once."""
    assert suppressions.note_complaint(conn, ANN)
    assert not suppressions.note_complaint(conn, ANN)
    assert not suppressions.note_complaint(conn, CAT)
    assert everyone(conn) == [Reason.COMPLAINED, *START[1:]]


def test_an_erasure_leaves_nothing_of_its_address_in_the_clear(conn: Connection) -> None:
    """It is suppressed as before, by its hash alone; the others stay readable."""
    assert suppressions.add_erased(conn, BOB, keys=KEYS, now=NOW)
    assert everyone(conn) == [START[0], Reason.ERASED, *START[2:]]
    shown = [one.address for one in suppressions.iter_suppressions(conn)]
    assert shown == [ANN.key, CAT.key, None, None, None]


@pytest.mark.parametrize(("who", "at"), [(ANN, 0), (DAN, 3), (EVE, 4)], ids=["plain", "erased", "older key"])
def test_an_address_is_taken_off_the_list_alone(conn: Connection, who: Address, at: int) -> None:
    """In the clear or hashed, by whichever key; once, and everybody else is still on it."""
    assert suppressions.remove_suppression(conn, who, keys=KEYS)
    assert everyone(conn) == [*START[:at], None, *START[at + 1 :]]
    assert not suppressions.remove_suppression(conn, who, keys=KEYS)


def test_only_an_erasure_is_lifted_by_the_reader_s_own_hand(conn: Connection) -> None:
    """And only that of their own address: a bounce stays."""
    assert suppressions.lift_erased(conn, DAN, keys=KEYS)
    assert not suppressions.lift_erased(conn, DAN, keys=KEYS)
    assert not suppressions.lift_erased(conn, ANN, keys=KEYS)
    assert everyone(conn) == [*START[:3], None, START[4]]


@pytest.mark.parametrize("page", [2, 5, 1000])
def test_the_list_is_told_whole_and_in_order(
    conn: Connection, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, each entry once in the order of its coming, though one was changed since."""
    monkeypatch.setattr(suppressions, "PAGE", page)
    suppressions.note_complaint(conn, ANN)
    found = list(suppressions.iter_suppressions(conn))
    assert [one.reason for one in found] == [Reason.COMPLAINED, *START[1:]]
    assert [one.address for one in found] == [ANN.key, BOB.key, CAT.key, None, None]


def test_reasons_are_counted_each_by_itself(conn: Connection) -> None:
    """Also that of which there is none."""
    assert suppressions.count_by_reason(conn) == {"bounced": 2, "complained": 0, "manual": 1, "erased": 2}


def test_an_import_recognises_who_was_erased(conn: Connection) -> None:
    """By any of the site's keys; a bounce is no erasure."""
    was_erased = suppressions.erased_test(conn, KEYS)
    assert [was_erased(one.key) for one in (ANN, CAT, DAN, EVE)] == [False, False, True, True]


def test_without_the_key_of_an_erasure_nothing_is_imported(conn: Connection) -> None:
    """Whoever was erased under it could come back unseen."""
    with pytest.raises(ConfigError, match="made with a key that is not here"):
        suppressions.erased_test(conn, KEYS[:1])


def test_where_nobody_was_erased_everybody_may_be_imported(store: Engine) -> None:
    """No key is asked for."""
    with writing(store) as conn:
        suppressions.add_suppression(conn, ANN, Reason.BOUNCED, now=NOW)
        assert not suppressions.erased_test(conn, KEYS)(ANN.key)
