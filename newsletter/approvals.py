"""A site's approvals: seal an issue as it is built now; hold a build against its seal before it goes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from newsletter import seal as seals
from newsletter.errors import ApprovalError
from newsletter.pipeline import approve, gate
from newsletter.pipeline.approve import Approved
from newsletter.seal import Seal, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from newsletter.checking import Verdict
    from newsletter.composer import Composed, Composer
    from newsletter.config import Site


class Judge(Protocol):
    """The gate, see checking.Gate.judge."""

    def __call__(
        self, made: Composed, now: datetime, *, online: bool = False, thorough: bool = True
    ) -> Verdict: ...


class Approvals:
    def __init__(
        self, site: Site, composer: Composer, judge: Judge, is_published: Callable[[str], bool]
    ) -> None:
        self.site = site
        self.rules = site.config.approval
        self._composer = composer
        self._judge = judge
        self._is_published = is_published

    def path(self, slug: str) -> Path:
        return self.site.issues / f"{slug}{seals.SUFFIX}"

    def approve(
        self,
        slug: str,
        name: str,
        now: datetime,
        *,
        waive: Sequence[tuple[str, str]] = (),
        online: bool = False,
    ) -> Approved:
        """Record that `name` has looked at the issue as it is built now, once it passes the gate.

        `waive` holds checks and reasons; `online` asks the links, too. Raises ContentError, TemplateError,
        UsageError (no name; nothing to waive), ApprovalError (an error that nobody waived; a broken seal; the
        author; an issue that is out: its seal stays the one it was sent under).
        """
        if self._is_published(slug):
            raise ApprovalError(
                f"{slug} is published: what goes out is fixed", hint=f"See `newsletter status {slug}`."
            )
        made, seal = self._composer.sealed(slug)
        found = self._judge(made, now, online=online).findings
        fresh = gate.make_waivers(waive, found, name=name, now=now)
        waivers = (*self._waivers(slug, seal), *fresh)
        found = gate.waive(found, waivers)
        gate.refuse_errors(slug, found)
        return approve.approve(
            self.path(slug),
            replace(seal, findings=gate.noted(found), waivers=waivers),
            name=name,
            at=now,
            rules=self.rules,
            author=made.issue.author,
        )

    def check(self, slug: str, now: datetime, *, online: bool) -> Verdict:
        """What the gate says of the issue as it is built now, waivers of a seal that still holds counted in.

        Raises ContentError, TemplateError, ApprovalError (a broken seal).
        """
        made, seal = self._composer.sealed(slug)
        verdict = self._judge(made, now, online=online)
        return replace(verdict, findings=gate.waive(verdict.findings, self._waivers(slug, seal)))

    def approved(self, slug: str, now: datetime) -> Composed:
        """The issue as it may go out: these very editions were approved, or the site asks for no approval, and
        they still pass the gate.

        Raises ContentError, TemplateError, and ApprovalError, which names what changed or was found since.
        """
        made, seal = self._composer.sealed(slug)
        if self.rules.required:
            approve.check_approval(self.path(slug), seal, rules=self.rules, author=made.issue.author)
        found = self._judge(made, now, thorough=False).findings
        gate.refuse_errors(slug, gate.waive(found, self._waivers(slug, seal)))
        return made

    def must_be(self, slug: str, frozen: str) -> None:
        """Hold the hash of the editions that were frozen for sending against the approved one."""
        if self.rules.required:
            self._hold(seals.find_seal(self.path(slug)), slug, frozen)

    def must_still_be(self, slug: str, frozen: str) -> None:
        """The same when sending goes on, perhaps on a machine that has no seals: then nothing can be held."""
        found = seals.find_seal(self.path(slug)) if self.rules.required else None
        if found is not None:
            self._hold(found, slug, frozen)

    @staticmethod
    def _hold(found: Seal | None, slug: str, frozen: str) -> None:
        if found is None or found.hash != frozen:
            raise ApprovalError(
                f"what was frozen for sending ({frozen[:12]}) is not what was approved",
                where=slug,
                hint=f"See `newsletter verify {slug}`.",
            )

    def _waivers(self, slug: str, now: Seal) -> tuple[Waiver, ...]:
        """Those of the seal on disk; none when what it was given for has changed."""
        found = seals.find_seal(self.path(slug))
        return found.waivers if found and not seals.compare(found, now) else ()
