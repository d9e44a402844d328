"""What the studio shows, as plain values: variants and their sizes, the inbox line, trouble and its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from newsletter.config import Config
from newsletter.errors import NewsletterError
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition

CLIP_LIMIT = 102 * 1024
"""Bytes of HTML after which Gmail hides the rest of a mail (measured by many; Gmail does not say)."""
VIEWS = {"both": "Side by side", "phone": "Phone", "desktop": "Desktop", "text": "Text"}


@dataclass(frozen=True, slots=True)
class Variant:
    """One edition with harmless links where a reader's own would be."""

    key: str
    label: str
    subject: str
    preheader: str
    html: str
    text: str

    @property
    def size(self) -> int:
        return len(self.html.encode())

    @property
    def kilobytes(self) -> str:
        return f"{self.size / 1024:.0f} KB"

    @property
    def weight(self) -> str:
        """Under, near or over the clip limit."""
        share = self.size / CLIP_LIMIT
        return "over" if share >= 1 else "near" if share >= 0.88 else "under"


@dataclass(frozen=True, slots=True)
class Shown:
    """An issue that could be built."""

    newsletter: str
    slug: str
    sender: str
    address: str
    variants: tuple[Variant, ...]

    def variant(self, key: str) -> Variant:
        """The variant asked for, or the fullest one."""
        return next((one for one in self.variants if one.key == key), self.variants[0])


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str
    guilty: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the issue cannot be built as it is now."""

    what: str
    where: str = ""
    hint: str = ""
    source: tuple[SourceLine, ...] = ()


def show(config: Config, slug: str, editions: Iterable[Edition], *, link: str) -> Shown:
    """The studio's values for an issue; `link` is the address that a reader's own links begin with here."""
    order = {one.id: place for place, one in enumerate(config.sections)}
    fullest = sorted(
        editions, key=lambda one: (-len(one.topics.ids), [order.get(id, 99) for id in one.topics.ids])
    )
    name, address = parseaddr(config.newsletter.sender)
    return Shown(
        newsletter=config.newsletter.name,
        slug=slug,
        sender=name or address,
        address=address,
        variants=tuple(_variant(one, config, link, whole=place == 0) for place, one in enumerate(fullest)),
    )


def _variant(edition: Edition, config: Config, link: str, *, whole: bool) -> Variant:
    titles = [one.title for one in config.sections if one.id in edition.topics.ids]
    return Variant(
        key=str(edition.topics),
        label="Everything" if whole else " + ".join(titles),
        subject=edition.subject,
        preheader=edition.preheader,
        html=_fill(edition.html, link),
        text=_fill(edition.text, link),
    )


def _fill(text: str, link: str) -> str:
    return text.replace(UNSUBSCRIBE_MARK, f"{link}/unsubscribe").replace(
        PREFERENCES_MARK, f"{link}/preferences"
    )


def as_seen(html: str, look: str) -> str:
    """The mail as a program of a light or a dark look shows it, whatever this computer prefers; its links
    open a tab of their own."""
    for scheme in ("light", "dark"):
        condition = "(min-width: 0)" if scheme == look else "(max-width: 0)"  # always, or never
        html = re.sub(rf"\(\s*prefers-color-scheme\s*:\s*{scheme}\s*\)", condition, html)
    html = re.sub(r'(<meta name="(?:supported-)?color-schemes?" content=)"[^"]*"', rf'\1"{look}"', html)
    return html.replace("<head>", '<head><base target="_blank">', 1)


def explain(error: Exception, root: Path) -> Trouble:
    """An error as the studio shows it: its place from the site's folder on, and the lines around it."""
    if not isinstance(error, NewsletterError):
        return Trouble(f"{type(error).__name__}: {error}", hint="This is a fault of the program itself.")
    path, line = _place(error.where)
    return Trouble(
        what=error.what,
        where=error.where.replace(f"{root}/", ""),
        hint=error.hint,
        source=_excerpt(path, line) if path and line else (),
    )


def _place(where: str) -> tuple[Path | None, int]:
    found = re.match(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?$", where)
    return (Path(found["path"]), int(found["line"])) if found else (None, 0)


def _excerpt(path: Path, line: int, *, around: int = 2) -> tuple[SourceLine, ...]:
    try:
        lines: Sequence[str] = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    first = max(1, line - around)
    return tuple(
        SourceLine(number, text, number == line)
        for number, text in enumerate(lines[first - 1 : line + around], start=first)
    )
