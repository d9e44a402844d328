"""`newsletter doubts`: deliveries of which nobody knows whether they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context, print_table

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.storage.doubts import Doubt


@click.command()
@click.argument("issue", required=False, metavar="[ISSUE]")
@json_option
@pass_context
def command(context: Context, issue: str | None, as_json: bool) -> None:
    """List what is in doubt: the provider may have taken these mails, and nobody knows.

    They are not sent again by themselves. Without ISSUE, of all issues. Exit code 1 while there are any.

    \b
    newsletter doubts
    newsletter doubts 2026-11-26 --json
    """
    app = context.app()
    found = app.sending.doubts(app.published_slug(issue) if issue else None)
    if as_json:
        echo_json([_as_json(app, one) for one in found])
    elif found:
        _tell(app, found)
    else:
        click.echo("Nothing is in doubt.")
    if found:
        click.get_current_context().exit(1)


def how_to_settle(app: App, doubt: Doubt) -> str:
    """`provider`: it can be asked. `person`: only somebody who looks at the provider's own pages can tell."""
    from newsletter.pipeline.doubts import can_be_asked

    return "provider" if can_be_asked(doubt, app.provider) else "person"


def _as_json(app: App, doubt: Doubt) -> dict[str, Any]:
    return {
        "issue": doubt.slug,
        "batch": doubt.batch_id,
        "readers": doubt.readers,
        "at": doubt.started_at,
        "reason": doubt.reason,
        "provider": doubt.provider,
        "key": doubt.key,
        "settled_by": how_to_settle(app, doubt),
    }


def _tell(app: App, found: list[Doubt]) -> None:
    print_table(
        ("issue", "batch", "readers", "when (UTC)", "why", "settled by"),
        (
            (
                one.slug,
                str(one.batch_id),
                f"{one.readers:,}",
                f"{one.started_at:%Y-%m-%d %H:%M}",
                one.reason,
                f"{one.provider}, which can be asked"
                if how_to_settle(app, one) == "provider"
                else "a person",
            )
            for one in found
        ),
    )
    if any(how_to_settle(app, one) == "provider" for one in found):
        click.echo("Ask the provider with `newsletter resolve --provider`.", err=True)
    click.echo(
        "Look for the batch's key or its readers on the provider's pages (`newsletter doubts --json` has the key), "
        "then `newsletter resolve --sent` or `newsletter resolve --again`.",
        err=True,
    )
