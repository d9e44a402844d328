"""Writers of one SQLite file come one after the other, whichever process they are of, and none waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from newsletter.storage import turns
from newsletter.storage.database import open_database, writing

OTHER = """
import sys
from newsletter.storage.database import open_database, writing
from newsletter.storage.turns import queue_of

engine = open_database(sys.argv[1])
with queue_of(engine).turn():
    print("mine", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'letter.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


@contextmanager
def another_in_its_turn(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose turn it is until a line is written to it."""
    command = [sys.executable, "-c", OTHER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def write(store: Engine) -> None:
    with writing(store) as conn:
        conn.execute(text("CREATE TABLE IF NOT EXISTS written (at REAL)"))
        conn.execute(text("INSERT INTO written VALUES (julianday())"))


def test_a_writer_waits_for_the_turn_of_another_process(store: Engine, url: str) -> None:
    """And goes on at once when it ends."""
    with another_in_its_turn(url) as other:
        writer = threading.Thread(target=write, args=(store,))
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        assert other.stdin
        other.stdin.write("\n")
        other.stdin.flush()
        writer.join(20)
        assert not writer.is_alive()


def test_a_process_stopped_in_its_turn_keeps_nobody_for_ever(
    store: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with Ctrl-Z. Whoever waited in vain writes; when the other is awake again, both take their turns as before."""
    monkeypatch.setattr(turns, "WAIT", 0.2)
    with another_in_its_turn(url) as other:
        os.kill(other.pid, signal.SIGSTOP)
        write(store)
        write(store)
        os.kill(other.pid, signal.SIGCONT)
        assert other.stdin
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.wait(20) == 0
    write(store)
    waiting = [one for one in threading.enumerate() if one.name == "waiting for a turn"]
    until = time.monotonic() + 20
    while any(one.is_alive() for one in waiting):
        assert time.monotonic() < until
    with another_in_its_turn(url):
        pass
    with store.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM written")).scalar() == 3
