"""Taking in a list of subscribers: it can add or suppress, never bring back.

A list is read and staged first; then, in one transaction, each row is judged beside what the store knows of
its address, and written. A rehearsal judges the same way and writes nothing.
"""

from __future__ import annotations

import csv
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from newsletter.errors import UsageError
from newsletter.listed import Standing
from newsletter.lists.rows import SubscriberList
from newsletter.storage import merging, suppressions
from newsletter.storage.backup import checkpoint
from newsletter.storage.consent import Log
from newsletter.storage.merging import SUPPRESSIONS, Act, Candidate, Merge
from newsletter.storage.staging import count_standing, iter_outcomes, stage, staging, step
from newsletter.types import Origin, SubscriberState

ADDED, UPDATED, SUPPRESSED, REFUSED = OUTCOMES = ("added", "updated", "suppressed", "refused")

PENDING, ACTIVE, UNSUBSCRIBED = (
    SubscriberState.PENDING.value,
    SubscriberState.ACTIVE.value,
    SubscriberState.UNSUBSCRIBED.value,
)
LEFT_ELSEWHERE = "left where the list comes from"
ERASED = "asked to be erased"


class Judgement(NamedTuple):
    """What is to become of a row, and why."""

    outcome: str
    reason: str
    act: Act = Act.NOTHING


def judge(row: Candidate, is_erased: Callable[[str], bool]) -> Judgement:
    """Decide about one row. Who left, bounced, complained or was erased stays out, whatever the list says."""
    if is_erased(row.key):
        return Judgement(SUPPRESSED, ERASED)
    if row.standing == _ACTIVE:
        return _judge_active(row)
    if row.standing == Standing.LEFT:
        return _judge_left(row)
    if row.suppressed:
        return Judgement(SUPPRESSED, f"is suppressed already ({row.suppressed})")
    return Judgement(SUPPRESSED, f"{SUPPRESSIONS[row.standing]} where the list comes from", Act.SUPPRESS)


def _judge_active(row: Candidate) -> Judgement:
    if row.suppressed:
        return Judgement(SUPPRESSED, f"is suppressed ({row.suppressed})")
    if row.subscriber_id is None:
        return _NEW
    if row.state == UNSUBSCRIBED:
        return Judgement(SUPPRESSED, f"left on {row.left_on}")
    if row.state == PENDING:
        return Judgement(UPDATED, "was waiting for confirmation", Act.ACTIVATE)
    return Judgement(UPDATED, "has new particulars", Act.UPDATE) if _changes(row) else _SAME


def _judge_left(row: Candidate) -> Judgement:
    if row.state == UNSUBSCRIBED:
        return Judgement(SUPPRESSED, "had left already")
    if row.state is not None:
        return Judgement(SUPPRESSED, LEFT_ELSEWHERE, Act.LEAVE)
    if row.suppressed:
        return Judgement(SUPPRESSED, f"is suppressed already ({row.suppressed})")
    return Judgement(SUPPRESSED, LEFT_ELSEWHERE, Act.KEEP_OUT)


def _changes(row: Candidate) -> bool:
    return _name(row) != row.known_name or _topics(row) != row.known_topics


def _name(row: Candidate) -> str | None:
    """The list's, unless it has none or the reader wrote their own."""
    return row.known_name if row.chose_name or not row.first_name else row.first_name


def _topics(row: Candidate) -> str:
    return (row.known_topics or "*") if row.chose_topics or not row.topics else row.topics


_ACTIVE = Standing.ACTIVE.value
_NEW = Judgement(ADDED, "", Act.ADD)
_NOBODY = Candidate(*[None] * len(Candidate._fields))  # type: ignore[arg-type]
_SAME = Judgement(UPDATED, "is here already, with nothing to change")


Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is, and of how much."""


def silent(what: str, done: int, total: int) -> None:
    """No progress to show."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How a list was read, and how many of its rows ended how. Their sum is the number of rows."""

    format: str
    encoding: str
    counts: dict[str, int]
    """By OUTCOMES."""
    report: Path
    """CSV: line, outcome, reason for every row. No addresses."""
    consent_missing: bool
    """Only in a rehearsal: in earnest this list would be refused."""


