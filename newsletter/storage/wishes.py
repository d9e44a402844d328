"""Wishes to join, as they came in and before anybody looked at them: one row, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.exc import OperationalError

from newsletter.addresses import Address, read_address
from newsletter.errors import AddressError
from newsletter.storage.schema import wishes
from newsletter.types import Origin, Topics, Wording


@dataclass(frozen=True, slots=True)
class Wish:
    email: str
    topics: Topics
    first_name: str | None
    origin: Origin
    at: datetime


_ADD = wishes.insert()


def add_wish(conn: Connection, wish: Wish) -> None:
    assert wish.origin.wording is not None, "nobody joins without having been told what they agree to"
    conn.execute(
        _ADD,
        {
            "email": wish.email,
            "first_name": wish.first_name,
            "topics": str(wish.topics),
            "form": wish.origin.form,
            "source": wish.origin.source,
            "wording": wish.origin.wording.text,
            "wording_version": wish.origin.wording.version,
            "network": wish.origin.network,
            "at": wish.at,
        },
    )


def settle_wishes(
    conn: Connection, settle: Callable[[Wish], object], *, limit: int
) -> tuple[int, list[Exception]]:
    """Let `settle` deal with the oldest wishes, `limit` at most, all in this transaction.

    Returns how many there were, and what some of them raised: those are gone as well, with nothing done, so that
    none keeps the others waiting for ever. Only when the store itself fails all stay, and it raises.
    """
    failed: list[Exception] = []
    taken = _take_wishes(conn, limit)
    for wish in taken:
        try:
            with conn.begin_nested():
                settle(wish)
        except OperationalError:
            raise
        except Exception as error:
            failed.append(error)
    return len(taken), failed


def _take_wishes(conn: Connection, limit: int) -> list[Wish]:
    """They go with this transaction: if that fails, they are still there."""
    oldest = select(wishes.c.id).order_by(wishes.c.id).limit(limit).with_for_update(skip_locked=True)
    rows = conn.execute(delete(wishes).where(wishes.c.id.in_(oldest)).returning(wishes)).all()
    return [_wish(row) for row in sorted(rows, key=lambda row: int(row.id))]


def _wish(row: Row[Any]) -> Wish:
    wording = Wording(row.wording, version=row.wording_version)
    return Wish(
        email=row.email,
        topics=Topics.parse(row.topics),
        first_name=row.first_name,
        origin=Origin(form=row.form, source=row.source, wording=wording, network=row.network),
        at=row.at,
    )


def list_wishes_of(conn: Connection, address: Address) -> list[tuple[int, Wish]]:
    """Those of one address, with their ids. They are few, and looked at within seconds."""
    rows = conn.execute(select(wishes).order_by(wishes.c.id))
    return [(row.id, _wish(row)) for row in rows if _key_of(row.email) == address.key]


def _key_of(email: str) -> str | None:
    try:
        return read_address(email).key
    except AddressError:
        return None


def forget_wishes(conn: Connection, address: Address) -> bool:
    """Whether there were any."""
    theirs = [wish_id for wish_id, _ in list_wishes_of(conn, address)]
    return conn.execute(wishes.delete().where(wishes.c.id.in_(theirs))).rowcount > 0


def count_wishes(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(wishes)).scalar_one())
