"""Correct: say beside an issue that is out what it got wrong. What was sent stays as it was sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from newsletter import corrections
from newsletter.types import Correction


@dataclass(frozen=True, slots=True)
class Corrected:
    """An issue's corrections, and what was done to them just now."""

    issue: str
    hash: str
    """Of the issue as it was sent."""
    corrections: tuple[Correction, ...]
    """The oldest first."""
    fresh: bool = False
    """False: nothing was said that was not said before."""
    told_in: str | None = None
    """The issue that will tell its readers, too; None when that was not asked for."""


def correct(folder: Path, new: Correction, slugs: Collection[str]) -> Corrected:
    """Add a correction to the file in `folder`. `slugs` are the issues there are files of.

    Raises ContentError when the file that is there is broken.
    """
    before = corrections.find_corrections(folder, new.issue)
    after = corrections.add(before, new)
    if after != before:
        corrections.write_corrections(folder, new.issue, after)
    mine = next(one for one in after if one.text == new.text)
    return Corrected(
        issue=new.issue,
        hash=new.hash,
        corrections=after,
        fresh=len(after) > len(before),
        told_in=corrections.told_in(mine, slugs) or mine.next,
    )
