"""Runs: leases on what may happen only once at a time, and the record of when it last happened.

A run without `finished_at` is a lease; a partial unique index allows one a name. Its holder renews it while
it works; one that died stops renewing, and after `until` (or at once, where its death can be seen) the next
to ask takes its place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from newsletter.process import Life, life_of, this_process
from newsletter.storage.database import writing
from newsletter.storage.schema import runs

PASSED_OVER = "its holder died"
LEASE = timedelta(minutes=3)
"""How long a dead holder keeps others waiting. The work may take longer: a living one renews."""


@dataclass(frozen=True, slots=True)
class Run:
    id: int
    name: str
    holder: str
    started_at: datetime
    until: datetime
    finished_at: datetime | None
    """None while it runs, or when its process died."""
    outcome: str | None


def take_lease(conn: Connection, name: str, *, holder: str, now: datetime, until: datetime) -> int | None:
    """The new run's id, or None when another holder's lease on `name` still stands."""
    _pass_over_the_dead(conn, name, now)
    try:
        with conn.begin_nested():
            row: Any = conn.execute(
                insert(runs)
                .values(name=name, holder=holder, started_at=now, until=until)
                .returning(runs.c.id)
            ).scalar_one()
    except IntegrityError:
        return None
    return int(row)


def _pass_over_the_dead(conn: Connection, name: str, now: datetime) -> None:
    """A holder on this machine that is gone is known at once; of another, only its silence tells."""
    held = conn.execute(select(runs).where(runs.c.name == name, runs.c.finished_at.is_(None))).first()
    if held and (held.until <= now or life_of(held.holder) is Life.DEAD):
        finish_run(conn, held.id, now=now, outcome=PASSED_OVER)


def renew_lease(conn: Connection, run_id: int, *, until: datetime) -> bool:
    """Whether the lease was still ours and now stands until then."""
    changed = conn.execute(
        update(runs).where(runs.c.id == run_id, runs.c.finished_at.is_(None)).values(until=until)
    )
    return changed.rowcount == 1


def finish_run(conn: Connection, run_id: int, *, now: datetime, outcome: str) -> bool:
    """Whether the lease was still ours; it is free again, and `outcome` is on record."""
    changed = conn.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.finished_at.is_(None))
        .values(finished_at=now, outcome=outcome)
    )
    return changed.rowcount == 1


def find_last_run(conn: Connection, name: str) -> Run | None:
    """The latest finished run of this name that did not die under its holder."""
    row = conn.execute(
        select(runs)
        .where(runs.c.name == name, runs.c.finished_at.is_not(None), runs.c.outcome != PASSED_OVER)
        .order_by(runs.c.id.desc())
        .limit(1)
    ).first()
    return Run(**row._mapping) if row else None


def note_run(conn: Connection, name: str, *, holder: str, now: datetime, outcome: str) -> None:
    """Put on record what somebody did at once, without a lease."""
    conn.execute(
        insert(runs).values(
            name=name, holder=holder, started_at=now, until=now, finished_at=now, outcome=outcome
        )
    )


@dataclass
class Turn:
    """A lease held by this process; what the work came to is written here before the block ends."""

    run_id: int
    outcome: str = "done"


@contextmanager
def turn(engine: Engine, name: str, *, now: datetime, lease: timedelta = LEASE) -> Iterator[Turn | None]:
    """Our turn at `name`, renewed until the block ends, or None while somebody else has it.

    Time goes on from `now` by a clock that cannot be set back.
    """
    began = time.monotonic()

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    with writing(engine) as conn:
        run_id = take_lease(conn, name, holder=this_process(), now=now, until=now + lease)
    if run_id is None:
        yield None
        return
    held, ended = Turn(run_id), threading.Event()

    def renew() -> None:
        while not ended.wait(lease.total_seconds() / 6):
            try:
                with writing(engine) as conn:
                    renew_lease(conn, run_id, until=moment() + lease)
            except SQLAlchemyError:  # a busy or briefly absent store: there are five more tries
                continue

    keeper = threading.Thread(target=renew, name=f"lease on {name}", daemon=True)
    keeper.start()
    try:
        yield held
    except BaseException as error:
        held.outcome = f"failed: {error}".splitlines()[0]
        raise
    finally:
        ended.set()
        keeper.join()
        with writing(engine) as conn:
            finish_run(conn, run_id, now=moment(), outcome=held.outcome)
