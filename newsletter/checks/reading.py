"""How many years of school the words ask for: the grade of Flesch and Kincaid, for English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._prose import passages

SOURCE = "Kincaid et al. 1975, Research Branch Report 8-75; AMA: health information at grade 6 to 8"


def find(case: Case) -> Iterator[Found]:
    grade = grade_of(case)
    if grade is not None and grade > case.limits.max_reading_grade:
        yield Found(
            "reading_grade", f"the issue asks for {grade:.0f} years of school", case.issue.path,
            "Pain, and medicines against it, make reading hard.", "Shorter sentences, shorter words.", SOURCE,
        )  # fmt: skip


def grade_of(case: Case) -> float | None:
    """The grade of an issue's own words; None where there are too few, or they are not English."""
    if not case.config.newsletter.language.lower().startswith("en"):
        return None
    text = " ".join(f"{one.text.rstrip('.')}." for one in passages(case) if one.role in ("blurb", "note"))
    return reading_grade(text)


def reading_grade(text: str) -> float | None:
    """0.39 · words per sentence + 11.8 · syllables per word - 15.59; None below fifty words."""
    words = re.findall(r"[A-Za-z][A-Za-z'’-]*", text)
    sentences = max(1, len(re.findall(r"[.!?:;]+(?=\s|$)", text)))
    if len(words) < 50:
        return None
    return 0.39 * len(words) / sentences + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _syllables(word: str) -> int:
    word = word.lower().rstrip("'’")
    count = len(re.findall(r"[aeiouy]+", word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(1, count)
