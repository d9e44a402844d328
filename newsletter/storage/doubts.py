"""What is in doubt, and how it is settled: by the provider's word, by its later news, or by a person.

Only what is in doubt is ever settled here, and only while the attempt that left the doubt is still its batch's
latest: whoever was quicker has the last word. What goes again goes in a batch of its own, under another key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from newsletter.storage.issues import CANCELLED, reopen_issue
from newsletter.storage.lines import list_readers, make_line, move_lines, split_off, write_lines
from newsletter.storage.schema import attempts, batches, deliveries, issues
from newsletter.storage.settling import NO_RECORD
from newsletter.types import Delivery, DeliveryState


@dataclass(frozen=True, slots=True)
class Doubt:
    """The deliveries of one batch of which nobody knows whether they were sent."""

    issue_id: int
    slug: str
    batch_id: int
    attempt_id: int
    key: str
    """Under which the provider knows the call, if it does."""
    provider: str
    sender: str
    """The process that made the call: see newsletter.process."""
    started_at: datetime
    ended_at: datetime
    """When the call was over, or its process was found to be."""
    answered: bool
    """The process that made the call wrote down itself that it was over."""
    readers: int
    reason: str


def list_doubts(conn: Connection, issue_id: int | None = None) -> list[Doubt]:
    """Every batch with something in doubt, the oldest first; of one issue, or of all."""
    lines = (
        select(
            deliveries.c.batch_id,
            func.count().label("readers"),
            func.min(deliveries.c.reason).label("reason"),
        )
        .join(batches, batches.c.id == deliveries.c.batch_id)
        .where(batches.c.state == "in_doubt", deliveries.c.state == DeliveryState.IN_DOUBT)
        .group_by(deliveries.c.batch_id)
    )
    if issue_id is not None:
        lines = lines.where(batches.c.issue_id == issue_id)
    left = lines.subquery("left_in_doubt")
    rows = conn.execute(
        select(
            batches.c.issue_id,
            issues.c.slug,
            batches.c.id,
            attempts.c.id,
            attempts.c.key,
            attempts.c.provider,
            attempts.c.sender,
            attempts.c.started_at,
            attempts.c.finished_at,
            func.coalesce(attempts.c.error, "") != NO_RECORD,
            left.c.readers,
            func.coalesce(left.c.reason, ""),
        )
        .select_from(left)
        .join(batches, batches.c.id == left.c.batch_id)
        .join(attempts, attempts.c.id == batches.c.attempt_id)
        .join(issues, issues.c.id == batches.c.issue_id)
        .order_by(batches.c.id)
    )
    return [Doubt(*row) for row in rows]


def list_doubtful(conn: Connection, batch_id: int) -> tuple[Delivery, ...]:
    """Its deliveries that are in doubt, with the addresses as they are now."""
    return list_readers(conn, batch_id, DeliveryState.IN_DOUBT)


def settle_found(conn: Connection, doubt: Doubt, found: Mapping[str, str]) -> int:
    """The provider has these: delivery id → its own name for the mail. How many were in doubt till now."""
    if not _hold(conn, doubt):
        return 0
    members = [one for one in list_doubtful(conn, doubt.batch_id) if one.id in found]
    lines = [
        make_line(
            one.issue_id, one.subscriber_id, None, state=DeliveryState.SENT, reference=found[one.id] or None
        )
        for one in members
    ]
    write_lines(conn, lines, [DeliveryState.IN_DOUBT])
    _close_if_settled(conn, doubt.batch_id)
    return len(members)


def settle_sent(conn: Connection, doubt: Doubt, why: str) -> int:
    """All that is left in doubt of this batch counts as sent. How many that were."""
    if not _hold(conn, doubt):
        return 0
    count = len(list_doubtful(conn, doubt.batch_id))
    move_lines(conn, doubt.batch_id, DeliveryState.IN_DOUBT, DeliveryState.SENT, why)
    _close_if_settled(conn, doubt.batch_id)
    return count


def settle_again(conn: Connection, doubt: Doubt) -> int:
    """All that is left in doubt of this batch is queued again, asked about again before it is sent. How many.

    Of an issue that was cancelled nothing is: it is skipped.
    """
    goes_on = reopen_issue(conn, doubt.issue_id)
    if not _hold(conn, doubt):
        return 0
    count = len(list_doubtful(conn, doubt.batch_id))
    if goes_on:
        move_lines(conn, doubt.batch_id, DeliveryState.IN_DOUBT, DeliveryState.QUEUED)
        split_off(conn, doubt.batch_id, deliveries.c.state == DeliveryState.QUEUED)
    else:
        move_lines(conn, doubt.batch_id, DeliveryState.IN_DOUBT, DeliveryState.SKIPPED, CANCELLED)
    _close_if_settled(conn, doubt.batch_id)
    return count


def leave_in_doubt(conn: Connection, doubt: Doubt, why: str) -> int:
    """Say what was tried about what is left. How many that are."""
    if not _hold(conn, doubt):
        return 0
    move_lines(conn, doubt.batch_id, DeliveryState.IN_DOUBT, DeliveryState.IN_DOUBT, why)
    return len(list_doubtful(conn, doubt.batch_id))


def _hold(conn: Connection, doubt: Doubt) -> bool:
    """Whether it is still this doubt; if so, nobody else settles it until we commit."""
    held = conn.execute(
        update(batches)
        .where(
            batches.c.id == doubt.batch_id,
            batches.c.attempt_id == doubt.attempt_id,
            batches.c.state == "in_doubt",
        )
        .values(state="in_doubt")
    )
    return held.rowcount == 1


def _close_if_settled(conn: Connection, batch_id: int) -> None:
    """Of a batch that is held."""
    left = select(deliveries.c.issue_id).where(
        deliveries.c.batch_id == batch_id, deliveries.c.state == DeliveryState.IN_DOUBT
    )
    conn.execute(update(batches).where(batches.c.id == batch_id, ~left.exists()).values(state="done"))
