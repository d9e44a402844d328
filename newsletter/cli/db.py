"""`newsletter db`: the store's version, and copies of it."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli import Context
from newsletter.cli.common import pass_context


@click.group()
def command() -> None:
    """Upgrade the database, and back it up while it is in use.

    \b
    newsletter db backup before-upgrade.db && newsletter db upgrade
    """


@command.command()
@pass_context
def upgrade(context: Context) -> None:
    """Bring the database to this program's version, whole or not at all.

    \b
    newsletter db upgrade
    """
    before, now = context.app().upgrade_database()
    click.echo(
        f"The database is of version {now}" + (" already." if before == now else f" now (was {before}).")
    )


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_context
def backup(context: Context, file: Path) -> None:
    """Copy the database to FILE, which must not be there yet; nobody has to stop meanwhile.

    The copy holds readers' addresses and is made for your eyes alone (0600). Keep the secret key with it.

    \b
    newsletter db backup backups/2026-11-26.db
    """
    size = context.app().backup(file)
    click.echo(f"{file}: {size:,} bytes.")
