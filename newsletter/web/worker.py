"""What the service does after it has answered: looks at wishes, sends single mails.

One daemon thread in each process of the service; the store says who takes what, so any number may run. What a
process leaves undone when it ends is still in the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from newsletter.addresses import read_address
from newsletter.errors import NewsletterError, StopSending
from newsletter.pipeline import post, subscribe
from newsletter.storage import mails, wishes
from newsletter.storage.database import is_busy, reading, writing
from newsletter.storage.wishes import Wish
from newsletter.types import Origin, Topics

if TYPE_CHECKING:
    from newsletter.app import App

log = structlog.get_logger("newsletter.web")
POLL = 2.0
"""Seconds between looks when nobody wakes us: for what another process left."""
REST = 60.0
"""Seconds to wait when the provider takes nothing at all."""


class Worker:
    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock
        self._wake = threading.Event()

    @cached_property
    def _office(self) -> post.Office:
        return self._app.office

    def start(self) -> None:
        threading.Thread(target=self._run, name="newsletter-post", daemon=True).start()

    def wake(self) -> None:
        self._wake.set()

    def take_wish(self, email: str, topics: Topics, origin: Origin, *, first_name: str | None) -> None:
        """Write a wish to join down. One row, whoever asks: nothing is looked up here."""
        kept = self._app.readers.log.network_to_keep(origin.network)
        origin = Origin(origin.form, origin.source, origin.wording, kept)
        with writing(self._app.database) as conn:
            wishes.add_wish(conn, Wish(email, topics, first_name, origin, self._clock()))
        self.wake()

    def waiting(self) -> int:
        """Wishes and mails that are still to be dealt with."""
        with reading(self._app.database) as conn:
            return wishes.count_wishes(conn) + mails.count_waiting(conn)

    def run_once(self) -> int:
        """Deal with all there is now; how many things were done. Raises StopSending."""
        done = 0
        while self._grant() or post.send_next(self._office, self._clock()):
            done += 1
        return done

    def _grant(self) -> bool:
        """Look at one wish. It goes in the same transaction as what comes of it."""
        with writing(self._app.database) as conn:
            wish = wishes.take_wish(conn)
            if wish is None:
                return False
            subscribe.request(
                conn,
                read_address(wish.email),
                topics=wish.topics,
                first_name=wish.first_name,
                origin=wish.origin,
                log=self._app.readers.log,
                budget=self._app.budget,
                now=self._clock(),
            )
        return True

    def _run(self) -> None:
        while True:
            self._wake.wait(POLL)
            self._wake.clear()
            try:
                self.run_once()
            except StopSending as error:
                log.error("mails wait", reason=error.what)
                threading.Event().wait(REST)
            except NewsletterError as error:
                log.error("the post failed", reason=error.what)
            except Exception as error:
                # The thread must outlive whatever this was: nobody else sends confirmations.
                log.error("the post failed", reason=type(error).__name__, busy=is_busy(error))
