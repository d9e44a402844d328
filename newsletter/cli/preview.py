"""newsletter preview: look at an issue in the browser."""

from __future__ import annotations

import threading

import click

from newsletter.cli import Context
from newsletter.cli.common import issue_argument, pass_context
from newsletter.errors import ContentError


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
    above the last good view. The page is for this machine alone: its address holds a key. Ctrl-C ends it.

    \b
    Example:
      newsletter preview 2026-11-26
    """
    from newsletter.preview.serve import open_studio

    app = context.app()
    slug = app.slug(issue, context.now)
    file = app.site.issues / f"{slug}.md"
    if not file.is_file():
        raise ContentError(
            "there is no such issue", where=str(file), hint=f"`newsletter build {slug}` drafts it."
        )
    with open_studio(app, slug, port=port) as address:
        click.echo(f"{slug} is at {address}")
        click.echo("Every save shows there. Ctrl-C ends the preview.")
        if not no_browser:
            click.launch(address)
        _until_interrupted()


def _until_interrupted() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo()
