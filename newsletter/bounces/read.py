"""One bounce mail into events: delivery reports (RFC 3464), feedback reports (RFC 5965), and what is neither.

For the free forms of older servers flufl.bounce, kept by Mailman's authors, finds the addresses. Nobody signs such a
mail. What it returns of ours can prove which delivery it is about, though: the unsubscribe link is signed.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from newsletter.bounces.hardness import is_for_good
from newsletter.news import key_of
from newsletter.types import Event, EventKind

PROVIDER = "mail"
"""What events from bounce mails name as their provider."""
MAX_BYTES = 10 * 1024 * 1024
MAX_WORDS = 20_000
"""Characters of a free-form bounce that are looked at: the returned mail may follow."""
DeliveryOf = Callable[[str], str | None]
"""The token of an unsubscribe link → the delivery whose mail held it; None when it is not genuine."""

_TOKEN = re.compile(r"/unsubscribe/([A-Za-z0-9_.-]{10,200})")
_MESSAGE_ID = re.compile(r"^<((?:mail-)?[0-9]+(?:-[0-9]+)?)\.[^<>@\s]+@[^<>@\s]+>$")
_ACTIONS = {
    "failed": EventKind.BOUNCED,
    "delayed": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
}
"""RFC 3464, section 2.3.3. Relayed and expanded tell nothing of the end."""
_COMPLAINTS = {
    "abuse": EventKind.COMPLAINED,
    "fraud": EventKind.COMPLAINED,
    "opt-out": EventKind.UNSUBSCRIBED,
    "opt-out-list": EventKind.UNSUBSCRIBED,
}
"""RFC 5965, section 7.3. Others (virus, not-spam, auth-failure) are not a reader's wish."""


@dataclass(frozen=True, slots=True)
class Found:
    event: Event
    proven: bool
    """Its delivery id comes from a signed link of ours; if not, it is only what the mail says."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a mail says of one recipient."""

    kind: EventKind
    email: str
    permanent: bool = False
    detail: str = ""


def read_bounce(content: bytes, now: datetime, delivery_of: DeliveryOf = lambda token: None) -> list[Found]:
    """What a mail tells of our deliveries; empty for a mail that is no bounce. Never raises."""
    try:
        mail = message_from_bytes(content[:MAX_BYTES], policy=policy.compat32)
        told = _feedback(mail) or _deliveries(mail) or _free_form(mail)
        return [_found(mail, content, one, now, delivery_of, alone=len(told) == 1) for one in told]
    except Exception:  # the library behind a mail's parts has no end of ways to fail on a broken one
        return []


def _found(
    mail: Message, content: bytes, told: _Told, now: datetime, delivery_of: DeliveryOf, *, alone: bool
) -> Found:
    name = str(mail.get("Message-ID", "")).strip() or hashlib.sha256(content.strip()).hexdigest()
    # Of several recipients nobody can say whose the returned mail was.
    proven, claimed = _delivery(mail, delivery_of) if alone else (None, None)
    event = Event(
        provider=PROVIDER,
        key=key_of(name, told.email.lower(), told.kind),
        kind=told.kind,
        at=_moment(mail.get("Date"), now),
        email=told.email or None,
        delivery_id=proven or claimed,
        permanent=told.permanent,
        detail=told.detail,
        raw=content[:MAX_WORDS].decode("utf-8", "replace"),
    )
    return Found(event, proven is not None)


