"""The consent log: what was asked, when and how it was given, changed and taken back, in lines never changed.

The store itself refuses to change or remove a line (triggers made by the migration). Who gets around that is
found out: each line's hash is SHA-256 over the UTF-8 text of the JSON array

    [id, hash of the line before, subscriber_id, given_at, network_hash, detail,
     action, at, form, source, hash of the wording]

without spaces, with moments as `2026-11-26T09:00:00.000000+00:00`; ids have no gap; and the head, one row
with the number of lines and the last hash, carries a keyed seal. A line holds nothing personal: it outlives
the erasure of its reader. Appending is serialised: by SQLite's write lock, on PostgreSQL by locking the head.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from newsletter.keys import keyed_hash
from newsletter.storage.schema import consent, consent_head, consent_networks, wordings
from newsletter.types import Origin, Wording

HEAD_PURPOSE = "consent head"
NETWORK_PURPOSE = "network address"


class Action(StrEnum):
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    ADDED = "added"
    IMPORTED = "imported"
    TOPICS = "topics"
    NAME = "name"
    PAUSED = "paused"
    RESUMED = "resumed"
    ADDRESS_REQUESTED = "address requested"
    ADDRESS_CHANGED = "address changed"
    ADDRESS_KEPT = "address kept"
    UNSUBSCRIBED = "unsubscribed"
    REASON = "reason"
    RETURNED = "returned"
    EXPORTED = "exported"
    EXPIRED = "expired"
    ERASED = "erased"


GIVING = (Action.CONFIRMED, Action.ADDED, Action.IMPORTED, Action.RETURNED)
"""What makes a reader active. `consent verify` asks for one of these for everyone who is."""

ENDING = (Action.UNSUBSCRIBED, Action.EXPIRED, Action.ERASED)
"""After one of these only a later line of GIVING makes a reader active again."""

VARYING = ("id", "subscriber_id", "given_at", "network_hash", "detail", "hash")
"""The columns in which the lines of one writer differ."""
COLUMNS = (*VARYING, "action", "at", "form", "source", "wording_id")
Row = tuple[Any, ...]

# Made once: building a statement costs as much as running it, and every press of a reader's button runs these.
_HEAD, _END, _LINE = select(consent_head).with_for_update(), consent_head.update(), consent.insert()


class Chain:
    """The end of the log, held by this transaction alone: every line is made through it, in turn."""

    def __init__(self, conn: Connection, keys: Sequence[str]) -> None:
        self._conn = conn
        self._key = keys[0]
        # PostgreSQL: whoever else wants to append waits here until this transaction ends.
        head = conn.execute(_HEAD).one()
        self.lines: int = head.lines
        self.hash: str = head.hash

    def writer(
        self, action: Action, now: datetime, origin: Origin, *, raw: Callable[[datetime], Any] = lambda at: at
    ) -> Writer:
        """Makes lines about one action from one place. `raw` turns moments into what the driver takes, for lines
        that are stored past SQLAlchemy's types."""
        return Writer(self, action, now, origin, raw)

    def remember_wording(self, wording: Wording) -> int:
        """The id of a wording, stored once however many were shown it."""
        query = select(wordings.c.id).where(wordings.c.hash == wording.hash)
        known = self._conn.execute(query).scalar()
        if known is not None:
            return int(known)
        values = {"version": wording.version, "text": wording.text, "hash": wording.hash}
        return int(self._conn.execute(wordings.insert().returning(wordings.c.id), values).scalar_one())

    def close(self) -> None:
        """Seal the new end. Belongs into the transaction that stores the lines."""
        seal = keyed_hash(self._key, HEAD_PURPOSE, head_text(self.lines, self.hash))
        self._conn.execute(_END, {"lines": self.lines, "hash": self.hash, "seal": seal})


class Writer:
    """Makes lines that share `constants` and differ in VARYING."""

    def __init__(
        self, chain: Chain, action: Action, now: datetime, origin: Origin, raw: Callable[[datetime], Any]
    ) -> None:
        wording = origin.wording
        self.constants: dict[str, Any] = {
            "action": action.value,
            "at": raw(now),
            "form": origin.form,
            "source": origin.source,
            "wording_id": chain.remember_wording(wording) if wording else None,
        }
        self._chain = chain
        self._raw = raw
        self._tail = _json(action, moment(now), origin.form, origin.source, wording.hash if wording else None)

    def line(
        self, subscriber_id: int, given_at: datetime | None, network_hash: str | None, detail: str
    ) -> Row:
        """The next line, in the order of VARYING."""
        varying = _json(moment(given_at) if given_at else None, network_hash, detail)
        given = self._raw(given_at) if given_at else None
        end = self._chain
        end.lines += 1
        end.hash = _linked(end.lines, end.hash, subscriber_id, varying, self._tail)
        return (end.lines, subscriber_id, given, network_hash, detail, end.hash)


