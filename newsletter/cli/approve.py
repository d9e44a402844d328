"""newsletter approve: seal an issue as it is built now."""

from __future__ import annotations

from typing import Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context
from newsletter.pipeline.approve import Approved, listed


@click.command()
@issue_argument
@click.option("--by", "name", required=True, metavar="NAME", help="Who has looked at it and approves.")
@json_option
@pass_context
def command(context: Context, issue: str | None, name: str, as_json: bool) -> None:
    """Approve an issue as it is built now.

    The approval holds for exactly these bytes: when the issue file, an article, a template, a setting or the
    program changes, `send` refuses and names what changed. It is kept beside the issue, in <issue>.seal.json.

    \b
    Example:
      newsletter approve 2026-11-26 --by "Ada Novak"
    """
    app = context.app()
    slug = app.slug(issue, context.now)
    done = app.approvals.approve(slug, name, context.now)
    if as_json:
        echo_json(_as_data(slug, done))
        return
    _tell(slug, done)


def _tell(slug: str, done: Approved) -> None:
    if done.voided:
        names = ", ".join(one.name for one in done.voided)
        click.echo(f"The approval by {names} is void. Changed since: {listed(done.changes)}.")
    short, count = done.seal.hash[:12], len(done.seal.editions)
    if done.fresh:
        variants = "1 variant" if count == 1 else f"{count} variants"
        click.echo(f"{done.seal.approvals[-1].name} approved {slug} as {short} ({variants}).")
    else:
        click.echo(f"You had already approved {slug} as {short}.")
    if done.missing:
        people = "person" if done.missing == 1 else "people"
        click.echo(f"{done.missing} more {people} must approve before it can be sent.")
    else:
        click.echo(f"It can be sent: `newsletter send {slug}`, or cron sends it when its time comes.")


def _as_data(slug: str, done: Approved) -> dict[str, Any]:
    return {
        "issue": slug,
        "hash": done.seal.hash,
        "new": done.fresh,
        "approvals": [{"name": one.name, "at": one.at} for one in done.seal.approvals],
        "missing": done.missing,
        "voided": [one.name for one in done.voided],
        "changes": [str(one) for one in done.changes],
    }
