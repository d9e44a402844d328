"""What can be done with a published issue, and how one becomes so. Joins ledger, provider, links and engine.

Doors call these; `now` is theirs to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from newsletter import engine
from newsletter.config import Config
from newsletter.engine import Pace, Report, Watch
from newsletter.errors import ApprovalError, IssueError
from newsletter.links import Links
from newsletter.pipeline import doubts
from newsletter.pipeline.doubts import How, Settled
from newsletter.pipeline.publish import publish
from newsletter.pipeline.send import Job, Letter, address, give_up
from newsletter.pipeline.verify import changed_editions
from newsletter.process import this_process
from newsletter.providers import Provider, call, log_lag
from newsletter.render.personalise import Envelope, MailTemplate, plain_address
from newsletter.storage import issues, news, planning
from newsletter.storage.database import reading, writing
from newsletter.storage.doubts import Doubt, list_doubts
from newsletter.storage.issues import PublishedIssue
from newsletter.storage.together import Together
from newsletter.types import Edition, IssueState, News, Receipt, Recipient, Tally, editions_hash

if TYPE_CHECKING:
    from sqlalchemy import Engine

RECENTLY = timedelta(minutes=1)
TEST = "test"
ASKED_FOR = timedelta(hours=1)
"""How long the provider is asked by itself about a doubt; after that a person is."""
NOBODY = 0
"""The id of no reader: ids begin at 1."""


@dataclass(frozen=True, slots=True)
class Status:
    """One issue's ledger, now."""

    issue: PublishedIssue
    tally: Tally
    rate: float
    """Messages a second over the last minute; 0 when nothing moved."""
    errors: tuple[str, ...]
    """What the latest failed calls said."""
    news: dict[News, int] = field(default_factory=dict)
    """What the provider told later, in deliveries."""

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None when that cannot be said."""
        waiting = self.tally.queued + self.tally.sending
        return waiting / self.rate if waiting and self.rate else None

    @property
    def is_done(self) -> bool:
        """Everyone got it, was refused or skipped: nothing waits and nothing is in doubt."""
        return not (self.tally.queued or self.tally.sending or self.tally.in_doubt)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What sending would do, before it does it."""

    slug: str
    hash: str
    provider: str
    messages: int
    skipped: int
    """Readers for whose topics there is nothing; None of them is written to."""
    seconds: float | None
    """At the configured rate, else as fast as the last issue went; None when that cannot be said."""


