"""Verify: what an issue left behind, one thing held against another, and what differs by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from newsletter.types import Edition, edition_hash, editions_hash


def changed_editions(frozen: Iterable[Edition], hash: str) -> list[str]:
    """The frozen editions whose bytes are no longer those that were frozen under the issue's `hash`, by name."""
    editions = list(frozen)
    changed = [
        f"the edition {one.topics}"
        for one in editions
        if edition_hash(one.subject, one.preheader, one.html, one.text) != one.hash
    ]
    if not changed and editions_hash(editions) != hash:
        return ["the list of editions"]
    return changed
