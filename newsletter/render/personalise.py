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
from email.utils import format_datetime
from typing import Literal

from newsletter.mailbox import ascii_domain as ascii_domain
from newsletter.mailbox import plain_address as plain_address
from newsletter.mailbox import split_mailbox as split_mailbox
from newsletter.render.headers import Envelope as Envelope
from newsletter.render.headers import header_bytes, mailbox, own_headers, unstructured
from newsletter.render.headers import list_id as list_id
from newsletter.types import (
    DELIVERY_MARK,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Edition,
    Message,
    Recipient,
)

_Field = Literal["unsubscribe", "preferences"]
_MARKS: dict[str, _Field] = {UNSUBSCRIBE_MARK: "unsubscribe", PREFERENCES_MARK: "preferences"}
LINE = 76
"""Bytes of a line at most, the "=" of a soft line break included (RFC 2045, section 6.7, rule 5)."""
_SPLIT = re.compile(f"({'|'.join(map(re.escape, _MARKS))})")


class MailTemplate:
    """All mails of one edition but for the readers' own values. Thread-safe: it never changes."""

    def __init__(self, edition: Edition, envelope: Envelope) -> None:
        self.kind = envelope.kind
        self.sender = envelope.address
        boundary = f"=_{edition.hash[:40]}"  # quoted-printable never holds "=_": it cannot occur in a part
        self.headers = own_headers(edition, envelope)
        """Beside From, To, Subject and Date."""
        self._head = header_bytes(_same_for_all(edition, envelope, self.headers))
        own = [(name, value) for name, value in self.headers if _is_own(name)]
        self._after_to = "\r\n" + header_bytes(own).decode()
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
        own = self._after_to.replace(DELIVERY_MARK, reader.delivery_id)
        own = f"To: {to}{own.replace(UNSUBSCRIBE_MARK, reader.unsubscribe_url)}"
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


def _same_for_all(
    edition: Edition, envelope: Envelope, own: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Those that are the same for every reader, in the order in which they are written."""
    return [
        ("From", mailbox(envelope.sender)),
        ("Subject", unstructured("Subject", edition.subject)),
        ("Date", format_datetime(envelope.date)),
        *((name, _encoded(name, value)) for name, value in own if not _is_own(name)),
    ]


def _is_own(name: str) -> bool:
    """Whether a header stands below To, where the reader's own are."""
    return name in ("Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")


def _encoded(name: str, value: str) -> str:
    """As it stands in a mail: what a person may have written is encoded and folded."""
    return mailbox(value) if name == "Reply-To" else value


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
    """Quoted-printable with CRLF, and room for a soft line break behind its last line."""
    *lines, last = binascii.b2a_qp(text.encode(), istext=True).split(b"\n")
    short = [part for line in lines for part in _short(line, LINE)]
    return b"\r\n".join([*short, *_short(last, LINE - 1)])


def _short(line: bytes, most: int) -> list[bytes]:
    """A line in parts of at most `most` bytes: the standard library lets a blank at a line's end grow past 76."""
    parts = []
    while len(line) > most:
        cut = LINE - 1
        cut -= next(
            (back for back in (1, 2) if line[cut - back : cut - back + 1] == b"="), 0
        )  # never in "=C3"
        parts.append(line[:cut] + b"=")
        line = line[cut:]
    return [*parts, line]


def _soft(url: str) -> bytes:
    """A link on lines of its own, which whoever decodes the part never sees."""
    return b"=\r\n" + _quoted(url) + b"=\r\n"
