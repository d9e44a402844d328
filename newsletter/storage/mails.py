"""Single mails, one line each before it is sent: nobody can have a stranger's mailbox filled through us.

waiting → sent        handed to the provider, perhaps (a second confirmation would harm more than none)
        → given_up    refused, or not taken for too long
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, or_, select, update

from newsletter.storage.schema import mails, subscribers


@dataclass(frozen=True, slots=True)
class Budget:
    """How many mails may go out: to one address none of a kind within `cooldown` and at most `cap` within
    `window`; for one network and for the whole service so many within an hour."""

    cooldown: timedelta = timedelta(minutes=10)
    cap: int = 3
    window: timedelta = timedelta(days=7)
    per_network: int = 20
    per_hour: int = 1000


DEFAULT_BUDGET = Budget()
HOUR = timedelta(hours=1)

# Made once: every wish to join is counted, and building these costs more than asking.
_OF_ALL = select(func.count()).where(mails.c.at > bindparam("since"))
_OF_NETWORK = _OF_ALL.where(mails.c.network_hash == bindparam("network"))
_OF_READER = select(func.count(), func.max(mails.c.at)).where(
    mails.c.subscriber_id == bindparam("reader"),
    mails.c.kind == bindparam("kind"),
    mails.c.at > bindparam("since"),
)


def take_mail(
    conn: Connection,
    subscriber_id: int,
    kind: str,
    budget: Budget,
    *,
    now: datetime,
    network_hash: str | None = None,
    detail: str = "",
) -> int | None:
    """The id of a mail that is now to be sent, counted from here on; None where a budget is spent."""
    if not may_send(conn, subscriber_id, kind, budget, now=now, network_hash=network_hash):
        return None
    return add_mail(conn, subscriber_id, kind, now=now, network_hash=network_hash, detail=detail)


def may_send(
    conn: Connection,
    subscriber_id: int,
    kind: str,
    budget: Budget,
    *,
    now: datetime,
    network_hash: str | None = None,
) -> bool:
    """Whether no budget is spent. Holds until the end of this transaction: of two at once one waits."""
    if (
        conn.dialect.name != "sqlite"
    ):  # which holds its write lock: two at once must count one after the other
        conn.execute(select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update())
    since = now - max(budget.window, budget.cooldown)
    of_reader = {"reader": subscriber_id, "kind": kind, "since": since}
    count, latest = conn.execute(_OF_READER, of_reader).one()
    if count >= budget.cap or (latest is not None and now - latest < budget.cooldown):
        return False
    return has_room(conn, budget, now=now, network_hash=network_hash)


def has_room(conn: Connection, budget: Budget, *, now: datetime, network_hash: str | None) -> bool:
    """Whether one more mail may go out within this hour, whoever it is for."""
    since = now - HOUR
    if network_hash:
        of_network = conn.execute(_OF_NETWORK, {"network": network_hash, "since": since}).scalar_one()
        if of_network >= budget.per_network:
            return False
    of_all: int = conn.execute(_OF_ALL, {"since": since}).scalar_one()
    return of_all < budget.per_hour


def add_mail(
    conn: Connection,
    subscriber_id: int,
    kind: str,
    *,
    now: datetime,
    network_hash: str | None = None,
    detail: str = "",
) -> int:
    """A mail to be sent whatever the budgets say: an answer to something only the reader can have done."""
    values = {
        "subscriber_id": subscriber_id,
        "kind": kind,
        "at": now,
        "network_hash": network_hash,
        "detail": detail,
    }
    return int(conn.execute(mails.insert().returning(mails.c.id), values).scalar_one())


@dataclass(frozen=True, slots=True)
class Mail:
    """One that is ours to send until `lease` has passed."""

    id: int
    subscriber_id: int
    kind: str
    detail: str
    at: datetime
    tries: int


def claim_mail(conn: Connection, *, now: datetime, lease: timedelta) -> Mail | None:
    """The oldest mail that is due; nobody else gets it before `lease` has passed. None when none is due."""
    due = (
        select(mails.c.id)
        .where(mails.c.state == "waiting", or_(mails.c.not_before.is_(None), mails.c.not_before <= now))
        .order_by(mails.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = conn.execute(
        update(mails)
        .where(mails.c.id == due.scalar_subquery(), mails.c.state == "waiting")
        .values(not_before=now + lease, tries=mails.c.tries + 1)
        .returning(mails.c.id, mails.c.subscriber_id, mails.c.kind, mails.c.detail, mails.c.at, mails.c.tries)
    ).first()
    return Mail(**row._mapping) if row else None


def finish_mail(conn: Connection, mail_id: int, state: str) -> bool:
    """`sent` or `given_up`. False when it was finished already."""
    query = update(mails).where(mails.c.id == mail_id, mails.c.state == "waiting").values(state=state)
    return conn.execute(query).rowcount == 1


def put_off(conn: Connection, mail_id: int, until: datetime) -> bool:
    query = update(mails).where(mails.c.id == mail_id, mails.c.state == "waiting").values(not_before=until)
    return conn.execute(query).rowcount == 1


def release_mail(conn: Connection, mail_id: int, until: datetime) -> bool:
    """Put off a mail with which nothing was wrong: the try does not count."""
    query = update(mails).where(mails.c.id == mail_id, mails.c.state == "waiting")
    return conn.execute(query.values(not_before=until, tries=mails.c.tries - 1)).rowcount == 1


def oldest_waiting(conn: Connection) -> datetime | None:
    """Since when the oldest mail has been waiting; None when none is."""
    return conn.execute(select(func.min(mails.c.at)).where(mails.c.state == "waiting")).scalar()


def count_waiting(conn: Connection) -> int:
    query = select(func.count()).select_from(mails).where(mails.c.state == "waiting")
    return int(conn.execute(query).scalar_one())


def forget_mails(conn: Connection, subscriber_id: int) -> None:
    conn.execute(mails.delete().where(mails.c.subscriber_id == subscriber_id))


def forget_old_mails(conn: Connection, before: datetime) -> int:
    """Those that are over and done with. How many."""
    old = mails.delete().where(mails.c.at < before, mails.c.state != "waiting")
    return conn.execute(old).rowcount


def list_mails(conn: Connection, subscriber_id: int) -> list[dict[str, object]]:
    """Kind, moment and state of each, and the keyed hash of the network that caused it; oldest first."""
    columns = (mails.c.kind, mails.c.at, mails.c.state, mails.c.network_hash)
    query = select(*columns).where(mails.c.subscriber_id == subscriber_id)
    return [dict(row._mapping) for row in conn.execute(query.order_by(mails.c.id))]
