"""A limit on messages a second: what was sent is paid for by waiting afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Rate:
    """`per_second` 0: no limit. Times are seconds on any clock that only goes forward. Not thread-safe."""

    per_second: float
    _free_at: float = field(default=0.0, init=False)
    _asked_at: float = field(default=0.0, init=False)

    def delay(self, now: float) -> float:
        """Seconds until the next call may be made."""
        self._asked_at = now
        return max(0.0, self._free_at - now)

    def spend(self, messages: int) -> None:
        """So many messages are sent, at the moment last asked about."""
        if self.per_second > 0:
            self._free_at = max(self._free_at, self._asked_at) + messages / self.per_second

    def hold(self, until: float) -> None:
        """Nothing may be sent before this moment: the provider asks for it."""
        self._free_at = max(self._free_at, until)
