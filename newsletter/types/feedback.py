"""What providers tell later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    """By the provider's own means."""
    UNKNOWN = "unknown"


class News(StrEnum):
    """The furthest that news of one delivery went. It only ever moves down this list: in whichever order events
    come in, the end is the same."""

    DEFERRED = "deferred"
    DELIVERED = "delivered"
    UNSUBSCRIBED = "unsubscribed"
    SOFT_BOUNCED = "soft_bounced"
    BOUNCED = "bounced"
    """For good."""
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request to a webhook, exactly as it came: signatures are made over these bytes."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    query: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """The provider's later news of one message, in our words, with its own beside them."""

    provider: str
    key: str
    """The same each time the provider tells it: its own id, or a hash of what it said."""
    kind: EventKind
    at: datetime
    email: str | None = None
    delivery_id: str | None = None
    """As we gave it along; None when the provider does not say."""
    reference: str | None = None
    """The provider's own name for the message."""
    permanent: bool = False
    """Of a bounce: it will not work later either."""
    detail: str = ""
    """What the receiving server said."""
    raw: str = ""
    """JSON, as it came."""
