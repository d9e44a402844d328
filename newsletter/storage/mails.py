"""Single mails, one line each before it is sent: nobody can have a stranger's mailbox filled through us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from newsletter.storage.schema import mails, subscribers


@dataclass(frozen=True, slots=True)
class Budget:
    """How many mails of one kind an address gets: none within `cooldown`, at most `cap` within `window`."""

    cooldown: timedelta = timedelta(minutes=10)
    cap: int = 3
    window: timedelta = timedelta(days=7)


DEFAULT_BUDGET = Budget()


def take_mail(
    conn: Connection, subscriber_id: int, kind: str, budget: Budget, *, now: datetime
) -> int | None:
    """The id of a mail that may be sent now, counted from here on; None where the budget is spent."""
    # PostgreSQL: two at once for one reader must count one after the other. SQLite holds its write lock.
    conn.execute(select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update())
    count, latest = conn.execute(
        select(func.count(), func.max(mails.c.at)).where(
            mails.c.subscriber_id == subscriber_id,
            mails.c.kind == kind,
            mails.c.at > now - max(budget.window, budget.cooldown),
        )
    ).one()
    if count >= budget.cap or (latest is not None and now - latest < budget.cooldown):
        return None
    values = {"subscriber_id": subscriber_id, "kind": kind, "at": now}
    return int(conn.execute(mails.insert().returning(mails.c.id), values).scalar_one())


def forget_mails(conn: Connection, subscriber_id: int) -> None:
    conn.execute(mails.delete().where(mails.c.subscriber_id == subscriber_id))


def list_mails(conn: Connection, subscriber_id: int) -> list[dict[str, object]]:
    """Kind and moment of each, oldest first."""
    query = select(mails.c.kind, mails.c.at).where(mails.c.subscriber_id == subscriber_id)
    return [dict(row._mapping) for row in conn.execute(query.order_by(mails.c.id))]
