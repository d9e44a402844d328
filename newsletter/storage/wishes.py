"""Wishes to join, as they came in and before anybody looked at them: one row, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import OperationalError

from newsletter.storage.schema import wishes
from newsletter.types import Origin, Topics, Wording


@dataclass(frozen=True, slots=True)
class Wish:
    email: str
    topics: Topics
    first_name: str | None
    origin: Origin
    at: datetime


def add_wish(conn: Connection, wish: Wish) -> None:
    assert wish.origin.wording is not None, "nobody joins without having been told what they agree to"
    conn.execute(
        wishes.insert(),
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
    for count in range(limit):
        wish = take_wish(conn)
        if wish is None:
            return count, failed
        try:
            with conn.begin_nested():
                settle(wish)
        except OperationalError:
            raise
        except Exception as error:
            failed.append(error)
    return limit, failed


def take_wish(conn: Connection) -> Wish | None:
    """The oldest wish, which goes with this transaction: if that fails, it is still there. None: there is none."""
    oldest = select(wishes.c.id).order_by(wishes.c.id).limit(1).with_for_update(skip_locked=True)
    row = conn.execute(
        delete(wishes).where(wishes.c.id == oldest.scalar_subquery()).returning(wishes)
    ).first()
    if row is None:
        return None
    wording = Wording(row.wording, version=row.wording_version)
    return Wish(
        email=row.email,
        topics=Topics.parse(row.topics),
        first_name=row.first_name,
        origin=Origin(form=row.form, source=row.source, wording=wording, network=row.network),
        at=row.at,
    )


def count_wishes(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(wishes)).scalar_one())
