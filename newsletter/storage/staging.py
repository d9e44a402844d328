"""A place beside the tables where a list waits, read but not yet taken in; only this connection sees it.

Reading a long list takes a while, and in that time nobody must wait: the staging table is a temporary one, on
SQLite in a file of its own that is unlinked from the start, so that filling it locks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    SmallInteger,
    Table,
    Text,
    func,
    select,
)

from newsletter.listed import ListRow, Standing
from newsletter.storage.database import BUSY_MS

Row = tuple[Any, ...]

CHUNK = 20_000
"""Rows handed to the store at once: enough to be quick, few enough to be small."""
AT_ONCE = 50

temporary = MetaData()

staged = Table(
    "staged",
    temporary,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("email", Text),  # NULL, as the next, when the row names nobody
    Column("key", Text),
    Column("standing", SmallInteger, nullable=False),
    Column("first_name", Text),
    Column("topics", Text),
    Column("given_at", Text),
    Column("network", Text),
    Column("reason", Text),
    prefixes=["TEMPORARY"],
)

outcomes = Table(
    "outcomes",
    temporary,
    # What became of a row; those without a line here were added.
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    prefixes=["TEMPORARY"],
)


@contextmanager
def staging(engine: Engine) -> Iterator[Connection]:
    """A connection with empty staging tables, outside of a transaction; they are gone when the block ends."""
    with engine.connect() as conn:
        _prepare(conn, temporary="FILE", cache=32_000, wait=120_000)
        try:
            with step(conn, read_only=True):
                temporary.create_all(conn)
            yield conn
        finally:
            conn.rollback()
            with step(conn, read_only=True):
                temporary.drop_all(conn)
            _prepare(conn, temporary="MEMORY", cache=2_000, wait=BUSY_MS)


@contextmanager
def step(conn: Connection, *, read_only: bool) -> Iterator[None]:
    """One of this connection's transactions. `read_only` ones may fill the staging tables, and lock nothing."""
    conn.execution_options(read_only=read_only)  # before BEGIN, which it decides the kind of
    with conn.begin():
        yield


def _prepare(conn: Connection, *, temporary: str, cache: int, wait: int) -> None:
    """SQLite: where temporary tables live, how many KB of each database stay cached, and how many ms to wait for
    the write lock: a list has time, and who writes without pause would otherwise starve it out."""
    if conn.dialect.name != "sqlite":
        return
    raw = conn.connection.cursor()
    raw.execute(f"PRAGMA temp_store = {temporary}")
    raw.execute(f"PRAGMA busy_timeout = {wait}")
    for schema in ("main", "temp"):
        raw.execute(f"PRAGMA {schema}.cache_size = -{cache}")
    raw.close()


def stage(conn: Connection, rows: Iterable[ListRow]) -> Iterator[int]:
    """Put rows into the staging table, a chunk in each transaction. Yields how many are there so far."""
    names = [column.name for column in staged.c]
    there = 0
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        with step(conn, read_only=True):
            insert_many(conn, staged, names, chunk)
        there += len(chunk)
        yield there


def insert_many(
    conn: Connection,
    table: Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    constants: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Rows as tuples, past the slower ways of binding them one by one; `constants` are the same in each row.
    Moments: see `raw_moment`."""
    if not rows:
        return
    cursor = conn.connection.cursor()
    same = tuple(constants.values())
    if conn.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.name} ({', '.join((*constants, *names))}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((*same, *row))
    else:
        columns = (*constants, *names)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            statement = _insert_statement(table.name, columns, len(same), len(some))
            cursor.execute(statement, [*same, *chain.from_iterable(some)])
    cursor.close()


@lru_cache(64)
def _insert_statement(table: str, columns: tuple[str, ...], same: int, rows: int) -> str:
    """Many rows a statement: SQLite prepares checks and indexes once for all, and binds what is the same once."""
    constant = [f"?{number + 1}" for number in range(same)]
    differing = len(columns) - same
    marks = (
        ", ".join(constant + [f"?{same + row * differing + number + 1}" for number in range(differing)])
        for row in range(rows)
    )
    values = ", ".join(f"({mark})" for mark in marks)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"  # noqa: S608 - names of our own


def raw_moment(conn: Connection, value: datetime) -> Any:
    """A moment as this store's driver wants it from `insert_many`."""
    if conn.dialect.name == "postgresql":
        return value
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def count_standing(conn: Connection, standing: Standing) -> int:
    query = select(func.count()).select_from(staged).where(staged.c.standing == int(standing))
    return conn.execute(query).scalar_one()


def iter_outcomes(conn: Connection) -> Iterator[Row]:
    """(line, outcome, reason) of every row, in the order of the file."""
    outcome = func.coalesce(outcomes.c.outcome, "added")
    reason = func.coalesce(outcomes.c.reason, "")
    query = select(staged.c.line, outcome, reason).outerjoin(outcomes, outcomes.c.line == staged.c.line)
    for chunk in fetch_many(conn, query.order_by(staged.c.line)):
        yield from chunk


def fetch_many(conn: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """A query's rows as the driver gives them, in chunks: wrapping a million of them would take as long as the
    query itself. Only for columns that need no conversion."""
    statement = str(query.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True}))
    name = {"name": "fetch_many"} if conn.dialect.name == "postgresql" else {}  # keeps the rows at the server
    cursor = conn.connection.cursor(**name)
    try:
        cursor.execute(statement)
        while chunk := cursor.fetchmany(CHUNK):
            yield chunk
    finally:
        cursor.close()
