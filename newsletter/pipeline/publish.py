"""Publish: freeze an issue's editions and plan its deliveries, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from newsletter.errors import AlreadyPublished, IssueError
from newsletter.storage import issues
from newsletter.storage.database import writing
from newsletter.storage.issues import PublishedIssue
from newsletter.storage.planning import plan_deliveries
from newsletter.types import Edition, editions_hash


def publish(
    engine: Engine,
    slug: str,
    editions: Sequence[Edition],
    articles: Iterable[str],
    *,
    provider: str,
    batch_size: int,
    now: datetime,
) -> PublishedIssue:
    """The issue with all its deliveries queued, none of them sent. `articles` are canonical URLs.

    Raises AlreadyPublished when it was before, also a moment ago by another process; then nothing changes.
    """
    if not editions:
        raise IssueError(f"{slug} has no edition")
    subject = max(editions, key=lambda one: len(one.topics.ids)).subject
    with writing(_one_view(engine)) as conn:
        issue_id = issues.add_issue(
            conn, slug=slug, subject=subject, hash=editions_hash(editions), provider=provider, now=now
        )
        if issue_id is None:
            raise AlreadyPublished(f"{slug} is published already", hint=f"See `newsletter status {slug}`.")
        issues.add_articles(conn, issue_id, articles)
        ids = issues.add_editions(conn, issue_id, editions)
        audience = plan_deliveries(conn, issue_id, ids, batch_size=batch_size, now=now)
        issues.set_audience(conn, issue_id, audience)
        return issues.get_issue(conn, slug)


def _one_view(engine: Engine) -> Engine:
    """Readers are counted, then planned: on PostgreSQL both must see the same. SQLite's writer is alone."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine
