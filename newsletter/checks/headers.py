"""The headers that receivers ask for, read from finished mails."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from newsletter.checks import Case, Found

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
LISTED = {"List-Id": "RFC 2919", "List-Unsubscribe": "RFC 8058", "List-Unsubscribe-Post": "RFC 8058"}


def find(case: Case) -> Iterator[Found]:
    for kind, raw in case.messages.items():
        mail = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        yield from _about(mail, kind, listed=kind == "issue")
        if any(len(line) > 998 for line in raw.splitlines()):
            yield _say("a line has more than 998 bytes", kind, "RFC 5322, section 2.1.1")


def _about(mail: EmailMessage, kind: str, *, listed: bool) -> Iterator[Found]:
    for name in ONCE:
        if (count := len(mail.get_all(name, []))) != 1:
            yield _say(f"the header {name} is there {count} times, not once", kind, "RFC 5322, section 3.6")
    parts = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    if parts != ["text/plain", "text/html"]:
        yield _say(
            f"its parts are {', '.join(parts)}, not text and then page", kind, "RFC 2046, section 5.1.4"
        )
    if not listed:
        return
    for name, source in LISTED.items():
        if not mail.get(name):
            yield _say(f"there is no {name}", kind, source)
    if "List-Unsubscribe" in mail and not str(mail["List-Unsubscribe"]).lstrip().startswith("<https://"):
        yield _say("one-click unsubscribe is not by https", kind, "RFC 8058, section 3.1",
                   "Let [newsletter] public_url begin with https://.")  # fmt: skip
    post = mail.get("List-Unsubscribe-Post")
    if post and str(post).strip() != "List-Unsubscribe=One-Click":
        yield _say(
            "List-Unsubscribe-Post does not say List-Unsubscribe=One-Click", kind, "RFC 8058, section 3.1"
        )


def _say(message: str, kind: str, source: str, hint: str = "See [newsletter] in newsletter.toml.") -> Found:
    why = "Gmail, Yahoo and Outlook refuse bulk mail that lacks it, or file it as spam."
    return Found("headers", message, f"mail: {kind}", why, hint, source)
