"""What changed: in this issue since it was sealed, and in the look since the issue before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from newsletter import content
from newsletter import seal as seals
from newsletter.pipeline.inputs import gather_inputs
from newsletter.preview.source import Made
from newsletter.render.sources import issue_sources
from newsletter.seal import Approval, Seal, Waiver

_LOOK = ("template ", "setting ")
"""Inputs of a seal that an issue shares with the others; and versions, which are named at the end."""


@dataclass(frozen=True, slots=True)
class SealState:
    """An issue against its seal."""

    state: Literal["none", "holds", "changed"]
    changes: tuple[str, ...] = ()
    """What is not as it was approved, by the names editors know."""
    approvals: tuple[Approval, ...] = ()
    """Those that count under today's rules, for what was sealed."""
    wanted: int = 1
    """Approvals that the settings ask for; 0: none."""
    waivers: tuple[Waiver, ...] = ()
    """Those that hold: none once something changed."""


@dataclass(frozen=True, slots=True)
class LookState:
    """Templates and settings against those of the newest issue before this one that was sealed."""

    slug: str | None
    """None: no earlier issue has a seal."""
    changes: tuple[str, ...] = ()


def since_sealed(made: Made) -> SealState:
    """Raises ApprovalError for a seal that is not as it was written."""
    rules = made.app.config.approval
    wanted = rules.approvers if rules.required else 0
    found = seals.find_seal(made.app.approvals.path(made.slug))
    if found is None:
        return SealState("none", wanted=wanted)
    changes = tuple(str(one) for one in seals.compare(found, seal_of(made)))
    return SealState(
        state="changed" if changes else "holds",
        changes=changes,
        approvals=seals.counted(found, rules=rules, author=made.composed.issue.author),
        wanted=wanted,
        waivers=() if changes else found.waivers,
    )


def since_last_issue(made: Made) -> LookState:
    """Raises ApprovalError for a seal that is not as it was written."""
    earlier = [slug for slug in content.list_slugs(made.app.site.issues) if slug < made.slug]
    for slug in reversed(earlier):
        if found := seals.find_seal(made.app.approvals.path(slug)):
            changes = seals.compare(_look_of(found), _look_of(seal_of(made)))
            return LookState(slug, tuple(str(one) for one in changes))
    return LookState(None)


def seal_of(made: Made) -> Seal:
    """The seal that an approval would write now, but for the approval."""
    templates = issue_sources(made.app.composer.renderer)
    inputs = gather_inputs(made.text, made.composed.layout, templates, made.app.config)
    return seals.make_seal(inputs, made.composed.editions)


def _look_of(seal: Seal) -> Seal:
    def is_look(name: str) -> bool:
        return name.startswith(_LOOK) or name.endswith(" version")

    inputs: Mapping[str, str] = {name: value for name, value in seal.inputs.items() if is_look(name)}
    return Seal(inputs=inputs, editions={}, hash="")
