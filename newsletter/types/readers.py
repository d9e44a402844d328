"""Readers, what they agreed to, and rows of files about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.types.issue import Topics


class SubscriberState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Subscriber:
    id: int
    email: str | None
    """As the reader wrote it; None when erased."""
    state: SubscriberState
    topics: Topics
    created_at: datetime
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    paused_until: datetime | None = None
    first_name: str | None = None
    source: str = ""
    new_email: str | None = None
    """An address the reader asked for instead, until it is confirmed."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a reader was shown when asked for consent, under the site's own name for it."""

    text: str
    version: str = ""

    @property
    def hash(self) -> str:
        """SHA-256, hex, over version and text: what a line of the consent log names."""
        return hashlib.sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a reader's wish came from: which door, where in particular, and what they were shown there."""

    form: str
    """page, embed, api, link, one-click, command, import …"""
    source: str = ""
    """The address of the page, the operator's words, a file's name. Never a person's name or address."""
    wording: Wording | None = None
    """None where nothing is shown, such as when leaving."""
    network: str | None = None
    """The network address the wish came from, in the clear: it is stored hashed."""
