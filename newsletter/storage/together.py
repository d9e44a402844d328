"""Writing together: what several threads want to write at the same moment goes in one transaction.

A transaction waits for the disk as long for one small write as for many. Who comes while one is under way waits for its
end; then the first of those who wait carries out what all of them want. When that fails, each is carried out by itself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from newsletter.storage.database import is_busy, writing

T = TypeVar("T")


class Together:
    """For one store, shared by the threads of a process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = threading.Lock()
        self._waiting: deque[_Wanted] = deque()

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once it is durable. Raises what it raised, or why nothing could be written.

        `work` may be called twice, from another thread, and must touch nothing but the connection it is given.
        """
        mine = _Wanted(work)
        self._waiting.append(mine)
        with self._turn:
            if not mine.settled:
                _carry_out(self.engine, [self._waiting.popleft() for _ in range(len(self._waiting))])
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result


class _Wanted:
    __slots__ = ("error", "result", "settled", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.settled = False
        self.result: Any = None
        self.error: BaseException | None = None


def _carry_out(engine: Engine, wanted: list[_Wanted]) -> None:
    try:
        with writing(engine) as conn:
            for one in wanted:
                one.result = one.work(conn)
    except BaseException as error:
        if len(wanted) > 1 and isinstance(error, Exception) and not is_busy(error):
            for one in wanted:
                _carry_out(engine, [one])
            return
        for one in wanted:
            one.error = error
    for one in wanted:
        one.settled = True
