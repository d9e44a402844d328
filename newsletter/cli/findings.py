"""How the gate's findings look to a person: errors, warnings and waivers one below the other, and what they come to.

✗ 1 error

  claims   the title promises too much: “miracle”
           content/issues/2026-11-26.md:13
           → Say what was found, for how many, and what is not known.
           No treatment helps everybody … (FTC, Health Products Compliance Guidance (2022), section III)
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from newsletter.checking import Verdict
    from newsletter.checks import Finding

WIDEST = 100
"""Columns of running text at most: longer lines are hard to read."""
_UNBROKEN = 10_000
"""Where nobody looks at a terminal, a line is as long as what it says."""


def tell(verdict: Verdict) -> None:
    """The whole verdict to stdout; in colours, and wrapped at the terminal's width, where it is one."""
    for line in lines(verdict, _width()):
        click.echo(line)


def _width() -> int:
    if not sys.stdout.isatty():
        return _UNBROKEN
    return min(shutil.get_terminal_size().columns, WIDEST)


def lines(verdict: Verdict, width: int) -> Iterator[str]:
    yield click.style(f"Issue {verdict.issue}", bold=True)
    waived = [one for one in verdict.findings if one.waived]
    room = max((len(one.check) for one in verdict.findings), default=0)
    for findings, title, colour in (
        (verdict.errors, f"✗ {counted(len(verdict.errors), 'error')}", "red"),
        (verdict.warnings, f"! {counted(len(verdict.warnings), 'warning')}", "yellow"),
        (waived, f"– {len(waived)} waived", "bright_black"),
    ):
        if findings:
            yield from ("", click.style(title, fg=colour, bold=True))
            yield from _group(findings, colour, room, width)
    yield ""
    yield from _sum(verdict)
    yield from (click.style(note, dim=True) for note in _notes(verdict))


def _group(findings: Sequence[Finding], colour: str, room: int, width: int) -> Iterator[str]:
    for (check, *_), same in groupby(findings, key=lambda one: (one.check, one.hint, one.why, one.source)):
        yield ""
        begin, rest = f"  {click.style(check.ljust(room), fg=colour)}  ", " " * (room + 4)
        for text, style in _said(list(same)):
            for line in textwrap.wrap(
                text, max(20, width - len(rest)), break_long_words=False, break_on_hyphens=False
            ):
                yield begin + click.style(line, **style)
                begin = rest


def _said(same: Sequence[Finding]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was found and where, each; what to do and why, once."""
    for where, here in groupby(same, key=lambda one: one.where):
        yield from ((one.message, {"bold": not one.waived}) for one in here)
        yield where, {"fg": "cyan"}
    last = same[-1]
    if last.hint:
        yield f"→ {last.hint}", {}
    yield (
        f"{last.why} ({last.source})" if last.why and last.source else last.why or last.source,
        {"dim": True},
    )


def _sum(verdict: Verdict) -> Iterator[str]:
    if not verdict.errors:
        told = f", {counted(len(verdict.warnings), 'warning')}" if verdict.warnings else ""
        yield click.style(f"It may go out: no error{told}.", fg="green", bold=True)
        return
    mend = "Mend it" if len(verdict.errors) == 1 else "Mend them"
    yield click.style(f"It may not go out: {counted(len(verdict.errors), 'error')}.", fg="red", bold=True)
    yield f"{mend}, or let one pass by name and reason:"
    yield f"  newsletter approve {verdict.issue} --by NAME --waive CHECK --reason TEXT"


def _notes(verdict: Verdict) -> Iterator[str]:
    if verdict.reading_grade is not None:
        yield f"Reading grade {verdict.reading_grade:.0f}: so many years of school its words ask for."
    if verdict.offline:
        yield "No link and no picture was asked whether it answers (--offline)."
    elif verdict.unasked:
        yield "No link could be asked whether it answers: this machine has no network."


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
