"""The gate of a site: gathers what is to be known of an issue and holds it against every check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from newsletter import checks, content
from newsletter.checks import Answer, Case, Finding, Lint, Past
from newsletter.checks.reading import grade_of
from newsletter.checks.retractions import find as find_retractions
from newsletter.composer import Composed, Composer
from newsletter.config import FILE_NAME, Config, Site
from newsletter.errors import NewsletterError
from newsletter.pipeline.retract import read_list, retractions_path
from newsletter.pipeline.spam import spam_points
from newsletter.render.letter import render_letter
from newsletter.render.lint import lint
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.render.sources import mail_sources
from newsletter.types import Edition, Recipient
from newsletter.types.letters import AUTOMATIC
from newsletter.urls import canonical_url

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from newsletter.render import Renderer

BUILD = "build"
"""The check that comes before all others; nobody can waive it."""
_READER = "reader@example.net"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of an issue."""

    issue: str
    findings: tuple[Finding, ...]
    offline: bool
    unasked: bool = False
    """Links were to be asked, and no host at all was found."""
    reading_grade: float | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those that stop the issue: waived ones do not."""
        return tuple(one for one in self.findings if one.severity == "error" and not one.waived)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "warning" and not one.waived)


@dataclass(frozen=True)
class Gate:
    """One site's gate."""

    site: Site
    composer: Composer
    database: Callable[[], Engine]

    def judge(self, made: Composed, now: datetime, *, online: bool = False, thorough: bool = True) -> Verdict:
        """Hold an issue as it was built against every check.

        `online` asks its links and pictures. Not `thorough` leaves out what takes a second, which is
        SpamAssassin; so it is held against the checks once more before it goes out.
        """
        case = make_case(
            made,
            self.composer.renderer,
            source=self.composer.path(made.issue.slug).read_text(encoding="utf-8"),
            today=now.astimezone(self.site.config.newsletter.zone).date(),
            past=self.past(made.issue.slug),
            settings=(self.site.root / FILE_NAME).read_text(encoding="utf-8"),
            retracted=read_list(retractions_path(self.site.root)),
        )
        case, unasked = self._asked(case, now) if online else (case, False)
        if thorough and case.limits.spam != "off":
            case = replace(case, spam=spam_points(case.messages["issue"]))
        found = tuple(self._from_here(one) for one in checks.run(case))
        return Verdict(made.issue.slug, found, not online, unasked, grade_of(case))

    def retracted(self, made: Composed, now: datetime) -> tuple[Finding, ...]:
        """Papers that an issue cites and that were retracted, by the site's list; nothing without one."""
        known = read_list(retractions_path(self.site.root))
        if not known:
            return ()
        case = Case(
            self.site.config, made.issue, self.composer.path(made.issue.slug).read_text(encoding="utf-8"), made.layout,
            made.editions, now.date(), articles=made.articles, retracted=known,
        )  # fmt: skip
        found = (checks.weigh(one, case.limits) for one in find_retractions(case))
        return tuple(self._from_here(one) for one in found if one)

    def unbuilt(self, slug: str, error: NewsletterError, *, online: bool) -> Verdict:
        """The verdict on an issue that cannot even be built: what a reader of findings expects, not a refusal."""
        finding = Finding(
            BUILD, "error", error.what, error.where or self.composer.path(slug).as_posix(),
            "What cannot be built cannot be sent.", error.hint, "docs/issues.md",
        )  # fmt: skip
        return Verdict(slug, (self._from_here(finding),), not online)

    def _from_here(self, finding: Finding) -> Finding:
        """With its place as seen from the site's folder."""
        return replace(finding, where=finding.where.replace(f"{self.site.root.as_posix()}/", ""))

    def _asked(self, case: Case, now: datetime) -> tuple[Case, bool]:
        from newsletter.pipeline import ask  # speaks HTTP, which a check offline need not load

        wanted = ask.wanted(case)
        if not wanted:
            return case, False
        answers = ask.ask_all(wanted, now, cache=self.site.build / ".answers.json")
        return replace(case, answers=answers), not answers

    def past(self, slug: str) -> Past:
        """What went out, or stands in an earlier issue's file that was not cancelled."""
        articles: dict[str, str] = {}
        subjects: dict[str, str] = {}
        cancelled = set()
        if self.composer.has_store:
            cancelled = self._published(slug, articles, subjects)
        for issue in content.list_issues(self.site.issues):
            if issue.slug < slug and issue.slug not in cancelled:
                subjects.setdefault(issue.subject, issue.slug)
                for _, picks in issue.picks:
                    articles.update(dict.fromkeys((canonical_url(one.url) for one in picks), issue.slug))
        return Past(articles, subjects)

    def _published(self, slug: str, articles: dict[str, str], subjects: dict[str, str]) -> set[str]:
        from newsletter.storage.database import reading
        from newsletter.storage.issues import list_issues, list_used_articles
        from newsletter.types import IssueState

        with reading(self.database()) as conn:
            issues = list_issues(conn)
            used = list_used_articles(conn)
        cancelled = {one.slug for one in issues if one.state is IssueState.CANCELLED}
        for url, slugs in used.items():
            if others := [one for one in slugs if one != slug and one not in cancelled]:
                articles[url] = others[-1]
        subjects.update({one.subject: one.slug for one in issues if one.slug not in {slug, *cancelled}})
        return cancelled


def make_case(
    made: Composed,
    renderer: Renderer,
    *,
    source: str,
    today: date,
    past: Past,
    settings: str = "",
    answers: Mapping[str, Answer] | None = None,
    retracted: Mapping[str, str] | None = None,
) -> Case:
    """An issue with all that the checks judge it by, but for what takes time to find out."""
    templates = mail_sources(renderer)
    return Case(
        config=renderer.config,
        issue=made.issue,
        source=source,
        layout=made.layout,
        editions=made.editions,
        today=today,
        articles=made.articles,
        past=past,
        settings=settings,
        templates=templates,
        lints=tuple(
            Lint(one.where, one.element, one.message)
            for name, text in templates.items()
            if ".mjml" in name
            for one in lint(text, f"templates/{name}")
        ),
        messages=sample_mails(renderer, made.editions[0], today),
        answers=answers,
        retracted=retracted,
    )


def sample_mails(renderer: Renderer, whole: Edition, today: date) -> dict[str, bytes]:
    """One finished mail of every kind, to an invented reader."""
    config = renderer.config
    at = datetime.combine(today, time(9), UTC)
    link = f"{config.newsletter.public_url}/confirm/sample"
    mails = {"issue": _mail(config, whole, whole.issue, at)}
    for kind in sorted(AUTOMATIC):
        mails[kind] = _mail(
            config, render_letter(renderer, kind, link=link, until=today), kind, at, single=True
        )
    return mails


def _mail(config: Config, edition: Edition, kind: str, at: datetime, *, single: bool = False) -> bytes:
    letter = config.newsletter
    envelope = Envelope(
        kind, letter.sender, at, reply_to=letter.reply_to, listed=not single, automatic=single
    )
    base = letter.public_url
    reader = Recipient("sample", _READER, f"{base}/unsubscribe/sample", f"{base}/preferences/sample")
    return MailTemplate(edition, envelope).fill(reader).content
