"""Opening the store, and bringing it to this program's version."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.errors import ConfigError, StorageError
from newsletter.storage.turns import queue_of

BUSY_MS = 30_000
"""How long a writer waits for SQLite's lock: a list of a million readers holds it for some ten seconds."""
HEAD = "0002"
"""The newest migration; a test holds it against the folder."""


def open_database(url: str) -> Engine:
    """Connect, make a new store when there is none, and refuse one of another version.

    Raises ConfigError for a URL that names no known store, StorageError when it cannot be opened or is older
    or newer than this program.
    """
    engine = connect(url)
    try:
        found = version(engine)
    except DatabaseError as error:
        raise StorageError(
            f"the database cannot be opened: {error.orig}",
            where=_shown(url),
            hint="Is [storage] url in newsletter.toml right, and is there room on its disk?",
        ) from None
    if found is None:
        upgrade(engine)
    elif found != HEAD:
        raise StorageError(
            f"the database is of version {found}, this program of {HEAD}",
            where=_shown(url),
            hint="Make a copy with `newsletter db backup FILE`, then run `newsletter db upgrade`.",
        )
    return engine


def connect(url: str) -> Engine:
    """An engine with the settings the ledger relies on. Opens nothing yet but makes a SQLite file private."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _unknown_store("is no address of a database") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_private(Path(parsed.database))
        engine = create_engine(url, hide_parameters=True)  # no address in an error or a log
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True
        )
    raise _unknown_store(f"storage of the kind {backend!r} is not known")


def _unknown_store(what: str) -> ConfigError:
    return ConfigError(
        what,
        where="newsletter.toml: [storage] url",
        hint="Use sqlite:///subscribers/newsletter.db or postgresql://user@host/name.",
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: one consistent view, and no lock that a writer waits for."""
    with engine.connect() as conn:
        conn.execution_options(read_only=True)
        with conn.begin():
            yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: whole or not at all, durable when the block ends."""
    queue = queue_of(engine)
    with queue.turn() if queue else nullcontext(), engine.begin() as conn:
        yield conn


def is_busy(error: Exception) -> bool:
    """Whether the store was only busy or out of reach for a moment, so that asking again is worth it."""
    return isinstance(error, OperationalError)


def version(engine: Engine) -> str | None:
    """The store's migration, or None when it is empty."""
    with reading(engine) as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine) -> None:
    """Bring the store to this program's version, in one transaction."""
    from alembic import command  # late: it costs more than everything else here, and is rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def _make_private(path: Path) -> None:
    """Readers' addresses: the file is its owner's alone from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(f"the database cannot be opened: {error.strerror}", where=str(path)) from None


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins late and commits before DDL; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_MS}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "recursive_triggers=ON",  # without it INSERT OR REPLACE deletes past the consent log's trigger
        "secure_delete=ON",  # an erased address is overwritten, not only unlinked from its page
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Any) -> None:
    # Two that first read and then write would fail with "database is locked": the lock comes first.
    mode = "DEFERRED" if conn.get_execution_options().get("read_only") else "IMMEDIATE"
    conn.exec_driver_sql(f"BEGIN {mode}")


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
