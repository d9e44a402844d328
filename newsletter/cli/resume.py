"""`newsletter resume`: let a paused issue go on."""

from __future__ import annotations

import click

from newsletter.cli import Context
from newsletter.cli.common import issue_argument, pass_context


@click.command()
@issue_argument
@pass_context
def command(context: Context, issue: str | None) -> None:
    """Let a paused issue go on. It is sent by `newsletter send`, or by cron.

    \b
    newsletter resume 2026-11-26
    """
    app = context.app()
    slug = app.published_slug(issue)
    resumed = app.sending.resume(slug)
    state = "can go on" if resumed else "was not paused"
    click.echo(f"{slug} {state}. Send what is left with `newsletter send {slug}`.")
