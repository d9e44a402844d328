"""`newsletter pause`: stop an issue's sending for now."""

from __future__ import annotations

import click

from newsletter.cli import Context
from newsletter.cli.common import issue_argument, pass_context


@click.command()
@issue_argument
@click.option("--reason", metavar="TEXT", help="Why; `status` shows it.")
@pass_context
def command(context: Context, issue: str | None, reason: str | None) -> None:
    """Stop an issue's sending for now. A sender at work finishes its calls and stops.

    \b
    newsletter pause 2026-11-26 --reason "a wrong dose in the lead"
    """
    app = context.app()
    slug = app.published_slug(issue)
    paused = app.sending.pause(slug, reason)
    click.echo(f"{slug} is paused{'' if paused else ' already'}. Go on with `newsletter resume {slug}`.")
