"""An issue as it is shown to editors: its variants, fullest first, and how big each is once it is sent."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from newsletter.config import Config
from newsletter.gallery.inbox import Line, lines
from newsletter.links import SIGNATURE_LETTERS
from newsletter.mailbox import split_mailbox
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition

CLIP = 102_000
"""Bytes of HTML from which Gmail hides the rest of a mail. It does not say how many; others measured 102 KB:
https://github.com/hteumeuleu/email-bugs/issues/41"""
DEVICES = {"phone": 390, "tablet": 768, "desktop": 1024}
"""Widths in CSS pixels: an iPhone, an iPad held upright, a window of a mail program."""
_READER, _ISSUE = 1_000_000, 1_000
"""Ids as long as any that a reader and an issue of a large list have."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One edition with harmless links where a reader's own would be."""

    key: str
    label: str
    subject: str
    preheader: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    size: int
    """Bytes of its HTML as sent: with a reader's own links, and CRLF at line ends."""
    weight: str
    """`under`, `near` or `over` the site's own limits for it, see [checks]."""
    mjml: str = field(repr=False)
    tag: str
    """Names these very bytes: another word, another tag."""

    @property
    def kilobytes(self) -> str:
        return f"{self.size / 1000:.0f} kB"


@dataclass(frozen=True, slots=True)
class Shown:
    """An issue that could be built."""

    newsletter: str
    slug: str
    sender: str
    address: str
    variants: tuple[Variant, ...]
    language: str = "en"

    def variant(self, key: str) -> Variant:
        """The variant asked for, or the fullest one."""
        return next((one for one in self.variants if one.key == key), self.variants[0])

    def lines(self, variant: Variant) -> tuple[Line, ...]:
        """What inboxes show of it."""
        return lines(self.sender, variant.subject, variant.preheader, variant.html)


def show(config: Config, slug: str, editions: Iterable[Edition], links: Sequence[str]) -> Shown:
    """What to show of an issue; `links` stand where a reader's own would be, to leave and to choose."""
    order = {one.id: place for place, one in enumerate(config.sections)}
    fullest = sorted(
        editions, key=lambda one: (-len(one.topics.ids), [order.get(id, 99) for id in one.topics.ids])
    )
    name, address = split_mailbox(config.newsletter.sender)
    return Shown(
        newsletter=config.newsletter.name,
        slug=slug,
        sender=name or address,
        address=address,
        variants=tuple(variant(one, config, links, whole=one is fullest[0]) for one in fullest),
        language=config.newsletter.language,
    )


def sent_links(config: Config) -> tuple[str, str]:
    """Links to leave and to choose, of the length of readers' own: see newsletter.links."""
    token = f"{_READER}-{_ISSUE}.{SIGNATURE_LETTERS * '-'}"
    base = config.newsletter.public_url
    return f"{base}/unsubscribe/{token}", f"{base}/preferences/{token}"


def variant(edition: Edition, config: Config, links: Sequence[str], *, whole: bool) -> Variant:
    titles = [one.title for one in config.sections if one.id in edition.topics.ids]
    size = sent_size(edition.html, sent_links(config))
    limits = config.checks
    over, near = size >= limits.size_limit_kb * 1000, size >= limits.size_warning_kb * 1000
    return Variant(
        key=str(edition.topics),
        label="Everything" if whole else " + ".join(titles),
        subject=edition.subject,
        preheader=edition.preheader,
        html=_fill(edition.html, links),
        text=_fill(edition.text, links),
        size=size,
        weight="over" if over else "near" if near else "under",
        mjml=_fill(edition.mjml, links),
        tag=hashlib.sha256(f"{edition.hash}{edition.mjml}".encode()).hexdigest()[:12],
    )


def sent_size(page: str, links: Sequence[str]) -> int:
    """Bytes of an edition's HTML in a finished mail."""
    filled = _fill(page, [html.escape(one) for one in links])
    return len(filled.encode()) + filled.count("\n")


def _fill(text: str, links: Sequence[str]) -> str:
    return text.replace(UNSUBSCRIBE_MARK, links[0]).replace(PREFERENCES_MARK, links[1])
