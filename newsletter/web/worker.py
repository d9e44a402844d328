"""What the service does after it has answered: looks at wishes, sends single mails.

One thread in each process of the service; the store says who takes what, so any number may run. What a process
leaves undone when it ends is still in the store.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from multiprocessing.util import Finalize
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from newsletter.addresses import read_address
from newsletter.errors import NewsletterError, StopSending
from newsletter.pipeline import post, subscribe
from newsletter.storage import wishes
from newsletter.storage.database import is_busy, writing
from newsletter.storage.wishes import Wish
from newsletter.types import Origin, Topics
from newsletter.web.errors import places

if TYPE_CHECKING:
    from newsletter.app import App

log = structlog.get_logger("newsletter.web")
POLL = 2.0
"""Seconds between looks when nobody wakes us: for what another process left."""
REST = 60.0
"""Seconds to wait when the provider takes nothing at all."""
AT_ONCE = 20
"""Wishes in one transaction: many share the wait for the disk, and requests do not wait for long."""
GENTLY = 9
"""How much longer than its work the thread rests while there is more of it."""
LAST = 5.0
"""Seconds an ending process gives the mail it is just sending."""


class Worker:
    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock
        self._wanted = False
        self._renew()

    def _renew(self) -> None:
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._sends_after = 0.0

    @cached_property
    def _office(self) -> post.Office:
        return self._app.office

    def start(self) -> None:
        """From now on work in a thread of this process."""
        self._wanted = True
        self._thread = threading.Thread(target=self._run, name="newsletter-post", daemon=True)
        self._thread.start()
        # Also where a server's processes end without running what is registered with atexit.
        Finalize(None, self.stop, exitpriority=10)

    def stop(self) -> None:
        """Finish the mail in hand, and no other."""
        self._wanted = False
        self._ending.set()
        self._wake.set()
        if self._thread and self._thread.is_alive():
            self._thread.join(LAST)

    def after_fork(self) -> None:
        """Call before a request is handled: a server that loads the service first and then forks its processes
        leaves each of them without the thread, and with connections that belong to their parent."""
        if self._process != os.getpid():
            self._renew()
            self._app.database.dispose(close=False)
            if self._wanted:
                self.start()

    @property
    def works(self) -> bool:
        """False when its thread should be there and is not."""
        return not self._wanted or (self._thread is not None and self._thread.is_alive())

    def wake(self) -> None:
        self._wake.set()

    def take_wish(self, email: str, topics: Topics, origin: Origin, *, first_name: str | None) -> None:
        """Write a wish to join down. One row, whoever asks: nothing is looked up here."""
        kept = self._app.readers.log.network_to_keep(origin.network)
        origin = Origin(origin.form, origin.source, origin.wording, kept)
        wish = Wish(email, topics, first_name, origin, self._clock())
        self._app.together.write(lambda conn: wishes.add_wish(conn, wish))
        self.wake()

    def run_once(self) -> int:
        """Deal with all there is now; how many things were done. Raises StopSending."""
        return self._grant_all() + self._send_all()

    def _grant_all(self) -> int:
        done = 0
        while not self._ending.is_set() and (now_done := self._grant()):
            done += now_done
        return done

    def _grant_gently(self) -> None:
        """Leave most of the time, and of the store, to requests: whoever asked has their answer already."""
        granted = AT_ONCE
        while granted == AT_ONCE and not self._ending.is_set():
            began = monotonic()
            granted = self._grant()
            self._ending.wait((monotonic() - began) * GENTLY)

    def _send_all(self) -> int:
        done = 0
        while not self._ending.is_set() and post.send_next(self._office, self._clock()):
            done += 1
            # Whoever asked meanwhile waits for one mail at most.
            done += self._grant()
        return done

    def _grant(self) -> int:
        """Look at some wishes. Each goes in the same transaction as what comes of it."""
        with writing(self._app.database) as conn:

            def settle(wish: Wish) -> None:
                subscribe.request(
                    conn,
                    read_address(wish.email),
                    topics=wish.topics,
                    first_name=wish.first_name,
                    origin=wish.origin,
                    log=self._app.readers.log,
                    budget=self._app.budget,
                    now=self._clock(),
                    asked_at=wish.at,
                )

            done, failed = wishes.settle_wishes(conn, settle, limit=AT_ONCE)
        for error in failed:
            log.error("a wish could not be looked at", kind=type(error).__name__, at=places(error))
        return done

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(POLL)
            self._wake.clear()
            self._look()

    def _look(self) -> None:
        try:
            self._grant_gently()
            if monotonic() >= self._sends_after:
                self._send_all()
        except StopSending as error:
            self._sends_after = monotonic() + REST
            log.error("mails wait", reason=error.what)
        except NewsletterError as error:
            log.error("the post failed", reason=error.what, where=error.where)
        except Exception as error:
            # The thread must outlive whatever this was: nobody else sends confirmations.
            log.error("the post failed", kind=type(error).__name__, busy=is_busy(error), at=places(error))
