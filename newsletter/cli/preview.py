"""newsletter preview: look at an issue in the browser."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli import Context
from newsletter.cli.common import issue_argument, pass_context
from newsletter.errors import ContentError

if TYPE_CHECKING:
    from newsletter.app import App


@click.command()
@issue_argument
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="A fixed port; otherwise any free one."
)
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@pass_context
def command(context: Context, issue: str | None, port: int, no_browser: bool) -> None:
    """Look at an issue in the browser, as it would be sent.

    Every save of the issue file, a template or newsletter.toml shows at once; a mistake shows with its place,
    above the last good view. Beside the mail stand its checks, its readers, what changed, and a box to send it to
    yourself. The page is for this machine alone: its address holds a key. Ctrl-C ends it.

    Without ISSUE it is the next issue; where that is not drafted yet, the newest there is.

    \b
    Example:
      newsletter preview 2026-11-26
    """
    from newsletter.engine import moments
    from newsletter.preview.serve import open_studio

    app = context.app()
    slug = _slug(app, issue, context.now)
    try:
        with open_studio(app, slug, port=port, clock=moments(context.now)) as address:
            click.echo(f"{slug} is at {address}")
            click.echo("Every save shows there. Ctrl-C ends the preview.")
            if not no_browser:
                click.launch(address)
            threading.Event().wait()
    except KeyboardInterrupt:
        click.echo()


def _slug(app: App, issue: str | None, now: datetime) -> str:
    """The issue that is meant; where none is named and the next one is not drafted yet, the newest there is."""
    slug = app.slug(issue, now)
    file = app.composer.path(slug)
    if file.is_file():
        return slug
    newest = app.composer.newest() if issue is None else None
    if newest is None:
        raise ContentError(
            "there is no such issue", where=str(file), hint=f"`newsletter build {slug}` drafts it."
        )
    click.echo(f"{slug} is not drafted yet: this is {newest}, the newest issue there is.")
    return newest
