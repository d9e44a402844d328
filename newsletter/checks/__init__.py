"""Is an issue fit to go out? One file a kind of check, found by listing this folder; files with _ help them.

Each has `find(case: Case) -> Iterator[Found]`: a pure function of an issue as it is built, of what is known
about its past, and of what its links answered. It says what is wrong; how grave that is, is the site's to say.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from newsletter.checklist import Checks
from newsletter.config import Config
from newsletter.types import Article, Edition, Issue, Layout, Story

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says."""

    check: str
    """Its name in [checks]."""
    message: str
    """What is wrong."""
    where: str = ""
    """A line of the issue file, a template's, an article's address, or a variant."""
    why: str = ""
    """Why it matters."""
    hint: str = ""
    """What to do."""
    source: str = ""
    """Who says so: a standard's section, a vendor's page."""
    mild: bool = False
    """A warning whatever [checks] says, unless it says "off"."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A `Found` with the severity that the site gives it, and whether a person waived it."""

    check: str
    severity: Level
    message: str
    where: str
    why: str
    hint: str
    source: str
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered when it was asked."""

    status: int
    """HTTP status; 0: no answer."""
    url: str
    """Where the answer came from in the end, after redirects."""
    content_type: str = ""
    bytes: int | None = None
    width: int | None = None
    """Of a picture, in pixels."""
    trouble: str = ""
    """Why there was no answer: `no such host`, `timeout`, …"""
    moved: bool = False
    """At least one redirect on the way said that it is for good (301, 308)."""


@dataclass(frozen=True, slots=True)
class Past:
    """What went out before, or stands in an earlier issue's file."""

    articles: Mapping[str, str] = field(default_factory=dict)
    """Canonical URL → slug of the issue that had it."""
    subjects: Mapping[str, str] = field(default_factory=dict)
    """Subject → slug."""


@dataclass(frozen=True, slots=True)
class Lint:
    """One fault of a template's MJML."""

    where: str
    element: str
    message: str


@dataclass(frozen=True)
class Case:
    """An issue with all that the checks judge it by. What is None was not asked for."""

    config: Config
    issue: Issue
    source: str
    """The issue file's text, to name lines."""
    layout: Layout
    editions: tuple[Edition, ...]
    """The whole comes first."""
    today: date
    articles: Mapping[str, Article] = field(default_factory=dict)
    """What the store knows of the picks, by canonical URL."""
    past: Past = Past()
    lints: tuple[Lint, ...] = ()
    messages: Mapping[str, bytes] = field(default_factory=dict)
    """Kind of mail → one finished message: `issue`, and the single mails of the look."""
    answers: Mapping[str, Answer] | None = None
    """URL → answer; None: nothing was asked (offline)."""
    spam: tuple[float, tuple[str, ...]] | None = None
    """SpamAssassin's points for the issue, and the rules that gave them; None: it did not run."""
    retracted: Mapping[str, str] | None = None
    """DOI or PMID → what happened to the paper; None: there is no list."""

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """Every story, the lead first."""
        lead = (self.layout.lead,) if self.layout.lead else ()
        return (*lead, *(story for _, stories in self.layout.sections for story in stories))

    @property
    def limits(self) -> Checks:
        return self.config.checks

    def line_of(self, text: str) -> str:
        """`path:line` of the first line of the issue file that holds `text`, else the file."""
        for number, line in enumerate(self.source.splitlines(), start=1):
            if text and text in line:
                return f"{self.issue.path}:{number}"
        return self.issue.path

    def place(self, story: Story) -> str:
        """Where an editor finds a story: its line in the issue file and its address."""
        for _, picks in self.issue.picks:
            for pick in picks:
                if pick.url == story.url:
                    return f"{self.issue.path}:{pick.line}" if pick.line else story.url
        return story.url


Check = Callable[[Case], Iterable[Found]]


def kinds() -> list[str]:
    """The names of the files that hold checks."""
    return sorted(one.name for one in pkgutil.iter_modules(__path__) if not one.name.startswith("_"))


def run(case: Case) -> tuple[Finding, ...]:
    """Every finding, errors first; the same one is said once. Raises nothing of its own."""
    found: dict[tuple[str, str, str], Finding] = {}
    for kind in kinds():
        check: Check = importlib.import_module(f"{__name__}.{kind}").find
        for one in check(case):
            if finding := weigh(one, case.limits):
                found.setdefault((one.check, one.message, one.where), finding)
    return tuple(sorted(found.values(), key=lambda one: one.severity))


def weigh(found: Found, checks: Checks) -> Finding | None:
    """With the severity that [checks] gives it; None when it is switched off. KeyError: no such check."""
    set_to = getattr(checks, found.check)
    if set_to == "off":
        return None
    return Finding(
        check=found.check,
        severity="warning" if found.mild else set_to,
        message=found.message,
        where=found.where,
        why=found.why,
        hint=found.hint,
        source=found.source,
    )


def names() -> Iterator[str]:
    """Every check that [checks] knows by name."""
    return (
        name for name, field in Checks.model_fields.items() if field.default in ("error", "warning", "off")
    )
