"""The ledger's moves: a batch is claimed, its attempt written, and what came of it recorded.

    queued ─claim─▶ sending ─┬─ taken ──────▶ done (its deliveries are sent, refused or skipped)
                             ├─ not taken ──▶ queued; still sending when an earlier attempt may be taken
                             ├─ rejected ───▶ queued in two halves; one alone is refused
                             └─ maybe taken ▶ in_doubt, or sending where the same key may be tried again
    in_doubt ─ the same attempt knows after all ─▶ as above; else see storage.doubts

Every move is a guarded update. `batches.attempt_id` is the fence: only the latest attempt at a batch may
record, however late another wakes up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from newsletter.storage.issues import CANCELLED
from newsletter.storage.lines import (
    begin_attempt,
    make_key,
    make_line,
    move_lines,
    read_readers,
    readers_of_batch,
    split_off,
    write_lines,
)
from newsletter.storage.news import settle_by_news
from newsletter.storage.schema import UtcDateTime, attempts, batches, deliveries, issues
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
            _split(conn, row.id, most)
        members = _ask_again(conn, row.id, now)
        if not members:
            conn.execute(update(batches).where(batches.c.id == row.id).values(state="done"))
            continue
        move_lines(conn, row.id, DeliveryState.QUEUED, DeliveryState.SENDING)
        key = make_key(conn, row.id, [one.subscriber_id for one in members])
        attempt_id = begin_attempt(conn, row.id, key=key, sender=sender, provider=provider, now=now)
        return Batch(row.id, issue_id, row.edition_id, attempt_id, members, key)
    return None


_DUE = (
    select(batches.c.id)
    .join(issues, issues.c.id == batches.c.issue_id)
    .where(
        batches.c.issue_id == bindparam("issue"),
        batches.c.state == "queued",
        or_(batches.c.not_before.is_(None), batches.c.not_before <= bindparam("now", type_=UtcDateTime)),
        issues.c.state == IssueState.SENDING.value,
    )
    .order_by(batches.c.id)
    .limit(1)
    .with_for_update(of=batches, skip_locked=True)
    .cte("due")
    # PostgreSQL may run an inlined sub-select again and then claims more than the limit.
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_TAKE = (
    update(batches)
    .where(batches.c.id.in_(select(_DUE.c.id)), batches.c.state == "queued")
    .values(state="sending")
    .returning(batches.c.id, batches.c.edition_id, batches.c.size)
)


def _take_next(conn: Connection, issue_id: int, now: datetime) -> Any:
    return conn.execute(_TAKE, {"issue": issue_id, "now": now}).first()


def _split(conn: Connection, batch_id: int, most: int) -> None:
    """Leave `most` queued members in this batch; the others become a queued batch of their own."""
    queued = (deliveries.c.batch_id == batch_id, deliveries.c.state == DeliveryState.QUEUED)
    by_reader = select(deliveries.c.subscriber_id).where(*queued).order_by(deliveries.c.subscriber_id)
    split_off(conn, batch_id, queued[1], deliveries.c.subscriber_id.not_in(by_reader.limit(most)))


_ASK = readers_of_batch(why_not(bindparam("now", type_=UtcDateTime)).label("why"))


def _ask_again(conn: Connection, batch_id: int, now: datetime) -> tuple[Delivery, ...]:
    """The queued members who may still be written to; the others are skipped, each with the reason."""
    rows = read_readers(conn, _ASK, {"batch": batch_id, "state": DeliveryState.QUEUED, "now": now})
    left = [
        make_line(issue_id, reader, why, state=DeliveryState.SKIPPED)
        for issue_id, reader, _, why in rows
        if why
    ]
    write_lines(conn, left, [DeliveryState.QUEUED])
    return tuple([Delivery(issue_id, reader, email) for issue_id, reader, email, why in rows if not why])


def next_due(conn: Connection, issue_id: int) -> datetime | None:
    """When the first of the batches that wait may be sent; None when none waits, or the issue is held."""
    waits = (batches.c.state == "queued") | (
        (batches.c.state == "sending") & attempts.c.finished_at.is_not(None)
    )
    moment: datetime | None = conn.execute(
        select(func.min(func.coalesce(batches.c.not_before, issues.c.published_at)))
        .join(issues, issues.c.id == batches.c.issue_id)
        .outerjoin(attempts, attempts.c.id == batches.c.attempt_id)
        .where(batches.c.issue_id == issue_id, issues.c.state == IssueState.SENDING, waits)
    ).scalar_one()
    return moment


# --- recording -------------------------------------------------------------------------------------------


def record_taken(
    conn: Connection,
    batch: Batch,
    receipts: Sequence[Receipt],
    now: datetime,
    *,
    not_before: datetime | None = None,
) -> bool:
    """Write down the provider's answer. False, and nothing written, when the batch is no longer ours.

    A member without a receipt is in doubt: nobody said that it was sent. What was certainly not taken is queued
    again in a batch of its own, from `not_before` on.
    """
    # Most often all were sent, and of some providers under one name: then there is nothing to say of each.
    name = receipts[0].reference if receipts else None
    if list(receipts) == [(one.id, "sent", name, None) for one in batch.deliveries]:
        return _record_all_sent(conn, batch, name, now)
    answered = {one.delivery_id: one for one in receipts}
    later = _fate_of_later(conn, batch)
    fates = [(one, _fate(answered.get(one.id), later), answered.get(one.id)) for one in batch.deliveries]
    if not _close(conn, batch, state="in_doubt", outcome="taken", now=now):
        return False
    write_lines(conn, [_line(*one) for one in fates], [DeliveryState.SENDING, DeliveryState.IN_DOUBT])
    # First, for what news has proved goes to nobody again; it closes the batch when nothing of it is in doubt.
    settle_by_news(conn, batch.id)
    split_off(conn, batch.id, deliveries.c.state == DeliveryState.QUEUED, not_before=not_before)
    return True


def _record_all_sent(conn: Connection, batch: Batch, reference: str | None, now: datetime) -> bool:
    if not _close(conn, batch, state="done", outcome="taken", now=now):
        return False
    move_lines(conn, batch.id, None, DeliveryState.SENT, reference=reference)
    return True


def _fate_of_later(conn: Connection, batch: Batch) -> DeliveryState:
    """What becomes of those that were certainly not taken by this call."""
    if _state_of(conn, batch.issue_id) == IssueState.CANCELLED:
        return DeliveryState.SKIPPED
    return DeliveryState.IN_DOUBT if _may_have_been_taken(conn, batch) else DeliveryState.QUEUED


def _fate(receipt: Receipt | None, later: DeliveryState) -> DeliveryState:
    if receipt is None or receipt.outcome == "unknown":
        return DeliveryState.IN_DOUBT
    if receipt.outcome == "later":
        return later
    return DeliveryState.SENT if receipt.outcome == "sent" else DeliveryState.REFUSED


def _line(one: Delivery, fate: DeliveryState, receipt: Receipt | None) -> dict[str, Any]:
    reason = receipt.reason if receipt else NO_ANSWER
    if fate is DeliveryState.SKIPPED:
        reason = CANCELLED
    reference = receipt.reference if receipt else None
    return make_line(one.issue_id, one.subscriber_id, reason, state=fate, reference=reference)


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
        return True
    if cancelled:
        move_lines(conn, batch.id, None, DeliveryState.SKIPPED, CANCELLED)
    else:
        move_lines(conn, batch.id, None, DeliveryState.QUEUED)
    settle_by_news(conn, batch.id)
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
    return bool(conn.execute(select(earlier.exists())).scalar_one())


def record_rejected(conn: Connection, batch: Batch, error: str, now: datetime) -> bool:
    """Something in the call is wrong, and nothing of it was taken: its halves are tried, each by itself.

    One alone is refused, unless nothing of this issue was ever taken: then it may be the call that is wrong, not
    the reader, and it waits behind the others. Never splits what an earlier attempt may have had taken. False
    when the batch is no longer ours.
    """
    if _may_have_been_taken(conn, batch):
        return record_doubt(conn, batch, error, now)
    members = [one.subscriber_id for one in batch.deliveries]
    if len(members) == 1 and _anything_sent(conn, batch.issue_id):
        return _refuse(conn, batch, error, now)
    if not record_not_taken(conn, batch, error, now):
        return False
    keep = members[len(members) // 2 - 1] if len(members) > 1 else 0
    queued = deliveries.c.state == DeliveryState.QUEUED
    if split_off(conn, batch.id, queued, deliveries.c.subscriber_id > keep) == len(members):
        conn.execute(update(batches).where(batches.c.id == batch.id).values(state="done"))
    return True


def _refuse(conn: Connection, batch: Batch, error: str, now: datetime) -> bool:
    if not _close(conn, batch, state="done", outcome="not_taken", now=now, error=error):
        return False
    move_lines(conn, batch.id, None, DeliveryState.REFUSED, error)
    return True


def _anything_sent(conn: Connection, issue_id: int) -> bool:
    sent = select(deliveries.c.issue_id).where(
        deliveries.c.issue_id == issue_id, deliveries.c.state == DeliveryState.SENT
    )
    return bool(conn.execute(select(sent.exists())).scalar_one())


def record_doubt(
    conn: Connection,
    batch: Batch,
    error: str,
    now: datetime,
    *,
    again: bool = False,
    not_before: datetime | None = None,
) -> bool:
    """Nobody can know from here whether these were sent: they wait, visibly. False when no longer ours.

    `again`: the provider takes a key once, so the same call may be made once more, from `not_before` on.
    """
    state = "sending" if again else "in_doubt"
    if not _close(conn, batch, state=state, outcome="maybe_taken", now=now, error=error):
        return False
    if again:
        conn.execute(update(batches).where(batches.c.id == batch.id).values(not_before=not_before))
        move_lines(conn, batch.id, DeliveryState.IN_DOUBT, DeliveryState.SENDING)
    else:
        move_lines(conn, batch.id, DeliveryState.SENDING, DeliveryState.IN_DOUBT, error)
        settle_by_news(conn, batch.id)
    return True


_MOVE_ON = update(batches).where(
    batches.c.id == bindparam("batch"),
    batches.c.attempt_id == bindparam("attempt"),
    or_(batches.c.state == "sending", batches.c.state == "in_doubt"),
)
_FINISH = update(attempts).where(attempts.c.id == bindparam("attempt"))


def _close(
    conn: Connection, batch: Batch, *, state: str, outcome: str, now: datetime, error: str | None = None
) -> bool:
    """End the attempt and move its batch on, if it is still the batch's latest and nobody settled it."""
    ours = {"batch": batch.id, "attempt": batch.attempt_id, "state": state}
    if conn.execute(_MOVE_ON, ours).rowcount != 1:
        return False
    answer = {"attempt": batch.attempt_id, "finished_at": now, "outcome": outcome, "error": error}
    conn.execute(_FINISH, answer)
    return True
