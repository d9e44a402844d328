"""Readers: found, listed, counted, and changed by guarded updates whose row count is the answer.

Nothing here writes the consent log or decides who may do what: the verb that calls does both, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from newsletter.addresses import Address
from newsletter.errors import SubscriberError
from newsletter.storage.schema import deliveries, issues, mails, subscribers
from newsletter.storage.sendable import is_sendable
from newsletter.types import Subscriber, SubscriberState, Topics

PAGE = 1000
# Made once: every press of a button and every wish to join asks these, and building them costs more than asking.
_BY_ID = select(subscribers).where(subscribers.c.id == bindparam("reader"))
_BY_KEY = select(subscribers).where(subscribers.c.email_key == bindparam("key"))


def find_subscriber(conn: Connection, subscriber_id: int) -> Subscriber | None:
    row = conn.execute(_BY_ID, {"reader": subscriber_id}).one_or_none()
    return None if row is None else _subscriber(row)


def find_by_address(conn: Connection, address: Address) -> Subscriber | None:
    """The reader with this address. An erased one is not found by it any more."""
    row = conn.execute(_BY_KEY, {"key": address.key}).one_or_none()
    return None if row is None else _subscriber(row)


def get_by_address(conn: Connection, address: Address) -> Subscriber:
    found = find_by_address(conn, address)
    if found is None:
        raise nobody()
    return found


def nobody() -> SubscriberError:
    return SubscriberError(
        "nobody is here under this address", hint="`newsletter subscribers list` shows who is."
    )


def iter_subscribers(conn: Connection, state: SubscriberState | None = None) -> Iterator[Subscriber]:
    """All but the erased (or all of one state) in the order of their coming, in pages: memory stays flat."""
    wanted = subscribers.c.state == state if state else subscribers.c.state != SubscriberState.ERASED
    last = 0
    while True:
        query = select(subscribers).where(wanted, subscribers.c.id > last).order_by(subscribers.c.id)
        rows = conn.execute(query.limit(PAGE)).all()
        yield from map(_subscriber, rows)
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def count_by_state(conn: Connection) -> dict[str, int]:
    count = func.count().label("n")
    found = conn.execute(select(subscribers.c.state, count).group_by(subscribers.c.state))
    counts: dict[str, int] = {row.state: row.n for row in found}
    return {state.value: counts.get(state.value, 0) for state in SubscriberState}


def count_by_topics(conn: Connection) -> dict[str, int]:
    """Active readers by the topics they chose, in their stored form (`*` is all)."""
    found = conn.execute(
        select(subscribers.c.topics, func.count().label("n"))
        .where(subscribers.c.state == SubscriberState.ACTIVE)
        .group_by(subscribers.c.topics)
        .order_by(subscribers.c.topics)
    )
    return {row.topics: row.n for row in found}


def count_sendable(conn: Connection, now: datetime) -> int:
    return conn.execute(select(func.count()).select_from(subscribers).where(is_sendable(now))).scalar_one()


def insert_subscriber(
    conn: Connection,
    address: Address,
    state: SubscriberState,
    *,
    topics: Topics,
    source: str,
    now: datetime,
    first_name: str | None = None,
) -> int | None:
    """A new reader's id; None, and nothing changed, when somebody has this address."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(subscribers)
        .values(
            email=address.email,
            email_key=address.key,
            first_name=first_name,
            state=state.value,
            topics=str(topics),
            source=source,
            created_at=now,
            confirmed_at=now if state is SubscriberState.ACTIVE else None,
        )
        .on_conflict_do_nothing()
        .returning(subscribers.c.id)
    )
    return conn.execute(statement).scalar()


States = tuple[SubscriberState, ...]


def change(
    conn: Connection, subscriber_id: int, states: States, *guards: ColumnElement[bool], **values: Any
) -> bool:
    """Set columns of one reader who is in one of `states` and for whom every guard holds; returns whether this
    call did it."""
    statement = _of_one_in(states)
    if guards:
        statement = statement.where(*guards)
    return conn.execute(statement, {"reader": subscriber_id, **values}).rowcount == 1


