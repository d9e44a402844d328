"""A row of a subscriber list, as the wing that reads lists hands it to the one that stores readers."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Standing(IntEnum):
    """How a row of a subscriber file stands. Of several rows about one address the highest counts."""

    NOBODY = 0
    """The row cannot be taken in at all."""
    ACTIVE = 1
    LEFT = 2
    BLOCKED = 3
    BOUNCED = 4
    COMPLAINED = 5


class ListRow(NamedTuple):
    """One row of a subscriber file, read and judged by itself. A tuple: there may be millions."""

    line: int
    """Where it begins in the file."""
    email: str | None
    key: str | None
    standing: int
    """A Standing as a plain number: the driver takes those at once."""
    first_name: str | None = None
    topics: str | None = None
    """In stored form; None when the file says nothing of them."""
    given_at: str | None = None
    """When consent was given, or taken back, as the file says: ISO 8601, UTC."""
    network: str | None = None
    reason: str | None = None
    """Why nobody can be taken in."""
