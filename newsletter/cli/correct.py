"""newsletter correct: say what an issue that is out got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.pipeline.correct import Corrected


@click.command()
@click.argument("issue")
@click.option("--text", metavar="TEXT", help="What was wrong and what is right, in a line of Markdown.")
@click.option("--by", "name", metavar="NAME", help="Who says so. It is kept, and not shown to readers.")
@click.option("--in-next", is_flag=True, help="Tell the readers of the next issue, too.")
@json_option
@pass_context
def command(
    context: Context, issue: str, text: str | None, name: str | None, in_next: bool, as_json: bool
) -> None:
    """Put a dated correction above an issue's page in the archive, and into the feed.

    What was sent stays as it was, with its hash. A correction cannot be taken back or changed: what is wrong in one
    is said in another. Without --text the issue's corrections are listed.

    \b
    newsletter correct 2026-11-26 --text "The trial had 40 patients, not 400." --by "Ada Novak" --in-next
    newsletter correct 2026-11-26
    """
    app = context.app()
    slug = app.published_slug(issue)
    if text is None:
        if name is not None or in_next:
            raise click.UsageError("Say what was wrong and what is right: --text TEXT.")
        done = app.corrector.corrections(slug)
    else:
        done = app.corrector.correct(slug, text, context.now, name=name, in_next=in_next)
    if as_json:
        echo_json(_as_data(app, done))
    elif text is None:
        _list(done)
    else:
        _tell(app, done)


def _list(done: Corrected) -> None:
    for one in done.corrections:
        by = f" by {one.name}" if one.name else ""
        told = f", told to readers from {one.next} on" if one.next else ""
        click.echo(f"{one.at:%Y-%m-%d %H:%M} UTC{by}{told}\n  {one.text}")
    if not done.corrections:
        click.echo(f"{done.issue} has no corrections.")


def _tell(app: App, done: Corrected) -> None:
    if done.fresh:
        click.echo(f"{done.issue} is corrected. The correction stands above it at {_page(app, done)}")
        click.echo(f"What was sent stays as it was: {done.hash[:12]}.")
    else:
        click.echo(f"{done.issue} says so already.")
    if done.told_in:
        click.echo(f"The issue of {done.told_in} tells its readers, too.")
        if app.approvals.path(done.told_in).is_file():
            click.echo(
                f"It must be looked at and approved again: `newsletter approve {done.told_in} --by NAME`."
            )


def _page(app: App, done: Corrected) -> str:
    return f"{app.config.newsletter.public_url}/issues/{done.issue}"


def _as_data(app: App, done: Corrected) -> dict[str, Any]:
    return {
        "issue": done.issue,
        "hash": done.hash,
        "page": _page(app, done),
        "new": done.fresh,
        "told_in": done.told_in,
        "corrections": [
            {"at": one.at, "text": one.text, "name": one.name, "next": one.next} for one in done.corrections
        ],
    }
