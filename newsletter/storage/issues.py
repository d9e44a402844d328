"""Published issues: what was frozen, in which state each is, and its ledger in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.errors import IssueError
from newsletter.storage.schema import attempts, batches, deliveries, editions, issue_articles, issues
from newsletter.types import DeliveryState, Edition, IssueState, Tally, Topics

CANCELLED = "the issue was cancelled"


@dataclass(frozen=True, slots=True)
class PublishedIssue:
    """An issue as the ledger knows it, from the moment its deliveries are planned."""

    id: int
    slug: str
    subject: str
    state: IssueState
    hash: str
    """See types.editions_hash."""
    audience: int
    provider: str
    published_at: datetime
    finished_at: datetime | None
    """None while something is left to do."""
    note: str | None
    """Why it was paused or cancelled."""


def add_issue(
    conn: Connection, *, slug: str, subject: str, hash: str, provider: str, now: datetime
) -> int | None:
    """The new issue's id; None when it is published already."""
    try:
        with conn.begin_nested():
            found: Any = conn.execute(
                insert(issues)
                .values(
                    slug=slug,
                    subject=subject,
                    state=IssueState.SENDING,
                    hash=hash,
                    audience=0,
                    provider=provider,
                    published_at=now,
                )
                .returning(issues.c.id)
            ).scalar_one()
    except IntegrityError:
        return None
    return int(found)


def set_audience(conn: Connection, issue_id: int, audience: int) -> None:
    conn.execute(update(issues).where(issues.c.id == issue_id).values(audience=audience))


def add_editions(conn: Connection, issue_id: int, frozen: Iterable[Edition]) -> dict[Topics, int]:
    """Freeze the editions; the id of each variant's."""
    return {one.topics: _add_edition(conn, issue_id, one) for one in frozen}


def _add_edition(conn: Connection, issue_id: int, one: Edition) -> int:
    found: Any = conn.execute(
        insert(editions)
        .values(
            issue_id=issue_id,
            topics=str(one.topics),
            subject=one.subject,
            preheader=one.preheader,
            html=one.html,
            text=one.text,
            hash=one.hash,
        )
        .returning(editions.c.id)
    ).scalar_one()
    return int(found)


def add_articles(conn: Connection, issue_id: int, canonical_urls: Iterable[str]) -> None:
    """Remember which articles the issue holds: none of them is drafted again."""
    rows = [{"issue_id": issue_id, "canonical_url": url} for url in sorted(set(canonical_urls))]
    if rows:
        conn.execute(insert(issue_articles), rows)


def list_editions(conn: Connection, issue_id: int) -> dict[int, Edition]:
    """The frozen editions by id."""
    rows = conn.execute(
        select(editions, issues.c.slug)
        .join(issues)
        .where(editions.c.issue_id == issue_id)
        .order_by(editions.c.id)
    )
    return {
        row.id: Edition(
            issue=row.slug,
            topics=Topics.parse(row.topics),
            subject=row.subject,
            preheader=row.preheader,
            html=row.html,
            text=row.text,
            hash=row.hash,
        )
        for row in rows
    }


def find_issue(conn: Connection, slug: str) -> PublishedIssue | None:
    row = conn.execute(select(issues).where(issues.c.slug == slug)).first()
    return _issue(row) if row else None


def get_issue(conn: Connection, slug: str) -> PublishedIssue:
    """Raises IssueError, which lists the issues there are."""
    if found := find_issue(conn, slug):
        return found
    known = [one.slug for one in list_issues(conn)]
    raise IssueError(
        f"no issue {slug!r} has been published",
        hint=f"Published so far: {', '.join(known[:8])}." if known else "None has been so far.",
    )


def list_issues(conn: Connection) -> list[PublishedIssue]:
    """All of them, the newest first."""
    rows = conn.execute(select(issues).order_by(issues.c.published_at.desc(), issues.c.id.desc()))
    return [_issue(row) for row in rows]


def _issue(row: Any) -> PublishedIssue:
    return PublishedIssue(**{**row._mapping, "state": IssueState(row.state)})


