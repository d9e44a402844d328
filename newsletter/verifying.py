"""Verify on a site: gathers what an issue left in archive, seal, store and outbox, and holds it against a rebuild."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter import corrections, records, seal
from newsletter.composer import Composer
from newsletter.config import Provider, Site
from newsletter.errors import ApprovalError, ContentError, FeedError, NewsletterError, TemplateError
from newsletter.pipeline import verify
from newsletter.pipeline.inputs import ISSUE_FILE, template_input
from newsletter.pipeline.verify import Comparison, Verified
from newsletter.render import archive
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.render.sources import issue_sources
from newsletter.seal import Seal
from newsletter.types import Correction, Edition, IssueState, Tally

if TYPE_CHECKING:
    from pathlib import Path

    from markupsafe import Markup
    from sqlalchemy import Engine

    from newsletter.storage.issues import PublishedIssue


@dataclass(frozen=True, slots=True)
class Frozen:
    """An issue as the store has it."""

    issue: PublishedIssue
    editions: dict[int, Edition]
    tally: Tally
    strays: dict[str, int]


@dataclass(frozen=True)
class Verifier:
    site: Site
    composer: Composer
    database: Callable[[], Engine]

    def verify(self, slug: str, *, rebuild: bool = True, online: bool = False) -> Verified:
        """Hold everything that is left of an issue against everything else.

        `rebuild`: also make it again from its files; `online`: also ask the public archive page. Raises
        ApprovalError when nothing of it was ever sealed or published.
        """
        frozen, (found, sealing) = self._frozen(slug), self._seal(slug)
        if frozen is None and sealing is None:
            raise ApprovalError(
                f"{slug} is neither approved nor published: there is nothing to hold it against",
                hint=f"`newsletter approve {slug} --by NAME` seals it.",
            )
        compared = [sealing or self._no_seal()]
        if frozen:
            compared += self._hold_frozen(frozen, found, online=online)
        compared += self._hold_corrections(slug, frozen)
        if rebuild and (found or frozen):
            compared.append(self._rebuild(slug, frozen, found))
        hash = frozen.issue.hash if frozen else found.hash if found else ""
        return Verified(slug, hash, tuple(compared))

    # --- gathering ---------------------------------------------------------------------------------------

    def _seal(self, slug: str) -> tuple[Seal | None, Comparison | None]:
        """The seal as far as it can be believed, and how it stands by itself; twice None when there is none."""
        path = self.site.issues / f"{slug}{seal.SUFFIX}"
        try:
            text = records.find_text(path, seal.KIND)
        except NewsletterError as error:
            return None, Comparison("the seal", "its checksum", (f"{error.where}: {error.what}",))
        return (None, None) if text is None else verify.read_seal(text, str(path))

    def _no_seal(self) -> Comparison:
        asked = self.site.config.approval.required
        faults = ("it is gone: an issue is sealed before it is sent",) if asked else ()
        return Comparison("the seal", "its checksum", faults, "none: the site asks for no approval")

    def _frozen(self, slug: str) -> Frozen | None:
        if not self.composer.has_store:
            return None
        from newsletter.storage import issues, verifying
        from newsletter.storage.database import reading

        with reading(self.database()) as conn:
            issue = issues.find_issue(conn, slug)
            if issue is None:
                return None
            return Frozen(
                issue,
                issues.list_editions(conn, issue.id),
                issues.tally(conn, issue.id),
                verifying.count_strays(conn, issue.id),
            )

    # --- holding -----------------------------------------------------------------------------------------

    def _hold_frozen(self, frozen: Frozen, found: Seal | None, *, online: bool) -> Iterator[Comparison]:
        issue, editions = frozen.issue, list(frozen.editions.values())
        yield verify.hold_frozen(editions, issue.hash, issue.subject)
        if found:
            yield verify.hold_against_seal(editions, found)
        yield verify.hold_ledger(frozen.tally, frozen.strays)
        if editions:
            yield from self._hold_archive(issue, editions, online=online)
        if issue.provider == "outbox":
            yield from self._hold_outbox(frozen)

    def _hold_archive(
        self, issue: PublishedIssue, editions: list[Edition], *, online: bool
    ) -> Iterator[Comparison]:
        if issue.state not in (IssueState.SENDING, IssueState.SENT):
            yield Comparison(
                "the archive page", "the frozen edition", remark=f"not shown: it is {issue.state}"
            )
            return
        config, whole = self.site.config, archive.whole_edition(editions)
        sent = archive.as_sent(config, whole)
        try:
            page = archive.archive_page(config, whole, issue.published_at, self._note(issue.slug))
        except TemplateError as error:
            yield Comparison(
                "the archive page", "the frozen edition", (f"it cannot be made: {error.where}: {error.what}",)
            )
        else:
            yield verify.hold_page(archive.without_additions(page), sent)
        if online:
            yield self._ask_archive(issue.slug, sent)

    def _note(self, slug: str) -> Markup | None:
        try:
            found: tuple[Correction, ...] | None = corrections.find_corrections(self.site.issues, slug)
        except ContentError:  # what is wrong with it is said where the corrections are held
            found = None
        return archive.correction_note(self.composer.renderer.environment, self.site.config, found)

    def _ask_archive(self, slug: str, sent: str) -> Comparison:
        """What readers are shown, whatever stands between them and the service."""
        from newsletter.feeds.fetch import fetch, new_session

        address = f"{self.site.config.newsletter.public_url}/issues/{slug}"
        try:
            page = fetch(new_session(), address).body.decode("utf-8", errors="replace")
        except FeedError as error:
            return Comparison(address, "the frozen edition", (error.what,))
        return verify.hold_page(archive.without_additions(page), sent, where=address)

    def _hold_corrections(self, slug: str, frozen: Frozen | None) -> Iterator[Comparison]:
        path = corrections.path_of(self.site.issues, slug)
        try:
            text = records.find_text(path, corrections.KIND)
        except ContentError as error:
            yield Comparison("the corrections", "their checksum", (f"{error.where}: {error.what}",))
            return
        if text is not None:
            yield verify.hold_corrections(text, slug, frozen.issue.hash if frozen else None, str(path))

    def _hold_outbox(self, frozen: Frozen) -> Iterator[Comparison]:
        from newsletter.providers.outbox import make

        ours = self.site.config.provider
        folder = make(ours if ours.name == "outbox" else Provider(), self.site.root).place(frozen.issue.slug)
        if folder.is_dir():
            count = sum(1 for _ in folder.glob("*.eml"))
            yield verify.hold_mails(list(self._differing_mails(frozen, folder)), count)

    def _differing_mails(self, frozen: Frozen, folder: Path) -> Iterator[str]:
        """A mail is looked at after its line: while an issue is sent it is written before the line says so."""
        from newsletter.storage.database import reading
        from newsletter.storage.verifying import iter_lines

        news = self.site.config.newsletter
        envelope = Envelope(frozen.issue.slug, news.sender, frozen.issue.published_at, reply_to=news.reply_to)
        templates = {id: MailTemplate(one, envelope) for id, one in frozen.editions.items()}
        choose, known = f"{news.public_url}/preferences/", set()
        with reading(self.database()) as conn:
            for line in iter_lines(conn, frozen.issue.id):
                path, template = folder / f"{line.id}.eml", templates.get(line.edition_id)
                known.add(path.name)
                content = path.read_bytes() if path.is_file() else None
                if content is None and line.sent:
                    yield f"{path.name} is gone"
                elif content is not None and not verify.is_as_made(
                    template, line.id, content, email=line.email, preferences=choose
                ):
                    yield path.name
        yield from (
            f"{path.name} is nobody's" for path in sorted(folder.glob("*.eml")) if path.name not in known
        )

    def _rebuild(self, slug: str, frozen: Frozen | None, found: Seal | None) -> Comparison:
        against = "the seal" if found else "the frozen editions"
        try:
            made, now = self.composer.sealed(slug)
        except NewsletterError as error:
            return verify.failed_rebuild(
                error, against, self._changed_files(slug, found.inputs) if found else ()
            )
        if found:
            return verify.hold_rebuild(found, now)
        return verify.hold_unsealed(list(frozen.editions.values()) if frozen else [], made.editions)

    def _changed_files(self, slug: str, sealed: Mapping[str, str]) -> Iterator[str]:
        """Those that can be read, though the issue cannot be built: its file, and the templates that have changed."""
        path = self.composer.path(slug)
        if path.is_file() and records.digest(path.read_bytes()) != sealed.get(ISSUE_FILE):
            yield ISSUE_FILE
        with suppress(TemplateError):  # which names the template itself
            for name, text in issue_sources(self.composer.renderer).items():
                if records.digest(text) != sealed.get(template_input(name)):
                    yield template_input(name)
