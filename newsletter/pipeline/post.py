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
from newsletter.errors import MaybeTaken, NotTaken, Rejected, StopSending
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
from newsletter.types.letters import (
    ADDRESS,
    AUTOMATIC,
    CONFIRM,
    DATA,
    LINK,
    MOVING,
    PERSONAL,
    PREFERENCES,
    WELCOME,
)

LEASE = timedelta(minutes=5)
TRIES = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
KEPT = timedelta(days=3)
"""What could not be sent for so long is not what anybody waits for any more."""
DATA_WITHIN = timedelta(hours=1)


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
    is_corrected: Callable[[str], bool] = lambda _: False
    """Whether an issue, by its slug, got something wrong that was put right since."""


def send_next(office: Office, now: datetime) -> bool:
    """Send the oldest mail that is due. False when none is. Raises StopSending when no mail can be sent at all;
    the mail waits. Whatever else it raises, the mail waits as well, and the next one can be sent."""
    with writing(office.engine) as conn:
        mail = mails.claim_mail(conn, now=now, lease=LEASE)
    if mail is None:
        return False
    try:
        outgoing = prepare(office, mail, now)
    except Exception:  # a site's own template with a mistake in it: somebody will mend it
        _release(office, mail, now)
        raise
    if outgoing is None:
        _finish(office, mail, "given_up")
    else:
        _hand_over(office, mail, outgoing, now)
    return True


def _hand_over(office: Office, mail: Mail, outgoing: Outgoing, now: datetime) -> None:
    try:
        receipts = call(office.provider, outgoing)
    except Rejected:
        _finish(office, mail, "given_up")
    except NotTaken as error:
        _put_off(office, mail, now, error.retry_after)
    except MaybeTaken:
        _finish(office, mail, "sent")
    except StopSending:
        _release(office, mail, now)
        raise
    else:
        _note(office, mail, receipts[0].outcome if receipts else "unknown", now)


def _note(office: Office, mail: Mail, outcome: str, now: datetime) -> None:
    if outcome == "later":
        return _put_off(office, mail, now, None)
    return _finish(office, mail, "given_up" if outcome == "refused" else "sent")


def prepare(office: Office, mail: Mail, now: datetime) -> Outgoing | None:
    """The mail as one call. None when there is nobody to write to any more, or nothing left to say."""
    if now - mail.at > KEPT:
        return None
    with reading(office.engine) as conn:
        reader = subscribers.find_subscriber(conn, mail.subscriber_id)
        address = _address(conn, office, mail, reader)
        if reader is None or address is None:
            return None
        if mail.kind == WELCOME:
            return _welcome(conn, office, mail, address, reader)
    return _outgoing(office, mail, address, _words(office, mail, reader, now))


def _address(conn: Connection, office: Office, mail: Mail, reader: Subscriber | None) -> str | None:
    """Where this kind of mail goes: to the reader, to the address they want, or to the one they had."""
    if reader is None or reader.state is SubscriberState.ERASED:
        return None
    if mail.kind == ADDRESS:
        return reader.new_email
    if (
        mail.kind == MOVING and reader.new_email is None
    ):  # the address they have now is not the one to be told
        return None
    found = read_address(reader.email) if reader.email else None
    suppressed = found and suppressions.find_suppression(conn, found, keys=office.log.keys)
    if suppressed and suppressed.reason is not suppressions.Reason.ERASED:
        return None
    return reader.email if _is_still_true(mail.kind, reader.state) else None


def _is_still_true(kind: str, state: SubscriberState) -> bool:
    """What a mail says may have changed since it was asked for; above all, who left gets no welcome."""
    if kind == CONFIRM:
        return state is not SubscriberState.ACTIVE
    return kind not in (PREFERENCES, WELCOME, MOVING) or state is SubscriberState.ACTIVE


def _words(office: Office, mail: Mail, reader: Subscriber, now: datetime) -> Edition:
    links, within = office.links, span(office.config.web.confirm_within)
    made = {
        CONFIRM: lambda: links.confirm(reader.id, now=now),
        PREFERENCES: lambda: links.fresh_preferences(reader.id, now=now),
        LINK: lambda: links.fresh_preferences(reader.id, now=now),
        ADDRESS: lambda: links.url(ADDRESS, reader.id, made_at=now, detail=mail.detail),
        MOVING: lambda: links.url("keep", reader.id, made_at=now),
        DATA: lambda: links.url(DATA, reader.id, made_at=now),
    }
    until = (now + within).astimezone(office.config.newsletter.zone).date()
    by_name = office.config.web.first_name and mail.kind in PERSONAL and reader.confirmed_at is not None
    first_name = reader.first_name if by_name else None
    return office.write(mail.kind, link=made[mail.kind](), first_name=first_name, until=until)


def _welcome(
    conn: Connection, office: Office, mail: Mail, address: str, reader: Subscriber
) -> Outgoing | None:
    """The newest issue that was sent, as this reader would have got it; None when there is none for them. One that
    was corrected is passed over: nobody is sent what is known to be wrong.

    It is an issue, and may be forwarded like one: its links are an issue's.
    """
    sent = (one for one in list_issues(conn) if one.state is IssueState.SENT)
    newest = next((one for one in sent if not office.is_corrected(one.slug)), None)
    if newest is None:
        return None
    frozen = list_editions(conn, newest.id)
    chosen = choose_edition(reader.topics, {edition.topics: id_ for id_, edition in frozen.items()})
    return _outgoing(office, mail, address, frozen[chosen], newest.id) if chosen is not None else None


def _outgoing(
    office: Office, mail: Mail, address: str, edition: Edition, issue_id: int | None = None
) -> Outgoing:
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
        unsubscribe_url=office.links.unsubscribe(mail.subscriber_id, issue_id),
        preferences_url=office.links.preferences(mail.subscriber_id, issue_id),
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
        headers=template.headers,
        single=True,
    )


def _finish(office: Office, mail: Mail, state: str) -> None:
    with writing(office.engine) as conn:
        mails.finish_mail(conn, mail.id, state)


def _put_off(office: Office, mail: Mail, now: datetime, seconds: float | None) -> None:
    """Wait longer after each try; in the end a mail that nobody takes is given up."""
    if mail.tries >= TRIES:
        return _finish(office, mail, "given_up")
    wait = timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds())) if seconds and seconds > 0 else None
    wait = wait or min(FIRST_WAIT * 2 ** (mail.tries - 1), LONGEST_WAIT)
    with writing(office.engine) as conn:
        mails.put_off(conn, mail.id, now + wait)
    return None


def _release(office: Office, mail: Mail, now: datetime) -> None:
    """Nothing was wrong with this mail: it waits, and the try does not count."""
    with writing(office.engine) as conn:
        mails.release_mail(conn, mail.id, now + FIRST_WAIT)
