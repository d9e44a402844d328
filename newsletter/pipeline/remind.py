"""Remind: tell the editors what waits for them, each by a mail of their own, through the provider of the issues.

Nothing is kept of it: what cannot be told now is an error that whoever runs cron sees, and not tried again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from newsletter.config import Newsletter
from newsletter.errors import ProviderError
from newsletter.mailbox import split_mailbox
from newsletter.providers import Provider, call
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.types import Edition, Outgoing, Recipient

KIND = "editors"
SUBJECT_LENGTH = 60
_NOT_SENT = ("refused", "later")


def remind(
    provider: Provider,
    letter: Newsletter,
    write: Callable[..., Edition],
    lines: Sequence[str],
    now: datetime,
) -> list[str]:
    """Send `lines` to every editor; what went wrong, one text for each whom they did not reach. `write`: kind, facts
    → the mail's words in their look."""
    edition = write(KIND, lines=lines, about=_about(lines))
    template = MailTemplate(edition, Envelope(KIND, letter.sender, now, listed=False, automatic=True))
    failed = []
    for number, address in enumerate(dict.fromkeys(split_mailbox(one)[1] for one in letter.editors)):
        name = f"{KIND}-{now:%Y%m%d%H%M%S%f}-{number}"
        recipient = Recipient(name, address, letter.public_url, letter.public_url)
        try:
            receipts = call(provider, _outgoing(template, edition, letter.sender, recipient))
        except ProviderError as error:
            failed.append(f"{address}: {error.what}")
        else:
            failed += [
                f"{address}: {one.reason or one.outcome}" for one in receipts if one.outcome in _NOT_SENT
            ]
    return failed


def _outgoing(template: MailTemplate, edition: Edition, sender: str, recipient: Recipient) -> Outgoing:
    return Outgoing(
        kind=KIND,
        key=recipient.delivery_id,
        sender=sender,
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        recipients=(recipient,),
        messages=lambda: iter([template.fill(recipient)]),
        headers=template.headers,
        single=True,
    )


def _about(lines: Sequence[str]) -> str:
    """The first thing in a subject's length, without what to do about it."""
    first = re.split(r": look at it|; `|\. ", lines[0])[0]
    short = first if len(first) <= SUBJECT_LENGTH else f"{first[: SUBJECT_LENGTH - 1]}…"
    return f"{short} and {len(lines) - 1} more" if len(lines) > 1 else short
