"""How a row stands, from the words that other services use. An unknown word is never taken for a yes."""

from __future__ import annotations

from newsletter.listed import Standing

PENDING = "not confirmed where it comes from"

_WORDS: dict[Standing, str] = {
    # Who pays, and how, says nothing about who reads: Buttondown's "unpaid" and "paused" are readers.
    Standing.ACTIVE: """active subscribed enabled confirmed verified regular premium gifted free paid unpaid
        comped trial trialed churning pastdue paused member optin optedin""",
    Standing.LEFT: """unsubscribed cancelled canceled removed disabled left optout optedout deleted archived
        churned""",
    Standing.BLOCKED: "blocklisted blacklisted blocked banned suppressed malicious spammy",
    Standing.BOUNCED: "cleaned bounced bounce undeliverable hardbounced invalid",
    Standing.COMPLAINED: "complained complaint spam abuse spamcomplaint reported",
}
STANDINGS = {word: standing for standing, words in _WORDS.items() for word in words.split()}
PENDING_WORDS = frozenset(
    ["pending", "unconfirmed", "inactive", "unactivated", "nonsubscribed", "notsubscribed", "transactional"]
)

YES = frozenset({"true", "yes", "1", "t", "y", "on", "ja", "oui", "si", "sí"})
NO = frozenset({"false", "no", "0", "f", "n", "off", "nein", "non"})


def read_status(word: str) -> Standing | str:
    """A standing, or why the row cannot be taken in."""
    folded = "".join(char for char in word.casefold() if char.isalnum())
    if folded in PENDING_WORDS:
        return PENDING
    if not folded:
        return "has no status"
    return STANDINGS.get(folded) or "has a status that is not known"
