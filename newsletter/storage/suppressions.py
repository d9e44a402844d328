"""Addresses never to write to: bounced, complained, added by hand, and, as keyed hashes only, the erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.addresses import Address
from newsletter.errors import ConfigError
from newsletter.keys import fingerprint, keyed_hash
from newsletter.storage.schema import suppressions

ERASED_PURPOSE = "erased address"
PAGE = 1000


class Reason(StrEnum):
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    MANUAL = "manual"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Suppression:
    id: int
    address: str | None
    """In the form for comparison; None for an erased one."""
    reason: Reason
    detail: str
    at: datetime


def find_suppression(conn: Connection, address: Address, *, keys: Sequence[str]) -> Suppression | None:
    """Why not to write to this address, when there is a reason."""
    hashes = {f"hash{n}": keyed_hash(key, ERASED_PURPOSE, address.key) for n, key in enumerate(keys)}
    row = conn.execute(_by_key_or_hash(len(hashes)), {"key": address.key, **hashes}).first()
    return None if row is None else _suppression(row)


@lru_cache
def _by_key_or_hash(hashes: int) -> Select[Any]:
    # Made once: every wish to join asks it, and building it costs more than asking.
    is_hash = (suppressions.c.email_hash == bindparam(f"hash{n}") for n in range(hashes))
    return select(suppressions).where(or_(suppressions.c.email_key == bindparam("key"), *is_hash))


def iter_suppressions(conn: Connection) -> Iterator[Suppression]:
    """All, in the order of their coming."""
    last = 0
    while True:
        query = select(suppressions).where(suppressions.c.id > last).order_by(suppressions.c.id).limit(PAGE)
        rows = conn.execute(query).all()
        yield from map(_suppression, rows)
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def add_suppression(
    conn: Connection, address: Address, reason: Reason, *, now: datetime, detail: str = ""
) -> bool:
    """False, and nothing changed, when the address is suppressed already: the first reason stands."""
    return _insert(conn, email_key=address.key, reason=reason.value, detail=detail, at=now)


def note_complaint(conn: Connection, address: Address) -> bool:
    """A complaint outweighs a bounce, whichever was told first. Whether this changed the reason."""
    bounced = (suppressions.c.email_key == address.key, suppressions.c.reason == Reason.BOUNCED.value)
    changed = suppressions.update().where(*bounced).values(reason=Reason.COMPLAINED.value)
    return conn.execute(changed).rowcount == 1


def add_erased(conn: Connection, address: Address, *, keys: Sequence[str], now: datetime) -> bool:
    """Keep an erased address out of imports by a keyed hash. A suppression that has it in the clear goes."""
    conn.execute(suppressions.delete().where(suppressions.c.email_key == address.key))
    hashed = keyed_hash(keys[0], ERASED_PURPOSE, address.key)
    return _insert(conn, email_hash=hashed, reason=Reason.ERASED.value, at=now)


def remove_suppression(conn: Connection, address: Address, *, keys: Sequence[str]) -> bool:
    """False when it was not suppressed."""
    return conn.execute(suppressions.delete().where(_is(address, keys))).rowcount > 0


def lift_erased(conn: Connection, address: Address, *, keys: Sequence[str]) -> bool:
    """An erased reader came back by their own hand: their address is theirs to give again."""
    gone = suppressions.delete().where(suppressions.c.reason == Reason.ERASED, _is(address, keys))
    return conn.execute(gone).rowcount > 0


def count_by_reason(conn: Connection) -> dict[str, int]:
    found = conn.execute(
        select(suppressions.c.reason, func.count().label("n")).group_by(suppressions.c.reason)
    )
    counts: dict[str, int] = {row.reason: row.n for row in found}
    return {reason.value: counts.get(reason.value, 0) for reason in Reason}


def _erased_hashes(conn: Connection) -> frozenset[str]:
    rows = conn.execute(select(suppressions.c.email_hash).where(suppressions.c.email_hash.is_not(None)))
    return frozenset(rows.scalars())


def erased_test(conn: Connection, keys: Sequence[str]) -> Callable[[str], bool]:
    """Tells of an address's key whether its reader was erased.

    Raises ConfigError when one was hashed with a key that is not here: they could come back unseen.
    """
    hashes = _erased_hashes(conn)
    making = _keys_of(hashes, keys)
    if not making:
        return lambda _: False
    return lambda key: any(keyed_hash(one, ERASED_PURPOSE, key) in hashes for one in making)


def _keys_of(hashes: frozenset[str], keys: Sequence[str]) -> tuple[str, ...]:
    made_with = {hashed.partition(":")[0] for hashed in hashes}
    known = {fingerprint(key): key for key in keys}
    if lost := sorted(made_with - set(known)):
        raise ConfigError(
            f"erased addresses are kept as hashes made with a key that is not here ({', '.join(lost)})",
            where="NEWSLETTER_SECRET_KEY",
            hint="Add the older key after the newest, separated by a comma.",
        )
    return tuple(key for mark, key in known.items() if mark in made_with)


def _suppression(row: Row[Any]) -> Suppression:
    return Suppression(row.id, row.email_key, Reason(row.reason), row.detail, row.at)


def _is(address: Address, keys: Sequence[str]) -> ColumnElement[bool]:
    hashed = [keyed_hash(key, ERASED_PURPOSE, address.key) for key in keys]
    return or_(suppressions.c.email_key == address.key, suppressions.c.email_hash.in_(hashed))


def _insert(conn: Connection, **values: object) -> bool:
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    # Not by the row count: PostgreSQL's driver does not tell it of an insert.
    added = insert(suppressions).values(**values).on_conflict_do_nothing().returning(suppressions.c.id)
    return conn.execute(added).first() is not None
