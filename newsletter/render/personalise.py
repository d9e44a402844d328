"""An edition and an envelope become finished mails: built once as bytes, filled per reader by joining.

RFC 5322 with CRLF line ends; multipart/alternative, the text first (RFC 2046, section 5.1.4), both parts
UTF-8 in quoted-printable with lines of at most 76 characters (RFC 2045, section 6.7). Everything but the
reader's own values is the same on every attempt: no clock, no random.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from typing import Literal

from newsletter.mailbox import ascii_domain as ascii_domain
from newsletter.mailbox import plain_address as plain_address
from newsletter.mailbox import quoted_name
from newsletter.mailbox import split_mailbox as split_mailbox
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition, Message, Recipient

_Field = Literal["unsubscribe", "preferences"]
_MARKS: dict[str, _Field] = {UNSUBSCRIBE_MARK: "unsubscribe", PREFERENCES_MARK: "preferences"}
_SPLIT = re.compile(f"({'|'.join(map(re.escape, _MARKS))})")


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


class MailTemplate:
    """All mails of one edition but for the readers' own values. Thread-safe: it never changes."""

    def __init__(self, edition: Edition, envelope: Envelope) -> None:
        self.kind = envelope.kind
        self.sender = envelope.address
        boundary = f"=_{edition.hash[:40]}"  # quoted-printable never holds "=_": it cannot occur in a part
        self._head = _header_bytes(_headers(edition, envelope))
        self._after_to = f"\r\nMessage-ID: <{{}}.{_word(envelope.kind)}@{envelope.domain}>\r\n"
        self._listed = envelope.listed
        self._start = (
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
            f"--{boundary}\r\n{_part('text/plain')}"
        ).encode()
        self._text = _segments(edition.text)
        self._middle = f"\r\n--{boundary}\r\n{_part('text/html')}".encode()
        self._html = _segments(edition.html)
        self._end = f"\r\n--{boundary}--\r\n".encode()

    def fill(self, reader: Recipient) -> Message:
        """One reader's mail. Raises AddressError for an address that would break the headers."""
        to = plain_address(reader.email)
        own = f"To: {to}{self._after_to.format(reader.delivery_id)}"
        if self._listed:
            own += (
                f"List-Unsubscribe: <{reader.unsubscribe_url}>\r\n"
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            )
        unsubscribe, preferences = reader.unsubscribe_url, reader.preferences_url
        text = {"unsubscribe": _soft(unsubscribe), "preferences": _soft(preferences)}
        page = {
            "unsubscribe": _soft(html.escape(unsubscribe)),
            "preferences": _soft(html.escape(preferences)),
        }
        pieces = [self._head, own.encode(), self._start]
        pieces += [text[piece] if isinstance(piece, str) else piece for piece in self._text]
        pieces.append(self._middle)
        pieces += [page[piece] if isinstance(piece, str) else piece for piece in self._html]
        pieces.append(self._end)
        return Message(reader.delivery_id, self.kind, self.sender, to, b"".join(pieces))

    def fill_all(self, readers: Sequence[Recipient]) -> Iterator[Message]:
        return map(self.fill, readers)


# --- headers ---------------------------------------------------------------------------------------------


def _headers(edition: Edition, envelope: Envelope) -> list[tuple[str, str]]:
    """Those that are the same for every reader, in the order in which they are written."""
    found = [
        ("From", _mailbox(envelope.sender)),
        ("Subject", _unstructured("Subject", edition.subject)),
        ("Date", format_datetime(envelope.date)),
    ]
    if envelope.reply_to:
        found.append(("Reply-To", _mailbox(envelope.reply_to)))
    if envelope.listed:
        name, _ = split_mailbox(envelope.sender)
        found.append(("List-Id", f"{_phrase(name)} <{list_id(envelope.address)}>".strip()))
        found.append(("Feedback-ID", _feedback_id(edition, envelope)))
    if envelope.automatic:
        found.append(("Auto-Submitted", "auto-generated"))
    return found


def list_id(address: str) -> str:
    """`weekly@example.org` → `weekly.example.org` (RFC 2919, section 2: label and namespace)."""
    local, _, domain = address.rpartition("@")
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', local).strip('-') or 'newsletter'}.{domain}"


def _feedback_id(edition: Edition, envelope: Envelope) -> str:
    """`a:b:c:SenderId` (Gmail's feedback loop): issue, edition, kind, and who we are, always the same."""
    sender = re.sub(r"[^a-z0-9]", "", envelope.domain.lower())[:15].ljust(5, "0")
    return f"{_word(envelope.kind)}:{edition.hash[:8]}:issue:{sender}"


def _header_bytes(headers: list[tuple[str, str]]) -> bytes:
    """A line break in a value would begin a header of somebody else's making: only folding may make one."""
    for name, value in headers:
        if re.search(r"[\r\n](?![ \t])", value.replace("\r\n", "\n")):
            raise ValueError(f"a line break in {name}")
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")


def _unstructured(name: str, value: str) -> str:
    """Folded; encoded words (RFC 2047, at most 75 characters each) when it is not plain ASCII."""
    value = " ".join(value.split())
    plain = value.isascii() and value.isprintable() and "=?" not in value
    charset = "us-ascii" if plain else "utf-8"
    return Header(value, charset, maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _mailbox(value: str) -> str:
    name, address = split_mailbox(value)
    return f"{_phrase(name)} <{ascii_domain(address)}>" if name else ascii_domain(address)


def _phrase(name: str) -> str:
    """A display name: as it is, in quotes, or as encoded words."""
    name = " ".join(name.split())
    if not name.isascii() or not name.isprintable() or "=?" in name:
        return Header(name, "utf-8", maxlinelen=75, header_name="Reply-To").encode(linesep="\r\n")
    return quoted_name(name)


def _word(kind: str) -> str:
    """Safe in a Message-ID."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", kind)


# --- parts -----------------------------------------------------------------------------------------------


def _part(content_type: str) -> str:
    return (
        f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _segments(text: str) -> list[bytes | _Field]:
    """The part in quoted-printable, cut at the marks: a field's name stands where a reader's link goes.

    Each piece is encoded by itself and a soft line break stands around every link, so that no line grows too
    long whatever the link, and no soft line break falls into a mark.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces: list[bytes | _Field] = []
    for piece in _SPLIT.split(text):
        if piece in _MARKS:
            pieces.append(_MARKS[piece])
        elif piece:
            pieces.append(_quoted(piece))
    return pieces


def _quoted(text: str) -> bytes:
    return binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def _soft(url: str) -> bytes:
    """A link on lines of its own, which whoever decodes the part never sees."""
    return b"=\r\n" + _quoted(url) + b"=\r\n"
