"""`newsletter cancel`: never send what is left of an issue."""

from __future__ import annotations

import click

from newsletter.cli import Context
from newsletter.cli.common import pass_context
from newsletter.cli.numbers import parts


@click.command()
@click.argument("issue")
@click.option("--reason", metavar="TEXT", help="Why; `status` shows it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, issue: str, reason: str | None, yes: bool) -> None:
    """Never send what is left of an issue. This cannot be taken back; `pause` can.

    \b
    newsletter cancel 2026-11-26 --reason "the lead article was withdrawn"
    """
    app, now = context.app(), context.now
    slug = app.published_slug(issue)
    left = app.sending.status(slug, now).tally.queued
    if left and not yes:
        click.confirm(f"Never send {slug} to the {left:,} readers who are still waiting?", abort=True)
    cancelled = app.sending.cancel(slug, now, reason)
    tally = app.sending.status(slug, now).tally
    click.echo(f"{slug} is cancelled{'' if cancelled else ' already'}: {parts(tally)}.")
