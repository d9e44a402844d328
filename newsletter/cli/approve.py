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
@click.option(
    "--waive", multiple=True, metavar="CHECK", help="Let an error of this check pass; with a reason."
)
@click.option("--reason", multiple=True, metavar="TEXT", help="Why it may pass; one for each --waive.")
@click.option("--offline", is_flag=True, help="Ask no link and no picture whether it answers.")
@json_option
@pass_context
def command(
    context: Context,
    issue: str | None,
    name: str,
    waive: tuple[str, ...],
    reason: tuple[str, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Approve an issue as it is built now, once it passes `newsletter check`.

    The approval holds for exactly these bytes: when the issue file, an article, a template, a setting or the
    program changes, `send` refuses and names what changed. It is kept beside the issue, in <issue>.seal.json,
    with what the checks found and what was waived, by whom and why.

    \b
    Example:
      newsletter approve 2026-11-26 --by "Ada Novak"
      newsletter approve 2026-11-26 --by "Ada Novak" --waive claims --reason "The name of a charity."
    """
    app = context.app()
    slug = app.slug(issue, context.now)
    waivers = _paired(waive, reason)
    done = app.approvals.approve(slug, name, context.now, waive=waivers, online=not offline)
    if as_json:
        echo_json(_as_data(slug, done))
        return
    _tell(slug, done)


def _paired(checks: tuple[str, ...], reasons: tuple[str, ...]) -> list[tuple[str, str]]:
    if len(checks) != len(reasons):
        raise click.UsageError(
            "Each --waive CHECK needs a --reason TEXT of its own, and each reason a check."
        )
    return list(zip(checks, reasons, strict=True))


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
    for waiver in done.seal.waivers:
        click.echo(f"Waived by {waiver.name}: {waiver.check} ({waiver.reason})")
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
        "waivers": [
            {"check": one.check, "reason": one.reason, "name": one.name, "at": one.at}
            for one in done.seal.waivers
        ],
        "voided": [one.name for one in done.voided],
        "changes": [str(one) for one in done.changes],
    }
