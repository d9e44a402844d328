"""`newsletter retractions`: the local list of papers that were retracted."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli import Context
from newsletter.cli.common import pass_context


@click.group()
def command() -> None:
    """Keep a local list of retracted papers, which `newsletter check` holds an issue's sources against."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_context
def update(context: Context, file: Path) -> None:
    """Make the list from Retraction Watch's CSV file, in place of the one there was.

    Crossref publishes the file at https://gitlab.com/crossref/retraction-watch-data. The list is
    content/retractions.tsv.

    \b
    newsletter retractions update retraction_watch.csv
    """
    count, path = context.app().update_retractions(file)
    click.echo(f"{count:,} papers are in {path}.")
