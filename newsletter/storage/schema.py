"""The tables. Each nullable column and each index says why it is there; states are CHECKed here and changed
only by guarded updates (`… WHERE state = …`) whose row count is the answer.

Migrations in `migrations/versions/` build exactly this; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from newsletter.types import DeliveryState, EventKind, IssueState, News, SubscriberState


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. SQLite keeps no zone, so it is taken off on the way in and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return (
            value
            if value is None
            else value.replace(tzinfo=UTC)
            if value.tzinfo is None
            else value.astimezone(UTC)
        )


def _one_of(column: str, values: Any) -> CheckConstraint:
    # One after another: for `IN` SQLite makes a table of the values, and an update takes twice as long.
    known = " OR ".join(f"{column} = '{value}'" for value in values)
    return CheckConstraint(known, name=f"{column}_known")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("title", Text),  # NULL until the first good answer
    Column("etag", Text),  # NULL when the server sends none
    Column("last_modified", Text),  # NULL when the server sends none
    Column(
        "first_pulled_at", UtcDateTime
    ),  # NULL until the first good answer; its articles are the back list
    Column("checked_at", UtcDateTime),  # NULL until first asked
    Column("error", Text),  # NULL when the last answer was good
)

articles = Table(
    "articles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", Integer, ForeignKey("feeds.id"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column(
        "canonical_url", Text, nullable=False, unique=True
    ),  # one page is one article, whichever feed brings it
    Column("title", Text, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("author", Text),  # NULL when the feed names none
    Column("published_at", UtcDateTime),  # NULL when the feed gives no date, or an impossible one
    Column("updated_at", UtcDateTime),  # NULL when the feed gives none
    Column("categories", JSON, nullable=False),  # a list of names, in the feed's order
    Column("image", JSON),  # {url, alt, width, height}; NULL: the article has no usable picture
    Column("video", JSON),  # {url, still}; NULL: it has no video we know how to show
    Column("papers", JSON, nullable=False, server_default="[]"),  # DOIs and PMIDs that its text names
    Column("section", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why this section, in words
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("new_at", UtcDateTime, nullable=False),  # see types.Article
    Column("changed_at", UtcDateTime),  # when we last saw it edited; NULL: never
    Column("revision", Integer, nullable=False, server_default="1"),  # 1, and one more for each edit seen
    UniqueConstraint("feed_id", "guid"),
    Index("ix_articles_new_at", "new_at"),  # "what came in since" is asked at each build
    Index("ix_articles_content_hash", "content_hash"),  # the last of the three identities
)

issues = Table(
    "issues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),  # an issue is published once
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("hash", Text, nullable=False),  # over the hashes of its editions
    Column("audience", Integer, nullable=False),
    Column("provider", Text, nullable=False),  # the one it was planned for
    Column("published_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),  # NULL until nothing is left to do
    Column("note", Text),  # why it was paused or cancelled; NULL when it was not
    _one_of("state", IssueState),
)

issue_articles = Table(
    "issue_articles",
    metadata,
    Column("issue_id", Integer, ForeignKey("issues.id"), primary_key=True),
    Column("canonical_url", Text, primary_key=True),
    # "Was it in an issue before?" is asked for each candidate of a draft.
    Index("ix_issue_articles_canonical_url", "canonical_url"),
    sqlite_with_rowid=False,
)

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", Integer, ForeignKey("issues.id"), nullable=False),
    Column("topics", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("issue_id", "topics"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text),  # as written; NULL once erased
    Column(
        "email_key", Text, unique=True
    ),  # for comparison: lower case, domain in punycode; NULL once erased
    Column("new_email", Text),  # an address the reader wants instead; NULL unless it waits to be confirmed
    Column("new_email_key", Text),  # NULL likewise. Not unique: a stranger may ask for it too
    Column("first_name", Text),  # optional
    Column("state", Text, nullable=False),
    Column("topics", Text, nullable=False, server_default="*"),  # see types.Topics
    Column("source", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),  # NULL while pending
    Column("unsubscribed_at", UtcDateTime),  # NULL unless the reader left
    Column("paused_until", UtcDateTime),  # NULL: not paused
    _one_of("state", SubscriberState),
    CheckConstraint("state <> 'active' OR confirmed_at IS NOT NULL", name="active_is_confirmed"),
    CheckConstraint("(email IS NULL) = (state = 'erased')", name="erased_has_no_email"),
    CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_has_key"),
    CheckConstraint("(new_email IS NULL) = (new_email_key IS NULL)", name="new_email_has_key"),
    CheckConstraint(
        "state <> 'erased' OR (first_name IS NULL AND new_email IS NULL)", name="erased_has_no_name"
    ),
    sqlite_autoincrement=True,  # links name readers by id: an id is never given twice
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email_key", Text, unique=True),  # NULL for an erased address, of which only the hash is kept
    Column("email_hash", Text, unique=True),  # keyed; NULL for the others
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
    _one_of("reason", ("bounced", "complained", "manual", "erased")),
    CheckConstraint("(email_key IS NULL) = (email_hash IS NOT NULL)", name="key_or_hash"),
)

wordings = Table(
    "wordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Text, nullable=False),  # the site's own name for it
    Column("text", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),  # over version and text; what a line of the log names
)

consent = Table(
    "consent",
    metadata,
    # Without a gap: a line that is missing is seen. Given by the program, see storage.consent.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id"), nullable=False),
    Column("action", Text, nullable=False),  # see storage.consent.Action
    Column("at", UtcDateTime, nullable=False),
    # When it was said, where that was not `at`: elsewhere, as a file says, or before anybody looked at it.
    Column("given_at", UtcDateTime),  # NULL: at `at`, or unknown
    Column("form", Text, nullable=False),  # which door: page, embed, link, one-click, command, import …
    Column("source", Text, nullable=False),  # where in particular: the page's address, the operator's words
    Column("wording_id", Integer, ForeignKey("wordings.id")),  # NULL where nothing is shown (leaving)
    Column("network_hash", Text),  # keyed hash of the network address; NULL where there is none
    Column("detail", Text, nullable=False, server_default=""),  # never personal: the line outlives an erasure
    Column("hash", Text, nullable=False),  # over this line and the hash of the one before
    Index("ix_consent_subscriber_id", "subscriber_id"),  # "all about this reader"
)

consent_head = Table(
    "consent_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("lines", Integer, nullable=False),
    Column("hash", Text, nullable=False),  # of the last line; "" before the first
    Column("seal", Text, nullable=False),  # keyed, over both: who edits the store cannot cut the log's end
    CheckConstraint("id = 1", name="only_one"),
)

consent_networks = Table(
    "consent_networks",
    metadata,
    # Network addresses in the clear, where a site turned that on. Apart from the log, so they can be erased.
    Column("consent_id", Integer, ForeignKey("consent.id"), primary_key=True, autoincrement=False),
    Column("network", Text, nullable=False),
)

wishes = Table(
    "wishes",
    metadata,
    # Somebody asked to join. Written down in the request and looked at after its answer: what the answer tells,
    # and how long it takes, cannot depend on whether the address is known.
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("first_name", Text),  # optional
    Column("topics", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("wording_version", Text, nullable=False),
    Column("network", Text),  # a keyed hash unless the site keeps addresses; NULL where there is none
    Column("at", UtcDateTime, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    # Single mails (confirm, preferences …): what the budgets count, and what is still to be handed to a provider.
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),  # what its link is bound to, beside the reader
    Column("network_hash", Text),  # who caused it; NULL where no network did
    Column("at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column(
        "not_before", UtcDateTime
    ),  # when to try again, or when a sender that died is passed over; NULL: at once
    Column("tries", Integer, nullable=False, server_default="0"),
    _one_of("state", ("waiting", "sent", "given_up")),
    Index("ix_mails_subscriber_id_at", "subscriber_id", "at"),  # "how many to this address lately?"
    Index("ix_mails_at", "at"),  # "how many by all lately?"
    # What is still to be sent: few, among many.
    Index(
        "ix_mails_waiting",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_autoincrement=True,  # names the mail to the provider: never given twice
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", Integer, ForeignKey("issues.id"), nullable=False),
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False),
    Column("number", Integer, nullable=False),  # its place in the plan; the parts of a split one share it
    Column("state", Text, nullable=False),
    Column("size", Integer, nullable=False),  # how many were planned for it
    Column("attempt_id", Integer),  # the latest attempt, which alone may record; NULL before the first
    Column("not_before", UtcDateTime),  # a provider asked to wait; NULL: at once
    _one_of("state", ("queued", "sending", "done", "in_doubt")),
    Index("ix_batches_issue_id_state", "issue_id", "state"),  # the claim
    Index("ix_batches_issue_id_number", "issue_id", "number"),  # planning looks up the batch of each reader
)

TROUBLE = "news IN ('soft_bounced', 'bounced', 'complained')"

deliveries = Table(
    "deliveries",
    metadata,
    # One line per (issue, subscriber): that no reader gets an issue twice begins here.
    Column("issue_id", Integer, ForeignKey("issues.id"), primary_key=True),
    Column("subscriber_id", Integer, primary_key=True),
    Column("edition_id", Integer),  # NULL only for a reader skipped at planning: nothing in their topics
    Column("batch_id", Integer),  # NULL likewise
    Column("state", Text, nullable=False),
    Column("reference", Text),  # the provider's own id; NULL until sent, or where it gives none
    Column("reason", Text),  # why refused, skipped or in doubt; NULL otherwise
    Column("news", Text),  # the furthest the provider's news of it went; NULL until there is any
    _one_of("state", DeliveryState),
    _one_of("news", News),
    # A line without a batch would never be sent, and nobody would know.
    CheckConstraint("batch_id IS NOT NULL OR state = 'skipped'", name="has_batch"),
    CheckConstraint("(batch_id IS NULL) = (edition_id IS NULL)", name="batch_has_edition"),
    # A batch's members. Only a batch that is split, before it is claimed, gives some of them to a new one.
    Index("ix_deliveries_batch_id", "batch_id"),
    # "Are there too many bounces and complaints?" is asked with each one: they are few among many.
    Index(
        "ix_deliveries_trouble",
        "issue_id",
        "news",
        sqlite_where=text(TROUBLE),
        postgresql_where=text(TROUBLE),
    ),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batches.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", Text, nullable=False),  # what the call was named to the provider: see types.Outgoing
    Column("sender", Text, nullable=False),  # host, boot, process: tells a dead sender from a slow one
    Column("provider", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),  # NULL: under way, or its process died
    Column("outcome", Text),  # NULL likewise
    Column("error", Text),  # NULL when taken
    UniqueConstraint("batch_id", "number"),
    _one_of("outcome", ("taken", "not_taken", "maybe_taken")),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    # What providers told later, as it came. Written before they are thanked; one that is told again changes nothing.
    Column("id", Integer, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("key", Text, nullable=False),  # the provider's name for the event, or a hash of what it said
    Column("kind", Text, nullable=False),
    Column("permanent", Boolean, nullable=False),  # of a bounce: for good
    Column("at", UtcDateTime, nullable=False),  # when it happened, as the provider says
    Column("received_at", UtcDateTime, nullable=False),
    Column("issue_id", Integer, ForeignKey("issues.id")),  # NULL: not about an issue's delivery
    Column("subscriber_id", Integer, ForeignKey("subscribers.id")),  # NULL: about nobody we know
    Column("email_key", Text),  # NULL where the provider names none, and once its reader is erased
    Column("reference", Text),  # the provider's name for the message; NULL where it gives none
    Column("detail", Text, nullable=False),  # what the receiving server said; empty once its reader is erased
    Column("raw", Text, nullable=False),  # likewise
    UniqueConstraint("provider", "key"),
    _one_of("kind", EventKind),
    # "All about this reader", by id and by address: to be shown, and to be erased.
    Index("ix_events_subscriber_id", "subscriber_id"),
    Index("ix_events_email_key", "email_key"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # what may happen only once at a time: pull, draft …
    Column("holder", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),  # a holder that died is passed over after this
    Column("finished_at", UtcDateTime),  # NULL while it runs
    Column("outcome", Text),  # NULL likewise
    # One at a time.
    Index(
        "uq_runs_running",
        "name",
        unique=True,
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
)
