"""The ledger's moves: a batch is claimed, its attempt written, and what came of it recorded.

    queued ─claim─▶ sending ─┬─ taken ──────▶ done (its deliveries are sent, refused or skipped)
                             ├─ not taken ──▶ queued; still sending when an earlier attempt may be taken
                             └─ maybe taken ▶ in_doubt ─ the same attempt knows after all ─▶ as above

Every move is a guarded update. `batches.attempt_id` is the fence: only the latest attempt at a batch may
record, however late another wakes up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    insert,
    or_,
    select,
    update,
)

from newsletter.storage.issues import CANCELLED
from newsletter.storage.lines import begin_attempt, list_readers, make_line, move_lines, write_lines
from newsletter.storage.schema import attempts, batches, deliveries, issues
from newsletter.storage.sendable import why_not
from newsletter.types import Batch, Delivery, DeliveryState, IssueState, Receipt

NO_ANSWER = "the provider's answer does not mention it"


# --- claiming --------------------------------------------------------------------------------------------


def claim_batch(
    conn: Connection, issue_id: int, *, sender: str, provider: str, now: datetime, most: int | None = None
) -> Batch | None:
    """The issue's next batch, marked as being sent by us, with its attempt written; None when none is due.

    Its members are asked about once more: who left, was suppressed or paused since is skipped. With `most`, a
    larger batch is split and its first part claimed.
    """
    while row := _take_next(conn, issue_id, now):
        if most is not None and row.size > most:
            _split(conn, row, most)
        members = _ask_again(conn, row.id, now)
        if not members:
            conn.execute(update(batches).where(batches.c.id == row.id).values(state="done"))
            continue
        move_lines(conn, row.id, DeliveryState.QUEUED, DeliveryState.SENDING)
        attempt_id = begin_attempt(conn, row.id, sender=sender, provider=provider, now=now)
        return Batch(row.id, issue_id, row.edition_id, attempt_id, members)
    return None


def _take_next(conn: Connection, issue_id: int, now: datetime) -> Any:
    due = (
        select(batches.c.id)
        .join(issues, issues.c.id == batches.c.issue_id)
        .where(batches.c.issue_id == issue_id, batches.c.state == "queued", _is_due(now))
        .where(issues.c.state == IssueState.SENDING)
        .order_by(batches.c.id)
        .limit(1)
        .with_for_update(of=batches, skip_locked=True)
        .cte("due")
        # PostgreSQL may run an inlined sub-select again and then claims more than the limit.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return conn.execute(
        update(batches)
        .where(batches.c.id.in_(select(due.c.id)), batches.c.state == "queued")
        .values(state="sending")
        .returning(batches.c.id, batches.c.edition_id, batches.c.number, batches.c.issue_id, batches.c.size)
    ).first()


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(batches.c.not_before.is_(None), batches.c.not_before <= now)


def _split(conn: Connection, row: Any, most: int) -> None:
    """Leave `most` members in this batch; the others become a queued batch of their own."""
    last = conn.execute(
        select(deliveries.c.subscriber_id)
        .where(deliveries.c.batch_id == row.id, deliveries.c.state == DeliveryState.QUEUED)
        .order_by(deliveries.c.subscriber_id)
        .offset(most - 1)
        .limit(1)
    ).scalar()
    rest = (deliveries.c.batch_id == row.id, deliveries.c.subscriber_id > last)
    size = conn.execute(select(func.count()).select_from(deliveries).where(*rest)).scalar_one()
    if last is None or not size:
        return
    new: Any = conn.execute(
        insert(batches)
        .values(
            issue_id=row.issue_id, edition_id=row.edition_id, number=row.number, state="queued", size=size
        )
        .returning(batches.c.id)
    ).scalar_one()
    conn.execute(update(deliveries).where(*rest).values(batch_id=new))
    conn.execute(update(batches).where(batches.c.id == row.id).values(size=batches.c.size - size))


def _ask_again(conn: Connection, batch_id: int, now: datetime) -> tuple[Delivery, ...]:
    """The queued members who may still be written to; the others are skipped, each with the reason."""
    rows = list_readers(conn, batch_id, DeliveryState.QUEUED, why_not(now).label("why"))
    left = [
        make_line(row.issue_id, row.subscriber_id, row.why, state=DeliveryState.SKIPPED)
        for row in rows
        if row.why
    ]
    write_lines(conn, left, [DeliveryState.QUEUED])
    return tuple(Delivery(row.issue_id, row.subscriber_id, row.email) for row in rows if not row.why)


def next_due(conn: Connection, issue_id: int) -> datetime | None:
    """When the first of the batches that wait may be sent; None when none waits, or the issue is held."""
    waits = (batches.c.state == "queued") | (
        (batches.c.state == "sending") & attempts.c.finished_at.is_not(None)
    )
    row = conn.execute(
        select(batches.c.not_before, attempts.c.finished_at, issues.c.published_at)
        .join(issues, issues.c.id == batches.c.issue_id)
        .outerjoin(attempts, attempts.c.id == batches.c.attempt_id)
        .where(batches.c.issue_id == issue_id, issues.c.state == IssueState.SENDING, waits)
        .order_by(func.coalesce(batches.c.not_before, issues.c.published_at))
        .limit(1)
    ).first()
    return (row.not_before or row.published_at) if row else None


# --- recording -------------------------------------------------------------------------------------------


def record_taken(conn: Connection, batch: Batch, receipts: Sequence[Receipt], now: datetime) -> bool:
    """Write down the provider's answer. False, and nothing written, when the batch is no longer ours.

    A member without a receipt is in doubt: nobody said that it was sent.
    """
    answered = {one.delivery_id: one for one in receipts}
    silent = [one for one in batch.deliveries if one.id not in answered]
    if not _close(conn, batch, state="in_doubt" if silent else "done", outcome="taken", now=now):
        return False
    told = [
        (one, receipt)
        for one in batch.deliveries
        if (receipt := answered.get(one.id)) and (receipt.outcome == "refused" or receipt.reference)
    ]
    lines = [
        make_line(one.issue_id, one.subscriber_id, NO_ANSWER, state=DeliveryState.IN_DOUBT) for one in silent
    ]
    lines += [
        make_line(
            one.issue_id,
            one.subscriber_id,
            receipt.reason,
            state=DeliveryState(receipt.outcome),
            reference=receipt.reference,
        )
        for one, receipt in told
    ]
    if len(lines) < len(batch.deliveries):  # most often all were sent, and there is nothing to say of each
        move_lines(conn, batch.id, None, DeliveryState.SENT)
    write_lines(conn, lines, [DeliveryState.SENDING, DeliveryState.IN_DOUBT, DeliveryState.SENT])
    return True


def record_not_taken(
    conn: Connection, batch: Batch, error: str, now: datetime, *, not_before: datetime | None = None
) -> bool:
    """Queue the batch again, for nothing of this call was accepted. False when it is no longer ours.

    Of an issue that was cancelled meanwhile nothing is queued again. When an earlier attempt may have been
    taken, the batch keeps its members and waits for the same key once more: see storage.settling.
    """
    cancelled = _state_of(conn, batch.issue_id) == IssueState.CANCELLED
    fixed = _may_have_been_taken(conn, batch)
    state = "sending" if fixed else "done" if cancelled else "queued"
    if not _close(conn, batch, state=state, outcome="not_taken", now=now, error=error):
        return False
    conn.execute(update(batches).where(batches.c.id == batch.id).values(not_before=not_before))
    if fixed:
        move_lines(conn, batch.id, DeliveryState.IN_DOUBT, DeliveryState.SENDING)
    elif cancelled:
        move_lines(conn, batch.id, None, DeliveryState.SKIPPED, CANCELLED)
    else:
        move_lines(conn, batch.id, None, DeliveryState.QUEUED)
    return True


def _state_of(conn: Connection, issue_id: int) -> str:
    # The lock keeps a cancellation from passing between this look and our commit.
    row: Any = conn.execute(
        select(issues.c.state).where(issues.c.id == issue_id).with_for_update(read=True)
    ).scalar_one()
    return str(row)


def _may_have_been_taken(conn: Connection, batch: Batch) -> bool:
    """Whether an earlier attempt ended unknown: then its members stay as they are, for the same key again."""
    earlier = select(attempts.c.id).where(
        attempts.c.batch_id == batch.id,
        attempts.c.id < batch.attempt_id,
        attempts.c.outcome == "maybe_taken",
    )
    return conn.execute(earlier.limit(1)).first() is not None


def record_doubt(conn: Connection, batch: Batch, error: str, now: datetime) -> bool:
    """Nobody can know from here whether these were sent: they wait, visibly. False when no longer ours."""
    if not _close(conn, batch, state="in_doubt", outcome="maybe_taken", now=now, error=error):
        return False
    move_lines(conn, batch.id, DeliveryState.SENDING, DeliveryState.IN_DOUBT, error)
    return True


def _close(
    conn: Connection, batch: Batch, *, state: str, outcome: str, now: datetime, error: str | None = None
) -> bool:
    """End the attempt and move its batch on, if it is still the batch's latest and nobody settled it."""
    ours = conn.execute(
        update(batches)
        .where(
            batches.c.id == batch.id,
            batches.c.attempt_id == batch.attempt_id,
            batches.c.state.in_(("sending", "in_doubt")),
        )
        .values(state=state)
    )
    if ours.rowcount != 1:
        return False
    conn.execute(
        update(attempts)
        .where(attempts.c.id == batch.attempt_id)
        .values(finished_at=now, outcome=outcome, error=error)
    )
    return True
