"""Single mails: what a reader's own doing asks for, handed to the same provider as the issues.

A mail is a line in the store before anybody tries to send it. A sender takes it for a while, sends, and finishes it;
one that dies meanwhile is passed over when its time is up. Whether a confirmation came twice is a small matter,
whether it came at all is not; but what a provider may have taken is not sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from newsletter.addresses import read_address
from newsletter.config import Config, span
from newsletter.errors import MaybeTaken, NotTaken, StopSending
from newsletter.links import Links
from newsletter.providers import Provider, call
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.storage import mails, subscribers, suppressions
from newsletter.storage.consent import Log
from newsletter.storage.database import reading, writing
from newsletter.storage.issues import list_editions, list_issues
from newsletter.storage.mails import Mail
from newsletter.storage.planning import choose_edition
from newsletter.types import Edition, IssueState, Outgoing, Recipient, Subscriber, SubscriberState

LEASE = timedelta(minutes=5)
TRIES = 8
FIRST_WAIT = timedelta(minutes=1)
DATA_WITHIN = timedelta(hours=1)

CONFIRM, PREFERENCES, ADDRESS, MOVING, DATA, WELCOME = (
    "confirm",
    "preferences",
    "address",
    "moving",
    "data",
    "welcome",
)
AUTOMATIC = (CONFIRM, PREFERENCES, ADDRESS, MOVING, DATA)
"""Answers to what somebody did (RFC 3834): no answering machine answers them."""


@dataclass(frozen=True, slots=True)
class Office:
    """All that sending a single mail takes."""

    engine: Engine
    config: Config
    provider: Provider
    links: Links
    log: Log
    write: Callable[..., Edition]
    """kind, link, facts → the mail's words in their look."""


def send_next(office: Office, now: datetime) -> bool:
    """Send the oldest mail that is due. False when none is. Raises StopSending when no mail can be sent at all;
    the mail waits."""
    with writing(office.engine) as conn:
        mail = mails.claim_mail(conn, now=now, lease=LEASE)
    if mail is None:
        return False
    outgoing = prepare(office, mail, now)
    if outgoing is None:
        _finish(office, mail, "given_up")
        return True
    try:
        receipts = call(office.provider, outgoing)
    except NotTaken as error:
        _put_off(office, mail, now, error.retry_after)
    except MaybeTaken:
        _finish(office, mail, "sent")
    except StopSending:
        _put_off(office, mail, now, None)
        raise
    else:
        _finish(office, mail, "sent" if receipts and receipts[0].outcome == "sent" else "given_up")
    return True


def prepare(office: Office, mail: Mail, now: datetime) -> Outgoing | None:
    """The mail as one call. None when there is nobody to write to any more, or nothing left to say."""
    with reading(office.engine) as conn:
        reader = subscribers.find_subscriber(conn, mail.subscriber_id)
        address = _address(conn, office, mail, reader)
        if reader is None or address is None:
            return None
        edition = _words(conn, office, mail, reader, now)
    return _outgoing(office, mail, address, edition) if edition else None


def _address(conn: Connection, office: Office, mail: Mail, reader: Subscriber | None) -> str | None:
    """Where this kind of mail goes: to the reader, to the address they want, or to the one they had."""
    if reader is None or reader.state is SubscriberState.ERASED:
        return None
    if mail.kind == ADDRESS:
        wanted = subscribers.find_new_address(conn, reader.id)
        return wanted.email if wanted else None
    found = read_address(reader.email) if reader.email else None
    suppressed = found and suppressions.find_suppression(conn, found, keys=office.log.keys)
    if suppressed and suppressed.reason is not suppressions.Reason.ERASED:
        return None
    if mail.kind == CONFIRM and reader.state is SubscriberState.ACTIVE:
        return None
    return reader.email


def _words(conn: Connection, office: Office, mail: Mail, reader: Subscriber, now: datetime) -> Edition | None:
    if mail.kind == WELCOME:
        return latest_edition(conn, reader)
    links, within = office.links, span(office.config.web.confirm_within)
    made = {
        CONFIRM: lambda: links.confirm(reader.id, now=now),
        PREFERENCES: lambda: links.preferences(reader.id),
        ADDRESS: lambda: links.url(ADDRESS, reader.id, made_at=now, detail=mail.detail),
        MOVING: lambda: links.url("keep", reader.id, made_at=now),
        DATA: lambda: links.url(DATA, reader.id, made_at=now),
    }
    until = (now + within).astimezone(office.config.newsletter.zone).date()
    return office.write(mail.kind, link=made[mail.kind]() if mail.kind in made else "", until=until)


def latest_edition(conn: Connection, reader: Subscriber) -> Edition | None:
    """The newest issue that was sent, as this reader would have got it; None when there is none for them."""
    newest = next((one for one in list_issues(conn) if one.state is IssueState.SENT), None)
    if newest is None:
        return None
    frozen = list_editions(conn, newest.id)
    chosen = choose_edition(reader.topics, {edition.topics: id_ for id_, edition in frozen.items()})
    return frozen[chosen] if chosen is not None else None


def _outgoing(office: Office, mail: Mail, address: str, edition: Edition) -> Outgoing:
    sender = office.config.newsletter.sender
    envelope = Envelope(
        kind=mail.kind,
        sender=sender,
        date=mail.at,
        reply_to=office.config.newsletter.reply_to,
        listed=mail.kind not in AUTOMATIC,
        automatic=mail.kind in AUTOMATIC,
    )
    recipient = Recipient(
        delivery_id=f"mail-{mail.id}",
        email=address,
        unsubscribe_url=office.links.unsubscribe(mail.subscriber_id),
        preferences_url=office.links.preferences(mail.subscriber_id),
    )
    template = MailTemplate(edition, envelope)
    return Outgoing(
        kind=mail.kind,
        key=f"mail-{mail.id}",
        sender=sender,
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        recipients=(recipient,),
        messages=lambda: template.fill_all([recipient]),
    )


def _finish(office: Office, mail: Mail, state: str) -> None:
    with writing(office.engine) as conn:
        mails.finish_mail(conn, mail.id, state)


def _put_off(office: Office, mail: Mail, now: datetime, seconds: float | None) -> None:
    """Wait longer after each try; in the end a mail that nobody takes is given up."""
    if mail.tries >= TRIES:
        return _finish(office, mail, "given_up")
    wait = timedelta(seconds=seconds) if seconds else FIRST_WAIT * 2 ** (mail.tries - 1)
    with writing(office.engine) as conn:
        mails.put_off(conn, mail.id, now + wait)
    return None
