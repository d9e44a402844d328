"""How many requests a network, and everybody together, may make in a minute."""

from __future__ import annotations

from datetime import datetime
from threading import Lock


class Budget:
    """Counts of this minute, in the memory of this process. Safe to share between threads.

    What is kept is bounded by `together`: past it nobody new is counted, because nobody is let in.
    """

    def __init__(self, each: int, together: int) -> None:
        self._each, self._together = each, together
        self._lock = Lock()
        self._minute, self._all = 0, 0
        self._counts: dict[str, int] = {}

    def take(self, network: str, now: datetime) -> bool:
        """Whether there is room for one more request of this network, which is then counted."""
        with self._lock:
            minute = int(now.timestamp()) // 60
            if minute != self._minute:
                self._minute, self._all, self._counts = minute, 0, {}
            if self._all >= self._together or self._counts.get(network, 0) >= self._each:
                return False
            self._all += 1
            self._counts[network] = self._counts.get(network, 0) + 1
            return True
