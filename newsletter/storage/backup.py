"""Copies of the store, and tidying its files."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from newsletter.errors import StorageError, UsageError
from newsletter.storage.database import BUSY_MS
from newsletter.storage.turns import queue_of


def backup(engine: Engine, path: Path) -> int:
    """Copy a SQLite store to a new file while it goes on being used, by SQLite's online backup.

    The copy is of one moment, checked, private (0600), and there whole or not at all. Returns its size in
    bytes. Raises UsageError for another kind of store or a file that is there already, StorageError when the
    copy fails.
    """
    if engine.dialect.name != "sqlite":
        raise UsageError(
            "only a SQLite store can be copied this way", hint="For PostgreSQL: pg_dump --format=custom URL."
        )
    if path.exists():
        raise UsageError("there is a file already", where=str(path), hint="Name a new one.")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        _copy(engine, part)
        # A link, not a rename: of two backups to one name the second is refused, never the first lost.
        os.link(part, path)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"the copy failed: {error}", where=str(path)) from None
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def _copy(engine: Engine, part: Path) -> None:
    with engine.connect() as conn, closing(sqlite3.connect(part)) as copy:
        source: sqlite3.Connection = conn.connection.driver_connection  # type: ignore[assignment]
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        found = copy.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    with part.open("rb") as file:
        os.fsync(file.fileno())


def checkpoint(engine: Engine, *, wait: int = BUSY_MS) -> bool:
    """SQLite: move everything from the write-ahead log into the database and empty it, so that it neither
    stays large after an import nor keeps what was erased. False while somebody is reading or writing for longer than
    `wait` ms: then it is left to the next, at the latest to cron's tidying."""
    queue = queue_of(engine)
    if queue is None:
        return True
    with queue.turn(), engine.connect() as conn:
        cursor = conn.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {wait}")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.close()
    return not busy
