"""The gate between an issue and its readers: which errors a person waived, and whether any is left."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from newsletter.checks import Finding, names
from newsletter.errors import ApprovalError, UsageError
from newsletter.seal import Waiver, clean_name

SHOWN = 5
"""Errors named in full when an approval is refused."""


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver]) -> tuple[Finding, ...]:
    """The findings, those marked that a waiver covers. A waiver covers what was found when it was given."""
    covered = {(one.check, said) for one in waivers for said in one.findings}
    return tuple(
        replace(one, waived=one.severity == "error" and (one.check, one.message) in covered)
        for one in findings
    )


def make_waivers(
    wishes: Sequence[tuple[str, str]], findings: Sequence[Finding], *, name: str, now: datetime
) -> tuple[Waiver, ...]:
    """Check and reason → waivers of all errors that this check has. Raises UsageError."""
    return tuple(_make_waiver(check, reason, findings, clean_name(name), now) for check, reason in wishes)


def _make_waiver(check: str, reason: str, findings: Sequence[Finding], name: str, now: datetime) -> Waiver:
    known = list(names())
    if check not in known:
        near = difflib.get_close_matches(check, known, n=1)
        raise UsageError(
            f"there is no check {check!r}",
            hint=f"Did you mean {near[0]!r}?" if near else "`newsletter check` names them.",
        )
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError(f"the waiver of {check} has no reason", hint="Say why: --reason TEXT.")
    said = tuple(one.message for one in findings if one.check == check and one.severity == "error")
    if not said:
        raise UsageError(f"{check} found no error: there is nothing to waive")
    return Waiver(check, reason, name, now.astimezone(UTC).replace(microsecond=0), said)


def refuse_errors(slug: str, findings: Iterable[Finding]) -> None:
    """Raises ApprovalError, which names the errors that nobody waived, each on a line of its own."""
    errors = [one for one in findings if one.severity == "error" and not one.waived]
    if not errors:
        return
    lines = [f"{one.check}: {one.message}" for one in errors[:SHOWN]]
    if len(errors) > SHOWN:
        lines.append(f"and {len(errors) - SHOWN} more")
    count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    raise ApprovalError(
        f"{slug} has {count} that nobody waived:" + "".join(f"\n  - {line}" for line in lines),
        hint=f"See `newsletter check {slug}`; mend it, or waive it with "
        f"`newsletter approve {slug} --by NAME --waive CHECK --reason TEXT`.",
    )


def noted(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Findings as a seal keeps them."""
    return tuple(f"{one.severity} {one.check}: {one.message}" for one in findings)
