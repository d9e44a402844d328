"""A site's corrections: what issues that are out got wrong, and which issue tells it to its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from newsletter import content
from newsletter.composer import Composer
from newsletter.config import Site
from newsletter.corrections import clean_text, find_corrections
from newsletter.pipeline.correct import Corrected, correct
from newsletter.seal import clean_name
from newsletter.storage import issues
from newsletter.storage.database import reading
from newsletter.types import Correction

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Corrector:
    site: Site
    composer: Composer
    database: Callable[[], Engine]

    def correct(
        self, slug: str, text: str, now: datetime, *, name: str | None = None, in_next: bool = False
    ) -> Corrected:
        """Say beside a published issue what it got wrong; `in_next`: the next issue's readers are told, too.

        Raises IssueError when it is not published, UsageError for a text or a name that is none, ContentError when
        its corrections cannot be read.
        """
        with reading(self.database()) as conn:
            issue = issues.get_issue(conn, slug)
            published = {one.slug for one in issues.list_issues(conn)}
        files = content.list_slugs(self.site.issues)
        new = Correction(
            issue=slug,
            text=clean_text(text),
            at=now.astimezone(UTC).replace(microsecond=0),
            hash=issue.hash,
            name=clean_name(name) if name is not None else None,
            # An issue that is being sent is fixed: it tells nothing more.
            next=self.composer.calendar.next_issue(now, files, published) if in_next else None,
        )
        return correct(self.site.issues, new, files)

    def corrections(self, slug: str) -> Corrected:
        """Those that a published issue has. Raises IssueError, ContentError."""
        with reading(self.database()) as conn:
            issue = issues.get_issue(conn, slug)
        return Corrected(slug, issue.hash, find_corrections(self.site.issues, slug))
