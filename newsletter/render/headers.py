"""Which headers a mail has: decided here, for finished mails and for providers that write them themselves.

From, To, Subject and Date are not among them: every provider has fields of its own for the first three, and stamps
the last. What differs between readers stands in the values as marks: see newsletter.types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header

from newsletter.mailbox import ascii_domain, quoted_name, readable_mailbox, split_mailbox
from newsletter.types import DELIVERY_MARK, UNSUBSCRIBE_MARK, Edition


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail says of itself outside its parts; the same for all readers of an issue."""

    kind: str
    """The issue's slug, or what sort of single mail it is. Part of the Message-ID."""
    sender: str
    """The From header: `Pain Weekly <weekly@example.org>`."""
    date: datetime
    """When it was published: the Date header of every attempt."""
    reply_to: str | None = None
    listed: bool = True
    """A mail of the list, by which a reader can leave it: List-Id (RFC 2919), List-Unsubscribe (RFC 8058)."""
    automatic: bool = False
    """An automatic answer to something the reader did (RFC 3834): confirmation mails, never issues."""

    @property
    def address(self) -> str:
        """The sender's address alone, its domain in punycode."""
        return ascii_domain(split_mailbox(self.sender)[1])

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def own_headers(edition: Edition, envelope: Envelope) -> tuple[tuple[str, str], ...]:
    """Names and plain values on one line, in the order in which they are written: as types.Outgoing has them."""
    found = []
    if envelope.reply_to:
        found.append(("Reply-To", readable_mailbox(envelope.reply_to)))
    if envelope.listed:
        name, _ = split_mailbox(envelope.sender)
        found.append(("List-Id", f"{_on_one_line(phrase(name))} <{list_id(envelope.address)}>".strip()))
        found.append(("Feedback-ID", _feedback_id(edition, envelope)))
    if envelope.automatic:
        found.append(("Auto-Submitted", "auto-generated"))
    found.append(("Message-ID", f"<{DELIVERY_MARK}.{_word(envelope.kind)}@{envelope.domain}>"))
    if envelope.listed:
        found.append(("List-Unsubscribe", f"<{UNSUBSCRIBE_MARK}>"))
        found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return tuple(found)


def list_id(address: str) -> str:
    """`weekly@example.org` → `weekly.example.org` (RFC 2919, section 2: label and namespace)."""
    local, _, domain = address.rpartition("@")
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', local).strip('-') or 'newsletter'}.{domain}"


def _feedback_id(edition: Edition, envelope: Envelope) -> str:
    """`a:b:c:SenderId` (Gmail's feedback loop): issue, edition, kind, and who we are, always the same."""
    sender = re.sub(r"[^a-z0-9]", "", envelope.domain.lower())[:15].ljust(5, "0")
    return f"{_word(envelope.kind)}:{edition.hash[:8]}:issue:{sender}"


def _word(kind: str) -> str:
    """Safe in a Message-ID."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", kind)


# --- as bytes --------------------------------------------------------------------------------------------


def header_bytes(headers: list[tuple[str, str]]) -> bytes:
    """A line break in a value would begin a header of somebody else's making: only folding may make one."""
    for name, value in headers:
        if re.search(r"[\r\n](?![ \t])", value.replace("\r\n", "\n")):
            raise ValueError(f"a line break in {name}")
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")


def unstructured(name: str, value: str) -> str:
    """Folded; encoded words (RFC 2047, at most 75 characters each) when it is not plain ASCII."""
    value = " ".join(value.split())
    plain = value.isascii() and value.isprintable() and "=?" not in value
    charset = "us-ascii" if plain else "utf-8"
    return Header(value, charset, maxlinelen=75, header_name=name).encode(linesep="\r\n")


def mailbox(value: str) -> str:
    name, address = split_mailbox(value)
    return f"{phrase(name)} <{ascii_domain(address)}>" if name else ascii_domain(address)


def phrase(name: str) -> str:
    """A display name: as it is, in quotes, or as encoded words."""
    name = " ".join(name.split())
    if not name.isascii() or not name.isprintable() or "=?" in name:
        return Header(name, "utf-8", maxlinelen=75, header_name="Reply-To").encode(linesep="\r\n")
    return quoted_name(name)


def _on_one_line(value: str) -> str:
    return " ".join(value.split())
