"""Settle doubts: by asking the provider, or by a person's word.

A provider's "sent" is believed at once. Its "not found" sends nothing again by itself: its log may be behind, and a
frozen process may wake between writing its attempt and making its call. Only where the call is known to be over
(its process wrote so, or is dead) and the provider is asked late enough after that, what is not found goes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Engine

from newsletter.errors import NotTaken
from newsletter.process import Life, life_of
from newsletter.providers import Provider, log_lag, look_up
from newsletter.storage import doubts, runs
from newsletter.storage.database import reading, writing
from newsletter.storage.doubts import Doubt
from newsletter.types import Recipient

How = Literal["sent", "again"]
CLOCKS = timedelta(minutes=5)
"""By how much the provider's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it, in deliveries."""

    sent: int = 0
    again: int = 0
    left: int = 0
    trouble: str | None = None
    """Why the provider could not be asked."""

    def __add__(self, other: Settled) -> Settled:
        return Settled(
            self.sent + other.sent,
            self.again + other.again,
            self.left + other.left,
            self.trouble or other.trouble,
        )


def can_be_asked(doubt: Doubt, provider: Provider) -> bool:
    return provider.settles == "lookup" and doubt.provider == provider.name


def is_over(doubt: Doubt, life: Callable[[str], Life] = life_of) -> bool:
    """Whether the call that left the doubt cannot be made any more."""
    return doubt.answered or life(doubt.sender) is Life.DEAD


def may_go_again(doubt: Doubt, lag: timedelta, now: datetime, life: Callable[[str], Life] = life_of) -> bool:
    """Whether what the provider does not find at `now` was certainly not taken."""
    return is_over(doubt, life) and now >= doubt.ended_at + lag


def ask(engine: Engine, provider: Provider, doubt: Doubt, now: datetime) -> Settled:
    """Ask the provider about one doubt, with no transaction open, and write down what it says.

    Raises StopSending when no question can work.
    """
    with reading(engine) as conn:
        members = doubts.list_doubtful(conn, doubt.batch_id)
    who = [Recipient(one.id, one.email, "", "") for one in members]
    again = may_go_again(
        doubt, log_lag(provider), now
    )  # before asking: what comes later is not in the answer
    try:
        found = look_up(provider, doubt.key, who, doubt.started_at - CLOCKS)
    except NotTaken as error:
        return Settled(left=len(members), trouble=error.what)
    with writing(engine) as conn:
        sent = doubts.settle_found(conn, doubt, found)
        if again:
            return Settled(sent, doubts.settle_again(conn, doubt))
        left = f"{provider.name} did not know of it at {now:%Y-%m-%d %H:%M} UTC"
        return Settled(sent, left=doubts.leave_in_doubt(conn, doubt, left))


def decide(engine: Engine, doubt: Doubt, how: How, *, who: str, now: datetime) -> Settled:
    """A person's word about one doubt, which stays on record with their name."""
    with writing(engine) as conn:
        if how == "sent":
            settled = Settled(sent=doubts.settle_sent(conn, doubt, f"{who} said so"))
        else:
            settled = Settled(again=doubts.settle_again(conn, doubt))
        if number := settled.sent + settled.again:
            outcome = f"batch {doubt.batch_id}: {number} readers, {how}"
            runs.note_run(conn, f"resolve {doubt.slug}", holder=who, now=now, outcome=outcome)
    return settled
