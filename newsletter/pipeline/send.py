"""Send: claim a batch, write its attempt, call the provider, record what came of it. One batch at a time.

What the steps promise together: the attempt is on disk before the call, no transaction is open during it, and
only the latest attempt at a batch may record. So whatever ends the process at whatever point, the next one
finds either nothing begun, or an attempt without an answer: see `_settle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from newsletter.errors import MaybeTaken, NotTaken, ProviderError, Rejected, StopSending
from newsletter.links import Links
from newsletter.mailbox import is_plain
from newsletter.process import Life, life_of
from newsletter.providers import Provider, call, key_lives
from newsletter.render.personalise import MailTemplate
from newsletter.storage import ledger, settling
from newsletter.storage.issues import PublishedIssue
from newsletter.storage.settling import OpenAttempt
from newsletter.storage.together import Together
from newsletter.types import Batch, Delivery, Edition, Outgoing, Receipt, Recipient

LEASE = timedelta(minutes=15)
"""How long an attempt is left to a process of which nobody here can know whether it lives."""
KEY_TRIES = 6
"""Calls with one key, after which a person is asked."""
MARGIN = timedelta(minutes=5)
"""A key is not relied on for the last of its life: the provider's clock and the call take some."""
ENDED = "the sending process ended before the provider's answer was recorded"
TOO_OLD = "the provider may have forgotten the key of the call, so it cannot be made again safely"
TOO_OFTEN = "the provider did not answer, however often the call was made under its key"
"""Why a delivery is in doubt, in words for a person."""
SLEPT = "this process slept too long between writing down the call and making it"
UNFIT = "the address cannot stand in a mail's headers"


@dataclass(frozen=True, slots=True)
class Letter:
    """One edition, ready to be filled."""

    edition: Edition
    template: MailTemplate


@dataclass(frozen=True, slots=True)
class Job:
    """All that sending one published issue takes."""

    store: Together
    issue: PublishedIssue
    provider: Provider
    links: Links
    letters: dict[int, Letter]
    """By edition id."""
    sender: str
    """The From header."""
    process: str
    """Who we are: see newsletter.process."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after a call. `receipts` only when it was taken."""

    outcome: Literal["taken", "rejected", "not_taken", "maybe_taken", "stop"]
    receipts: tuple[Receipt, ...] = ()
    error: ProviderError | None = None


# --- before the call -------------------------------------------------------------------------------------


def next_batch(job: Job, now: datetime, *, most: int | None = None) -> Batch | None:
    """A batch that is ours to send, its attempt written and durable; None when none is due.

    First what a dead process left, then what is queued. `most`: of a queued batch, at most so many messages.
    """

    def claim(conn: Connection) -> Batch | None:
        return _settle(conn, job, now) or ledger.claim_batch(
            conn, job.issue.id, sender=job.process, provider=job.provider.name, now=now, most=most
        )

    return job.store.write(claim)


def _settle(conn: Connection, job: Job, now: datetime) -> Batch | None:
    """What can be said of attempts without an answer: the same again under the same key, or in doubt."""
    for attempt in settling.list_open_attempts(conn, job.issue.id):
        if not is_over(attempt, job.process, now):
            continue
        if why := why_not_again(attempt, job.provider, now):
            settling.put_in_doubt(conn, attempt, why, now)
        elif batch := settling.take_over(
            conn, job.issue.id, attempt, sender=job.process, provider=job.provider.name, now=now
        ):
            return batch
    return None


def give_up(conn: Connection, issue_id: int, process: str, now: datetime) -> int:
    """For an issue that is not sent on: what dead processes left is in doubt. Returns how many batches."""
    left = [one for one in settling.list_open_attempts(conn, issue_id) if is_over(one, process, now)]
    return sum(settling.put_in_doubt(conn, one, ENDED, now) for one in left)


def why_not_again(attempt: OpenAttempt, provider: Provider, now: datetime) -> str | None:
    """Why a call that may have been taken must not be made again under its key; None when it may."""
    if provider.settles != "key" or attempt.provider != provider.name:
        return ENDED
    lives = key_lives(provider)
    if lives is not None and now - attempt.first_at > lives - MARGIN:
        return TOO_OLD
    # Tries that were answered: a sender that died says nothing of the provider.
    return TOO_OFTEN if attempt.finished_at is not None and attempt.number >= KEY_TRIES else None


