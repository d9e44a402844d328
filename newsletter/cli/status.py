"""`newsletter status`: an issue's deliveries in numbers."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context
from newsletter.cli.numbers import duration, parts, told

if TYPE_CHECKING:
    from newsletter.sending import Status

EVERY = 1.0


@click.command()
@issue_argument
@click.option("--watch", is_flag=True, help="Show it again every second until sending has ended.")
@json_option
@pass_context
def command(context: Context, issue: str | None, watch: bool, as_json: bool) -> None:
    """Show what became of an issue: every reader it was planned for is in one of the numbers.

    \b
    newsletter status
    newsletter status 2026-11-26 --watch
    """
    app, now = context.app(), context.now
    slug = app.published_slug(issue)
    began = time.monotonic()
    while True:
        status = app.sending.status(slug, now + timedelta(seconds=time.monotonic() - began))
        if as_json:
            echo_json(as_json_of(status))
        else:
            _tell(status)
        if not watch or not (status.tally.queued or status.tally.sending):
            break
        time.sleep(EVERY)
    if status.tally.in_doubt:
        click.get_current_context().exit(1)


def as_json_of(status: Status) -> dict[str, Any]:
    tally = status.tally
    return {
        "issue": status.issue.slug,
        "state": str(status.issue.state),
        "hash": status.issue.hash,
        "audience": tally.audience,
        "sent": tally.sent,
        "refused": tally.refused,
        "skipped": tally.skipped,
        "queued": tally.queued,
        "sending": tally.sending,
        "in_doubt": tally.in_doubt,
    }


def _tell(status: Status) -> None:
    issue = status.issue
    click.echo(f"Issue {issue.slug}: {issue.state}, {issue.subject}")
    click.echo(f"  {parts(status.tally)}")
    when = f"{issue.published_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"  hash      {issue.hash[:12]}, by {issue.provider}, published {when}")
    if status.rate:
        left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
        click.echo(f"  rate      {status.rate:,.0f}/s{left}")
    if status.news:
        click.echo(f"  feedback  {told(status.news)}")
    if issue.note:
        click.echo(f"  note      {issue.note}")
    if status.tally.in_doubt:
        click.echo(
            "  In doubt: the provider may have taken these, and nobody knows. They are not sent again:"
            f" see `newsletter doubts {issue.slug}`."
        )
    for error in status.errors if not status.is_done else ():
        click.echo(f"  trouble   {error}")
