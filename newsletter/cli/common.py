"""What several commands share: the context, output as a table or as JSON, and the ISSUE argument."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context

if TYPE_CHECKING:
    from rich.console import Console

pass_context: Callable[..., Any] = click.make_pass_decorator(Context)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
issue_argument = click.argument("issue", required=False, metavar="[ISSUE]")
"""A slug or a path; left out, the next issue."""


def echo_json(value: Any) -> None:
    """One JSON document, in ASCII where the output cannot hold every letter."""
    utf_8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, ensure_ascii=not utf_8, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def console() -> Console:
    """A console on stdout; without a terminal it writes plain lines that are not cut at a width."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, emoji=False, markup=False)


NARROW = 64
"""Columns of a terminal below which a table's columns would have no room for a word."""


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, each cell on a line of its own on a narrow one, tab-separated lines elsewhere (for cut,
    awk and spreadsheets)."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    from rich.table import Table
    from rich.text import Text

    out = console()
    if out.width < NARROW:
        for row in rows:
            click.echo("\n".join(filter(None, map(_labelled, headings, row))) + "\n")
        return
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    out.print(table)


def _labelled(heading: str, cell: str) -> str:
    return f"{heading}: {cell}" if cell else ""