def is_over(attempt: OpenAttempt, process: str, now: datetime, life: Callable[[str], Life] = life_of) -> bool:
    """Whether nobody is busy with this attempt any more."""
    if attempt.finished_at is not None:
        return attempt.not_before is None or attempt.not_before <= now
    if attempt.sender == process:
        return False
    known = life(attempt.sender)
    return known is Life.DEAD or (known is Life.UNKNOWN and now - attempt.started_at > LEASE)


# --- the call --------------------------------------------------------------------------------------------


def deliver(job: Job, batch: Batch, *, in_time: Callable[[], bool] = lambda: True) -> Answer:
    """Call the provider with no transaction open. Never raises. `in_time` is asked at the very last: a process
    that was frozen meanwhile may have been taken for dead, and its key for forgotten."""
    fit = tuple([one for one in batch.deliveries if is_plain(one.email)])
    unfit = _refuse_unfit(batch, fit) if len(fit) < len(batch.deliveries) else []
    if not fit:
        return Answer("taken", tuple(unfit))
    outgoing = _outgoing(job, batch, fit)
    if not in_time():
        return Answer("not_taken", error=NotTaken(SLEPT))
    try:
        receipts = call(job.provider, outgoing)
    except Rejected as error:
        return Answer("rejected", error=error)
    except NotTaken as error:
        return Answer("not_taken", error=error)
    except StopSending as error:
        return Answer("stop", error=error)
    except MaybeTaken as error:
        return Answer("maybe_taken", error=error)
    return Answer("taken", (*receipts, *unfit))


def _refuse_unfit(batch: Batch, fit: tuple[Delivery, ...]) -> list[Receipt]:
    there = {one.id for one in fit}
    return [Receipt(one.id, "refused", reason=UNFIT) for one in batch.deliveries if one.id not in there]


def _outgoing(job: Job, batch: Batch, members: tuple[Delivery, ...]) -> Outgoing:
    links = job.links.of_issue(batch.issue_id, [one.subscriber_id for one in members])
    recipients = tuple(
        [
            Recipient(one.id, one.email, leave, choose)
            for one, (leave, choose) in zip(members, links, strict=True)
        ]
    )
    return address(
        job.letters[batch.edition_id], recipients, kind=job.issue.slug, key=batch.key, sender=job.sender
    )


def address(
    letter: Letter, recipients: tuple[Recipient, ...], *, kind: str, key: str, sender: str
) -> Outgoing:
    """A letter to these readers, as one call."""
    return Outgoing(
        kind=kind,
        key=key,
        sender=sender,
        subject=letter.edition.subject,
        html=letter.edition.html,
        text=letter.edition.text,
        recipients=recipients,
        messages=lambda: letter.template.fill_all(recipients),
        headers=letter.template.headers,
    )


# --- after the call --------------------------------------------------------------------------------------


def record(
    job: Job, batch: Batch, answer: Answer, now: datetime, *, not_before: datetime | None = None
) -> bool:
    """Write down what came of it, in one transaction. False, and nothing written, when the batch is no longer
    ours: somebody settled it while this process slept."""
    return job.store.write(lambda conn: _write_down(conn, job, batch, answer, now, not_before))


def _write_down(
    conn: Connection, job: Job, batch: Batch, answer: Answer, now: datetime, not_before: datetime | None
) -> bool:
    why = answer.error.what if answer.error else ""
    if answer.outcome == "taken":
        return ledger.record_taken(conn, batch, answer.receipts, now, not_before=not_before)
    if answer.outcome == "rejected":
        return ledger.record_rejected(conn, batch, why, now)
    if answer.outcome == "maybe_taken":
        again = job.provider.settles == "key"
        return ledger.record_doubt(conn, batch, why, now, again=again, not_before=not_before)
    return ledger.record_not_taken(conn, batch, why, now, not_before=not_before)
