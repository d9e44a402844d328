"""Settling what a dead process left: an attempt without an answer is made again under its key, or put in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from newsletter.storage.lines import begin_attempt, list_readers, move_lines
from newsletter.storage.news import settle_by_news
from newsletter.storage.schema import attempts, batches, issues
from newsletter.types import Batch, DeliveryState, IssueState

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
    """None: the call is under way, or its process died. Else the same key is to be tried once more."""
    not_before: datetime | None
    """When to come again; None: at once."""
    number: int
    key: str
    first_at: datetime
    """When a call of this key was first made."""


_SAME = attempts.alias("same")
_FIRST = (
    select(func.min(_SAME.c.started_at))
    .where(_SAME.c.batch_id == attempts.c.batch_id, _SAME.c.key == attempts.c.key)
    .scalar_subquery()
)
_OPEN = (
    select(
        attempts.c.id,
        batches.c.id,
        batches.c.edition_id,
        attempts.c.sender,
        attempts.c.provider,
        attempts.c.started_at,
        attempts.c.finished_at,
        batches.c.not_before,
        attempts.c.number,
        attempts.c.key,
        _FIRST,
    )
    .join(batches, batches.c.attempt_id == attempts.c.id)
    .where(batches.c.issue_id == bindparam("issue"), batches.c.state == "sending")
    .order_by(batches.c.id)
)
"""Made once: it is asked before every batch."""


def list_open_attempts(conn: Connection, issue_id: int) -> list[OpenAttempt]:
    """The latest attempt of each batch that is marked as being sent."""
    return [OpenAttempt(*row) for row in conn.execute(_OPEN, {"issue": issue_id})]


def take_over(
    conn: Connection, issue_id: int, dead: OpenAttempt, *, sender: str, provider: str, now: datetime
) -> Batch | None:
    """The same batch with the same members as a new attempt of ours; None when somebody else was quicker, or
    the issue is held.

    Only for a provider that takes a key once. Members are not asked about again: they may have it already,
    and another list under the same key would be another mail.
    """
    goes_on = select(issues.c.id).where(issues.c.id == issue_id, issues.c.state == IssueState.SENDING)
    ours = conn.execute(
        update(batches)
        .where(batches.c.id == dead.batch_id, batches.c.attempt_id == dead.id, batches.c.state == "sending")
        .where(goes_on.exists())
        .values(state="sending")
    )
    if ours.rowcount != 1:
        return None
    _bury(conn, dead, now)
    attempt_id = begin_attempt(conn, dead.batch_id, key=dead.key, sender=sender, provider=provider, now=now)
    members = list_readers(conn, dead.batch_id, DeliveryState.SENDING)
    return Batch(dead.batch_id, issue_id, dead.edition_id, attempt_id, members, dead.key)


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
    move_lines(conn, dead.batch_id, DeliveryState.SENDING, DeliveryState.IN_DOUBT, reason)
    settle_by_news(conn, dead.batch_id)
    return True


def _bury(conn: Connection, dead: OpenAttempt, now: datetime) -> None:
    conn.execute(
        update(attempts)
        .where(attempts.c.id == dead.id, attempts.c.finished_at.is_(None))
        .values(finished_at=now, outcome="maybe_taken", error=NO_RECORD)
    )
