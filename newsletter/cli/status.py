"""`newsletter status`: an issue's deliveries in numbers."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context
from newsletter.cli.numbers import duration, parts, told

if TYPE_CHECKING:
    from newsletter.sending import Status
    from newsletter.types import Tally

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


_COLOURS = {"sent": "green", "paused": "yellow", "cancelled": "bright_black"}
_BAR = 40
"""Columns of the bar that shows how far sending went."""


def _tell(status: Status) -> None:
    issue, tally = status.issue, status.tally
    state = click.style(str(issue.state), fg=_COLOURS.get(str(issue.state), "cyan"))
    click.echo(f"{click.style(f'Issue {issue.slug}', bold=True)}  {state}")
    click.echo(f"  {issue.subject}\n")
    click.echo(f"  {parts(tally)}")
    if sys.stdout.isatty() and tally.audience:
        click.echo(f"  {_bar(tally)}")
    click.echo()
    for name, text in _facts(status):
        click.echo(f"  {click.style(name.ljust(9), dim=True)} {text}")
    if tally.in_doubt:
        click.echo(
            "\n  In doubt: the provider may have taken these, and nobody knows. They are not sent again:"
            f"\n  see `newsletter doubts {issue.slug}`."
        )


def _bar(tally: Tally) -> str:
    """Green is out, yellow is in doubt, dark is to come."""
    done = tally.audience - tally.queued - tally.sending - tally.in_doubt
    out, doubt = (round(_BAR * one / tally.audience) for one in (done, tally.in_doubt))
    rest = _BAR - out - doubt
    drawn = [("━" * out, "green"), ("━" * doubt, "yellow"), ("━" * rest, "bright_black")]
    return "".join(click.style(text, fg=colour) for text, colour in drawn) + f"  {done / tally.audience:.0%}"


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    issue = status.issue
    yield "hash", issue.hash[:12]
    yield "published", f"{issue.published_at:%Y-%m-%d %H:%M} UTC, by {issue.provider}"
    if round(status.rate or 0):
        left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
        yield "rate", f"{status.rate:,.0f}/s{left}"
    if status.news:
        yield "feedback", told(status.news)
    if issue.note:
        yield "note", issue.note
    for error in status.errors if not status.is_done else ():
        yield "trouble", error