@lru_cache
def _of_one_in(states: States) -> Update:
    # Made once, and without IN: building and spelling it out anew costs more than the update.
    state = or_(*(subscribers.c.state == one.value for one in states))
    return subscribers.update().where(subscribers.c.id == bindparam("reader"), state)


def anonymise(conn: Connection, subscriber_id: int, states: States) -> bool:
    """Take out everything that tells who a reader is. The row stays: the log and the ledger name its id."""
    gone = dict.fromkeys(("email", "email_key", "new_email", "new_email_key", "first_name", "paused_until"))
    return change(
        conn, subscriber_id, states, state=SubscriberState.ERASED.value, topics="*", source="", **gone
    )


def list_pending(conn: Connection, before: datetime, limit: int) -> list[Subscriber]:
    """Who has been waiting for longer, and was sent no mail since."""
    lately = exists().where(mails.c.subscriber_id == subscribers.c.id, mails.c.at >= before)
    waiting = and_(
        subscribers.c.state == SubscriberState.PENDING, subscribers.c.created_at < before, not_(lately)
    )
    query = select(subscribers).where(waiting).order_by(subscribers.c.id).limit(limit)
    return [_subscriber(row) for row in conn.execute(query)]


def list_issues_of(conn: Connection, subscriber_id: int) -> list[dict[str, str | None]]:
    """Which issues were planned for a reader, and what became of each: {issue, state, reason, news, reference}."""
    line = deliveries.c
    query = (
        select(issues.c.slug.label("issue"), line.state, line.reason, line.news, line.reference)
        .join_from(deliveries, issues)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(issues.c.id)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def differs(column: str, value: Any) -> ColumnElement[bool]:
    """A guard for `change`: what would stay the same is no change."""
    return subscribers.c[column].is_distinct_from(value)


def is_paused(now: datetime) -> ColumnElement[bool]:
    """A guard for `change`."""
    return subscribers.c.paused_until > now


def has_new_address() -> ColumnElement[bool]:
    """A guard for `change`."""
    return subscribers.c.new_email.is_not(None)


def find_new_address(conn: Connection, subscriber_id: int) -> Address | None:
    """The address that waits to be confirmed instead of this reader's own."""
    query = select(subscribers.c.new_email, subscribers.c.new_email_key)
    row = conn.execute(query.where(subscribers.c.id == subscriber_id)).one_or_none()
    return Address(row.new_email, row.new_email_key) if row and row.new_email else None


def list_stale_new_addresses(conn: Connection, before: datetime) -> list[int]:
    """Readers whose new address was asked for before then, and has waited in vain."""
    return list(conn.execute(select(subscribers.c.id).where(*_is_stale(before))).scalars())


def drop_new_address(conn: Connection, subscriber_id: int, before: datetime) -> bool:
    """False when there is none, or one that was asked for since."""
    guards = subscribers.c.id == subscriber_id, *_is_stale(before)
    gone = subscribers.update().where(*guards).values(new_email=None, new_email_key=None)
    return conn.execute(gone).rowcount == 1


def _is_stale(before: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    lately = exists().where(
        mails.c.subscriber_id == subscribers.c.id, mails.c.kind == "address", mails.c.at >= before
    )
    return has_new_address(), not_(lately)


def move(conn: Connection, subscriber_id: int, address: Address, states: States) -> bool:
    """Give a reader the address they waited for. False when they are in no such state, or somebody took it just now."""
    values = {"email": address.email, "email_key": address.key, "new_email": None, "new_email_key": None}
    try:
        with conn.begin_nested():
            return change(conn, subscriber_id, states, **values)
    except IntegrityError:
        return False


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        state=SubscriberState(row.state),
        topics=Topics.parse(row.topics),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        unsubscribed_at=row.unsubscribed_at,
        paused_until=row.paused_until,
        first_name=row.first_name,
        source=row.source,
        new_email=row.new_email,
    )
