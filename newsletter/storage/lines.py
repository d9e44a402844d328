"""The ledger's lines: reading a batch's, and moving them from state to state by guarded updates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.storage.schema import attempts, batches, deliveries, issues, subscribers
from newsletter.types import Delivery, DeliveryState

# Statements that every batch runs are made once: building one costs many times what SQLite takes to run it.


class _AsList(FunctionElement[Any]):
    """All rows as one value, a list of lists. A driver gives the interpreter's lock away for each row that it fetches,
    and then waits until whatever other thread computes has done: a thousand times a batch."""

    type = JSON()
    inherit_cache = True


@compiles(_AsList, "sqlite")
def _as_list_in_sqlite(rows: _AsList, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_group_array(json_array({compiler.process(rows.clauses, **how)}))"


@compiles(_AsList, "postgresql")
def _as_list_in_postgresql(rows: _AsList, compiler: SQLCompiler, **how: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(rows.clauses, **how)})), '[]')"


def readers_of_batch(*more: ColumnElement[Any]) -> Select[Any]:
    """A batch's lines in one state with their readers' addresses, for `read_readers`."""
    lines = (
        select(deliveries.c.issue_id, deliveries.c.subscriber_id, subscribers.c.email, *more)
        .select_from(deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id))
        .where(deliveries.c.batch_id == bindparam("batch"), deliveries.c.state == bindparam("state"))
        .subquery()
    )
    return select(_AsList(*lines.c))


def read_readers(conn: Connection, asked: Select[Any], values: dict[str, Any]) -> list[list[Any]]:
    """Issue, reader, address and whatever more was asked of each line; `values` has `batch` and `state`. In one order,
    so that every attempt sends the same in the same order."""
    return sorted(conn.execute(asked, values).scalar_one())


_READERS = readers_of_batch()


def list_readers(conn: Connection, batch_id: int, state: DeliveryState) -> tuple[Delivery, ...]:
    """With the addresses as they are now; of who was erased, an empty one."""
    rows = read_readers(conn, _READERS, {"batch": batch_id, "state": state})
    return tuple([Delivery(issue_id, reader, email or "") for issue_id, reader, email in rows])


_NAMED = (
    select(issues.c.slug, issues.c.hash, issues.c.published_at)
    .join(batches, batches.c.issue_id == issues.c.id)
    .where(batches.c.id == bindparam("batch"))
)


def make_key(conn: Connection, batch_id: int, members: Iterable[int]) -> str:
    """What a call is named to the provider: the same for the same members of the same batch, on every attempt.

    Another list is another call; so is the batch of the same number in another store that shares the account.
    """
    row = conn.execute(_NAMED, {"batch": batch_id}).one()
    named = f"{row.hash} {row.published_at.isoformat()} {','.join(map(str, members))}"
    return f"{row.slug}-{batch_id}-{hashlib.sha256(named.encode()).hexdigest()[:20]}"


_BEGIN = (
    insert(attempts)
    .values(
        batch_id=bindparam("batch"),
        number=select(func.coalesce(func.max(attempts.c.number), 0))
        .where(attempts.c.batch_id == bindparam("batch"))
        .scalar_subquery()
        + 1,
    )
    .returning(attempts.c.id)
)
_BEGUN = update(batches).where(batches.c.id == bindparam("batch")).values(not_before=None)


def begin_attempt(
    conn: Connection, batch_id: int, *, key: str, sender: str, provider: str, now: datetime
) -> int:
    new = {"batch": batch_id, "key": key, "sender": sender, "provider": provider, "started_at": now}
    found = int(conn.execute(_BEGIN, new).scalar_one())
    conn.execute(_BEGUN, {"batch": batch_id, "attempt_id": found})
    return found


def split_off(
    conn: Connection, batch_id: int, *which: ColumnElement[bool], not_before: datetime | None = None
) -> int:
    """Give these lines of a batch to a queued batch of their own, of the same edition. How many they are."""
    those = (deliveries.c.batch_id == batch_id, *which)
    size = conn.execute(select(func.count()).select_from(deliveries).where(*those)).scalar_one()
    if not size:
        return 0
    old = conn.execute(select(batches).where(batches.c.id == batch_id)).one()
    new: Any = conn.execute(
        insert(batches)
        .values(
            issue_id=old.issue_id,
            edition_id=old.edition_id,
            number=old.number,
            state="queued",
            size=size,
            not_before=not_before,
        )
        .returning(batches.c.id)
    ).scalar_one()
    conn.execute(update(deliveries).where(*those).values(batch_id=new))
    conn.execute(update(batches).where(batches.c.id == batch_id).values(size=batches.c.size - size))
    return int(size)


def move_lines(
    conn: Connection,
    batch_id: int,
    before: DeliveryState | None,
    after: DeliveryState,
    reason: str | None = None,
    *,
    reference: str | None = None,
) -> None:
    """Move a batch's lines from one state to another; `before` None: from sending or in doubt."""
    named = {"reference": reference} if reference else {}
    conn.execute(_lines_in(before), {"batch": batch_id, "state": after, "reason": reason, **named})


@cache
def _lines_in(state: DeliveryState | None) -> Update:
    states = [state] if state else [DeliveryState.SENDING, DeliveryState.IN_DOUBT]
    of_batch = deliveries.c.batch_id == bindparam("batch")
    return update(deliveries).where(of_batch, or_(*(deliveries.c.state == one.value for one in states)))


def make_line(
    issue_id: int,
    subscriber_id: int,
    reason: str | None,
    *,
    state: DeliveryState,
    reference: str | None = None,
) -> dict[str, Any]:
    return {
        "issue": issue_id,
        "reader": subscriber_id,
        "to": state.value,
        "why": reason,
        "name": reference,
    }


def write_lines(conn: Connection, lines: list[dict[str, Any]], before: Sequence[DeliveryState]) -> None:
    """Move single lines, each with its own reason and reference."""
    if lines:
        conn.execute(_line_in(tuple(before)), lines)


@cache
def _line_in(states: tuple[DeliveryState, ...]) -> Update:
    return (
        update(deliveries)
        .where(
            deliveries.c.issue_id == bindparam("issue"),
            deliveries.c.subscriber_id == bindparam("reader"),
            or_(*(deliveries.c.state == one.value for one in states)),
        )
        .values(state=bindparam("to"), reason=bindparam("why"), reference=bindparam("name"))
    )
