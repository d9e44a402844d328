"""The rounds of broken and good issues that were written blind, and what the checks made of each at first sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType

import fifth_round
import fourth_round
import seventh_round
import sixth_round
import third_round
from broken_issues import Broken, plain, with_last
from clean_issues import Draft, build, clean

from newsletter.checking import BUILD
from newsletter.checks import Finding, run
from newsletter.errors import ConfigError, ContentError, TemplateError


@dataclass(frozen=True)
class Round:
    name: str
    rows: ModuleType
    found: float
    """Of the faults that must stop an issue, at first sight."""
    stopped: float
    """Of the good issues, at first sight."""


ROUNDS = (
    Round("third", third_round, 0.55, 0.057),
    Round("fourth", fourth_round, 0.86, 0.026),
    Round("fifth", fifth_round, 0.91, 0.027),
    Round("sixth", sixth_round, 0.94, 0.000),
    Round("seventh", seventh_round, 1.00, 0.297),  # good issues alone, each sentence a trap
)
_HELP = re.compile(r"\[\[brand\.resources\]\]\n(?:\w+ = .*\n)+")


def bases() -> list[Draft]:
    return [draft for draft in clean(60, seed=21) if draft.note or draft.preheader]


def faults(one: Round) -> Iterator[Broken]:
    """What must stop an issue, each made from another clean one; then what must be said as a warning."""
    drafts = bases()
    for number, (check, fault, change) in enumerate(one.rows.ERRORS):
        yield Broken(check, fault, change(plain(drafts[number % len(drafts)])))
    for number, (fault, words) in enumerate(one.rows.NO_HELP):
        base = with_last(plain(drafts[number]), blurb=words)
        yield Broken("crisis_help", fault, replace(base, settings=_HELP.sub("", base.settings)))
    for number, (check, fault, change) in enumerate(one.rows.WARNINGS):
        yield Broken(check, fault, change(plain(drafts[number % len(drafts)])), mild=True)


def good(one: Round) -> Iterator[Draft]:
    drafts = bases()
    for number, (name, change) in enumerate(one.rows.GOOD):
        yield replace(change(plain(drafts[number % len(drafts)])), name=name)


def findings(draft: Draft) -> tuple[Finding, ...]:
    """What the gate says of it; that it cannot be built is a finding, too."""
    try:
        return run(build(draft))
    except (ConfigError, ContentError, TemplateError) as error:
        return (
            Finding(
                BUILD, "error", error.what, error.where or "the issue", "It cannot be sent.", error.hint, ""
            ),
        )
