"""Vocabularies that people can read: patterns beside one another, one kind a line."""

from __future__ import annotations


def any_of(text: str) -> str:
    """One pattern for all that stand in `text`, between ` | ` or line breaks."""
    many = (one.strip() for line in text.splitlines() for one in line.split(" | "))
    return "(?:" + "|".join(one for one in many if one) + ")"


def words(text: str) -> str:
    """The same of whole words: each begins and ends with a letter or a digit."""
    return rf"\b{any_of(text)}\b"
