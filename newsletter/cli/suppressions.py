"""`newsletter suppressions`: addresses that are never written to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context, print_table

REASONS = ("manual", "bounced", "complained")
reason_option = click.option("--reason", type=click.Choice(REASONS), default="manual", show_default=True)
detail_option = click.option(
    "--detail", default="", metavar="TEXT", help="Why, for whoever looks at it later."
)


@click.group()
def command() -> None:
    """List, add, remove and import addresses never to write to.

    \b
    newsletter suppressions add ann@example.org --detail "asked by telephone"
    """


@command.command("list")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """List them. Of erased readers there is only that there is one.

    \b
    newsletter suppressions list
    """
    found = context.app().readers.iter_suppressions()
    if as_json:
        echo_json([asdict(one) | {"reason": one.reason.value} for one in found])
        return
    rows = ((one.address or "(erased)", one.reason, f"{one.at:%Y-%m-%d}", one.detail) for one in found)
    print_table(("address", "reason", "since", "detail"), rows)


@command.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS…")
@reason_option
@detail_option
@pass_context
def add(context: Context, addresses: tuple[str, ...], reason: str, detail: str) -> None:
    """Never write to these addresses again.

    \b
    newsletter suppressions add ann@example.org bob@example.org --reason bounced
    """
    from newsletter.storage.suppressions import Reason

    added = context.app().readers.suppress(addresses, Reason(reason), detail, context.now)
    click.echo(_counted(added, len(addresses) - added))


@command.command()
@click.argument("address")
@pass_context
def remove(context: Context, address: str) -> int:
    """Lift the suppression of an address, also of an erased one. Exit 1 when there was none.

    \b
    newsletter suppressions remove ann@example.org
    """
    if not context.app().readers.unsuppress(address):
        click.echo("That address was not suppressed.", err=True)
        return 1
    click.echo("Lifted.")
    return 0


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reason_option
@detail_option
@pass_context
def import_(context: Context, file: Path, reason: str, detail: str) -> None:
    """Suppress every address of a list, text or CSV. Rows without one are named, and change nothing.

    \b
    newsletter suppressions import bounces.csv --reason bounced
    """
    from newsletter.storage.suppressions import Reason

    added, known, refused = context.app().readers.suppress_list(file, Reason(reason), detail, context.now)
    for line, why in refused:
        click.echo(f"{file.name}:{line}: {why}", err=True)
    click.echo(_counted(added, known))


def _counted(added: int, known: int) -> str:
    return f"{added} added" + (f", {known} suppressed already." if known else ".")
