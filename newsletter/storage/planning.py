"""Planning an issue's deliveries: one statement for all readers, however many there are.

Readers' topics are few distinct texts. Python decides what each text means for this issue; the store numbers
the readers of each edition and puts each into its batch. Nothing of a reader passes through here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import ceil
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    null,
    select,
    values,
)
from sqlalchemy.exc import OperationalError

from newsletter.errors import IssueError
from newsletter.storage.schema import batches, deliveries, subscribers
from newsletter.storage.sendable import is_sendable
from newsletter.types import DeliveryState, Topics

NOTHING_FOR_THEM = "nothing in their topics this week"


@dataclass(frozen=True, slots=True)
class Share:
    """The readers with one text of topics: which edition is theirs, and in which batches they come."""

    topics: str
    edition_id: int | None
    """None: nothing of the issue is in these topics."""
    first: int | None
    """The number of the edition's first batch; None likewise."""


def choose_edition(reader: Topics, editions: Mapping[Topics, int]) -> int | None:
    """The edition that shows exactly what of the issue the reader chose; None when that is nothing.

    Raises IssueError when there is no such edition: every set of the issue's sections must have one.
    """
    sections = sorted({section for topics in editions for section in topics.ids})
    wanted = tuple(section for section in sections if section in reader)
    if sections and not wanted:
        return None
    if Topics(wanted) not in editions:
        raise IssueError(f"there is no edition for the topics {','.join(wanted)}")
    return editions[Topics(wanted)]


def plan_deliveries(
    conn: Connection, issue_id: int, editions: Mapping[Topics, int], *, batch_size: int, now: datetime
) -> int:
    """A delivery for every reader who may be written to at `now`, in batches of one edition each.

    Returns how many there are. The transaction must see one state of the store throughout: pipeline.publish.
    """
    readers = _count_readers(conn, now)
    mine = {topics: choose_edition(Topics.parse(topics), editions) for topics in readers}
    sizes: dict[int, int] = {}
    for topics, edition_id in mine.items():
        if edition_id is not None:
            sizes[edition_id] = sizes.get(edition_id, 0) + readers[topics]
    firsts = _add_batches(conn, issue_id, sizes, batch_size)
    shares = [Share(text, one, firsts.get(one) if one else None) for text, one in mine.items()]
    if shares:
        with _sorting_on_disk(conn):
            _add_deliveries(conn, issue_id, shares, batch_size, now)
    return sum(readers.values())


def count_audience(conn: Connection, editions: Mapping[Topics, int], now: datetime) -> tuple[int, int]:
    """How many deliveries planning would make now, and how many readers it would skip."""
    shares, skipped = count_shares(conn, editions, now)
    return sum(shares.values()), skipped


def count_shares(
    conn: Connection, editions: Mapping[Topics, int], now: datetime
) -> tuple[dict[Topics, int], int]:
    """How many readers each edition has at `now`, and for how many there is none."""
    shares, skipped = dict.fromkeys(editions, 0), 0
    names = {id_: topics for topics, id_ in editions.items()}
    for topics, number in _count_readers(conn, now).items():
        chosen = choose_edition(Topics.parse(topics), editions)
        if chosen is None:
            skipped += number
        else:
            shares[names[chosen]] += number
    return shares, skipped


def _count_readers(conn: Connection, now: datetime) -> dict[str, int]:
    rows = conn.execute(
        select(subscribers.c.topics, func.count()).where(is_sendable(now)).group_by(subscribers.c.topics)
    )
    return dict(sorted((row[0], row[1]) for row in rows))


def _add_batches(
    conn: Connection, issue_id: int, sizes: Mapping[int, int], batch_size: int
) -> dict[int, int]:
    """Batches for editions with so many readers; the number of each edition's first one."""
    numbers = count()
    firsts: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for edition_id, size in sorted(sizes.items()):
        for nth in range(ceil(size / batch_size)):
            number = next(numbers)
            firsts.setdefault(edition_id, number)
            rows.append(
                {
                    "issue_id": issue_id,
                    "edition_id": edition_id,
                    "number": number,
                    "state": "queued",
                    "size": min(batch_size, size - nth * batch_size),
                }
            )
    if rows:
        conn.execute(insert(batches), rows)
    return firsts


def _add_deliveries(
    conn: Connection, issue_id: int, shares: list[Share], batch_size: int, now: datetime
) -> None:
    share = _as_rows(shares)
    # In the order of the readers within an edition: a batch's lines lie side by side in the table.
    place = func.row_number().over(partition_by=share.c.edition_id, order_by=subscribers.c.id)
    numbered = (
        select(subscribers.c.id, share.c.edition_id, share.c.first, (place - 1).label("place"))
        .join(share, share.c.topics == subscribers.c.topics)
        .where(is_sendable(now))
        .cte("numbered")
    )
    number = numbered.c.first + numbered.c.place.op("/")(literal(batch_size, Integer))
    skipped = numbered.c.edition_id.is_(None)
    lines = select(
        literal(issue_id, Integer),
        numbered.c.id,
        numbered.c.edition_id,
        batches.c.id,
        case((skipped, DeliveryState.SKIPPED.value), else_=DeliveryState.QUEUED.value),
        case((skipped, NOTHING_FOR_THEM), else_=null()),
    ).select_from(
        numbered.outerjoin(batches, and_(batches.c.issue_id == issue_id, batches.c.number == number))
    )
    conn.execute(
        insert(deliveries).from_select(
            ["issue_id", "subscriber_id", "edition_id", "batch_id", "state", "reason"], lines
        )
    )


@contextmanager
def _sorting_on_disk(conn: Connection) -> Iterator[None]:
    """SQLite sorts in memory here, by the number of readers, unless told otherwise. What it sorts are numbers: no
    address is in them. A connection that has a temporary table cannot change it, and then sorts in memory."""
    if conn.dialect.name != "sqlite":
        yield
        return
    with suppress(OperationalError):
        conn.exec_driver_sql("PRAGMA temp_store=FILE")
    try:
        yield
    finally:
        with suppress(OperationalError):
            conn.exec_driver_sql("PRAGMA temp_store=MEMORY")


def _as_rows(shares: list[Share]) -> Any:
    """The shares as a table within the statement."""
    rows = values(column("topics", Text), column("edition_id", Integer), column("first", Integer)).data(
        [(one.topics, one.edition_id, one.first) for one in shares]
    )
    table = rows.cte("shares")
    return select(
        table.c.topics,
        cast(table.c.edition_id, Integer).label("edition_id"),
        cast(table.c.first, Integer).label("first"),
    ).subquery("share")
