"""A copy of the store is of one moment, private, and there whole or not at all."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from postgres import fresh_store
from sqlalchemy import Engine, text

from newsletter.addresses import read_address
from newsletter.errors import StorageError, UsageError
from newsletter.storage import subscribers
from newsletter.storage.backup import backup
from newsletter.storage.database import open_database, reading, writing
from newsletter.types import ALL_TOPICS, SubscriberState

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    with fresh_store("sqlite", tmp_path) as engine:
        yield engine


def add(store: Engine, number: int) -> None:
    """Two readers in one transaction: a copy has both or neither."""
    with writing(store) as conn:
        for half in "ab":
            subscribers.insert_subscriber(
                conn,
                read_address(f"reader{number}{half}@example.org"),
                SubscriberState.PENDING,
                topics=ALL_TOPICS,
                source="x",
                now=NOW,
            )


def test_a_copy_opens_as_a_store_and_is_for_its_owner_alone(store: Engine, tmp_path: Path) -> None:
    """0600, one file, and this program's version."""
    add(store, 1)
    path = tmp_path / "copy.db"
    assert backup(store, path) == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in tmp_path.glob("*copy.db*")) == ["copy.db"]
    engine = open_database(f"sqlite:///{path}")
    with reading(engine) as conn:
        assert subscribers.count_by_state(conn)["pending"] == 2
    engine.dispose()


def test_a_copy_made_while_others_write_is_of_one_moment(store: Engine, tmp_path: Path) -> None:
    """No transaction is cut in half."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            add(store, number := number + 1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for copy in range(10):
            backup(store, tmp_path / f"copy{copy}.db")
    finally:
        stop.set()
        writer.join()
    for path in tmp_path.glob("copy*.db"):
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("SELECT count(*) % 2 FROM subscribers").fetchone() == (0,)


def test_a_file_that_is_there_is_never_overwritten(store: Engine, tmp_path: Path) -> None:
    """Least of all the store itself."""
    for path in (tmp_path / "readers.db", tmp_path / "notes.txt"):
        before = b"mine" if path.suffix == ".txt" else path.read_bytes()
        if path.suffix == ".txt":
            path.write_bytes(before)
        with pytest.raises(UsageError, match="already"):
            backup(store, path)
        assert path.read_bytes() == before


def test_a_copy_that_fails_leaves_nothing_behind(store: Engine, tmp_path: Path) -> None:
    """A folder that is not there is said, and no part of a file stays."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StorageError, match="failed"):
        backup(store, tmp_path / "nowhere" / "copy.db")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.postgresql
def test_another_store_is_copied_by_its_own_tools(tmp_path: Path) -> None:
    """PostgreSQL has pg_dump, and the message says so."""
    with fresh_store("postgresql", tmp_path) as store:
        with pytest.raises(UsageError) as refused:
            backup(store, tmp_path / "copy.db")
        with reading(store) as conn:
            assert conn.execute(text("SELECT 1")).scalar() == 1
    assert "pg_dump" in refused.value.hint
