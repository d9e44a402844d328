"""`newsletter check`: the gate an issue must pass before it is approved and sent."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context

if TYPE_CHECKING:
    from newsletter.checking import Verdict
    from newsletter.checks import Finding

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
    verdict = app.check(app.slug(issue, context.now), context.now, online=not offline)
    if as_json:
        echo_json(as_data(verdict))
    else:
        tell(verdict)
    if verdict.errors:
        click.get_current_context().exit(1)


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


def tell(verdict: Verdict) -> None:
    for finding in verdict.findings:
        _tell_one(finding)
    errors, warnings = len(verdict.errors), len(verdict.warnings)
    waived = sum(one.waived for one in verdict.findings)
    parts = [_counted(errors, "error"), _counted(warnings, "warning")] + (
        [f"{waived} waived"] if waived else []
    )
    click.echo(f"{verdict.issue}: {', '.join(parts)}.")
    if verdict.reading_grade is not None:
        click.echo(f"Reading grade {verdict.reading_grade:.0f}.")
    if verdict.offline:
        click.echo("No link and no picture was asked whether it answers (--offline).")
    elif verdict.unasked:
        click.echo("No link could be asked whether it answers: this machine has no network.")


_MARKS = {"error": ("✗", "red"), "warning": ("!", "yellow")}


def _tell_one(finding: Finding) -> None:
    mark, colour = _MARKS[finding.severity]
    if finding.waived:
        mark, colour = "–", "white"
    name = f"{finding.severity} {finding.check}" + (" (waived)" if finding.waived else "")
    click.echo(f"{click.style(f'{mark} {name}', fg=colour, bold=True)}: {finding.message}")
    for label, text in (
        ("where", finding.where),
        ("why", finding.why),
        ("do", finding.hint),
        ("see", finding.source),
    ):
        if text:
            lines = textwrap.wrap(text, 92, break_long_words=False, break_on_hyphens=False)
            click.echo(f"    {label:<6}" + f"\n{'':10}".join(lines))


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
