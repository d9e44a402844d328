"""What threads write at the same moment shares a transaction, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from postgres import STORES, fresh_store
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from newsletter.storage.database import reading, writing
from newsletter.storage.together import Together

ADD = text("INSERT INTO kept (id) VALUES (:id)")


@pytest.fixture(params=STORES)
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Together]:
    with fresh_store(request.param, tmp_path) as store:
        with writing(store) as conn:
            conn.execute(text("CREATE TABLE kept (id INTEGER PRIMARY KEY)"))
        yield Together(store)


def add(number: int) -> Callable[[Connection], int]:
    def work(conn: Connection) -> int:
        conn.execute(ADD, {"id": number})
        return number * 10

    return work


def kept(together: Together) -> list[int]:
    with reading(together.engine) as conn:
        return list(conn.execute(text("SELECT id FROM kept ORDER BY id")).scalars())


@contextmanager
def at_once(together: Together, *works: Callable[[Connection], Any]) -> Iterator[list[Future[Any]]]:
    """All of them wanted while another is under way, which ends with the block."""
    begun, go_on = threading.Event(), threading.Event()

    def first(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        pool.submit(together.write, first)
        begun.wait(10)
        futures = [pool.submit(together.write, one) for one in works]
        while len(together._waiting) < len(works):
            time.sleep(0.001)
        yield futures
        go_on.set()


def test_who_waits_at_the_same_time_shares_one_transaction(together: Together) -> None:
    """Each gets its own answer, and the disk is waited for once."""
    commits: list[object] = []
    event.listen(together.engine, "commit", commits.append)
    with at_once(together, *map(add, range(1, 7))) as answers:
        pass
    assert [one.result() for one in answers] == [10, 20, 30, 40, 50, 60]
    assert kept(together) == [1, 2, 3, 4, 5, 6]
    assert len(commits) == 3, "one for who was first, one for all who waited, one for the look afterwards"


def test_one_that_fails_takes_nobody_with_it(together: Together) -> None:
    """It alone raises, and what it had written is undone; the others are durable."""

    def fail(conn: Connection) -> None:
        add(99)(conn)
        raise ValueError("mine alone")

    with at_once(together, add(1), fail, add(2)) as answers:
        pass
    assert (answers[0].result(), answers[2].result()) == (10, 20)
    with pytest.raises(ValueError, match="mine alone"):
        answers[1].result()
    assert kept(together) == [1, 2]


def test_of_two_the_one_that_fails_is_alone_with_it(together: Together) -> None:
    """The other one is written all the same, whichever of them came first."""

    def fail(conn: Connection) -> None:
        raise ValueError("mine alone")

    for number, works in enumerate([(add(1), fail), (fail, add(2))]):
        with at_once(together, *works) as answers:
            pass
        with pytest.raises(ValueError, match="mine alone"):
            answers[1 - number].result()
    assert kept(together) == [1, 2]


def test_when_the_store_fails_everybody_hears_of_it(together: Together) -> None:
    """Nobody is told that something was written which was not."""

    def fail(conn: Connection) -> None:
        raise OperationalError("COMMIT", None, Exception("disk I/O error"))

    with at_once(together, add(1), fail, add(2)) as answers:
        pass
    for one in answers:
        with pytest.raises(OperationalError, match="disk"):
            one.result()
    assert kept(together) == []


def test_an_interrupt_is_no_success(together: Together) -> None:
    """Whoever shared the transaction of a thread that was ended is told so."""

    def end(conn: Connection) -> None:
        raise KeyboardInterrupt

    with at_once(together, add(1), end) as answers:
        pass
    for one in answers:
        with pytest.raises(KeyboardInterrupt):
            one.result()
    assert kept(together) == []


def test_writers_in_a_hurry_lose_nothing(together: Together) -> None:
    """Many threads, each write once and in full."""
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: together.write(add(n)), range(200))) == [n * 10 for n in range(200)]
    assert kept(together) == list(range(200))
