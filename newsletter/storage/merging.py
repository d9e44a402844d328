"""From the staging table into the store, in one transaction: all of a list is there, or nothing of it.

In chunks with transactions of their own the web's writers would wait less (a tenth of a second instead of
some seconds for a million rows), but a list that stops in the middle would be half imported. A list of 50,000
holds the store for less than a second. On SQLite the transaction has the one write lock; on PostgreSQL it
locks `subscribers` against other writers. Who only reads never waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, Update, bindparam, case, cast, exists, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.listed import Standing
from newsletter.storage.consent import VARYING, Action, Chain, Log, Row, Writer
from newsletter.storage.schema import consent, subscribers, suppressions
from newsletter.storage.staging import count_standing, fetch_many, insert_many, outcomes, raw_moment, staged
from newsletter.storage.suppressions import Reason
from newsletter.types import Origin

NEW_COLUMNS = ("id", "email", "email_key", "first_name", "topics")

SUPPRESSIONS: dict[int, Reason] = {
    Standing.BLOCKED: Reason.MANUAL,
    Standing.BOUNCED: Reason.BOUNCED,
    Standing.COMPLAINED: Reason.COMPLAINED,
}


class Candidate(NamedTuple):
    """A staged row beside what the store knows of its address."""

    line: int
    email: str
    key: str
    standing: int
    first_name: str | None
    topics: str | None
    given_at: str | None
    network: str | None
    subscriber_id: int | None
    state: str | None
    known_name: str | None
    known_topics: str | None
    left_on: str | None
    chose_topics: bool | None
    """By their own hand: no list changes that."""
    chose_name: bool | None
    suppressed: str | None
    """The reason, for an address that is suppressed in the clear."""


def lock(conn: Connection) -> None:
    """Keep other writers out until the end of the transaction. SQLite's begins with its write lock."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("LOCK TABLE subscribers IN SHARE ROW EXCLUSIVE MODE"))


def candidates(conn: Connection) -> Iterator[Sequence[Candidate]]:
    """Every staged row that names an address, by address; of one address the weightiest comes first."""
    query = (
        select(
            *(column for column in staged.c if column.name != "reason"),
            subscribers.c.id,
            subscribers.c.state,
            subscribers.c.first_name.label("known_name"),
            subscribers.c.topics.label("known_topics"),
            func.substr(cast(subscribers.c.unsubscribed_at, Text), 1, 10),
            _chose(Action.TOPICS),
            _chose(Action.NAME),
            suppressions.c.reason.label("suppressed"),
        )
        .select_from(
            staged.outerjoin(subscribers, subscribers.c.email_key == staged.c.key).outerjoin(
                suppressions, suppressions.c.email_key == staged.c.key
            )
        )
        .where(staged.c.standing != int(Standing.NOBODY))
        .order_by(staged.c.key, staged.c.standing.desc(), staged.c.line)
    )
    for chunk in fetch_many(conn, query):
        yield list(map(Candidate._make, chunk))


def _chose(action: Action) -> Any:
    own = exists().where(consent.c.subscriber_id == subscribers.c.id, consent.c.action == action)
    return case((subscribers.c.id.is_not(None), own))  # most rows of a list are about nobody yet


class Act(StrEnum):
    """What can be done with a candidate."""

    NOTHING = "nothing"
    ADD = "add"
    """A new reader, active."""
    KEEP_OUT = "keep out"
    """A new row for somebody who left elsewhere: no later list can add them."""
    ACTIVATE = "activate"
    UPDATE = "update"
    LEAVE = "leave"
    SUPPRESS = "suppress"


