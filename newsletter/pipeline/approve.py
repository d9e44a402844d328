"""Approve: a person's word for an issue as it is built now, and whether that word still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from newsletter import seal as seals
from newsletter.config import Approval as Rules
from newsletter.errors import ApprovalError
from newsletter.seal import Approval, Change, Seal


@dataclass(frozen=True, slots=True)
class Approved:
    """What one approval did."""

    seal: Seal
    fresh: bool
    """False: this person had already approved exactly this."""
    voided: tuple[Approval, ...]
    """Approvals of an earlier state, which no longer count."""
    changes: tuple[Change, ...]
    """Why they do not."""
    missing: int
    """How many more people must approve before it can be sent."""


def approve(path: Path, now: Seal, *, name: str, at: datetime, rules: Rules, author: str | None) -> Approved:
    """Put one person's approval of the issue as it is `now` into its seal's file.

    Approvals of another state are void and left out. Raises UsageError, ApprovalError (see seal.sign).
    """
    before = seals.find_seal(path)
    changes = seals.compare(before, now) if before else []
    unsigned = replace(now, approvals=before.approvals if before and not changes else ())
    signed = seals.sign(unsigned, name, at, rules=rules, author=author)
    if signed != before:
        seals.write_seal(path, signed)
    return Approved(
        seal=signed,
        fresh=signed != unsigned,
        voided=before.approvals if before and changes else (),
        changes=tuple(changes),
        missing=_missing(signed, rules, author),
    )


def check_approval(path: Path, now: Seal, *, rules: Rules, author: str | None) -> Seal:
    """The seal that allows the issue to go out as it is `now`.

    Raises ApprovalError when there is none, when something changed since (it names what), or when too few
    people approved.
    """
    found = seals.find_seal(path)
    slug = path.name.removesuffix(seals.SUFFIX)
    look = f"Look at it with `newsletter preview {slug}`, then `newsletter approve {slug} --by NAME`."
    if found is None:
        raise ApprovalError(f"{slug} is not approved", hint=look)
    if changes := seals.compare(found, now):
        raise ApprovalError(f"{slug} has changed since it was approved: {listed(changes)}", hint=look)
    if missing := _missing(found, rules, author):
        names = ", ".join(one.name for one in found.approvals) or "nobody"
        raise ApprovalError(f"{slug} is approved by {names}, and {missing} more must approve it", hint=look)
    return found


def listed(changes: Sequence[Change], *, most: int = 8) -> str:
    """Changes as one sentence's worth of words; a very long list ends in how many more there are."""
    more = len(changes) - most
    return ", ".join(map(str, changes[:most])) + (f", and {more} more" if more > 0 else "")


def _missing(seal: Seal, rules: Rules, author: str | None) -> int:
    return max(0, rules.approvers - len(seals.counted(seal, rules=rules, author=author)))
