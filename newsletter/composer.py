"""A site's issues: which is next, its draft, its editions, its build folder. Joins files, store and look.

The store is opened only where there is one: a fresh clone builds from its files alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import content, corrections
from newsletter.config import Config, Site
from newsletter.content.read import read_text
from newsletter.errors import ApprovalError, ContentError, UsageError
from newsletter.pipeline import compose
from newsletter.pipeline.compose import Additions
from newsletter.pipeline.render_folder import Built, write_build
from newsletter.schedule import Calendar
from newsletter.seal import Seal, make_seal
from newsletter.types import Article, Edition, Issue, IssueState, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from newsletter.render import Renderer

_DONE = (IssueState.SENT, IssueState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Composed:
    """An issue with all that was made of it."""

    issue: Issue
    articles: Mapping[str, Article]
    """Those of its picks that the store knows, by canonical URL."""
    layout: Layout
    editions: tuple[Edition, ...]
    """One a variant; the whole comes first."""


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """A folder that cannot be written to, or a full disk, is a message for a person."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(place)) from None


class Composer:
    """All that can be done with issue files. Slugs in, values out."""

    def __init__(self, site: Site, database: Callable[[], Engine]) -> None:
        self.site = site
        self._database = database

    @property
    def config(self) -> Config:
        return self.site.config

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar.of(self.config.schedule, self.config.newsletter.zone)

    @cached_property
    def renderer(self) -> Renderer:
        from newsletter.render import Renderer

        return Renderer(self.config, self.site.templates)

    def slug(self, name: str | None, now: datetime) -> str:
        """The issue a person means: by slug, by path, or the next one. Raises ContentError."""
        if name is not None:
            return content.find_issue_file(self.site.issues, name).stem
        existing = content.list_slugs(self.site.issues)
        return self.calendar.next_issue(now, existing, self._done() if existing else ())

    def path(self, slug: str) -> Path:
        return self.site.issues / f"{slug}.md"

    def read(self, slug: str) -> Issue:
        """The issue in its file. Raises ContentError."""
        return content.read_issue(self.path(slug), self.config.section_ids)

    def compose(self, slug: str) -> Composed:
        """Everything made of an issue file, as it is now. Raises ContentError, TemplateError."""
        issue = self.read(slug)
        articles = self._articles(compose.urls_of(issue))
        due = corrections.due_in(self.site.issues, slug, content.list_slugs(self.site.issues))
        layout = compose.resolve(issue, articles, self.config, due)
        editions = tuple(self.renderer.edition(layout, one) for one in self.renderer.variants(layout))
        return Composed(issue, articles, layout, editions)

    def sealed(self, slug: str) -> tuple[Composed, Seal]:
        """The same with its seal, which nobody has approved yet. Raises ContentError, TemplateError; ApprovalError
        when the file was saved meanwhile."""
        from newsletter.pipeline.inputs import gather_inputs
        from newsletter.render.sources import issue_sources

        path = self.path(slug)
        before = path.read_bytes() if path.is_file() else b""
        made = self.compose(slug)
        templates = issue_sources(self.renderer)
        if path.read_bytes() != before:
            raise ApprovalError("was saved while it was being built", where=str(path), hint="Try again.")
        return made, make_seal(gather_inputs(before, made.layout, templates, self.config), made.editions)

    def build(self, slug: str) -> Built:
        """Write build/<slug>/. Raises ContentError, TemplateError; the folder then stays as it was."""
        made = self.compose(slug)
        folder = self.site.build / slug
        with _writing(folder):
            return write_build(folder, made.issue, made.layout, made.articles, made.editions)

    def draft(self, slug: str, now: datetime) -> bool:
        """Make the issue's file; False when there is one. Raises NothingNew, ContentError."""
        path = self.path(slug)
        if path.exists():
            return False
        self._refuse_past(slug, now)
        day = date.fromisoformat(slug)
        since, found = self._candidates(slug, now)
        proposal = compose.propose(day, found, self.config, since=since, until=now)
        with _writing(path):
            return content.write_draft(path, proposal, self.config.newsletter.zone)

    def refresh(self, slug: str, now: datetime) -> Additions:
        """Add to the issue's file what came in since. Raises ContentError; the file then stays as it is."""
        issue = self.read(slug)
        _, found = self._candidates(slug, now)
        fresh = compose.additions(issue, read_text(self.path(slug)), found, self.config)
        zone = self.config.newsletter.zone
        with _writing(self.path(slug)):
            content.refresh_issue(self.path(slug), fresh.picks, fresh.left_out, now, zone)
        return fresh

    def pickable(self, since: datetime | None = None) -> list[tuple[Article, tuple[str, ...]]]:
        """What can be picked, newest first, each with the slugs of the issues that hold it already.

        Raises ContentError for an issue file with a mistake.
        """
        from newsletter.storage.articles import list_articles

        used: dict[str, list[str]] = {}
        for issue in content.list_issues(self.site.issues):
            for page in compose.urls_of(issue):
                used.setdefault(page, []).append(issue.slug)
        with self._reading() as conn:
            known = list_articles(conn, since=since)
        return [(article, tuple(used.get(article.canonical_url, ()))) for article in known]

    # --- what it asks of files and store ------------------------------------------------------------------

    def _candidates(self, slug: str, now: datetime) -> tuple[datetime, list[Article]]:
        # Without the settings' sections: an old issue may have some that the site has given up since.
        others = [one for one in content.list_issues(self.site.issues) if one.slug != slug]
        since = self.calendar.new_since(date.fromisoformat(slug), others)
        used = {url for one in others for url in compose.urls_of(one)}
        if not self.has_store:
            return since, []
        from newsletter.storage.articles import list_articles
        from newsletter.storage.issues import list_used_articles

        with self._reading() as conn:
            published = list_used_articles(conn)
            found = list_articles(conn, since=since)
        used |= {url for url, slugs in published.items() if set(slugs) - {slug}}
        return since, compose.candidates(found, since=since, until=now, used=used)

    def _articles(self, urls: Collection[str]) -> Mapping[str, Article]:
        if not self.has_store:
            return {}
        from newsletter.storage.articles import articles_by_url

        with self._reading() as conn:
            return articles_by_url(conn, urls)

    def _done(self) -> set[str]:
        if not self.has_store:
            return set()
        from newsletter.storage.issues import list_issues

        with self._reading() as conn:
            return {one.slug for one in list_issues(conn) if one.state in _DONE}

    @property
    def has_store(self) -> bool:
        """Whether there is a store to ask; asking must not make one."""
        prefix, url = "sqlite:///", self.site.storage_url
        return not url.startswith(prefix) or Path(url.removeprefix(prefix)).is_file()

    def _reading(self) -> AbstractContextManager[Connection]:
        from newsletter.storage.database import reading

        return reading(self._database())

    def _refuse_past(self, slug: str, now: datetime) -> None:
        today = now.astimezone(self.config.newsletter.zone).date().isoformat()
        if slug < today:
            raise ContentError(
                "there is no such issue, and its date has gone by",
                where=str(self.path(slug)),
                hint=f"It is {today} now; without a name, the next issue is drafted.",
            )