class Merge:
    """Writes what was decided, a chunk of candidates in few statements."""

    def __init__(self, conn: Connection, origin: Origin, log: Log, now: datetime) -> None:
        self._conn = conn
        self._now = now
        at = raw_moment(conn, now)
        every = {"source": origin.source, "created_at": at}
        self._active = every | {"state": "active", "confirmed_at": at}
        self._kept_out = every | {"state": "unsubscribed", "unsubscribed_at": at}
        self._chain = Chain(conn, log.keys)
        raw = partial(raw_moment, conn)
        self._imported = self._chain.writer(Action.IMPORTED, now, origin, raw=raw)
        self._left = self._chain.writer(Action.UNSUBSCRIBED, now, origin, raw=raw)
        self._last_id = _last_id(conn)
        self._acts = {
            Act.ADD: self._add,
            Act.KEEP_OUT: self._keep_out,
            Act.ACTIVATE: self._activate,
            Act.UPDATE: self._update,
            Act.LEAVE: self._leave,
            Act.SUPPRESS: self._suppress,
        }
        self._begin_chunk()

    def do(self, act: Act, row: Candidate, name: str | None, topics: str) -> None:
        """Note one decision; `flush` writes it."""
        self._acts[act](row, name, topics)

    def flush(self) -> None:
        insert_many(self._conn, subscribers, NEW_COLUMNS, self._new, self._active)
        insert_many(self._conn, subscribers, NEW_COLUMNS, self._new_outside, self._kept_out)
        for values in self._changed:
            if values:
                self._conn.execute(_update_by_id(values[0]), values)
        if self._suppressed:
            insert = postgresql.insert if self._conn.dialect.name == "postgresql" else sqlite.insert
            self._conn.execute(insert(suppressions).on_conflict_do_nothing(), self._suppressed)
        for writer, lines in self._lines.items():
            insert_many(self._conn, consent, VARYING, lines, writer.constants)
        self._begin_chunk()

    def close(self) -> None:
        self._chain.close()
        if self._conn.dialect.name == "postgresql":
            # Ids were given from here: what the sequence gives next must come after them.
            sequence = func.pg_get_serial_sequence("subscribers", "id")
            self._conn.execute(select(func.setval(sequence, self._last_id)))

    def _begin_chunk(self) -> None:
        self._new: list[tuple[Any, ...]] = []
        self._new_outside: list[tuple[Any, ...]] = []
        self._lines: dict[Writer, list[Row]] = {self._imported: [], self._left: []}
        self._activated: list[dict[str, Any]] = []
        self._updated: list[dict[str, Any]] = []
        self._gone: list[dict[str, Any]] = []
        self._changed = (self._activated, self._updated, self._gone)
        self._suppressed: list[dict[str, Any]] = []

    def _add(self, row: Candidate, name: str | None, topics: str) -> None:
        self._last_id += 1
        self._new.append((self._last_id, row.email, row.key, name, topics))
        self._log(self._imported, self._last_id, row, topics)

    def _keep_out(self, row: Candidate, name: str | None, topics: str) -> None:
        self._last_id += 1
        self._new_outside.append((self._last_id, row.email, row.key, None, "*"))
        self._log(self._left, self._last_id, row, "")

    def _activate(self, row: Candidate, name: str | None, topics: str) -> None:
        self._activated.append(
            {
                "the_id": row.subscriber_id,
                "state": "active",
                "confirmed_at": self._now,
                "first_name": name,
                "topics": topics,
            }
        )
        self._log(self._imported, row.subscriber_id, row, topics)

    def _update(self, row: Candidate, name: str | None, topics: str) -> None:
        self._updated.append({"the_id": row.subscriber_id, "first_name": name, "topics": topics})
        self._log(self._imported, row.subscriber_id, row, topics)

    def _leave(self, row: Candidate, name: str | None, topics: str) -> None:
        self._gone.append(
            {"the_id": row.subscriber_id, "state": "unsubscribed", "unsubscribed_at": self._now}
        )
        self._log(self._left, row.subscriber_id, row, "")

    def _suppress(self, row: Candidate, name: str | None, topics: str) -> None:
        reason = SUPPRESSIONS[row.standing].value
        self._suppressed.append({"email_key": row.key, "reason": reason, "at": self._now, "detail": "import"})

    def _log(self, writer: Writer, subscriber_id: int | None, row: Candidate, topics: str) -> None:
        given_at = datetime.fromisoformat(row.given_at) if row.given_at else None
        detail = f"topics {topics}" if topics else ""
        self._lines[writer].append(writer.line(subscriber_id or 0, given_at, row.network, detail))


def _update_by_id(values: dict[str, Any]) -> Update:
    columns: dict[str, Any] = {name: bindparam(name) for name in values if name != "the_id"}
    return subscribers.update().where(subscribers.c.id == bindparam("the_id")).values(columns)


def note_outcomes(conn: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    insert_many(conn, outcomes, ("line", "outcome", "reason"), rows)


def note_refused(conn: Connection) -> int:
    """Rows that name nobody are refused for the reason they were read with. How many there are."""
    rows = select(staged.c.line, text("'refused'"), staged.c.reason).where(
        staged.c.standing == int(Standing.NOBODY)
    )
    conn.execute(outcomes.insert().from_select(["line", "outcome", "reason"], rows))
    return count_standing(conn, Standing.NOBODY)


def _last_id(conn: Connection) -> int:
    """The highest id ever given: links name readers by it, so that none is given twice."""
    if conn.dialect.name == "postgresql":
        return int(conn.execute(text("SELECT last_value FROM subscribers_id_seq")).scalar_one())
    found = conn.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'subscribers'")).scalar()
    return int(found or 0)
