"""What verifying asks of the ledger: does each line belong where it stands, and who was sent which edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from newsletter.storage.schema import attempts, batches, deliveries, editions, subscribers
from newsletter.types import DeliveryState


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery that was planned, whatever became of it."""

    id: str
    """See types.Delivery."""
    edition_id: int
    email: str | None
    """The reader's address by now; None once it is erased."""
    sent: bool


def count_strays(conn: Connection, issue_id: int) -> dict[str, int]:
    """Lines of an issue that no plan or sending can have left as they are: what is wrong with them → how many."""
    batch, edition = batches.c, editions.c
    elsewhere = or_(
        batch.id.is_(None), batch.issue_id != issue_id, batch.edition_id != deliveries.c.edition_id
    )
    foreign = or_(edition.id.is_(None), edition.issue_id != issue_id)
    tried = exists().where(attempts.c.batch_id == deliveries.c.batch_id)
    planned = deliveries.c.batch_id.is_not(None)
    return {
        "deliveries in a batch that is not theirs": _count(conn, issue_id, planned, elsewhere),
        "deliveries of an edition that is not of this issue": _count(conn, issue_id, planned, foreign),
        "deliveries marked as sent that nobody tried to send": _count(
            conn, issue_id, deliveries.c.state == DeliveryState.SENT, ~tried
        ),
    }


def _count(conn: Connection, issue_id: int, *wrong: ColumnElement[bool]) -> int:
    joined = deliveries.outerjoin(batches, batches.c.id == deliveries.c.batch_id).outerjoin(
        editions, editions.c.id == deliveries.c.edition_id
    )
    found = conn.execute(
        select(func.count()).select_from(joined).where(and_(deliveries.c.issue_id == issue_id, *wrong))
    )
    return int(found.scalar_one())


def iter_lines(conn: Connection, issue_id: int) -> Iterator[Line]:
    """The deliveries that were planned for an issue, in the order of the readers; not those who were skipped then."""
    rows = conn.execute(
        select(deliveries.c.subscriber_id, deliveries.c.edition_id, subscribers.c.email, deliveries.c.state)
        .select_from(deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id))
        .where(deliveries.c.issue_id == issue_id, deliveries.c.edition_id.is_not(None))
        .order_by(deliveries.c.subscriber_id)
    )
    for subscriber_id, edition_id, email, state in rows:
        yield Line(f"{issue_id}-{subscriber_id}", edition_id, email, state == DeliveryState.SENT)
