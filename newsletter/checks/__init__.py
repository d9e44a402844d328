"""Is an issue fit to go out? One file a kind of check, found by listing this folder; files with _ help them.

Each has `find(case: Case) -> Iterator[Found]`: a pure function of an issue as it is built, of what is known
about its past, and of what its links answered. It says what is wrong; how grave that is, is the site's to say.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal
from urllib.parse import unquote

from newsletter.checklist import Checks
from newsletter.config import Config
from newsletter.types import Article, Edition, Issue, Layout, Pick, Story

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
    settings: str = ""
    """newsletter.toml's text, to name lines."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """The look's own text, by name."""
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
        return self._line(self.source, self.issue.path, text) or self.issue.path

    def key(self, name: str) -> str:
        """`path:line` of a key of the front matter, else the file."""
        found = re.search(rf"^{name}[ \t]*:", self.source, flags=re.M)
        return f"{self.issue.path}:{_line_at(self.source, found.start())}" if found else self.issue.path

    def place_of(self, text: str, otherwise: str) -> str:
        """Where an editor finds `text`: in the issue file, in newsletter.toml, in a template; else `otherwise`."""
        return next(filter(None, self._places(text)), otherwise)

    def _places(self, text: str) -> Iterator[str | None]:
        for words in (text, unquote(text)):
            yield self._line(self.source, self.issue.path, words)
            yield self._line(self.settings, "newsletter.toml", words)
            yield from (
                self._line(source, f"templates/{name}", words) for name, source in self.templates.items()
            )

    @staticmethod
    def _line(source: str, path: str, text: str) -> str | None:
        at = source.find(text) if text else -1
        return f"{path}:{_line_at(source, at)}" if at >= 0 else None

    def place(self, story: Story, words: str = "") -> str:
        """Where an editor finds a story: the line of its pick, or of these `words` below it; else its address."""
        pick = next((one for _, picks in self.issue.picks for one in picks if one.url == story.url), None)
        if pick is None or not pick.line:
            return story.url
        line = pick.line
        for number, text in enumerate(self._lines[pick.line - 1 : pick.line + 12], start=pick.line):
            if number > pick.line and re.match(r"\s*(?:- |\S+:\s*$|---)", text):
                break
            if words and words[:24] in text:
                line = number
                break
        return f"{self.issue.path}:{line}"

    def has_key(self, pick: Pick, name: str) -> bool:
        """Whether a pick in the issue file has this key, be its value empty."""
        key = re.compile(rf"\b{name}\s*:")
        for number, line in enumerate(self._lines[pick.line - 1 :]):
            if number and re.match(r"\s*(?:- |---)|\s*\w[\w-]*:\s*$", line) and not key.search(line):
                return False
            if key.search(line):
                return True
        return False

    @cached_property
    def note_line(self) -> int:
        """The line of the issue file in which the note begins."""
        source = re.sub(r"\r\n?", "\n", self.source)
        return _line_at(source, max(0, source.rfind(self.layout.note)))

    @cached_property
    def _lines(self) -> list[str]:
        return self.source.splitlines()


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


Check = Callable[[Case], Iterable[Found]]


def kinds() -> list[str]:
    """The names of the files that hold checks."""
    return sorted(one.name for one in pkgutil.iter_modules(__path__) if not one.name.startswith("_"))


def run(case: Case) -> tuple[Finding, ...]:
    """Every finding, errors first, each check's together; the same one is said once, for all variants that have it.
    Raises nothing of its own."""
    found: dict[tuple[str, str, Level, str], list[Finding]] = {}
    for kind in kinds():
        check: Check = importlib.import_module(f"{__name__}.{kind}").find
        for one in check(case):
            if finding := weigh(one, case.limits):
                place = VARIANT if one.where.startswith(VARIANT) else one.where
                found.setdefault((one.check, one.message, finding.severity, place), []).append(finding)
    order = list(names())
    every = len(case.editions)
    return tuple(sorted((_as_one(same, every) for same in found.values()),
                        key=lambda one: (one.severity, order.index(one.check))))  # fmt: skip


VARIANT = "variant "


def _as_one(same: list[Finding], variants: int) -> Finding:
    """One finding for all of the variants that have it."""
    places = list(dict.fromkeys(one.where.removeprefix(VARIANT) for one in same))
    if len(places) == 1:
        return same[0]
    where = "every variant" if len(places) == variants else f"variants {'; '.join(places)}"
    return replace(same[0], where=where)


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
        source=found.source or f"our own rule: {PAGE}#{found.check}",
    )


PAGE = "docs/checks.md"
"""Where each check is explained, its limits and its own rules among it."""


def names() -> Iterator[str]:
    """Every check that [checks] knows by name."""
    return (
        name for name, field in Checks.model_fields.items() if field.default in ("error", "warning", "off")
    )
