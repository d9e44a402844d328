"""Cron: do what is due, each thing once, however often and on however many machines it is run.

A lease by name keeps two processes from one thing at a time; whoever gets it looks again before acting,
because the other may just have finished. The deeds are handed in: a verb knows no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from newsletter.errors import ApprovalError, NewsletterError, NothingNew
from newsletter.pipeline.due import (
    DONE,
    NOTHING_NEW,
    TIDY_EVERY,
    Due,
    Standing,
    Week,
    decide,
    next_moment,
    pull_is_due,
)
from newsletter.storage.database import reading
from newsletter.storage.runs import Run, Turn, find_last_run, turn

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Deeds:
    """What cron can do. Each may raise NewsletterError; the words returned are for the editors;
    none: nothing worth saying."""

    pull: Callable[[], str]
    draft: Callable[[str], str]
    """Raises NothingNew."""
    send: Callable[[str], str]
    """Begins with an issue that is approved, or goes on with one. Raises ApprovalError."""
    has_file: Callable[[str], bool]
    is_published: Callable[[str], bool]
    unfinished: Callable[[], Sequence[str]]
    """Issues whose sending has begun and is not over."""
    tidy: Callable[[], str] = lambda: ""
    """Forgets what nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done, or that somebody must see to."""

    what: str
    issue: str | None
    ok: bool
    text: str


@dataclass(slots=True)
class Report:
    entries: list[Entry] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Issues not sent in their window: an entry when it is first seen, listed here for a week."""
    reminders: list[str] = field(default_factory=list)
    """What waits for the editors, each said once: whoever runs cron brings it to them."""
    next: tuple[Due, str, datetime] | None = None

    @property
    def ok(self) -> bool:
        return all(entry.ok for entry in self.entries)


def run_cron(engine: Engine, weeks: Callable[[], Sequence[Week]], deeds: Deeds, now: datetime) -> Report:
    """Do what is due. An error in one thing is reported and the others go on.

    `weeks` is asked again after drafting, which may have made a file.
    """
    cron = _Cron(engine, deeds, now)
    for slug in deeds.unfinished():  # half-sent issues first: their readers are waiting
        cron.send(slug)
    drafting = any(decide(week, cron.standing(week.slug), now) is Due.DRAFT for week in weeks())
    fresh = cron.pull(drafting=drafting)
    for week in weeks():
        cron.see_to(week, may_draft=fresh)
    cron.tidy()
    cron.report.next = next_moment(weeks(), now)
    return cron.report


class _Cron:
    def __init__(self, engine: Engine, deeds: Deeds, now: datetime) -> None:
        self.engine, self.deeds, self.now = engine, deeds, now
        self.report = Report()

    def standing(self, slug: str) -> Standing:
        draft, pull = self._last(f"draft {slug}"), self._last("pull")
        in_vain = draft is not None and draft.outcome == NOTHING_NEW
        return Standing(
            has_file=self.deeds.has_file(slug),
            published=self.deeds.is_published(slug),
            drafted=draft is not None and draft.outcome == DONE,
            waits_for_articles=in_vain and not (pull and draft and pull.id > draft.id),
        )

    def pull(self, *, drafting: bool) -> bool:
        """False while another process is at it: nothing should be drafted from what is there now."""

        def due() -> bool:
            return pull_is_due(self._last("pull"), self.now, drafting=drafting)

        if not due():
            return True
        with self._reported("pull"), turn(self.engine, "pull", now=self.now) as mine:
            if mine is None:
                self._say("pull", "another process is collecting")
                return False
            if due():
                self._say("pull", self.deeds.pull())
        return True

    def see_to(self, week: Week, *, may_draft: bool) -> None:
        due = decide(week, self.standing(week.slug), self.now)
        if due is Due.DRAFT and may_draft:
            self.draft(week)
            due = decide(week, self.standing(week.slug), self.now)
        if due is Due.SEND:
            self.send(week.slug)
        if due is Due.MISSED:
            self.miss(week.slug)

    def draft(self, week: Week) -> None:
        with self._turn("draft", week.slug) as mine:
            if mine is None or decide(week, self.standing(week.slug), self.now) is not Due.DRAFT:
                return
            try:
                said = self.deeds.draft(week.slug)
            except NothingNew as nothing:
                mine.outcome, said = NOTHING_NEW, f"not drafted: {nothing.what}"
            self._say("draft", said, week.slug)
            self._remind(mine.outcome, week.slug, said)

    def send(self, slug: str) -> None:
        with self._turn("send", slug) as mine:
            # The ledger itself keeps two senders apart; this keeps the agreed rate from being doubled.
            if mine is None:
                self._say("send", "another process is sending it", slug)
            elif not self.deeds.is_published(slug) or slug in self.deeds.unfinished():
                self._begin_or_go_on(slug)

    def _begin_or_go_on(self, slug: str) -> None:
        try:
            self._say("send", self.deeds.send(slug), slug)
        except ApprovalError as error:
            self._remind("approval", slug, _told(error, slug))
            raise
        except NewsletterError as error:
            self._remind("sending", slug, f"has not gone to everybody: {_told(error, slug)}")
            raise

    def tidy(self) -> None:
        def due() -> bool:
            last = self._last("tidy")
            return last is None or self.now - last.started_at >= TIDY_EVERY

        if not due():
            return
        with self._reported("tidy"), turn(self.engine, "tidy", now=self.now) as mine:
            if mine is not None and due():
                self._say("tidy", self.deeds.tidy())

    def miss(self, slug: str) -> None:
        self.report.missed.append(slug)
        said = f"was not sent in its window; `newsletter send {slug}` still sends it"
        if self._remind("missed", slug, said):
            self._say("missed", said, slug, ok=False)

    def _remind(self, about: str, slug: str, text: str) -> bool:
        """Whether this was the first time."""
        name = f"remind {slug}: {about}"
        if self._last(name):
            return False
        with turn(self.engine, name, now=self.now) as mine:
            if mine is None:
                return False
            self.report.reminders.append(f"{slug} {text}")
        return True

    def _last(self, name: str) -> Run | None:
        with reading(self.engine) as conn:
            return find_last_run(conn, name)

    @contextmanager
    def _turn(self, what: str, slug: str) -> Iterator[Turn | None]:
        with self._reported(what, slug), turn(self.engine, f"{what} {slug}", now=self.now) as mine:
            yield mine

    @contextmanager
    def _reported(self, what: str, slug: str | None = None) -> Iterator[None]:
        try:
            yield
        except NewsletterError as error:
            self._say(what, str(error).removeprefix(f"{slug} "), slug, ok=False)

    def _say(self, what: str, text: str, slug: str | None = None, *, ok: bool = True) -> None:
        if text:
            self.report.entries.append(Entry(what, slug, ok, text))


def _told(error: NewsletterError, slug: str) -> str:
    """What went wrong and what to do, on one line that begins with the issue."""
    what = error.what.removeprefix(f"{slug} ").replace(":\n  - ", ": ").replace("\n  - ", "; ")
    return f"{what}. {error.hint}".rstrip()
