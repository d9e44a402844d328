"""A site's approvals: seal an issue as it is built now; hold a build against its seal before it goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import seal as seals
from newsletter.errors import ApprovalError
from newsletter.pipeline import approve
from newsletter.pipeline.approve import Approved
from newsletter.pipeline.inputs import gather_inputs
from newsletter.seal import Seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from newsletter.composer import Composed, Composer
    from newsletter.config import Site


class Approvals:
    def __init__(self, site: Site, composer: Composer, is_published: Callable[[str], bool]) -> None:
        self.site = site
        self.rules = site.config.approval
        self._composer = composer
        self._is_published = is_published

    def path(self, slug: str) -> Path:
        return self.site.issues / f"{slug}{seals.SUFFIX}"

    def approve(self, slug: str, name: str, now: datetime) -> Approved:
        """Record that `name` has looked at the issue as it is built now.

        Raises ContentError, TemplateError, UsageError (no name), ApprovalError (a broken seal; the author; an
        issue that is out: its seal stays the one it was sent under).
        """
        if self._is_published(slug):
            raise ApprovalError(
                f"{slug} is published: what goes out is fixed", hint=f"See `newsletter status {slug}`."
            )
        made, seal = self._sealed(slug)
        return approve.approve(
            self.path(slug), seal, name=name, at=now, rules=self.rules, author=made.issue.author
        )

    def approved(self, slug: str) -> Composed:
        """The issue as it may go out: these very editions were approved, or the site asks for no approval.

        Raises ContentError, TemplateError, and ApprovalError, which names what changed since.
        """
        if not self.rules.required:
            return self._composer.compose(slug)
        made, seal = self._sealed(slug)
        approve.check_approval(self.path(slug), seal, rules=self.rules, author=made.issue.author)
        return made

    def must_be(self, slug: str, frozen: str) -> None:
        """Hold the hash of the editions that were frozen for sending against the approved one."""
        if not self.rules.required:
            return
        found = seals.find_seal(self.path(slug))
        if found is None or found.hash != frozen:
            raise ApprovalError(
                f"what was frozen for sending ({frozen[:12]}) is not what was approved", where=slug
            )

    def _sealed(self, slug: str) -> tuple[Composed, Seal]:
        from newsletter.render.sources import issue_sources

        path = self._composer.path(slug)
        before = path.read_bytes() if path.is_file() else b""
        made = self._composer.compose(slug)
        templates = issue_sources(self._composer.renderer)
        if path.read_bytes() != before:
            raise ApprovalError("was saved while it was being built", where=str(path), hint="Try again.")
        return made, seals.make_seal(
            gather_inputs(before, made.layout, templates, self.site.config), made.editions
        )
