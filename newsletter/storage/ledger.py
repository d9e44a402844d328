"""The ledger's moves: a batch is claimed, its attempt written, and what came of it recorded.

    queued ─claim─▶ sending ─┬─ taken ──────▶ done (its deliveries are sent, refused or skipped)
                             ├─ not taken ──▶ queued; still sending when an earlier attempt may be taken
                             └─ maybe taken ▶ in_doubt ─ the same attempt knows after all ─▶ as above

Every move is a guarded update. `batches.attempt_id` is the fence: only the latest attempt at a batch may
record, however late another wakes up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from newsletter.storage.issues import CANCELLED
from newsletter.storage.schema import attempts, batches, deliveries, issues, subscribers
from newsletter.storage.sendable import why_not
from newsletter.types import Batch, Delivery, DeliveryState, IssueState, Receipt

NO_ANSWER = "the provider's answer does not mention it"
NO_RECORD = "its process ended before the answer was recorded"


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """The latest attempt at a batch that is marked as being sent."""

    id: int
    batch_id: int
    edition_id: int
    sender: str
    """See newsletter.process."""
    provider: str
    started_at: datetime
    finished_at: datetime | None
    """None: the call is under way, or its process died. Else it was not taken, but an earlier one may be."""
    not_before: datetime | None
    """When the provider asked us to come again; None: at once."""


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
        _move(conn, row.id, DeliveryState.QUEUED, DeliveryState.SENDING)
        attempt_id = _begin_attempt(conn, row.id, sender=sender, provider=provider, now=now)
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
    rows = _readers(conn, batch_id, DeliveryState.QUEUED, why_not(now).label("why"))
    left = [
        _line(row.issue_id, row.subscriber_id, row.why, state=DeliveryState.SKIPPED)
        for row in rows
        if row.why
    ]
    _write(conn, left, [DeliveryState.QUEUED])
    return tuple(Delivery(row.issue_id, row.subscriber_id, row.email) for row in rows if not row.why)


def _readers(conn: Connection, batch_id: int, state: DeliveryState, *more: Any) -> Sequence[Any]:
    """In one order, so that every attempt sends the same in the same order."""
    return conn.execute(
        select(deliveries.c.issue_id, deliveries.c.subscriber_id, subscribers.c.email, *more)
        .select_from(deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id))
        .where(deliveries.c.batch_id == batch_id, deliveries.c.state == state)
        .order_by(deliveries.c.subscriber_id)
    ).all()


def _begin_attempt(conn: Connection, batch_id: int, *, sender: str, provider: str, now: datetime) -> int:
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
        _line(one.issue_id, one.subscriber_id, NO_ANSWER, state=DeliveryState.IN_DOUBT) for one in silent
    ]
    lines += [
        _line(
            one.issue_id,
            one.subscriber_id,
            receipt.reason,
            state=DeliveryState(receipt.outcome),
            reference=receipt.reference,
        )
        for one, receipt in told
    ]
    if len(lines) < len(batch.deliveries):  # most often all were sent, and there is nothing to say of each
        _move(conn, batch.id, None, DeliveryState.SENT)
    _write(conn, lines, [DeliveryState.SENDING, DeliveryState.IN_DOUBT, DeliveryState.SENT])
    return True


def record_not_taken(
    conn: Connection, batch: Batch, error: str, now: datetime, *, not_before: datetime | None = None
) -> bool:
    """Queue the batch again, for nothing of this call was accepted. False when it is no longer ours.

    Of an issue that was cancelled meanwhile nothing is queued again. When an earlier attempt may have been
    taken, the batch keeps its members and waits for the same key once more: see take_over.
    """
    cancelled = _state_of(conn, batch.issue_id) == IssueState.CANCELLED
    fixed = _may_have_been_taken(conn, batch)
    state = "sending" if fixed else "done" if cancelled else "queued"
    if not _close(conn, batch, state=state, outcome="not_taken", now=now, error=error):
        return False
    conn.execute(update(batches).where(batches.c.id == batch.id).values(not_before=not_before))
    if fixed:
        _move(conn, batch.id, DeliveryState.IN_DOUBT, DeliveryState.SENDING)
    elif cancelled:
        _move(conn, batch.id, None, DeliveryState.SKIPPED, CANCELLED)
    else:
        _move(conn, batch.id, None, DeliveryState.QUEUED)
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
    _move(conn, batch.id, DeliveryState.SENDING, DeliveryState.IN_DOUBT, error)
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


# --- settling what a dead process left -------------------------------------------------------------------


def list_open_attempts(conn: Connection, issue_id: int) -> list[OpenAttempt]:
    """The latest attempt of each batch that is marked as being sent."""
    rows = conn.execute(
        select(
            attempts.c.id,
            batches.c.id,
            batches.c.edition_id,
            attempts.c.sender,
            attempts.c.provider,
            attempts.c.started_at,
            attempts.c.finished_at,
            batches.c.not_before,
        )
        .join(batches, batches.c.attempt_id == attempts.c.id)
        .where(batches.c.issue_id == issue_id, batches.c.state == "sending")
        .order_by(batches.c.id)
    )
    return [OpenAttempt(*row) for row in rows]


def take_over(
    conn: Connection, issue_id: int, dead: OpenAttempt, *, sender: str, provider: str, now: datetime
) -> Batch | None:
    """The same batch with the same members as a new attempt of ours; None when somebody else was quicker.

    Only for a provider that takes a key once. Members are not asked about again: they may have it already,
    and another list under the same key would be another mail.
    """
    ours = conn.execute(
        update(batches)
        .where(batches.c.id == dead.batch_id, batches.c.attempt_id == dead.id, batches.c.state == "sending")
        .values(state="sending")
    )
    if ours.rowcount != 1:
        return None
    _bury(conn, dead, now)
    attempt_id = _begin_attempt(conn, dead.batch_id, sender=sender, provider=provider, now=now)
    rows = _readers(conn, dead.batch_id, DeliveryState.SENDING)
    members = tuple(Delivery(row.issue_id, row.subscriber_id, row.email or "") for row in rows)
    return Batch(dead.batch_id, issue_id, dead.edition_id, attempt_id, members)


def put_in_doubt(conn: Connection, dead: OpenAttempt, reason: str, now: datetime) -> bool:
    """Whether *this call* put a batch of which nobody can know into doubt."""
    ours = conn.execute(
        update(batches)
        .where(batches.c.id == dead.batch_id, batches.c.attempt_id == dead.id, batches.c.state == "sending")
        .values(state="in_doubt")
    )
    if ours.rowcount != 1:
        return False
    _bury(conn, dead, now)
    _move(conn, dead.batch_id, DeliveryState.SENDING, DeliveryState.IN_DOUBT, reason)
    return True


def _bury(conn: Connection, dead: OpenAttempt, now: datetime) -> None:
    conn.execute(
        update(attempts)
        .where(attempts.c.id == dead.id, attempts.c.finished_at.is_(None))
        .values(finished_at=now, outcome="maybe_taken", error=NO_RECORD)
    )


# --- lines -----------------------------------------------------------------------------------------------


def _move(
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


def _line(
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


def _write(conn: Connection, lines: list[dict[str, Any]], before: Sequence[DeliveryState]) -> None:
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
