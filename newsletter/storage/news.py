"""How far the news of each delivery went, and what follows for the ledger: proof, and a limit.

`deliveries.news` only ever moves on (see types.News), each time by a guarded update. News of a delivery, whatever
it says, proves that the provider took it: what was in doubt is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from newsletter.storage.issues import change_state
from newsletter.storage.schema import batches, deliveries, issues
from newsletter.types import DeliveryState, IssueState, News

PROVABLE = (DeliveryState.IN_DOUBT, DeliveryState.QUEUED, DeliveryState.SKIPPED)
"""A queued line was thought not to be taken, and so was one that was skipped after waiting again, for its issue was
cancelled or its reader left. One that is being sent is left to its sender, who records it."""

TOLD = "the provider's later news said so"


def note_news(conn: Connection, issue_id: int, subscriber_id: int, news: News) -> bool:
    """Whether this call moved the delivery's news on. If so, a doubt about it is settled as well."""
    before = list(News)[: list(News).index(news)]
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.subscriber_id == subscriber_id)
    # The batch first, as everywhere: two that take the same rows in another order would wait for each other.
    conn.execute(
        select(batches.c.id)
        .join(deliveries, deliveries.c.batch_id == batches.c.id)
        .where(*mine, deliveries.c.state.in_(PROVABLE))
        .with_for_update(of=batches)
    )
    row = conn.execute(
        update(deliveries)
        .where(
            *mine,
            or_(deliveries.c.news.is_(None), deliveries.c.news.in_([one.value for one in before])),
        )
        .values(news=news.value)
        # As it is now: a sender who wrote its line while we waited for it must not be overlooked.
        .returning(deliveries.c.state, deliveries.c.batch_id)
    ).first()
    if row and row.batch_id and row.state in PROVABLE:  # of no batch is who was skipped from the start
        settle_by_news(conn, row.batch_id)
    return row is not None


def settle_by_news(conn: Connection, batch_id: int) -> int:
    """Lines of a batch in doubt, queued again or skipped, of which there is news: they were sent. How many.

    Asked when news comes in, and when a line is put into one of these states: either may be first.
    """
    proven = (
        deliveries.c.batch_id == batch_id,
        deliveries.c.state.in_([state.value for state in PROVABLE]),
        deliveries.c.news.is_not(None),
    )
    sent = conn.execute(update(deliveries).where(*proven).values(state=DeliveryState.SENT, reason=TOLD))
    conn.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.state == "in_doubt", ~_has(DeliveryState.IN_DOUBT))
        .values(state="done")
    )
    return sent.rowcount


def _has(state: DeliveryState) -> ColumnElement[bool]:
    return (
        select(deliveries.c.subscriber_id)
        .where(deliveries.c.batch_id == batches.c.id, deliveries.c.state == state)
        .exists()
    )


def list_course(conn: Connection, subscriber_id: int) -> list[tuple[int, News | None]]:
    """The issues that were sent to a reader, in the order of their publishing, each with its news."""
    sent = (DeliveryState.SENT, DeliveryState.IN_DOUBT, DeliveryState.SENDING)
    rows = conn.execute(
        # By way of the issues, of which there are few: each delivery is then found by its key.
        select(issues.c.id, deliveries.c.news)
        .join(deliveries, deliveries.c.issue_id == issues.c.id)
        .where(deliveries.c.subscriber_id == subscriber_id, deliveries.c.state.in_(sent))
        .order_by(issues.c.published_at, issues.c.id)
    )
    return [(row.id, News(row.news) if row.news else None) for row in rows]


@dataclass(frozen=True, slots=True)
class Trouble:
    """How an issue is received so far."""

    bounced: int
    """For good or for now."""
    complained: int
    handed_over: int
    """Messages given to the provider, as planned."""


def count_trouble(conn: Connection, issue_id: int) -> Trouble:
    """Quick also for a large issue: bounces and complaints have an index of their own."""
    bad: Sequence[str] = [News.SOFT_BOUNCED.value, News.BOUNCED.value, News.COMPLAINED.value]
    counted: dict[str, int] = {
        row.news: row.n
        for row in conn.execute(
            select(deliveries.c.news, func.count().label("n"))
            .where(deliveries.c.issue_id == issue_id, deliveries.c.news.in_(bad))
            .group_by(deliveries.c.news)
        )
    }
    given = select(func.coalesce(func.sum(batches.c.size), 0)).where(
        batches.c.issue_id == issue_id, batches.c.state != "queued"
    )
    complained = counted.pop(News.COMPLAINED, 0)
    return Trouble(sum(counted.values()), complained, int(conn.execute(given).scalar_one()))


def hold_back(conn: Connection, issue_id: int, why: str) -> bool:
    """Whether this call paused the issue. Not one of which everything has gone out: there is nothing to hold."""
    waits = select(batches.c.id).where(batches.c.issue_id == issue_id, batches.c.state == "queued")
    if not conn.execute(select(waits.exists())).scalar_one():
        return False
    return change_state(conn, issue_id, before=(IssueState.SENDING,), after=IssueState.PAUSED, note=why)


def count_news(conn: Connection, issue_id: int) -> dict[News, int]:
    """An issue's deliveries by the news of them, without those of which there is none."""
    rows = conn.execute(
        select(deliveries.c.news, func.count())
        .where(deliveries.c.issue_id == issue_id, deliveries.c.news.is_not(None))
        .group_by(deliveries.c.news)
    )
    found = {News(row[0]): int(row[1]) for row in rows}
    return {one: found[one] for one in News if one in found}
