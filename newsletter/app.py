"""The only wiring: a site's folder in, everything that works on it out, each part opened when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import FILE_NAME, Config, Feed, Site, load_site
from newsletter.errors import ApprovalError, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from newsletter.approvals import Approvals
    from newsletter.checking import Gate, Verdict
    from newsletter.composer import Composer
    from newsletter.correcting import Corrector
    from newsletter.links import Links
    from newsletter.pipeline.collect import PullReport
    from newsletter.pipeline.feedback import Feedback, Taken
    from newsletter.pipeline.post import Office
    from newsletter.pipeline.subscribe import Added
    from newsletter.providers import Provider
    from newsletter.readers import Readers
    from newsletter.selfservice import SelfService
    from newsletter.sending import Forecast, Sending
    from newsletter.storage.issues import PublishedIssue
    from newsletter.storage.mails import Budget
    from newsletter.storage.together import Together
    from newsletter.types import Edition, FoundArticle, Issue, Layout, Placement, Receipt, Topics
    from newsletter.verifying import Verifier


@dataclass
class App:
    """One site with its store, templates, links and provider. Imports are late: most commands need few of them."""

    site: Site

    @property
    def config(self) -> Config:
        return self.site.config

    @cached_property
    def database(self) -> Engine:
        from newsletter.storage.database import open_database

        return open_database(self.site.storage_url)

    def upgrade_database(self) -> tuple[str | None, str]:
        """Bring the store to this program's version; the version before (None: there was none) and now."""
        from newsletter.storage.database import HEAD, connect, upgrade, version

        engine = connect(self.site.storage_url)
        before = version(engine)
        if before != HEAD:
            upgrade(engine)
        engine.dispose()
        return before, HEAD

    def backup(self, path: Path) -> int:
        """Copy the store to a new file while it is in use, see storage.backup. Returns its size in bytes."""
        from newsletter.storage.backup import backup
        from newsletter.storage.database import connect

        engine = connect(self.site.storage_url)  # of whatever version: one copies before one upgrades
        try:
            return backup(engine, path)
        finally:
            engine.dispose()

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The site's secret keys, newest first."""
        from newsletter.keys import load_keys

        return load_keys(self.site.root)

    @cached_property
    def readers(self) -> Readers:
        """All that can be done with subscribers."""
        from newsletter.readers import Readers
        from newsletter.storage.consent import Log

        log = Log(self.keys, keep_networks=self.config.web.keep_network_address)
        return Readers(self.database, self.config, log, self.site.subscribers)

    @cached_property
    def composer(self) -> Composer:
        """All that can be done with issue files."""
        from newsletter.composer import Composer

        return Composer(self.site, lambda: self.database)

    def slug(self, name: str | None, now: datetime) -> str:
        """The issue that ISSUE means: a slug, a path, or None for the next one. Raises ContentError."""
        return self.composer.slug(name, now)

    def editions(self, slug: str) -> tuple[Issue, Layout, tuple[Edition, ...]]:
        """An issue as it would be sent now: what preview, approve and send all go by. The whole comes first.

        Raises ContentError, TemplateError.
        """
        made = self.composer.compose(slug)
        return made.issue, made.layout, made.editions

    def pull(self, now: datetime) -> PullReport:
        """Collect every feed of the settings; how each went is in the report. Raises ConfigError without feeds."""
        from newsletter.pipeline.collect import collect
        from newsletter.sections import Classifier
        from newsletter.urls import path_of

        if not self.config.feeds:
            raise ConfigError(
                "there is no feed to collect",
                where=str(self.site.root / FILE_NAME),
                hint='Add a [[feed]] table with url = "https://…/feed/".',
            )
        rules = Classifier(self.config.sections)

        def place(article: FoundArticle, feed: Feed) -> Placement:
            return rules.place(article.title, article.categories, path_of(article.url), feed.section)

        return collect(self.database, self.config.feeds, place, now)

    @cached_property
    def approvals(self) -> Approvals:
        """Who approved which issue, and whether that still holds."""
        from newsletter.approvals import Approvals

        return Approvals(self.site, self.composer, self.gate.judge, self._is_published)

    @cached_property
    def gate(self) -> Gate:
        """Whether an issue is fit to go out."""
        from newsletter.checking import Gate

        return Gate(self.site, self.composer, lambda: self.database)

    def check(self, slug: str, now: datetime, *, online: bool = False) -> Verdict:
        """Hold an issue against every check. Raises ContentError, TemplateError, ApprovalError."""
        return self.approvals.check(slug, now, online=online)

    def update_retractions(self, file: Path) -> tuple[int, Path]:
        """Make the list of retracted papers from Retraction Watch's file; how many, and where. Raises UsageError."""
        from newsletter.checking import retractions_path
        from newsletter.pipeline.retract import take_in

        path = retractions_path(self.site)
        return take_in(file, path), path

    @cached_property
    def corrector(self) -> Corrector:
        """What issues that are out got wrong."""
        from newsletter.correcting import Corrector

        return Corrector(self.site, self.composer, lambda: self.database)

    @cached_property
    def verifier(self) -> Verifier:
        """Whether what was sealed, sent and archived is still the same."""
        from newsletter.verifying import Verifier

        return Verifier(self.site, self.composer, lambda: self.database)

    def issue_to_verify(self, name: str | None, now: datetime) -> str:
        """The issue that `verify` means: a slug or a path; else the newest that is out, else the next one."""
        if name is None and self.composer.has_store and (known := self.sending.list_all()):
            return known[0].slug
        return self.slug(name, now)

    def _is_published(self, slug: str) -> bool:
        return self.composer.has_store and self.sending.find(slug) is not None

    def add_subscriber(self, email: str, topics: str | Topics, source: str, now: datetime) -> Added:
        """Shorthand for `readers.add`."""
        return self.readers.add(email, topics, source, now)

    @cached_property
    def provider(self) -> Provider:
        from newsletter.providers import make_provider

        return make_provider(self.config.provider, self.site.root)

    @cached_property
    def links(self) -> Links:
        from newsletter.links import Links

        return Links(self.keys, self.config.newsletter.public_url)

    @cached_property
    def sending(self) -> Sending:
        """All that can be done with published issues."""
        from newsletter.sending import Sending

        return Sending(self.database, self.config, lambda: self.links, lambda: self.provider)

    @cached_property
    def budget(self) -> Budget:
        """How many single mails may go out: see [web]."""
        from newsletter.config import span
        from newsletter.storage.mails import Budget

        web = self.config.web
        return Budget(
            cooldown=span(web.cooldown),
            cap=web.mails_per_address,
            per_network=web.mails_per_network,
            per_hour=web.mails_per_hour,
        )

    @cached_property
    def self_service(self) -> SelfService:
        """All that readers do for themselves."""
        from newsletter.selfservice import SelfService

        return SelfService(self.together, self.readers.log, self.budget, self.readers.unwanted)

    @cached_property
    def together(self) -> Together:
        """The store, for the readers' service, whose threads write together."""
        from newsletter.storage.together import Together

        return Together(self.database)

    @cached_property
    def write_letter(self) -> Callable[..., Edition]:
        """A kind of single mail and its facts → its words in the site's look."""
        from newsletter.render.letter import render_letter

        return partial(render_letter, self.composer.renderer)

    @cached_property
    def office(self) -> Office:
        """What single mails are written and sent with."""
        from newsletter.corrections import path_of
        from newsletter.pipeline.post import Office

        return Office(
            engine=self.database,
            config=self.config,
            provider=self.provider,
            links=self.links,
            log=self.readers.log,
            write=self.write_letter,
            is_corrected=lambda slug: path_of(self.site.issues, slug).is_file(),
        )

    @cached_property
    def feedback(self) -> Feedback:
        """What is done with what providers tell later."""
        from newsletter.pipeline.feedback import Feedback
        from newsletter.pipeline.subscribe import leave

        return Feedback(self.database, self.readers.log, self.config.sending, leave)

    def read_bounces(self, mails: Iterable[bytes], now: datetime) -> tuple[int, int, Taken]:
        """Act on bounce mails, each as it is read: how many there were, how many were none, and what came of them."""
        from newsletter.bounces.read import read_bounce
        from newsletter.pipeline.feedback import Taken, take_in

        read, without, taken = 0, 0, Taken()
        for mail in mails:
            found = read_bounce(mail, now, self.links.delivery_of)
            read, without = read + 1, without + (not found)
            for one in found:
                taken += take_in(self.feedback, [one.event], now, signed=one.proven)
        return read, without, taken

    def issue_to_send(self, name: str | None, now: datetime) -> str:
        """The issue that `send` means: a slug or a path; else one whose sending has begun, else the next one.

        Raises ContentError for one that is neither published nor a file.
        """
        known = [one for one in self.sending.list_all() if not one.finished_at]
        if name is None and known:
            return known[0].slug
        if name is not None and self.sending.find(slug_of(name)):
            return slug_of(name)
        return self.slug(name, now)

    def published_slug(self, name: str | None) -> str:
        """The published issue with this slug or path; the newest when none is named. Raises IssueError."""
        return self.sending.known(slug_of(name) if name else None)

    def forecast(self, slug: str, now: datetime) -> Forecast:
        """What sending would do now. Raises ContentError, TemplateError, ApprovalError as `publish` does."""
        editions = () if self.sending.find(slug) else self.approvals.approved(slug, now).editions
        return self.sending.forecast(slug, editions, now)

    def send_test(self, slug: str, to: Sequence[str], variant: str | None, now: datetime) -> list[Receipt]:
        """The issue to these addresses, as it would be sent now; of a published one, as it was frozen.

        `variant`: topics with commas between; None: the whole. Raises UsageError for one that the issue has not.
        """
        frozen = self.sending.editions(slug) if self._is_published(slug) else self.editions(slug)[2]
        by_topics = {str(one.topics): one for one in frozen}
        wanted = ",".join(sorted({part.strip() for part in variant.split(",")})) if variant else None
        if wanted is not None and wanted not in by_topics:
            raise UsageError(
                f"{slug} has no variant {variant!r}", hint=f"There are: {'; '.join(sorted(by_topics))}."
            )
        whole = max(frozen, key=lambda one: len(one.topics.ids))
        return self.sending.test(slug, by_topics[wanted] if wanted else whole, to, now)

    def begin(self, slug: str, now: datetime) -> PublishedIssue | None:
        """Publish the issue, unless it is published: what goes out is fixed then, whatever its files say by now.

        None when it was before. Raises as `publish` does; ApprovalError when what is frozen is not what the seal
        names.
        """
        from newsletter.errors import AlreadyPublished

        if published := self.sending.find(slug):
            self.approvals.must_still_be(slug, published.hash)
            return None
        try:
            return self.publish(slug, now)
        except AlreadyPublished:  # another process was a moment quicker: help it send
            return None

    def publish(self, slug: str, now: datetime) -> PublishedIssue:
        """Freeze the issue as it is built now and plan its deliveries.

        Raises AlreadyPublished, ContentError, TemplateError; ApprovalError when it may not go out as it is.
        """
        from newsletter.urls import canonical_url

        made = self.approvals.approved(slug, now)
        pages = [canonical_url(pick.url) for _, picks in made.issue.picks for pick in picks]
        published = self.sending.publish(slug, made.editions, pages, now)
        try:
            self.approvals.must_be(slug, published.hash)
        except ApprovalError as error:
            self.sending.pause(slug, error.what)
            raise
        return published


def slug_of(name: str) -> str:
    """`content/issues/2026-11-26.md` → `2026-11-26`."""
    return Path(name).name.removesuffix(".md")


def make_app(root: Path) -> App:
    """Read the settings of the site in `root`. Raises ConfigError; opens nothing else."""
    return App(load_site(root))
