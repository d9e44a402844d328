"""The ledger's lines: reading a batch's, and moving them from state to state by guarded updates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from newsletter.storage.schema import attempts, batches, deliveries, subscribers
from newsletter.types import DeliveryState


def list_readers(conn: Connection, batch_id: int, state: DeliveryState, *more: Any) -> Sequence[Any]:
    """In one order, so that every attempt sends the same in the same order."""
    return conn.execute(
        select(deliveries.c.issue_id, deliveries.c.subscriber_id, subscribers.c.email, *more)
        .select_from(deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id))
        .where(deliveries.c.batch_id == batch_id, deliveries.c.state == state)
        .order_by(deliveries.c.subscriber_id)
    ).all()


def begin_attempt(conn: Connection, batch_id: int, *, sender: str, provider: str, now: datetime) -> int:
    before = select(func.coalesce(func.max(attempts.c.number), 0)).where(attempts.c.batch_id == batch_id)
    found: Any = conn.execute(
        insert(attempts)
        .values(
            batch_id=batch_id,
            number=before.scalar_subquery() + 1,
            sender=sender,
            provider=provider,
            started_at=now,
        )
        .returning(attempts.c.id)
    ).scalar_one()
    conn.execute(update(batches).where(batches.c.id == batch_id).values(attempt_id=found, not_before=None))
    return int(found)


def move_lines(
    conn: Connection,
    batch_id: int,
    before: DeliveryState | None,
    after: DeliveryState,
    reason: str | None = None,
) -> None:
    """Move a batch's lines from one state to another; `before` None: from sending or in doubt."""
    states = [before] if before else [DeliveryState.SENDING, DeliveryState.IN_DOUBT]
    conn.execute(
        update(deliveries)
        .where(deliveries.c.batch_id == batch_id, deliveries.c.state.in_(states))
        .values(state=after, reason=reason)
    )


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
    if not lines:
        return
    conn.execute(
        update(deliveries)
        .where(
            deliveries.c.issue_id == bindparam("issue"),
            deliveries.c.subscriber_id == bindparam("reader"),
            or_(*(deliveries.c.state == state.value for state in before)),
        )
        .values(state=bindparam("to"), reason=bindparam("why"), reference=bindparam("name")),
        lines,
    )
