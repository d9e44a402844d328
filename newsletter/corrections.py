"""Corrections: what an issue that is out got wrong, said beside it. What was sent stays as it was sent.

    content/issues/2026-11-26.corrections.json
      corrections   the oldest first: text (one line of Markdown), when, by whom, the hash of the issue that it
                    corrects, and from which issue on the next one tells its readers, too
      issue         2026-11-26
      checksum      over all of the above

A correction is never edited: what was wrong in one is said in another.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsletter import records
from newsletter.errors import ContentError, UsageError
from newsletter.types import Correction

SUFFIX = ".corrections.json"
LONGEST = 1000
"""Characters. What needs more is an article of its own, which a correction can link to."""
KIND = records.Kind(
    "list of corrections",
    1,
    ContentError,
    "Bring it back from version control; a correction is made by `newsletter correct ISSUE --text TEXT`.",
)


def path_of(folder: Path, slug: str) -> Path:
    return folder / f"{slug}{SUFFIX}"


def find_corrections(folder: Path, slug: str) -> tuple[Correction, ...]:
    """An issue's corrections, the oldest first. Raises ContentError when the file is not as we wrote it."""
    path = path_of(folder, slug)
    text = records.find_text(path, KIND)
    return () if text is None else read_text(text, slug, where=str(path))


def read_text(text: str, slug: str, *, where: str) -> tuple[Correction, ...]:
    """The corrections of issue `slug` from their file's text. Raises ContentError with file and line."""
    data = records.read(text, KIND, where=where)
    try:
        found = tuple(_correction(slug, one) for one in data["corrections"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KIND.broken("lacks what it must hold", where) from None
    if data.get("issue") != slug:
        raise KIND.broken(f"is of another issue: {data.get('issue')}", where)
    return found


def _correction(slug: str, data: Mapping[str, Any]) -> Correction:
    at = datetime.fromisoformat(data["at"]).astimezone(UTC)
    return Correction(slug, str(data["text"]), at, str(data["hash"]), data["name"], data["next"])


def write_text(slug: str, corrections: Sequence[Correction]) -> str:
    """The corrections as their file holds them."""
    rows = [
        {"at": one.at.isoformat(), "hash": one.hash, "name": one.name, "next": one.next, "text": one.text}
        for one in corrections
    ]
    return records.written({"issue": slug, "corrections": rows}, KIND)


def write_corrections(folder: Path, slug: str, corrections: Sequence[Correction]) -> None:
    """Write the file, whole or not at all. Raises ContentError."""
    records.save(path_of(folder, slug), write_text(slug, corrections), KIND)


def add(known: Sequence[Correction], new: Correction) -> tuple[Correction, ...]:
    """`known` with one more. Said again it is the same one, which may then go into the next issue after all."""
    if all(one.text != new.text for one in known):
        return (*known, new)
    return tuple(replace(one, next=one.next or new.next) if one.text == new.text else one for one in known)


def due_in(folder: Path, slug: str, slugs: Collection[str]) -> tuple[Correction, ...]:
    """The corrections of other issues that the issue `slug` tells its readers, the oldest issue's first.

    It is the first of all issues, `slugs`, from the one on that a correction names: a week without an issue loses
    none. Raises ContentError.
    """
    others = sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"[!.]*{SUFFIX}"))
    found = [one for other in others if other != slug for one in find_corrections(folder, other)]
    return tuple(one for one in found if slug == told_in(one, {*slugs, slug}))


def told_in(correction: Correction, slugs: Collection[str]) -> str | None:
    """Which of these issues tells its readers; None when none of them does."""
    wanted = correction.next
    return min((slug for slug in slugs if slug >= wanted), default=None) if wanted else None


def clean_text(text: str) -> str:
    """A correction's words on one line. Raises UsageError when there are none, too many, or no words at all."""
    cleaned = " ".join(text.split())
    if not cleaned:
        raise UsageError(
            "the correction has no words", hint='Say what was wrong and what is right: --text "…"'
        )
    if len(cleaned) > LONGEST:
        raise UsageError(
            f"the correction has {len(cleaned):,} characters, and at most {LONGEST:,} are shown",
            hint="Say it shorter, and link to a page that says more: [read more](https://…).",
        )
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in cleaned):
        raise UsageError("the correction holds a character that cannot be shown", hint="Type it anew.")
    return cleaned