def import_list(
    engine: Engine,
    opened: SubscriberList,
    path: Path,
    *,
    consent: str,
    log: Log,
    now: datetime,
    report: Path,
    rehearse: bool = False,
    progress: Progress = silent,
) -> Imported:
    """Read, stage, judge, write, report. Raises UsageError for active readers without a word on their
    consent, ListError when the rest of the file makes no sense: then nothing was changed."""
    size = max(path.stat().st_size, 1)
    with closing(opened), _reporting(report, path) as write_report, staging(engine) as conn, _few_pauses():
        rows = 0
        for staged in stage(conn, opened.rows):
            rows = staged
            progress("reading", opened.position(), size)
        with step(conn, read_only=rehearse):
            missing = not consent.strip() and count_standing(conn, Standing.ACTIVE) > 0
            if missing and not rehearse:
                raise consent_missing(path)
            origin = Origin(form="import", source=consent.strip() or "list")
            counts = _merge(conn, origin, log, now, rehearse, lambda done: progress("merging", done, rows))
        write_report(iter_outcomes(conn))
    checkpoint(engine)
    return Imported(opened.format, opened.encoding, counts, report, missing)


def consent_missing(path: Path) -> UsageError:
    return UsageError(
        "the list holds readers who are to be active, and nothing says that they agreed",
        where=str(path),
        hint='Say where their consent came from: --consent "double opt-in at our old service".',
    )


@contextmanager
def _few_pauses() -> Iterator[None]:
    """Rows come and go by the million and never refer to each other: looking for cycles among them, again and
    again, would take a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _reporting(path: Path, source: Path) -> Iterator[Callable[[Iterable[tuple[int, str, str]]], None]]:
    """Writes the report: whole or not at all, and for its owner's eyes. That it can be written is seen before anything
    is changed. Raises UsageError."""
    if path.resolve() == source.resolve():
        raise UsageError(
            "the report would overwrite the list", where=str(path), hint="Name another --report."
        )
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        file = os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", newline="")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=str(path)) from None

    def write(rows: Iterable[tuple[int, str, str]]) -> None:
        table = csv.writer(file)
        table.writerow(("line", "outcome", "reason"))
        table.writerows(rows)
        file.close()
        part.replace(path)

    try:
        yield write
    finally:
        file.close()
        part.unlink(missing_ok=True)


def _merge(
    conn: Connection,
    origin: Origin,
    log: Log,
    now: datetime,
    rehearse: bool,
    progress: Callable[[int], None],
) -> dict[str, int]:
    if not rehearse:
        merging.lock(conn)
    is_erased = suppressions.erased_test(conn, log.keys)
    counts: Counter[str] = Counter({REFUSED: merging.note_refused(conn)})
    writer = None if rehearse else Merge(conn, origin, log, now)
    before = _NOBODY
    for chunk in merging.candidates(conn):
        noted: list[tuple[int, str, str]] = []
        for row in chunk:
            if row.key == before.key:
                noted.append((row.line, REFUSED, f"has the same address as line {before.line}"))
                continue
            before = row
            outcome, reason, act = judge(row, is_erased)
            if outcome != ADDED:
                noted.append((row.line, outcome, reason))
            if writer and act is not Act.NOTHING:
                writer.do(act, row, _name(row), _topics(row))
        merging.note_outcomes(conn, noted)
        counts.update(outcome for _, outcome, _ in noted)
        counts[ADDED] += len(chunk) - len(noted)
        if writer:
            writer.flush()
        progress(counts.total())
    if writer:
        writer.close()
    return {outcome: counts[outcome] for outcome in OUTCOMES}
