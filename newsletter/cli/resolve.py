"""`newsletter resolve`: settle what is in doubt, by asking the provider or by a person's word."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.pipeline.doubts import How, Settled
    from newsletter.storage.doubts import Doubt

RISK = (
    "If the provider took these mails after all, {readers:,} readers get the issue a SECOND time. "
    "Only do this when its own pages show that it did not."
)


@click.command()
@issue_argument
@click.option("--provider", "how", flag_value="provider", help="Ask the provider which of them it has.")
@click.option("--sent", "how", flag_value="sent", help="They were sent: you have looked.")
@click.option("--again", "how", flag_value="again", help="They were not: send them again.")
@click.option("--batch", type=int, metavar="N", help="Only this batch: see `newsletter doubts`.")
@click.option("--by", "who", metavar="NAME", help="Who says so; your user name if left out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
def command(
    context: Context,
    issue: str | None,
    how: str | None,
    batch: int | None,
    who: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Settle what is in doubt of an issue, the newest published one if none is named.

    --provider believes the provider's "sent". What it does not know goes again only where the call is known to be
    over and its log had time enough; else it stays in doubt. --sent and --again take your word for it; your name
    stays on record.
    Exit code 1 while anything is left in doubt.

    \b
    newsletter resolve --provider
    newsletter resolve 2026-11-26 --sent --batch 12
    newsletter resolve 2026-11-26 --again --by "Ada Berg"
    """
    if how is None:
        raise UsageError("say how: --provider, --sent or --again", hint="`newsletter doubts` lists them.")
    app, now = context.app(), context.now
    slug = app.published_slug(issue)
    found = app.sending.doubts(slug, batch)
    readers = sum(one.readers for one in found)
    if how == "again" and found and not yes:
        click.confirm(f"{RISK.format(readers=readers)}\nSend them again?", abort=True, err=True)
    settled = _settle(app, found, how, who or getpass.getuser(), now)
    left = sum(one.readers for one in app.sending.doubts(slug))
    if as_json:
        echo_json({"issue": slug, "sent": settled.sent, "again": settled.again, "in_doubt": left})
    else:
        _tell(slug, settled, left, nothing=not found)
    if left:
        click.get_current_context().exit(1)


def _settle(app: App, found: list[Doubt], how: str, who: str, now: datetime) -> Settled:
    if how == "provider":
        return app.sending.ask(found, now)
    word: How = "sent" if how == "sent" else "again"
    return app.sending.decide(found, word, who=who, now=now)


def _tell(slug: str, settled: Settled, left: int, *, nothing: bool) -> None:
    if nothing:
        click.echo(f"Nothing of that is in doubt in {slug}.")
    if settled.sent:
        click.echo(f"{settled.sent:,} were sent.")
    if settled.again:
        click.echo(f"{settled.again:,} go again: run `newsletter send {slug}`.")
    if settled.trouble:
        click.echo(f"The provider could not be asked: {settled.trouble}", err=True)
    if left:
        click.echo(f"{left:,} are still in doubt: see `newsletter doubts {slug}`.", err=True)
