"""`newsletter consent`: prove who agreed to what, and that nobody changed the record."""

from __future__ import annotations

from dataclasses import asdict

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context


@click.group()
def command() -> None:
    """Verify the consent log, and export one reader's part of it.

    \b
    newsletter consent verify
    """


@command.command()
@click.option("--anchor", metavar="LINES:HASH", help="A head noted earlier: the log must still contain it.")
@json_option
@pass_context
def verify(context: Context, anchor: str | None, as_json: bool) -> int:
    """Recompute the whole log; exit 1 when a line was changed, moved or taken out, when a reader is active whose
    last line does not say so, or when the store no longer refuses changes.

    Note the head that is printed somewhere else (in the minutes, in a mail to yourself): given as --anchor
    later, it proves that nothing before it was changed, even by somebody who put back an old copy whole.

    \b
    newsletter consent verify
    newsletter consent verify --anchor 1204:5f3a…
    """
    verdict = context.app().readers.verify_consent(anchor)
    if as_json:
        echo_json({"holds": verdict.holds} | asdict(verdict))
    elif verdict.holds:
        click.echo(f"{verdict.lines} lines, every one as it was written.\nHead: {verdict.head}")
    else:
        for fault in verdict.faults:
            click.echo(f"line {fault.line}: {fault.what}" if fault.line else fault.what)
        click.echo("The consent log does not hold.", err=True)
    return 0 if verdict.holds else 1


@command.command()
@click.argument("address")
@pass_context
def export(context: Context, address: str) -> None:
    """Print every line about one reader as JSON: what was shown, asked, given and taken back, and when.

    \b
    newsletter consent export ann@example.org > consent.json
    """
    echo_json(context.app().readers.consent_of(address))
