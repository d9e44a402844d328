"""Mistakes as the studio shows them: what, where with the lines around it, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import AddressError, NewsletterError
from newsletter.gallery.remarks import near

AROUND = 2
"""Lines shown above and below the guilty one."""
_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?$")


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str
    guilty: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something cannot be done as it is now."""

    what: str
    where: str = ""
    hint: str = ""
    source: tuple[SourceLine, ...] = ()


def explain(error: Exception, root: Path) -> Trouble:
    """An error as the studio shows it: its place from the site's folder on, and the lines around it."""
    if not isinstance(error, NewsletterError):
        return Trouble(f"{type(error).__name__}: {error}", hint="This is a fault of the program itself.")
    path, line = place_of(error.where)
    return Trouble(
        what=f"the address {error.what}" if isinstance(error, AddressError) else error.what,
        where=near(error.where, root),
        hint=error.hint,
        source=excerpt(root / path, line) if path and line else (),
    )


def place_of(where: str) -> tuple[Path | None, int]:
    """`path:line` as the two; (None, 0) for any other place."""
    found = _LINE.match(where)
    return (Path(found["path"]), int(found["line"])) if found else (None, 0)


def excerpt(path: Path, line: int, *, around: int = AROUND) -> tuple[SourceLine, ...]:
    """The lines around one of a file; none when it cannot be read."""
    try:
        lines: Sequence[str] = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    first = max(1, line - around)
    return tuple(
        SourceLine(number, text, number == line)
        for number, text in enumerate(lines[first - 1 : line + around], start=first)
    )
