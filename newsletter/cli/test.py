"""`newsletter test`: an issue as a mail to yourself, by the very path that sends it."""

from __future__ import annotations

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context


@click.command()
@issue_argument
@click.option("--to", required=True, multiple=True, metavar="ADDRESS", help="Where to; may be given again.")
@click.option("--variant", metavar="TOPICS", help="Topics with commas between, such as news,treatments.")
@json_option
@pass_context
def command(
    context: Context, issue: str | None, to: tuple[str, ...], variant: str | None, as_json: bool
) -> None:
    """Send an issue to yourself as its readers would get it: same bytes, same headers, same provider.

    Needs no approval, and no reader's delivery is touched. Its links to leave and to choose topics are nobody's.
    Exit code 1 when the provider refuses one.

    \b
    newsletter test --to ada@example.org
    newsletter test 2026-11-26 --to ada@example.org --variant news
    """
    app, now = context.app(), context.now
    slug = app.issue_to_send(issue, now)
    receipts = app.send_test(slug, to, variant, now)
    outcomes = [(address, one) for address, one in zip(to, receipts, strict=False)]
    if as_json:
        echo_json(
            [{"to": address, "outcome": one.outcome, "reason": one.reason} for address, one in outcomes]
        )
    for address, one in outcomes if not as_json else ():
        said = f": {one.reason}" if one.reason else ""
        click.echo(f"{slug} to {address} by {app.config.provider.name}: {one.outcome}{said}")
    if [one.outcome for one in receipts] != ["sent"] * len(to):
        click.get_current_context().exit(1)
