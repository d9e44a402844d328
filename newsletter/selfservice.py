"""What readers do for themselves, each in one transaction: the verbs with the site's store and log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from newsletter.addresses import read_address
from newsletter.pipeline import preferences, privacy, subscribe
from newsletter.storage import mails, subscribers
from newsletter.storage.backup import checkpoint
from newsletter.storage.consent import Action, Log, has_happened
from newsletter.storage.database import reading, writing
from newsletter.storage.mails import Budget
from newsletter.storage.together import Together
from newsletter.types import Origin, Subscriber, Topics

P = ParamSpec("P")
T = TypeVar("T")

DATA_MAIL = "data"
LINK_MAIL = "link"
WELCOME_MAIL = "welcome"
MAILS_KEPT = timedelta(days=90)
"""Longer than any budget counts, and than a provider takes to tell that one bounced."""
SOON = 1000
"""Milliseconds in which a reader's erasure is waited for to leave the write-ahead log, too."""


@dataclass(frozen=True)
class SelfService:
    store: Together
    log: Log
    budget: Budget
    unwanted: frozenset[str] = frozenset()
    """Domains whose addresses are not accepted."""

    def find(self, subscriber_id: int) -> Subscriber | None:
        with reading(self.store.engine) as conn:
            return subscribers.find_subscriber(conn, subscriber_id)

    def has_moved(self, subscriber_id: int, *, after: datetime) -> bool:
        """Whether they have taken another address since: what was mailed to them before went to the old one."""
        with reading(self.store.engine) as conn:
            return has_happened(conn, subscriber_id, Action.ADDRESS_CHANGED, after=after)

    def _write(
        self, verb: Callable[Concatenate[Connection, P], T], *args: P.args, **particulars: P.kwargs
    ) -> T:
        return self.store.write(lambda conn: verb(conn, *args, **particulars))

    def confirm(
        self, subscriber_id: int, *, asked_at: datetime, origin: Origin, now: datetime
    ) -> subscribe.Confirmed:
        return self._write(
            subscribe.confirm, subscriber_id, asked_at=asked_at, origin=origin, log=self.log, now=now
        )

    def leave(self, subscriber_id: int, *, issue_id: int | None, origin: Origin, now: datetime) -> bool:
        return self._write(
            subscribe.leave, subscriber_id, issue_id=issue_id, origin=origin, log=self.log, now=now
        )

    def say_why(self, subscriber_id: int, reason: str, *, origin: Origin, now: datetime) -> bool:
        return self._write(subscribe.say_why, subscriber_id, reason, origin=origin, log=self.log, now=now)

    def undo(self, subscriber_id: int, *, origin: Origin, now: datetime) -> bool:
        return self._write(subscribe.undo, subscriber_id, origin=origin, log=self.log, now=now)

    def set_topics(self, subscriber_id: int, topics: Topics, *, origin: Origin, now: datetime) -> bool:
        return self._write(
            preferences.set_topics, subscriber_id, topics, origin=origin, log=self.log, now=now
        )

    def pause(self, subscriber_id: int, until: datetime, *, origin: Origin, now: datetime) -> bool:
        return self._write(preferences.pause, subscriber_id, until, origin=origin, log=self.log, now=now)

    def resume(self, subscriber_id: int, *, origin: Origin, now: datetime) -> bool:
        return self._write(preferences.resume, subscriber_id, origin=origin, log=self.log, now=now)

    def set_first_name(self, subscriber_id: int, name: str | None, *, origin: Origin, now: datetime) -> bool:
        return self._write(
            preferences.set_first_name, subscriber_id, name, origin=origin, log=self.log, now=now
        )

    def request_address(self, subscriber_id: int, email: str, *, origin: Origin, now: datetime) -> bool:
        """Raises AddressError with words for the person."""
        address = read_address(email, unwanted=self.unwanted)
        return self._write(
            preferences.request_address,
            subscriber_id,
            address,
            origin=origin,
            log=self.log,
            now=now,
            budget=self.budget,
        )

    def confirm_address(self, subscriber_id: int, mark: str, *, origin: Origin, now: datetime) -> bool:
        """Whether they have that address now."""
        return self._write(
            preferences.confirm_address, subscriber_id, mark, origin=origin, log=self.log, now=now
        )

    def keep_address(self, subscriber_id: int, *, origin: Origin, now: datetime) -> bool:
        return self._write(preferences.keep_address, subscriber_id, origin=origin, log=self.log, now=now)

    def ask_data(self, subscriber_id: int, *, now: datetime) -> bool:
        """Have the link to their data mailed to them. False when one was lately, or they are gone."""
        return self._write(_ask_for, subscriber_id, DATA_MAIL, self.budget, now)

    def ask_link(self, subscriber_id: int, *, now: datetime) -> bool:
        """Have a fresh link to their preferences mailed to them. False as above."""
        return self._write(_ask_for, subscriber_id, LINK_MAIL, self.budget, now)

    def welcome(self, subscriber_id: int, *, now: datetime) -> bool:
        """Have the latest issue mailed to who has just come. False as above."""
        return self._write(_ask_for, subscriber_id, WELCOME_MAIL, self.budget, now)

    def tidy(self, unconfirmed_before: datetime, *, now: datetime) -> int:
        """Forget what nobody waits for any more: who asked to join before then and never confirmed, new addresses
        that were never confirmed, and which single mails were sent long ago. How many readers were forgotten."""
        forgotten = self._forget_unconfirmed(unconfirmed_before, now=now)
        self._forget_new_addresses(now - preferences.NEW_ADDRESS_WITHIN)
        self._write(mails.forget_old_mails, min(now - MAILS_KEPT, unconfirmed_before))
        checkpoint(self.store.engine)
        return forgotten

    def _forget_new_addresses(self, before: datetime) -> None:
        with reading(self.store.engine) as conn:  # which looks at every reader: no writer waits for that
            stale = subscribers.list_stale_new_addresses(conn, before)
        for subscriber_id in stale:
            self._write(subscribers.drop_new_address, subscriber_id, before)

    def _forget_unconfirmed(self, before: datetime, *, now: datetime) -> int:
        """In transactions of some."""
        origin, forgotten = Origin(form="cron", source="cron"), 0
        while True:
            with writing(self.store.engine) as conn:
                some = privacy.forget_unconfirmed(
                    conn, before, origin=origin, log=self.log, now=now, limit=200
                )
            forgotten += some
            if not some:
                return forgotten

    def export(self, subscriber_id: int, *, origin: Origin, now: datetime) -> dict[str, Any] | None:
        return self._write(privacy.export, subscriber_id, origin=origin, log=self.log, now=now)

    def erase(self, subscriber_id: int, *, origin: Origin, now: datetime) -> bool:
        erased = self._write(privacy.erase, subscriber_id, origin=origin, log=self.log, now=now)
        checkpoint(self.store.engine, wait=SOON)
        return erased


def _ask_for(conn: Connection, subscriber_id: int, kind: str, budget: Budget, now: datetime) -> bool:
    found = subscribers.find_subscriber(conn, subscriber_id)
    if found is None or found.email is None:
        return False
    return mails.take_mail(conn, subscriber_id, kind, budget, now=now) is not None