@dataclass(frozen=True)
class Sending:
    database: Engine
    config: Config
    links: Callable[[], Links]
    """Late: most commands need no keys."""
    provider: Callable[[], Provider]

    # --- looking -----------------------------------------------------------------------------------------

    def find(self, slug: str) -> PublishedIssue | None:
        with reading(self.database) as conn:
            return issues.find_issue(conn, slug)

    def list_all(self) -> list[PublishedIssue]:
        """The newest first."""
        with reading(self.database) as conn:
            return issues.list_issues(conn)

    def editions(self, slug: str) -> list[Edition]:
        """As they were frozen. Raises IssueError."""
        with reading(self.database) as conn:
            return list(issues.list_editions(conn, issues.get_issue(conn, slug).id).values())

    def known(self, slug: str | None) -> str:
        """The slug, if it was published; the newest issue's when none is named. Raises IssueError."""
        with reading(self.database) as conn:
            if slug is not None:
                return issues.get_issue(conn, slug).slug
            if newest := issues.list_issues(conn)[:1]:
                return newest[0].slug
        raise IssueError("no issue has been published", hint="`newsletter send` publishes the next one.")

    def status(self, slug: str, now: datetime) -> Status:
        """Raises IssueError."""
        with reading(self.database) as conn:
            issue = issues.get_issue(conn, slug)
            return Status(
                issue,
                issues.tally(conn, issue.id),
                issues.recent_rate(conn, issue.id, now, window=RECENTLY),
                tuple(issues.latest_errors(conn, issue.id)),
                news.count_news(conn, issue.id),
            )

    def forecast(self, slug: str, editions: Sequence[Edition], now: datetime) -> Forecast:
        """What `publish` and `send` would do now; of a published issue, what is left."""
        published = self.find(slug)
        if published:
            with reading(self.database) as conn:
                tally = issues.tally(conn, published.id)
            messages, skipped, hash = tally.queued, 0, published.hash
        else:
            ids = {one.topics: number for number, one in enumerate(editions)}
            with reading(self.database) as conn:
                messages, skipped = planning.count_audience(conn, ids, now)
            hash = editions_hash(editions)
        return Forecast(slug, hash, self.config.provider.name, messages, skipped, self._duration(messages))

    def _duration(self, messages: int) -> float | None:
        if self.config.sending.rate:
            return messages / self.config.sending.rate
        for issue in self.list_all():
            if issue.finished_at and issue.audience >= 100:
                took = (issue.finished_at - issue.published_at).total_seconds()
                return messages / issue.audience * took
        return None

    # --- doing -------------------------------------------------------------------------------------------

    def publish(
        self, slug: str, editions: Sequence[Edition], articles: Iterable[str], now: datetime
    ) -> PublishedIssue:
        """Freeze and plan. `articles` are canonical URLs. Raises AlreadyPublished, IssueError."""
        provider = self.provider()
        return publish(
            self.database,
            slug,
            editions,
            articles,
            provider=provider.name,
            batch_size=batch_size(self.config, provider),
            now=now,
        )

    def send(
        self,
        slug: str,
        now: datetime,
        *,
        limit: int | None = None,
        watch: Watch = lambda _: None,
    ) -> Report:
        """Send what is due of a published issue. Raises IssueError when it is paused or cancelled, ApprovalError
        when the store no longer holds the bytes that were frozen."""
        with reading(self.database) as conn:
            issue = issues.get_issue(conn, slug)
            editions = issues.list_editions(conn, issue.id)
        self._refuse_held(issue)
        self._refuse_changed(issue, editions.values())
        self._ask_in_time(slug, now)
        sending = self.config.sending
        pace = Pace(sending.concurrency, sending.rate, sending.stop_after_errors, limit)
        report = engine.run(self._job(issue, editions), pace, now, watch)
        with writing(self.database) as conn:
            issues.finish_issue(conn, issue.id, now + timedelta(seconds=report.seconds))
            now_is = issues.get_issue(conn, slug)
        if now_is.state is IssueState.PAUSED:  # by a person, or by itself: see pipeline.feedback
            why = f": {now_is.note}" if now_is.note else ""
            report.stopped = report.stopped or f"the issue was paused{why}"
        return report

    def _job(self, issue: PublishedIssue, editions: dict[int, Edition]) -> Job:
        envelope = self.envelope(issue.slug, issue.published_at)
        return Job(
            store=Together(self.database),
            issue=issue,
            provider=self.provider(),
            links=self.links(),
            letters={id: Letter(one, MailTemplate(one, envelope)) for id, one in editions.items()},
            sender=self.config.newsletter.sender,
            process=this_process(),
        )

    def envelope(self, slug: str, date: datetime) -> Envelope:
        news = self.config.newsletter
        return Envelope(slug, news.sender, date, reply_to=news.reply_to)

    def _refuse_held(self, issue: PublishedIssue) -> None:
        if issue.state in (IssueState.PAUSED, IssueState.CANCELLED):
            paused = issue.state == IssueState.PAUSED
            why = f": {issue.note}" if issue.note else ""
            hint = (
                f"Go on with `newsletter resume {issue.slug}`." if paused else "It cannot be taken up again."
            )
            raise IssueError(f"{issue.slug} is {issue.state}{why}", hint=hint)

    @staticmethod
    def _refuse_changed(issue: PublishedIssue, frozen: Iterable[Edition]) -> None:
        if changed := changed_editions(frozen, issue.hash):
            raise ApprovalError(
                f"{issue.slug} has changed in the store since it was published: {', '.join(changed)}",
                hint=f"See `newsletter verify {issue.slug}`. Bring the store back from a backup, or "
                f"`newsletter cancel {issue.slug}`.",
            )

    def test(self, slug: str, edition: Edition, to: Sequence[str], now: datetime) -> list[Receipt]:
        """An edition to these addresses by the very path that sends it, past the ledger. Its links lead nowhere:
        they are no reader's. Raises NotTaken, MaybeTaken or StopSending, AddressError."""
        links, provider = self.links(), self.provider()
        stamp = f"{now:%Y%m%d%H%M%S%f}"
        recipients = tuple(
            Recipient(
                f"test-{stamp}-{number}",
                plain_address(one),
                links.unsubscribe(NOBODY),
                links.preferences(NOBODY),
            )
            for number, one in enumerate(to)
        )
        envelope = replace(self.envelope(slug, now), kind=TEST)
        letter = Letter(edition, MailTemplate(edition, envelope))
        key = f"test-{slug}-{stamp}"
        sender = self.config.newsletter.sender
        return call(provider, address(letter, recipients, kind=TEST, key=key, sender=sender))

    # --- doubts ------------------------------------------------------------------------------------------

    def doubts(self, slug: str | None = None, batch_id: int | None = None) -> list[Doubt]:
        """Every batch with something in doubt, the oldest first. Raises IssueError."""
        with reading(self.database) as conn:
            issue_id = issues.get_issue(conn, slug).id if slug else None
            found = list_doubts(conn, issue_id)
        return [one for one in found if batch_id in (None, one.batch_id)]

    def ask(self, found: Iterable[Doubt], now: datetime) -> Settled:
        """Ask the provider about those that it can be asked about. Raises StopSending."""
        told = Settled()
        for doubt in found:
            if doubts.can_be_asked(doubt, self.provider()):
                told += doubts.ask(self.database, self.provider(), doubt, now)
            else:
                told += Settled(left=doubt.readers)
        return told

    def decide(self, found: Iterable[Doubt], how: How, *, who: str, now: datetime) -> Settled:
        """A person's word about these: they count as sent, or go again."""
        told = Settled()
        for doubt in found:
            told += doubts.decide(self.database, doubt, how, who=who, now=now)
        return told

    def unfinished(self, now: datetime) -> list[str]:
        """Issues that somebody should go on with: being sent, or with doubts that the provider can settle by now."""
        being_sent = [one.slug for one in self.list_all() if one.state is IssueState.SENDING]
        found = self.doubts()
        if not found or self.provider().settles != "lookup":
            return being_sent
        lag = log_lag(self.provider())
        fresh = [one.slug for one in found if lag <= now - one.ended_at < lag + ASKED_FOR]
        return list(dict.fromkeys([*being_sent, *fresh]))

    def _ask_in_time(self, slug: str, now: datetime) -> None:
        """What was in doubt long enough for the provider to know."""
        found = self.doubts(slug)
        if found and self.provider().settles == "lookup":
            lag = log_lag(self.provider())
            self.ask([one for one in found if now >= one.ended_at + lag], now)

    # --- holding -----------------------------------------------------------------------------------------

    def pause(self, slug: str, why: str | None = None) -> bool:
        """Whether *this call* paused it. A sender notices before its next batch. Raises IssueError."""
        return self._change(slug, (IssueState.SENDING,), IssueState.PAUSED, why)

    def resume(self, slug: str) -> bool:
        """Whether *this call* released it. Raises IssueError."""
        return self._change(slug, (IssueState.PAUSED,), IssueState.SENDING, None)

    def cancel(self, slug: str, now: datetime, why: str | None = None) -> bool:
        """Whether *this call* cancelled it: nothing that is still queued is ever sent. Raises IssueError."""
        with writing(self.database) as conn:
            issue = issues.get_issue(conn, slug)
            open_ = (IssueState.SENDING, IssueState.PAUSED)
            cancelled = issues.change_state(
                conn, issue.id, before=open_, after=IssueState.CANCELLED, note=why
            )
            if not cancelled:
                self._refuse_change(issue, IssueState.CANCELLED)
            issues.drop_queued(conn, issue.id)
            give_up(conn, issue.id, this_process(), now)
            issues.finish_issue(conn, issue.id, now)
            return cancelled

    def _change(self, slug: str, before: tuple[IssueState, ...], after: IssueState, note: str | None) -> bool:
        with writing(self.database) as conn:
            issue = issues.get_issue(conn, slug)
            changed = issues.change_state(conn, issue.id, before=before, after=after, note=note)
            if not changed:
                self._refuse_change(issue, after)
            return changed

    @staticmethod
    def _refuse_change(issue: PublishedIssue, after: IssueState) -> None:
        """Nothing to do is no error; what the issue's state rules out is one."""
        if issue.state != after and issue.state in (IssueState.SENT, IssueState.CANCELLED):
            raise IssueError(f"{issue.slug} is {issue.state} already")


def batch_size(config: Config, provider: Provider) -> int:
    """Messages a call: as set, as the provider allows, and no more than the rate lets through in a second."""
    rate = config.sending.rate
    allowed = min(config.sending.batch, provider.max_batch)
    return max(1, min(allowed, int(rate))) if rate else allowed