def _moment(value: object, now: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(str(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return now


# --- which delivery it was -------------------------------------------------------------------------------


def _delivery(mail: Message, delivery_of: DeliveryOf) -> tuple[str | None, str | None]:
    """(proven, claimed) delivery ids in what it returns of our mail."""
    proven = next((id for token in _tokens(mail) if (id := delivery_of(token))), None)
    names = (_MESSAGE_ID.match(name) for part in _returned(mail) for name in [_header(part, "Message-ID")])
    return proven, next((name[1] for name in names if name), None)


def _returned(mail: Message) -> Iterator[Message]:
    """The mail that came back, or its headers alone."""
    for part in mail.walk():
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            yield message_from_bytes(_bytes(part), policy=policy.compat32)
        elif part.get_content_type() in ("message/rfc822", "message/global") and part.is_multipart():
            yield part.get_payload(0)  # type: ignore[misc]


def _tokens(mail: Message) -> Iterator[str]:
    for part in _returned(mail):
        yield from _TOKEN.findall(_header(part, "List-Unsubscribe"))
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            yield from _TOKEN.findall(_text(part))


# --- reports ---------------------------------------------------------------------------------------------


def _feedback(mail: Message) -> list[_Told]:
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            fields = _fields(part)
            kind = _COMPLAINTS.get(_header(fields, "Feedback-Type").lower())
            names = ("Original-Rcpt-To", "Removal-Recipient")
            email = next((found for name in names if (found := _bare(_header(fields, name)))), "")
            email = email or next((_bare(_header(one, "To")) for one in _returned(mail)), "")
            return [_Told(kind, email, detail=_header(fields, "Feedback-Type"))] if kind else []
    return []


def _fields(part: Message) -> Message:
    """The report's own fields: parsed as a mail within, or left as bytes by some senders' encodings."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner:
        return inner[0]  # type: ignore[return-value]
    return message_from_bytes(_bytes(part), policy=policy.compat32)


def _deliveries(mail: Message) -> list[_Told]:
    told: list[_Told] = []
    for part in mail.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks = part.get_payload()
            told += [one for block in blocks if isinstance(block, Message) and (one := _recipient(block))]
    return told


def _recipient(block: Message) -> _Told | None:
    kind = _ACTIONS.get(_header(block, "Action").split(" ")[0].lower())
    email = _typed(_header(block, "Original-Recipient")) or _typed(_header(block, "Final-Recipient"))
    if kind is None or not email:
        return None
    words = _typed(_header(block, "Diagnostic-Code"))
    status = _header(block, "Status")
    permanent = kind is EventKind.BOUNCED and is_for_good(status, words)
    return _Told(kind, email, permanent, f"{status} {words}".strip())


def _typed(value: str) -> str:
    """`rfc822; ann@example.org` → the part after the type (RFC 3464, section 2.1.2)."""
    _, semicolon, rest = value.partition(";")
    return (rest if semicolon else value).strip().strip("<>")


# --- what is neither -------------------------------------------------------------------------------------


def _free_form(mail: Message) -> list[_Told]:
    if any(True for part in mail.walk() if part.get_content_type() in _REPORTS) or _is_answer(mail):
        return []
    from flufl.bounce import all_failures  # late: only these mails need it

    logging.getLogger("flufl.bounce").setLevel(
        logging.CRITICAL + 1
    )  # it logs what it cannot read, with addresses
    for_now, failed = all_failures(mail)
    words = _words(mail)
    told = [(one, EventKind.DEFERRED, False) for one in sorted(for_now - failed)]
    told += [(one, EventKind.BOUNCED, is_for_good("", words)) for one in sorted(failed)]
    return [_Told(kind, one.decode("ascii", "replace"), hard, words[:500]) for one, kind, hard in told]


_REPORTS = ("message/delivery-status", "message/feedback-report")


def _is_answer(mail: Message) -> bool:
    """Somebody's answering machine (RFC 3834, section 5)."""
    return _header(mail, "Auto-Submitted").lower().startswith("auto-replied")


def _words(mail: Message) -> str:
    """What the server wrote, up to where it returns our mail."""
    parts = [_text(part) for part in mail.walk() if part.get_content_type() == "text/plain"]
    text = " ".join((parts[0] if parts else "")[:MAX_WORDS].split())
    return re.split(
        r"-{3,} ?(?:Below|Original|Returned|Unsent|This is a copy)|Received: from ", text, maxsplit=1
    )[0]


# --- parts -----------------------------------------------------------------------------------------------


def _header(part: Message, name: str) -> str:
    value = part.get(name)
    try:
        text = str(make_header(decode_header(value))) if value is not None else ""
    except (LookupError, ValueError):
        text = str(value)
    return " ".join(text.split())


def _bare(value: str) -> str:
    return parseaddr(_typed(value))[1]


def _bytes(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _text(part: Message) -> str:
    return _bytes(part).decode("utf-8", "replace")
