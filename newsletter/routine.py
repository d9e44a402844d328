"""The weekly routine of one site: gives cron its deeds, each the very one that its own command runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from newsletter.config import span
from newsletter.content import list_slugs
from newsletter.errors import FeedError, IssueError, NewsletterError
from newsletter.pipeline.cron import Deeds, Entry, Report, run_cron
from newsletter.pipeline.due import weeks_around
from newsletter.pipeline.remind import remind

if TYPE_CHECKING:
    from newsletter import engine
    from newsletter.app import App
    from newsletter.pipeline.collect import FeedReport, PullReport


def run_routine(app: App, now: datetime) -> Report:
    """Do what is due at `now`, each thing once; see pipeline.cron. Raises ConfigError, StorageError."""
    calendar = app.composer.calendar
    deeds = Deeds(
        pull=lambda: _pull(app, now),
        draft=lambda slug: _draft(app, slug, now),
        send=lambda slug: _send(app, slug, now),
        has_file=lambda slug: app.composer.path(slug).is_file(),
        is_published=lambda slug: app.sending.find(slug) is not None,
        tidy=lambda: _tidy(app, now),
        unfinished=lambda: app.sending.unfinished(now),
    )
    report = run_cron(
        app.database, lambda: weeks_around(calendar, list_slugs(app.site.issues), now), deeds, now
    )
    _tell_editors(app, report, now)
    return report


def _tell_editors(app: App, report: Report, now: datetime) -> None:
    """What cron says once goes to them by mail; whom it does not reach is an error of the run."""
    letter = app.config.newsletter
    if not report.reminders or not letter.editors:
        return
    try:
        failed = remind(app.provider, letter, app.write_letter, report.reminders, now)
    except NewsletterError as error:
        failed = [str(error)]
    told = "told " + ", ".join(letter.editors)
    report.entries.append(Entry("remind", None, not failed, "; ".join(failed) or told))


def _pull(app: App, now: datetime) -> str:
    if not app.config.feeds:
        return ""
    report = app.pull(now)
    failed = [feed for feed in report.feeds if feed.error]
    if failed:
        raise FeedError("; ".join([*map(_failure, failed), _counted(report)]))
    return _counted(report)


def _failure(feed: FeedReport) -> str:
    return f"{feed.url} failed: {feed.error.what if feed.error else ''}"


def _counted(report: PullReport) -> str:
    new = sum(len(feed.new) for feed in report.feeds)
    updated = sum(len(feed.updated) for feed in report.feeds)
    return f"{new} new, {updated} updated"


def _draft(app: App, slug: str, now: datetime) -> str:
    app.composer.draft(slug, now)
    return f"drafted: look at it with `newsletter preview {slug}`, then approve it"


def _send(app: App, slug: str, now: datetime) -> str:
    app.begin(slug, now)
    report = app.sending.send(slug, now)
    if report.stopped or report.in_doubt:
        raise _unfinished(slug, report)
    return _sent(report)


def _tidy(app: App, now: datetime) -> str:
    """An address whose owner never confirmed is not kept waiting for ever."""
    forgotten = app.self_service.tidy(now - span(app.config.web.forget_after), now=now)
    return f"{forgotten} unconfirmed addresses forgotten" if forgotten else ""


def _unfinished(slug: str, report: engine.Report) -> NewsletterError:
    return IssueError(
        f"{_sent(report)}" + (f"; stopped: {report.stopped}" if report.stopped else ""),
        hint=f"See `newsletter status {slug}`.",
    )


def _sent(report: engine.Report) -> str:
    parts = [f"{report.sent} sent"]
    if report.refused:
        parts.append(f"{report.refused} refused")
    if report.in_doubt:
        parts.append(f"{report.in_doubt} in doubt")
    return ", ".join(parts)
