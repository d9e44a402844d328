"""The headers that receivers ask for, read from finished mails of every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from newsletter.checks import Case, Found

ISSUE = "issue"
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
LISTED = {
    "List-Id": "RFC 2919",
    "List-Unsubscribe": "RFC 8058, section 3.1",
    "List-Unsubscribe-Post": "RFC 8058, section 3.1",
}
REFUSED = {
    "Bcc": "RFC 5322, section 3.6.3", "Cc": "RFC 5322, section 3.6.3",
    "Disposition-Notification-To": "RFC 8098, section 2.1", "Return-Receipt-To": "RFC 8098, section 2.1",
}  # fmt: skip
"""Others would see the reader's address, or the reader would be watched."""
_FREE_MAIL = re.compile(
    r"@(?:gmail|googlemail|yahoo|ymail|aol|hotmail|outlook|live|icloud|gmx|web|mail)\.\w+$", re.I
)
SENDERS = "https://support.google.com/a/answer/81126"


def find(case: Case) -> Iterator[Found]:
    for kind, raw in case.messages.items():
        mail = message_from_bytes(raw)
        yield from _form(mail, raw, kind)
        yield from _addresses(mail, kind)
        yield from _listed(mail, kind) if kind == ISSUE else _single(mail, kind)


def _form(mail: Message, raw: bytes, kind: str) -> Iterator[Found]:
    for name in ONCE:
        if (count := len(mail.get_all(name, []))) != 1:
            yield _say(f"the header {name} is there {count} times, not once", kind, "RFC 5322, section 3.6")
    for name, source in REFUSED.items():
        if mail.get(name) is not None:
            yield _say(f"the header {name} has no place in it", kind, source)
    parts = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    if parts != ["text/plain", "text/html"]:
        yield _say(
            f"its parts are {', '.join(parts)}, not text and then page", kind, "RFC 2046, section 5.1.4"
        )
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    if not head.isascii():
        yield _say(
            "a header holds a letter that is not ASCII, and is not encoded", kind, "RFC 2047, section 2"
        )
    if any(len(line) > 998 for line in raw.splitlines()):
        yield _say("a line has more than 998 bytes", kind, "RFC 5322, section 2.1.1")
    if not re.fullmatch(r"\s*<[^<>@\s]+@[^<>@\s]+>\s*", str(mail.get("Message-ID", "<a@b>"))):
        yield _say("the Message-ID is none", kind, "RFC 5322, section 3.6.4")
    if not _is_date(mail.get("Date")):
        yield _say("the Date is none", kind, "RFC 5322, section 3.3")


def _is_date(value: object) -> bool:
    try:
        return value is None or bool(parsedate_to_datetime(str(value)))
    except ValueError:
        return False


def _addresses(mail: Message, kind: str) -> Iterator[Found]:
    for name in ("From", "To", "Reply-To"):
        if (value := mail.get(name)) is None:
            continue
        found = [address for _, address in getaddresses([str(value)])]
        if len(found) != 1:
            yield _say(
                f"the header {name} names {len(found)} addresses, not one", kind, "RFC 5322, section 3.6"
            )
        elif not re.fullmatch(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+", found[0]):
            yield _say(
                f"{found[0]!r} in {name} is no address that can be answered", kind, "RFC 5322, section 3.4.1"
            )
        elif name == "From" and _FREE_MAIL.search(found[0]):
            yield _say(f"it comes from a mailbox of {found[0].rpartition('@')[2]}", kind, SENDERS,
                       "Send from an address of your own domain: [newsletter] from.")  # fmt: skip


def _listed(mail: Message, kind: str) -> Iterator[Found]:
    for name, source in LISTED.items():
        if not mail.get(name):
            yield _say(f"there is no {name}", kind, source)
    if "List-Unsubscribe" in mail and not str(mail["List-Unsubscribe"]).lstrip().startswith("<https://"):
        yield _say("one-click unsubscribe is not by https", kind, LISTED["List-Unsubscribe"],
                   "Let [newsletter] public_url begin with https://.")  # fmt: skip
    post = mail.get("List-Unsubscribe-Post")
    if post and str(post).strip() != "List-Unsubscribe=One-Click":
        yield _say(
            "List-Unsubscribe-Post does not say List-Unsubscribe=One-Click",
            kind,
            LISTED["List-Unsubscribe-Post"],
        )


def _single(mail: Message, kind: str) -> Iterator[Found]:
    if mail.get("Auto-Submitted") is None:
        yield _say("it does not say that it is automatic", kind, "RFC 3834, section 5")
    for name in LISTED:
        if mail.get(name):
            yield _say(f"it has {name}, and is no mail of the list", kind, LISTED[name])


def _say(message: str, kind: str, source: str, hint: str = "See [newsletter] in newsletter.toml.") -> Found:
    why = "Gmail, Yahoo and Outlook refuse bulk mail whose headers are wrong, or file it as spam."
    return Found("headers", message, f"mail: {kind}", why, hint, source)