@dataclass(frozen=True, slots=True)
class Log:
    """The log with what writing to it takes: the site's keys, newest first, and whether network addresses are
    also kept in the clear (in a table of their own that an erasure empties)."""

    keys: tuple[str, ...]
    keep_networks: bool = False

    def append(
        self,
        conn: Connection,
        subscriber_id: int,
        action: Action,
        origin: Origin,
        *,
        now: datetime,
        detail: str = "",
        given_at: datetime | None = None,
    ) -> int:
        """Add a line about one reader; returns its id. `detail` must not be personal; `given_at`: when it was said,
        if not now."""
        chain = Chain(conn, self.keys)
        network_hash = self.hash_network(origin.network)
        writer = chain.writer(action, now, origin)
        line = writer.line(subscriber_id, given_at, network_hash, detail)
        conn.execute(_LINE, dict(zip(VARYING, line, strict=True)) | writer.constants)
        chain.close()
        if self.keep_networks and origin.network and not is_hashed(origin.network):
            conn.execute(consent_networks.insert(), {"consent_id": chain.lines, "network": origin.network})
        return chain.lines

    def hash_network(self, network: str | None) -> str | None:
        """The keyed hash of a network address; of one that was hashed before, itself."""
        if not network or is_hashed(network):
            return network or None
        return keyed_hash(self.keys[0], NETWORK_PURPOSE, network)

    def network_to_keep(self, network: str | None) -> str | None:
        """As it may be written down anywhere: in the clear only where the site turned that on."""
        return network if self.keep_networks else self.hash_network(network)


def is_hashed(network: str) -> bool:
    """`<fingerprint>:<HMAC>`: no network address looks like it."""
    return re.fullmatch(r"[0-9a-f]{8}:[0-9a-f]{64}", network) is not None


def list_lines(conn: Connection, subscriber_id: int) -> list[dict[str, Any]]:
    """One reader's lines, oldest first, with the wording they were shown and what proves each line."""
    before = consent.alias()
    rows = conn.execute(
        select(
            *(column for column in consent.c if column.name != "wording_id"),
            wordings.c.version.label("wording_version"),
            wordings.c.text.label("wording"),
            wordings.c.hash.label("wording_hash"),
            consent_networks.c.network,
            before.c.hash.label("previous_hash"),
        )
        .select_from(
            consent.outerjoin(wordings)
            .outerjoin(consent_networks, consent_networks.c.consent_id == consent.c.id)
            .outerjoin(before, before.c.id == consent.c.id - 1)
        )
        .where(consent.c.subscriber_id == subscriber_id)
        .order_by(consent.c.id)
    )
    return [{**row._mapping, "previous_hash": row.previous_hash or ""} for row in rows]


def has_happened(conn: Connection, subscriber_id: int, action: Action, *, after: datetime) -> bool:
    """Whether one of a reader's lines after that moment is of this action."""
    lines = select(consent.c.id).where(
        consent.c.subscriber_id == subscriber_id, consent.c.action == action.value, consent.c.at > after
    )
    return bool(conn.execute(select(lines.exists())).scalar_one())


def forget_networks(conn: Connection, subscriber_ids: Iterable[int]) -> None:
    """Delete the network addresses that were kept in the clear; the keyed hashes stay in their lines."""
    lines = select(consent.c.id).where(consent.c.subscriber_id.in_(list(subscriber_ids)))
    conn.execute(consent_networks.delete().where(consent_networks.c.consent_id.in_(lines)))


def line_hash(row: Row, previous: str, wording_hash: str | None) -> str:
    """What a stored line's hash must be, after a line with the hash `previous`."""
    number, subscriber_id, given_at, network_hash, detail, _, action, at, form, source, _ = row
    varying = _json(moment(given_at) if given_at else None, network_hash, detail)
    tail = _json(action, moment(at), form, source, wording_hash)
    return _linked(number, previous, subscriber_id, varying, tail)


def head_text(lines: int, last_hash: str) -> str:
    """The log's end in one word, to be noted elsewhere: `1204:5f3a…`."""
    return f"{lines}:{last_hash}"


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _linked(number: int, previous: str, subscriber_id: int, varying: str, tail: str) -> str:
    return hashlib.sha256(f'[{number},"{previous}",{subscriber_id},{varying},{tail}]'.encode()).hexdigest()


@lru_cache(4096)
def _json(*values: str | None) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))[1:-1]
