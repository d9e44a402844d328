"""What the gate found, as editors are shown it: with a name of its own, and its place from the site's folder on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.checking import Verdict
    from newsletter.checks import Finding


@dataclass(frozen=True, slots=True)
class Remark:
    id: str
    """The same for the same finding, whatever stands around it."""
    finding: Finding
    where: str
    """Its place, as a path from the site's folder."""


def remarks(findings: Iterable[Finding], root: Path) -> tuple[Remark, ...]:
    return tuple(Remark(_id(one), one, near(one.where, root)) for one in findings)


def near(where: str, root: Path) -> str:
    """A place without the folder that the site is in."""
    return where.replace(f"{root}/", "")


def said(verdict: Verdict, findings: Sequence[Finding]) -> str:
    """How the checks came out, in a sentence or two; `findings` are the verdict's with the waived ones marked."""
    errors = sum(one.severity == "error" and not one.waived for one in findings)
    warnings = sum(one.severity == "warning" for one in findings)
    waived = sum(one.waived for one in findings)
    parts = [
        counted(errors, "error"),
        counted(warnings, "warning"),
        *([f"{waived} waived"] if waived else []),
    ]
    grade = verdict.reading_grade
    reads = "" if grade is None else f" It reads at grade {grade:.0f}."
    return f"{', '.join(parts).capitalize()}.{reads}"


def counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _id(finding: Finding) -> str:
    whole = "\n".join((finding.check, finding.message, Path(finding.where).name))
    return hashlib.sha256(whole.encode()).hexdigest()[:10]
