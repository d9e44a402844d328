"""newsletter verify: is what was approved, sent and archived still the same?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import console, echo_json, issue_argument, json_option, pass_context, print_table

if TYPE_CHECKING:
    from newsletter.pipeline.verify import Comparison, Verified

HEADINGS = ("what", "held against", "verdict")


@click.command()
@issue_argument
@click.option("--no-rebuild", is_flag=True, help="Do not make the issue again from its files.")
@click.option("--online", is_flag=True, help="Also ask the public archive page what it shows.")
@json_option
@pass_context
def command(context: Context, issue: str | None, no_rebuild: bool, online: bool, as_json: bool) -> None:
    """Hold an issue's seal, frozen editions, ledger and archive page against one another, and against a rebuild.

    One byte that is not as it was is found, and named as far as it can be: a file, an article, a template, an
    edition. Articles, templates and programs may change for good reasons after an issue is out; --no-rebuild asks
    only whether what was sent is untouched. Exit code 1 when anything differs. Left out, ISSUE is the newest that
    was sent.

    \b
    newsletter verify 2026-11-26
    newsletter verify 2026-11-26 --no-rebuild
    """
    app = context.app()
    slug = app.issue_to_verify(issue, context.now)
    verified = app.verifier.verify(slug, rebuild=not no_rebuild, online=online)
    if as_json:
        echo_json(_as_data(verified))
    else:
        _tell(verified)
    if verified.differing:
        click.get_current_context().exit(1)


def _as_data(verified: Verified) -> dict[str, Any]:
    return {
        "issue": verified.issue,
        "holds": not verified.differing,
        "hash": verified.hash,
        "comparisons": [
            {
                "what": one.what,
                "against": one.against,
                "same": not one.faults,
                "differs": list(one.faults),
                "remark": one.remark,
            }
            for one in verified.comparisons
        ],
    }


def _tell(verified: Verified) -> None:
    if sys.stdout.isatty():
        _draw(verified.comparisons)
    else:
        print_table(HEADINGS, [(one.what, one.against, _verdict(one)) for one in verified.comparisons])
    differing, all_ = len(verified.differing), len(verified.comparisons)
    if differing:
        click.echo(f"{verified.issue} does not hold: {differing} of {all_} comparisons differ.", err=True)
    else:
        click.echo(
            f"{verified.issue} holds: {all_} comparisons, and nothing differs. It is {verified.hash[:12]}."
        )


def _verdict(one: Comparison) -> str:
    said = f"differs: {'; '.join(one.faults)}" if one.faults else "same"
    return f"{said} ({one.remark})" if one.remark else said


def _draw(comparisons: tuple[Comparison, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*("", *HEADINGS), box=None, pad_edge=False, header_style="bold")
    for one in comparisons:
        mark = Text("✗", style="bold red") if one.faults else Text("✓", style="green")
        lines = [Text(line, style="red") for line in one.faults]
        if not lines or one.remark:
            lines.append(Text(one.remark or "same", style="dim" if lines else ""))
        table.add_row(mark, one.what, one.against, Text("\n").join(lines))
    console().print(table)
