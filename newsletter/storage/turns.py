"""Taking turns at writing to SQLite, which lets one write at a time.

Who finds it busy sleeps and looks again, ever longer: of many writers the unlucky ones would wait for seconds while
others pass. So the writers of this program queue, threads by a lock of their process, processes by a lock on a file
beside the database, both of which wake the next one at once. It is about waiting only: that writes are one at a
time is SQLite's own doing, also for a program that does not queue.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

try:
    import fcntl
except ImportError:  # no such lock on Windows: threads queue, processes sleep and look again
    fcntl = None  # type: ignore[assignment]

WAIT = 30.0
"""Seconds. Whoever waited in vain for so long leaves it to SQLite, which says that it is busy."""


class Queue:
    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = -1
        self.process = os.getpid()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = self._lock.acquire(timeout=WAIT)
        try:
            self._take(mine)
            yield
        finally:
            if mine:
                self._give()
                self._lock.release()

    def _take(self, mine: bool) -> None:
        if not (mine and fcntl and self._path):
            return
        if self._file < 0:
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _Asking(self._file).within(WAIT):
                self._file = -1

    def _give(self) -> None:
        if fcntl and self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)


class _Asking(threading.Thread):
    """Waits for another process's turn to end. That has no end of its own: one that was stopped in its turn, with
    Ctrl-Z say, gives it back when somebody wakes it. Whoever does not wait so long leaves the file to this thread."""

    def __init__(self, file: int) -> None:
        super().__init__(name="waiting for a turn", daemon=True)
        self._file = file
        self._deciding = threading.Lock()
        self._came = self._left = False

    def run(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._deciding:
            self._came = True
            if self._left:
                os.close(self._file)

    def within(self, seconds: float) -> bool:
        """Whether it is our turn by then."""
        self.start()
        self.join(seconds)
        with self._deciding:
            self._left = not self._came
        return self._came


_queues: WeakKeyDictionary[Engine, Queue] = WeakKeyDictionary()


def queue_of(engine: Engine) -> Queue | None:
    """The one queue of this process for this store; None where the store itself has no need of one."""
    if engine.dialect.name != "sqlite":
        return None
    found = _queues.get(engine)
    if found is None or found.process != os.getpid():  # a lock that was held when a process forked stays held
        name = engine.url.database
        path = Path(f"{name}-turn") if name and name != ":memory:" else None
        found = _queues[engine] = Queue(path)
    return found