def list_used_articles(conn: Connection) -> dict[str, tuple[str, ...]]:
    """Canonical URL → slugs of the published issues that hold it, the first one first."""
    rows = conn.execute(
        select(issue_articles.c.canonical_url, issues.c.slug).join(issues).order_by(issues.c.published_at)
    )
    found: dict[str, tuple[str, ...]] = {}
    for url, slug in rows:
        found[url] = (*found.get(url, ()), slug)
    return found


# --- states ----------------------------------------------------------------------------------------------


def change_state(
    conn: Connection,
    issue_id: int,
    *,
    before: Sequence[IssueState],
    after: IssueState,
    note: str | None = None,
) -> bool:
    """Whether the issue was in one of these states and is now in the other."""
    changed = conn.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state.in_(before))
        .values(state=after, note=note)
    )
    return changed.rowcount == 1


def drop_queued(conn: Connection, issue_id: int) -> int:
    """Skip all that is still queued, for an issue that was cancelled. Returns how many deliveries that were.

    Batches first: a claim under way holds its batch, and then wins.
    """
    conn.execute(
        update(batches)
        .where(batches.c.issue_id == issue_id, batches.c.state == "queued")
        .values(state="done")
    )
    dropped = conn.execute(
        update(deliveries)
        .where(deliveries.c.issue_id == issue_id, deliveries.c.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.SKIPPED, reason=CANCELLED)
    )
    return dropped.rowcount


def finish_issue(conn: Connection, issue_id: int, now: datetime) -> bool:
    """Whether *this call* found that nothing is left to do. What is in doubt stays so, and visible."""
    left = exists().where(batches.c.issue_id == issue_id, batches.c.state.in_(("queued", "sending")))
    ours = (issues.c.id == issue_id, issues.c.finished_at.is_(None), ~left)
    sent = conn.execute(
        update(issues)
        .where(*ours, issues.c.state == IssueState.SENDING)
        .values(state=IssueState.SENT, finished_at=now)
    )
    cancelled = conn.execute(
        update(issues).where(*ours, issues.c.state == IssueState.CANCELLED).values(finished_at=now)
    )
    return sent.rowcount + cancelled.rowcount > 0


def reopen_issue(conn: Connection, issue_id: int) -> bool:
    """Something of a finished issue is to be sent after all. False, and nothing changed, when it was cancelled."""
    conn.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state == IssueState.SENT)
        .values(state=IssueState.SENDING, finished_at=None)
    )
    row = conn.execute(select(issues.c.state).where(issues.c.id == issue_id).with_for_update()).scalar_one()
    return bool(row != IssueState.CANCELLED)


# --- numbers ---------------------------------------------------------------------------------------------


def tally(conn: Connection, issue_id: int) -> Tally:
    """The ledger's lines counted by state. `audience` is what was planned: the sum must agree with it."""
    audience = conn.execute(select(issues.c.audience).where(issues.c.id == issue_id)).scalar_one()
    counted = conn.execute(
        select(deliveries.c.state, func.count())
        .where(deliveries.c.issue_id == issue_id)
        .group_by(deliveries.c.state)
    )
    return Tally(audience=audience, **{row[0]: row[1] for row in counted})


def recent_rate(conn: Connection, issue_id: int, now: datetime, *, window: timedelta) -> float:
    """Messages a second that providers answered for within the window before `now`."""
    row = conn.execute(
        select(func.sum(batches.c.size), func.min(attempts.c.started_at))
        .join(attempts, attempts.c.batch_id == batches.c.id)
        .where(
            batches.c.issue_id == issue_id,
            attempts.c.outcome == "taken",
            attempts.c.finished_at > now - window,
        )
    ).one()
    if not row[0]:
        return 0.0
    since = max(row[1], now - window)
    return float(row[0] / max((now - since).total_seconds(), 1.0))


def latest_errors(conn: Connection, issue_id: int, *, most: int = 3) -> list[str]:
    """What the latest calls that went wrong said, newest first, each once."""
    rows = conn.execute(
        select(attempts.c.error)
        .join(batches, batches.c.id == attempts.c.batch_id)
        .where(batches.c.issue_id == issue_id, attempts.c.error.is_not(None))
        .order_by(attempts.c.id.desc())
        .limit(50)
    ).scalars()
    return list(dict.fromkeys(error for error in rows if error))[:most]
