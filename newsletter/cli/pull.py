"""`newsletter pull`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context

if TYPE_CHECKING:
    from newsletter.pipeline.collect import FeedReport, PullReport, Taken


@click.command()
@json_option
@pass_context
def command(context: Context, as_json: bool) -> int:
    """Collect the feeds' articles: what is new, what was edited, what was left out and why.

    A feed that fails does not stop the others; the exit code is then 1.

    \b
    Example:
      newsletter pull
      newsletter pull --json | jq '.feeds[].new'
    """
    report = context.app().pull(context.now)
    if as_json:
        echo_json(_as_json(report))
    else:
        for feed in report.feeds:
            _print(feed)
        if report.moved:
            click.echo(f"{report.moved} known articles are placed by other rules now")
    return 0 if report.ok else 1


def _print(feed: FeedReport) -> None:
    if feed.error:
        click.echo(f"{feed.url}: failed")
        click.echo(f"Error: {feed.error}", err=True)
        return
    if feed.state == "same":
        click.echo(f"{feed.url}: nothing has changed since the last pull")
        return
    click.echo(
        f"{feed.url}: {len(feed.new)} new, {len(feed.updated)} updated, {feed.unchanged} unchanged,"
        f" {len(feed.skipped)} skipped"
    )
    for mark, taken in (*(("+", one) for one in feed.new), *(("~", one) for one in feed.updated)):
        click.echo(f"  {mark} {taken.title}  [{taken.section}: {taken.reason}]")
    for skipped in feed.skipped:
        click.echo(f"  - {skipped.title or skipped.url or 'an entry without a title'}: {skipped.reason}")
    for note in feed.notes:
        click.echo(f"  ! {note}")


def _as_json(report: PullReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "new": sum(len(feed.new) for feed in report.feeds),
        "updated": sum(len(feed.updated) for feed in report.feeds),
        "skipped": sum(len(feed.skipped) for feed in report.feeds),
        "moved": report.moved,
        "feeds": [_feed_as_json(feed) for feed in report.feeds],
    }


def _feed_as_json(feed: FeedReport) -> dict[str, Any]:
    error = feed.error
    return {
        "url": feed.url,
        "state": feed.state,
        "title": feed.title,
        "new": [_taken_as_json(one) for one in feed.new],
        "updated": [_taken_as_json(one) for one in feed.updated],
        "unchanged": feed.unchanged,
        "skipped": [{"title": one.title, "url": one.url, "reason": one.reason} for one in feed.skipped],
        "notes": list(feed.notes),
        "error": {"what": error.what, "where": error.where, "hint": error.hint} if error else None,
    }


def _taken_as_json(taken: Taken) -> dict[str, str]:
    return {"title": taken.title, "url": taken.url, "section": taken.section, "reason": taken.reason}
