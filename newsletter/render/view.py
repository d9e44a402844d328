"""What a template is given of an issue: clean words, checked addresses, each story in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from markupsafe import Markup

from newsletter.config import Config
from newsletter.errors import ContentError
from newsletter.render.clean import Address, one_line, safe_address
from newsletter.render.markdown import line_html, line_text, note_html, note_text
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Correction, Layout, Story, Topics

LEAD_WIDTH = 600
THUMB_WIDTH = 176
"""Pixels a picture is shown at, as the default templates lay them out."""


@dataclass(frozen=True, slots=True)
class Picture:
    src: Address
    alt: str


@dataclass(frozen=True, slots=True)
class Item:
    """A story as a template shows it. Every string is one clean line."""

    title: str
    url: Address
    blurb: str
    picture: Picture | None
    """The video's still where there is a video."""
    video: Address | None
    """Where the video can be watched; its label stands under the picture."""
    author: str
    published: date | None
    section: str
    """The section's title."""


@dataclass(frozen=True, slots=True)
class Part:
    """One section with its items."""

    id: str
    title: str
    intro: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """A correction of an earlier issue as a template shows it."""

    date: date
    """Of the issue that it corrects."""
    url: Address
    """That issue's page in the archive."""
    html: Markup
    text: str


def sections_of(layout: Layout) -> tuple[str, ...]:
    """The ids of the sections that have at least one story, the lead's among them; sorted."""
    ids = {section for section, stories in layout.sections if stories}
    if layout.lead and layout.lead.section:
        ids.add(layout.lead.section)
    return tuple(sorted(ids))


def variants(layout: Layout) -> tuple[Topics, ...]:
    """Every set of the layout's sections, written out: the whole first, then by size, then by name."""
    ids = sections_of(layout)
    return tuple(Topics(chosen) for size in range(len(ids), 0, -1) for chosen in combinations(ids, size))


def choose(layout: Layout, topics: Topics) -> tuple[Story | None, tuple[tuple[str, tuple[Story, ...]], ...]]:
    """The lead and the sections that readers with these topics see.

    The lead leads where its section was chosen; otherwise the first story moves up into its place.
    """
    sections = tuple((id_, stories) for id_, stories in layout.sections if id_ in topics and stories)
    lead = layout.lead
    if lead is not None and (not lead.section or lead.section in topics):
        return lead, sections
    if not sections:
        return None, ()
    (first, stories), *others = sections
    rest = ((first, stories[1:]),) if len(stories) > 1 else ()
    return stories[0], (*rest, *others)


def issue_context(config: Config, layout: Layout, topics: Topics) -> dict[str, Any]:
    """All names an issue's templates know, besides those of `site_context`.

    Raises ContentError when a story's address is not one a reader can follow.
    """
    lead, sections = choose(layout, topics)
    known = {section.id: section for section in config.sections}
    titles = {id_: section.title for id_, section in known.items()}
    parts = []
    for id_, stories in sections:
        section = known.get(id_)
        title, intro = (section.title, section.intro) if section else (id_.capitalize(), "")
        items = tuple(_item(story, id_, titles) for story in stories)
        parts.append(Part(id_, one_line(title), one_line(intro), items))
    return {
        "slug": one_line(layout.slug),
        "subject": one_line(layout.subject),
        "preheader": one_line(layout.preheader),
        "date": layout.date,
        "note_html": note_html(layout.note),
        "note_text": note_text(layout.note),
        "lead": _item(lead, lead.section, titles) if lead else None,
        "sections": tuple(parts),
        "corrections": tuple(_amendment(config, one) for one in layout.corrections),
    }


def _item(story: Story, section: str, titles: Mapping[str, str]) -> Item:
    title = one_line(story.title)
    picture = None
    if story.video and (still := safe_address(story.video.still)):
        picture = Picture(still, one_line(story.image.alt) if story.image else "")
    elif story.image and (src := safe_address(story.image.url)):
        picture = Picture(src, one_line(story.image.alt))
    return Item(
        title=title,
        url=followable(story.url, title),
        blurb=one_line(story.blurb),
        picture=picture,
        video=followable(story.video.url, title) if story.video else None,
        author=one_line(story.author or ""),
        published=story.published,
        section=one_line(titles.get(section, section.capitalize())),
    )


def _amendment(config: Config, one: Correction) -> Amendment:
    page = f"{config.newsletter.public_url}/issues/{one.issue}"
    return Amendment(
        date=date.fromisoformat(one.issue),
        url=followable(page, "the issue that is corrected"),
        html=line_html(one.text),
        text=line_text(one.text),
    )


def followable(url: str, title: str) -> Address:
    """`url` as an address for a reader. Raises ContentError when it is none: javascript:, a path alone, …"""
    address = safe_address(url)
    if address is None:
        raise ContentError(
            f"the address of {title!r} is not one a reader can follow: {one_line(url)[:80]!r}",
            hint="It must begin with https:// or http://.",
        )
    return address


class Settled(Markup):
    """Text of our own that stands in a page exactly as it is: a mark."""


def site_context(config: Config) -> dict[str, Any]:
    """The names every template knows: the letter, its brand, and the marks for a reader's own links."""
    letter = config.newsletter
    return {
        "letter": letter,
        "brand": config.brand,
        "language": letter.language,
        "unsubscribe_url": Settled(UNSUBSCRIBE_MARK),
        "preferences_url": Settled(PREFERENCES_MARK),
        "lead_width": LEAD_WIDTH,
        "thumb_width": THUMB_WIDTH,
    }
