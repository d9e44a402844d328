"""What is sent to whom: deliveries, batches, messages, receipts, and an issue in numbers.

What there is one of for every reader is a named tuple: it is made in half the time of a dataclass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"


class IssueState(StrEnum):
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


class Delivery(NamedTuple):
    """A ledger line joined with what is needed to write its message."""

    issue_id: int
    subscriber_id: int
    email: str

    @property
    def id(self) -> str:
        """Stable and unique over all issues; names the message for ever."""
        return f"{self.issue_id}-{self.subscriber_id}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries of one edition claimed together for one call."""

    id: int
    issue_id: int
    edition_id: int
    attempt_id: int
    deliveries: tuple[Delivery, ...]
    key: str
    """The same for every attempt with the same members: see Outgoing."""


UNSUBSCRIBE_MARK = "@@unsubscribe_url@@"
PREFERENCES_MARK = "@@preferences_url@@"
DELIVERY_MARK = "@@delivery_id@@"
"""Where a reader's own links, and a delivery's id, go. Nothing else in one can look like them: see render.clean."""


class Recipient(NamedTuple):
    """One reader of a batch, with the links that are theirs alone."""

    delivery_id: str
    email: str
    unsubscribe_url: str
    preferences_url: str


@dataclass(frozen=True, slots=True)
class Message:
    """One finished mail for one address."""

    delivery_id: str
    kind: str
    """The issue's slug, or what sort of single mail it is: confirm, welcome, test."""
    sender: str
    """Envelope and From address, without a display name."""
    recipient: str
    content: bytes
    """The whole mail, RFC 5322, CRLF line ends."""


class Receipt(NamedTuple):
    """The provider's answer about one message, now."""

    delivery_id: str
    outcome: Literal["sent", "refused", "later", "unknown"]
    """later: certainly not taken, through no fault of this mail or its reader; it is sent again by itself.
    unknown: perhaps taken; it is in doubt. A recipient without a receipt counts as unknown."""
    reference: str | None = None
    """The provider's own name for the message, when it gives one."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call's worth of mail. A provider that fills placeholders itself takes the shared parts, which hold the
    two marks above; any other takes `messages`, finished one by one from the same frozen bytes."""

    kind: str
    """As in Message."""
    key: str
    """The same for every attempt at this batch: a provider that knows keys takes it once."""
    sender: str
    """The From header."""
    subject: str
    html: str
    text: str
    recipients: tuple[Recipient, ...]
    messages: Callable[[], Iterator[Message]] = field(repr=False, compare=False)
    headers: tuple[tuple[str, str], ...] = ()
    """Beside From, To, Subject and Date: names and values on one line, which may hold any of the three marks. ASCII
    but for Reply-To, a mailbox in its own letters."""
    single: bool = False
    """A single mail, such as a confirmation: some providers carry those in a stream of their own."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One issue's ledger in numbers: `audience` is the sum of the others, always."""

    audience: int = 0
    sent: int = 0
    refused: int = 0
    skipped: int = 0
    queued: int = 0
    sending: int = 0
    in_doubt: int = 0

    @property
    def holds(self) -> bool:
        parts = self.sent + self.refused + self.skipped + self.queued + self.sending + self.in_doubt
        return self.audience == parts
