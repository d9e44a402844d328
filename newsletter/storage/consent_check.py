"""Reading the consent log from end to end: is every line as it was written, and is none missing?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, exists, func, not_, or_, select, text

from newsletter.keys import fingerprint, matches
from newsletter.storage.consent import (
    COLUMNS,
    ENDING,
    GIVING,
    HEAD_PURPOSE,
    NETWORK_PURPOSE,
    Action,
    head_text,
    line_hash,
)
from newsletter.storage.schema import consent, consent_head, consent_networks, subscribers, wordings
from newsletter.types import SubscriberState, Wording

PAGE = 5000
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    """Its id; 0 for the log as a whole."""
    what: str


@dataclass(slots=True)
class Verdict:
    lines: int = 0
    head: str = ""
    """The log's end now. Noted elsewhere, it proves later that nothing before it was changed or cut off."""
    faults: list[Fault] = field(default_factory=list)
    """The first hundred."""

    @property
    def holds(self) -> bool:
        return not self.faults

    def add(self, line: int, what: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(line, what))


def verify(conn: Connection, *, keys: Sequence[str], anchor: str | None = None) -> Verdict:
    """Recompute the whole chain. `anchor` is a `head` noted earlier: the log must still contain it.

    What nobody can see from here: a store put back whole to an earlier copy, head and all, when no anchor was
    noted since.
    """
    verdict = Verdict()
    contained = anchor is None or anchor == head_text(0, "")
    last_hash = ""
    for line, last_hash in _walk(conn, verdict):
        contained = contained or anchor == head_text(line, last_hash)
    verdict.head = head_text(verdict.lines, last_hash)
    _check_head(conn, verdict, keys)
    _check_readers(conn, verdict)
    _check_networks(conn, verdict, keys)
    _check_guards(conn, verdict)
    if not contained:
        verdict.add(0, f"the log does not contain {anchor}: it was changed before there, or cut off")
    return verdict


def _walk(conn: Connection, verdict: Verdict) -> Iterator[tuple[int, str]]:
    """Each line's id and hash. A changed line is one fault: the next is checked against what is stored."""
    hashes = _wordings(conn, verdict)
    last, previous = 0, ""
    while rows := _page(conn, last):
        for row in rows:
            if row.id != last + 1:
                verdict.add(last + 1, "is missing" if row.id == last + 2 else f"to {row.id - 1} are missing")
            elif line_hash(tuple(row), previous, hashes.get(row.wording_id)) != row.hash:
                verdict.add(row.id, "is not what was written, or not where it was written")
            last, previous = row.id, row.hash
            verdict.lines = last
            yield last, previous


def _page(conn: Connection, after: int) -> Sequence[Row[Any]]:
    columns = [consent.c[name] for name in COLUMNS]
    return conn.execute(select(*columns).where(consent.c.id > after).order_by(consent.c.id).limit(PAGE)).all()


def _wordings(conn: Connection, verdict: Verdict) -> dict[int | None, str]:
    """The hashes as their texts give them: a text changed later no longer fits the lines that name it."""
    rows = conn.execute(select(wordings)).all()
    hashes = {row.id: Wording(row.text, row.version).hash for row in rows}
    for row in rows:
        if hashes[row.id] != row.hash:
            verdict.add(0, f"wording {row.id} is not what readers were shown")
    return {**hashes}


def _check_head(conn: Connection, verdict: Verdict, keys: Sequence[str]) -> None:
    head = conn.execute(select(consent_head)).one_or_none()
    if head is None:
        verdict.add(0, "the head is missing")
        return
    text = head_text(head.lines, head.hash)
    if text != verdict.head:
        verdict.add(
            0,
            f"the log ends at line {verdict.lines}, its head says {head.lines}: lines were cut off or added",
        )
    if head.lines and not matches(keys, HEAD_PURPOSE, text, head.seal):
        made_here = head.seal.partition(":")[0] in map(fingerprint, keys)
        verdict.add(
            0,
            "the head was changed by somebody without the key"
            if made_here
            else "the head was sealed with a key that is not here; add the older key after the newest",
        )


def _check_readers(conn: Connection, verdict: Verdict) -> None:
    """What the readers' own rows say must follow from the log. One who is pending has a line once a mail is sent."""
    active = subscribers.c.state == SubscriberState.ACTIVE
    gave, ended = _last(GIVING), _last(ENDING)
    others = not_(or_(active, subscribers.c.state == SubscriberState.PENDING))
    for rows, what in (
        ((active, gave.is_(None)), "active reader(s) have no line that says they agreed"),
        ((active, ended > gave), "active reader(s) have left, as their last line says"),
        ((others, not_(_has_line())), "reader(s) have no line at all"),
    ):
        if count := conn.execute(select(func.count()).select_from(subscribers).where(*rows)).scalar_one():
            verdict.add(0, f"{count} {what}")


def _last(actions: Sequence[Action]) -> ScalarSelect[int]:
    theirs = consent.c.subscriber_id == subscribers.c.id, consent.c.action.in_(actions)
    return select(func.max(consent.c.id)).where(*theirs).scalar_subquery()


def _has_line() -> ColumnElement[bool]:
    return exists().where(consent.c.subscriber_id == subscribers.c.id)


def _check_networks(conn: Connection, verdict: Verdict, keys: Sequence[str]) -> None:
    """Addresses in the clear, where a site keeps them, stand beside the chain: their lines hold the hashes."""
    query = select(consent.c.id, consent.c.network_hash, consent_networks.c.network).join_from(
        consent_networks, consent
    )
    for row in conn.execute(query.order_by(consent.c.id)):
        found = row.network_hash or ""
        made_here = found.partition(":")[0] in map(fingerprint, keys)
        if made_here and not matches(keys, NETWORK_PURPOSE, row.network, found):
            verdict.add(row.id, "is not of the network address that is kept beside it")


GUARDS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        ("consent_no_delete", "consent_no_update", "wordings_no_delete", "wordings_no_update"),
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
        ("consent_append_only", "wordings_append_only"),
    ),
}
"""Per store: which triggers it has that are on, and those that must be among them, as the migration made them."""


def _check_guards(conn: Connection, verdict: Verdict) -> None:
    """Without them nothing need have happened yet, but the store would let it happen."""
    query, needed = GUARDS[conn.dialect.name]
    there = set(conn.execute(text(query)).scalars())
    for name in needed:
        if name not in there:
            verdict.add(0, f"the store no longer refuses changes: its trigger {name} is gone or off")
