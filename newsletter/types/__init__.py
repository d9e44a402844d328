"""The nouns, in the order in which they flow: feed → article → pick → issue → edition → delivery → message.

All are values: frozen, compared by content, safe to hand from one part of the program to another. Times are
aware and in UTC. One file a station; they are imported from here.
"""

from __future__ import annotations

from newsletter.types.article import Article, Placement
from newsletter.types.feed import FeedPage, Fetched, FoundArticle, Image, Skipped, Video
from newsletter.types.feedback import Event, EventKind, Incoming, News
from newsletter.types.issue import (
    ALL_TOPICS,
    Correction,
    Edition,
    Issue,
    Layout,
    Pick,
    Story,
    Topics,
    edition_hash,
    editions_hash,
    hash_of_hashes,
)
from newsletter.types.ledger import (
    DELIVERY_MARK,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Batch,
    Delivery,
    DeliveryState,
    IssueState,
    Message,
    Outgoing,
    Receipt,
    Recipient,
    Tally,
)
from newsletter.types.readers import Origin, Subscriber, SubscriberState, Wording

__all__ = [
    "ALL_TOPICS",
    "DELIVERY_MARK",
    "PREFERENCES_MARK",
    "UNSUBSCRIBE_MARK",
    "Article",
    "Batch",
    "Correction",
    "Delivery",
    "DeliveryState",
    "Edition",
    "Event",
    "EventKind",
    "FeedPage",
    "Fetched",
    "FoundArticle",
    "Image",
    "Incoming",
    "Issue",
    "IssueState",
    "Layout",
    "Message",
    "News",
    "Origin",
    "Outgoing",
    "Pick",
    "Placement",
    "Receipt",
    "Recipient",
    "Skipped",
    "Story",
    "Subscriber",
    "SubscriberState",
    "Tally",
    "Topics",
    "Video",
    "Wording",
    "edition_hash",
    "editions_hash",
    "hash_of_hashes",
]
