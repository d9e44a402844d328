"""The nouns, in the order in which they flow: feed → article → pick → issue → edition → delivery → message.

All are values: frozen, compared by content, safe to hand from one part of the program to another. Times are
aware and in UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

# --- feed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetched:
    """One HTTP answer, read within the caps. `status` 304 carries no body."""

    url: str
    """Where the answer came from in the end, after redirects."""
    status: int
    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    content_type: str = ""
    pages: int | None = None
    """How many pages there are in all, where the server says so (WordPress's X-WP-TotalPages)."""


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Video:
    url: str
    """The page where a person can watch it."""
    still: str
    """The address of a picture of it."""


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article as a feed gave it just now; not yet known to the store."""

    guid: str
    url: str
    canonical_url: str
    """`url` without scheme, tracking parameters, fragment, default port: the same for the same page."""
    title: str
    excerpt: str
    content_hash: str
    """Of everything a reader would see: another hash means the article was edited."""
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    image: Image | None = None
    video: Video | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that was not taken in, and why."""

    title: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What one document of a feed held."""

    title: str
    articles: tuple[FoundArticle, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Oddities a person should know of: undated entries, dates in the future, a repaired encoding."""


# --- article ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placement:
    """The section an article was put into, and why, in words for an editor."""

    section: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """An article as the store knows it."""

    id: int
    guid: str
    url: str
    canonical_url: str
    title: str
    excerpt: str
    content_hash: str
    section: str
    reason: str
    new_at: datetime
    """From when it counts as new: its publication on a feed's first pull, later the moment it came in."""
    first_seen_at: datetime
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    image: Image | None = None
    video: Video | None = None


# --- issue -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pick:
    """An article as the editor placed it. Overrides are None where the article's own words stand."""

    url: str
    title: str | None = None
    blurb: str | None = None
    image: Image | None = None
    line: int = 0
    """Its line in the issue file, for messages."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One dated number as its file says it. `picks` holds section ids in the file's order."""

    slug: str
    subject: str
    preheader: str
    date: date
    lead: str | None
    """The URL of the pick that leads; None: the first pick."""
    picks: tuple[tuple[str, tuple[Pick, ...]], ...]
    note: str
    """The editor's note, Markdown."""
    author: str | None = None
    path: str = ""
    """Where the file is, for messages; never part of what is rendered."""
    drafted_at: datetime | None = None
    """Up to when articles were looked at for it, as a remark in its file says; None: nobody drafted it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A pick with its words settled: what a template shows of one article."""

    title: str
    url: str
    blurb: str
    image: Image | None = None
    video: Video | None = None
    author: str | None = None
    published: date | None = None
    section: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """An issue with every pick's words settled: all that the templates are given, and nothing of the store."""

    slug: str
    subject: str
    preheader: str
    date: date
    note: str
    """Markdown."""
    lead: Story | None
    sections: tuple[tuple[str, tuple[Story, ...]], ...]
    """By section id, in the order of the settings; the lead is not repeated, empty sections are left out."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Which sections a reader chose: `ALL`, or a sorted, non-empty set of section ids."""

    ids: tuple[str, ...] = ()
    """Empty means all, also those a site adds later."""

    @classmethod
    def parse(cls, text: str) -> Topics:
        """From its stored form: `*`, or ids separated by commas."""
        ids = {part.strip() for part in text.split(",") if part.strip()}
        return cls() if not ids or "*" in ids else cls(tuple(sorted(ids)))

    def __str__(self) -> str:
        return ",".join(self.ids) or "*"

    def __contains__(self, section: str) -> bool:
        return not self.ids or section in self.ids


ALL_TOPICS = Topics()


@dataclass(frozen=True, slots=True)
class Edition:
    """One variant of an issue: what readers with these topics get, but for their own links."""

    issue: str
    topics: Topics
    """The sections it shows, written out: never "all", so that a later section changes nothing."""
    subject: str
    preheader: str
    html: str
    text: str
    hash: str
    """SHA-256, hex, over subject, preheader, html and text."""
    mjml: str = field(default="", compare=False, repr=False)
    """For editors and checks; not sent, not stored."""


def editions_hash(editions: Iterable[Edition]) -> str:
    """An issue's hash, hex: over its variants and their hashes, in whatever order they come. The seal, the
    ledger and `status` all mean this one."""
    lines = sorted(f"{one.topics} {one.hash}\n" for one in editions)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# --- readers ---------------------------------------------------------------------------------------------


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


# --- ledger ----------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Delivery:
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


UNSUBSCRIBE_MARK = "@@unsubscribe_url@@"
PREFERENCES_MARK = "@@preferences_url@@"
DELIVERY_MARK = "@@delivery_id@@"
"""Where a reader's own links, and a delivery's id, go. Nothing else in one can look like them: see render.clean."""


@dataclass(frozen=True, slots=True)
class Recipient:
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


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's answer about one message, now."""

    delivery_id: str
    outcome: Literal["sent", "refused"]
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
    """Beside From, To and Subject: names and plain values, which may hold any of the three marks."""
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


# --- feedback --------------------------------------------------------------------------------------------


class EventKind(StrEnum):
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    """By the provider's own means."""
    UNKNOWN = "unknown"


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
