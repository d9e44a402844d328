"""The studio's memory: the last good view, the trouble there is now, and who waits to hear of a change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsletter.gallery.shown import Shown
from newsletter.preview.inspection import Inspection
from newsletter.preview.source import Made, Source
from newsletter.preview.trouble import Trouble, explain


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test mail."""

    to: str
    variant: str
    said: str
    """What the provider said, in a sentence."""
    trouble: Trouble | None = None
    """Why it was not sent; None when it was."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int = 0
    """Another with every change a page must show."""
    shown: Shown | None = None
    """What is shown: the last issue that could be built, or a first glimpse of the next; None when none could yet."""
    made: Made | None = None
    """The last issue that could be built, with all that was made of it."""
    trouble: Trouble | None = None
    """None when `made` is what the files say now."""
    inspection: Inspection | None = None
    """What was found by looking longer, at `made` or at what was there before it."""
    inspected: Made | None = None
    """What it was found of."""
    tried: Tried | None = None

    @property
    def is_inspected(self) -> bool:
        """Whether what was found is of what is shown."""
        return self.made is not None and self.inspected is self.made and self.shown is self.made.shown


class Studio:
    """Holds one snapshot; any thread may change it or wait for the next."""

    def __init__(self, source: Source, root: Path) -> None:
        self.root = root
        self.looked_at = ""
        """The key of the variant that a page asked for last; empty for the fullest."""
        self.closed = False
        self._source = source
        self._changed = threading.Condition()
        self._building = threading.Lock()
        self._now = Snapshot()

    @property
    def now(self) -> Snapshot:
        return self._now

    def refresh(self) -> Snapshot:
        """Build again. A mistake becomes trouble and leaves the last good view; it never ends the studio."""
        with self._building:
            try:
                self._glimpse()
                made = self._source.make()
            except Exception as error:  # whatever it is, the editor must see it, and the page must live on
                return self._settle(trouble=explain(error, self.root))
            return self._settle(made=made, shown=made.shown, trouble=None)

    def _glimpse(self) -> None:
        before = self._now.shown
        if before is None or len(before.variants) < 2:
            return
        glimpse = self._source.glimpse(before, before.variant(self.looked_at).key)
        if glimpse:
            self._settle(shown=glimpse, trouble=None)

    def note(self, made: Made, inspection: Inspection) -> None:
        """Keep what was found of an issue; what comes too late for it counts until the next."""
        self._settle(inspection=inspection, inspected=made)

    def tell(self, tried: Tried) -> None:
        """Keep what came of a test mail."""
        self._settle(tried=tried)

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

    def _settle(self, **changes: Any) -> Snapshot:
        with self._changed:
            before, then = self._now, replace(self._now, **changes)
            if _seen(then) != _seen(before) or not before.version:
                then = replace(then, version=before.version + 1)
            self._now = then
            self._changed.notify_all()
            return then


def _seen(one: Snapshot) -> tuple[object, ...]:
    """What of a snapshot a page shows."""
    return one.shown, one.trouble, one.inspection, one.is_inspected, one.tried
