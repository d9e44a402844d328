"""What takes a moment longer than showing an issue: its readers, its seal, what the gate finds. Seen after the view."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from newsletter.gallery.remarks import Remark, remarks, said
from newsletter.pipeline.gate import waive
from newsletter.preview.changes import LookState, SealState, since_last_issue, since_sealed
from newsletter.preview.source import Made
from newsletter.preview.trouble import Trouble, explain

if TYPE_CHECKING:
    from newsletter.preview.studio import Studio
    from newsletter.storage.issues import PublishedIssue

T = TypeVar("T")
QUIET = 0.25
"""Seconds without a save before the gate is asked: it must not be in the way of the next picture."""
LONG_QUIET = 1.0
"""Seconds before SpamAssassin and links are asked, each of which takes a second itself."""


@dataclass(frozen=True, slots=True)
class Inspection:
    readers: Mapping[str, int] | None
    """A variant's key → how many readers would get it now; None without a store."""
    without: int
    """Readers in whose topics there is nothing."""
    remarks: tuple[Remark, ...]
    said: str
    """How the checks came out, in a sentence; empty when they could not be held."""
    thorough: bool
    """Whether SpamAssassin was asked, too."""
    online: bool
    """Whether links and pictures were asked, too."""
    published: PublishedIssue | None
    """None while nothing of the issue is frozen."""
    seal: SealState | None
    look: LookState | None
    troubles: tuple[Trouble, ...] = ()
    """What of all this could not be found out, and why."""


def inspect(made: Made, now: datetime, *, thorough: bool, online: bool) -> Inspection:
    """Look at everything; what fails becomes trouble, and the rest is there all the same."""
    root = made.app.site.root
    troubles: list[Trouble] = []

    def tried(look: Callable[[], T]) -> T | None:
        try:
            return look()
        except Exception as error:  # an older issue's file, a store of another version: the view must live on
            troubles.append(explain(error, root))
            return None

    seal = tried(lambda: since_sealed(made))
    shares = tried(lambda: made.app.shares(made.composed.editions, now))
    online = online and thorough
    verdict = tried(lambda: made.app.gate.judge(made.composed, now, thorough=thorough, online=online))
    findings = waive(verdict.findings, seal.waivers if seal else ()) if verdict else ()
    return Inspection(
        readers={str(topics): count for topics, count in shares[0].items()} if shares else None,
        without=shares[1] if shares else 0,
        remarks=remarks(findings, root),
        said=said(verdict, findings) if verdict else "",
        thorough=thorough,
        online=online,
        published=tried(lambda: made.app.find_published(made.slug)),
        seal=seal,
        look=tried(lambda: since_last_issue(made)),
        troubles=tuple(dict.fromkeys(troubles)),
    )


class Inspector:
    """A thread that looks longer at each view once it is shown and the files have been quiet for a while."""

    def __init__(self, studio: Studio, clock: Callable[[], datetime]) -> None:
        self.online = False
        """Whether links and pictures are asked: only an editor can say so, for it leaves this machine."""
        self._studio = studio
        self._clock = clock
        self._wish = threading.Condition()
        self._wishes = 0
        self._closed = False
        threading.Thread(target=self._run, name="inspector", daemon=True).start()

    def look(self) -> None:
        """Something changed: look again, as soon as it is quiet."""
        with self._wish:
            self._wishes += 1
            self._wish.notify_all()

    def close(self) -> None:
        with self._wish:
            self._closed = True
            self._wish.notify_all()

    def _run(self) -> None:
        done = 0
        while wish := self._next(done):
            if self._is_disturbed(wish, QUIET):
                continue
            self._inspect(thorough=False)
            if self._is_disturbed(wish, LONG_QUIET):
                continue
            self._inspect(thorough=True)
            done = wish

    def _next(self, done: int) -> int:
        """The number of the newest wish, once there is one that was not fulfilled; 0 at the end."""
        with self._wish:
            self._wish.wait_for(lambda: self._closed or self._wishes > done)
            return 0 if self._closed else self._wishes

    def _is_disturbed(self, wish: int, seconds: float) -> bool:
        with self._wish:
            return self._wish.wait_for(lambda: self._closed or self._wishes != wish, seconds)

    def _inspect(self, *, thorough: bool) -> None:
        now = self._studio.now
        if now.made is None or now.trouble:
            return
        found = inspect(now.made, self._clock(), thorough=thorough, online=self.online)
        if not self._studio.now.trouble:  # a file that was broken meanwhile may have spoilt it
            self._studio.note(now.made, found)
