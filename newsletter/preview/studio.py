"""The studio's memory: the last good view, the trouble there is now, and who waits to hear of a change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from newsletter.preview.views import Shown, Trouble, explain


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int
    """Another with every change a page must show."""
    view: int
    """Another only when `shown` is another."""
    shown: Shown | None
    """The last issue that could be built; None when none could yet."""
    trouble: Trouble | None
    """None when `shown` is what the files say now."""


class Studio:
    """Holds one snapshot; any thread may refresh it or wait for the next."""

    def __init__(self, compose: Callable[[], Shown], root: Path) -> None:
        self._compose = compose
        self._root = root
        self._changed = threading.Condition()
        self._building = threading.Lock()
        self._now = Snapshot(0, 0, None, None)
        self.closed = False

    @property
    def now(self) -> Snapshot:
        return self._now

    def refresh(self) -> Snapshot:
        """Build again. A mistake becomes trouble and leaves the last good view; it never ends the studio."""
        with self._building:
            shown, trouble = self._now.shown, None
            try:
                shown = self._compose()
            except Exception as error:  # whatever it is, the editor must see it, and the page must live on
                trouble = explain(error, self._root)
            return self._settle(shown, trouble)

    def wait(self, known: int, timeout: float) -> Snapshot:
        """The snapshot as soon as its version is not `known`, or as it is after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._now.version != known, timeout)
            return self._now

    def close(self) -> None:
        """Lets go of everybody who waits."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def _settle(self, shown: Shown | None, trouble: Trouble | None) -> Snapshot:
        with self._changed:
            before = self._now
            if (shown, trouble) != (before.shown, before.trouble) or not before.version:
                view = before.view + (shown != before.shown)
                self._now = Snapshot(before.version + 1, view, shown, trouble)
                self._changed.notify_all()
            return self._now
