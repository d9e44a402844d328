"""`newsletter check`: the gate an issue must pass before it is approved and sent."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context

if TYPE_CHECKING:
    from newsletter.checking import Verdict

KEYS = ("check", "severity", "message", "where", "hint", "waived")


@click.command()
@issue_argument
@click.option("--offline", is_flag=True, help="Ask no link and no picture whether it answers.")
@json_option
@pass_context
def command(context: Context, issue: str | None, offline: bool, as_json: bool) -> None:
    """Check whether an issue is fit to go out.

    Errors stop it: mend them, or waive them by name with `newsletter approve --waive CHECK --reason TEXT`. How
    grave each check is stands in [checks] of newsletter.toml. Exit code 1 while an error is not waived.

    \b
    newsletter check
    newsletter check 2026-11-26 --offline
    """
    app = context.app()
    slug = app.slug(issue, context.now)
    with waiting(slug, quiet=as_json, offline=offline):
        verdict = app.check(slug, context.now, online=not offline)
    if as_json:
        echo_json(as_data(verdict))
    else:
        from newsletter.cli.findings import tell

        tell(verdict)
    if verdict.errors:
        click.get_current_context().exit(1)


def waiting(slug: str, *, quiet: bool, offline: bool) -> AbstractContextManager[Any]:
    """Something that moves, on a terminal, while links are asked: a slow site takes seconds."""
    if quiet or offline or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"Asking the links and pictures of {slug}…")


def as_data(verdict: Verdict) -> dict[str, Any]:
    return {
        "issue": verdict.issue,
        "errors": len(verdict.errors),
        "warnings": len(verdict.warnings),
        "offline": verdict.offline,
        "reading_grade": round(verdict.reading_grade, 1) if verdict.reading_grade is not None else None,
        "findings": [
            {**{key: getattr(one, key) for key in KEYS}, "why": one.why, "source": one.source}
            for one in verdict.findings
        ],
    }
