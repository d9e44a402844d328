"""`newsletter send`: publish an approved issue and send it, or go on where sending stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context
from newsletter.cli.numbers import duration, parts

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.engine import Report, Watch
    from newsletter.sending import Forecast, Status

EVERY = 5.0
"""Seconds between two lines of progress where nobody watches a bar."""


@click.command()
@issue_argument
@click.option("--dry-run", is_flag=True, help="Only say what would be sent, by whom, and how long it takes.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N messages: a first slice."
)
@json_option
@pass_context
def command(context: Context, issue: str | None, dry_run: bool, limit: int | None, as_json: bool) -> None:
    """Send an approved issue, once to every reader.

    Whatever stopped it, run it again: it goes on where it was. Nobody gets an issue twice. What cannot be
    known (the provider took it, its answer got lost) is never sent again blindly: `status` shows it as in
    doubt.
    Exit code 1 while anything is left or in doubt.

    \b
    newsletter send --dry-run
    newsletter send 2026-11-26 --limit 100
    newsletter send 2026-11-26
    """
    app, now = context.app(), context.now
    slug = app.issue_to_send(issue, now)
    if dry_run:
        _forecast(_with_limit(app.forecast(slug, now), limit), as_json)
        return
    _publish(app, slug, now, quiet=as_json)
    report, status = _send(app, slug, now, limit, quiet=as_json)
    if as_json:
        echo_json(_as_json(report, status))
    else:
        _tell(report, status)
    if not status.is_done or report.stopped:
        click.get_current_context().exit(1)


def _publish(app: App, slug: str, now: datetime, *, quiet: bool) -> None:
    issue = app.begin(slug, now)
    if issue and not quiet:
        click.echo(f"Published {slug} to {issue.audience:,} readers as {issue.hash[:12]}.")


def _send(app: App, slug: str, now: datetime, limit: int | None, *, quiet: bool) -> tuple[Report, Status]:
    waiting = app.sending.status(slug, now).tally.queued
    with _progress(min(waiting, limit or waiting), quiet=quiet) as watch:
        report = app.sending.send(slug, now, limit=limit, watch=watch)
    return report, app.sending.status(slug, now + timedelta(seconds=report.seconds))


# --- before ----------------------------------------------------------------------------------------------


def _with_limit(forecast: Forecast, limit: int | None) -> Forecast:
    if limit is None or limit >= forecast.messages:
        return forecast
    seconds = forecast.seconds and forecast.seconds * limit / forecast.messages
    return replace(forecast, messages=limit, seconds=seconds)


def _forecast(forecast: Forecast, as_json: bool) -> None:
    if as_json:
        echo_json({"issue": forecast.slug, **{k: v for k, v in asdict(forecast).items() if k != "slug"}})
        return
    click.echo(
        f"Issue {forecast.slug} would be sent to {forecast.messages:,} readers by {forecast.provider}."
    )
    if forecast.skipped:
        click.echo(f"  {forecast.skipped:,} more have nothing in their topics this week.")
    click.echo(f"  hash      {forecast.hash[:12]}")
    click.echo(f"  duration  {_estimate(forecast.seconds)}")
    click.echo("Nothing was sent.")


def _estimate(seconds: float | None) -> str:
    return f"about {duration(seconds)}" if seconds is not None else "not known; set [sending] rate to plan it"


# --- meanwhile -------------------------------------------------------------------------------------------


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Watch]:
    if quiet:
        yield lambda _: None
    elif sys.stdout.isatty():
        with _bar(total) as watch:
            yield watch
    else:
        yield _lines(total)


@contextmanager
def _bar(total: int) -> Iterator[Watch]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("sending"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("", total=total, rate="")

        def watch(report: Report) -> None:
            done = report.sent + report.refused + report.in_doubt
            bar.update(task, completed=done, rate=f"{report.rate:,.0f}/s")

        yield watch


def _lines(total: int) -> Watch:
    spoken = time.monotonic()

    def watch(report: Report) -> None:
        nonlocal spoken
        if time.monotonic() - spoken < EVERY:
            return
        spoken = time.monotonic()
        done = report.sent + report.refused + report.in_doubt
        left = f", {duration((total - done) / report.rate)} left" if report.rate and done < total else ""
        click.echo(f"{done:,} of {total:,} sent, {report.rate:,.0f}/s{left}")

    return watch


# --- afterwards ------------------------------------------------------------------------------------------


def _tell(report: Report, status: Status) -> None:
    slug = status.issue.slug
    speed = f" in {duration(report.seconds)} ({report.rate:,.0f}/s)" if report.sent else ""
    click.echo(f"Sent {report.sent:,} messages{speed}.")
    click.echo(f"Issue {slug}: {parts(status.tally)}.")
    if report.stopped:
        click.echo(f"Stopped: {report.stopped}", err=True)
    if status.tally.in_doubt:
        click.echo(
            f"{status.tally.in_doubt:,} are in doubt: nobody knows whether the provider took them. They are "
            f"not sent again by themselves: see `newsletter doubts {slug}`.",
            err=True,
        )
    elif status.tally.sending:
        click.echo(f"{status.tally.sending:,} are in the hands of another sender.", err=True)
    if status.tally.queued:
        click.echo(f"Run `newsletter send {slug}` again to go on.")


def _as_json(report: Report, status: Status) -> dict[str, Any]:
    from newsletter.cli.status import as_json_of

    return {
        **as_json_of(status),
        "run": {
            "sent": report.sent,
            "refused": report.refused,
            "in_doubt": report.in_doubt,
            "calls": report.calls,
            "seconds": round(report.seconds, 3),
            "stopped": report.stopped,
        },
    }
