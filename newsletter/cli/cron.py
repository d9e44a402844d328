"""newsletter cron: do what is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context
from newsletter.pipeline.cron import Report


@click.command()
@json_option
@pass_context
def command(context: Context, as_json: bool) -> int:
    """Do what is due: collect, draft, and send what is approved.

    Run it every few minutes, on as many machines as you like: each thing happens once. The feeds are asked
    hourly; an issue is drafted and sent at the moments of [schedule]. Exit 1 when something needs an editor; those of
    [newsletter] editors are told by mail, of each thing once.

    \b
    Example, a line for crontab:
      */5 * * * *  newsletter --site /srv/letter cron
    """
    from newsletter.routine import run_routine

    app = context.app()
    report = run_routine(app, context.now)
    if as_json:
        echo_json(_as_data(report, context.now))
    else:
        _tell(report, app.config.newsletter.zone)
    return 0 if report.ok else 1


def _tell(report: Report, zone: ZoneInfo) -> None:
    for entry in report.entries:
        name = f"{entry.what} {entry.issue}" if entry.issue else entry.what
        click.echo(f"{name}: {entry.text}", err=not entry.ok)
    if not report.entries:
        waiting = [f"{slug} was missed" for slug in report.missed]
        click.echo("; ".join(["nothing is due", *waiting, _next(report, zone)]))


def _next(report: Report, zone: ZoneInfo) -> str:
    if report.next is None:
        return "nothing is planned"
    due, _, at = report.next
    local = at.astimezone(zone)
    return f"next: {due} on {local:%a} {local.day} {local:%b %H:%M}"


def _as_data(report: Report, now: datetime) -> dict[str, Any]:
    due, slug, at = report.next or (None, None, None)
    return {
        "at": now,
        "ok": report.ok,
        "done": [
            {"what": one.what, "issue": one.issue, "ok": one.ok, "text": one.text} for one in report.entries
        ],
        "missed": report.missed,
        "reminders": report.reminders,
        "next": {"what": due, "issue": slug, "at": at} if due else None,
    }
