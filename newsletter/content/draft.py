"""The first version of an issue file, written for a person to go on from."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.types import Article
from newsletter.whole import make_file

_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9._~%/?&=+@!$*,;:()#-]*[A-Za-z0-9_~%/=]")

_JOINERS = "\u200c\u200d"
"""Not printable, but part of words in Persian and of emoji."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A new article that was not picked, and why."""

    article: Article
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a draft says, before an editor has seen it."""

    date: date
    since: datetime
    until: datetime
    subject: str
    preheader: str
    lead: Article
    picks: tuple[tuple[str, tuple[Article, ...]], ...]
    """Every section of the settings, in their order, also those without a pick."""
    left_out: tuple[LeftOut, ...]

    @property
    def slug(self) -> str:
        return self.date.isoformat()

    @property
    def count(self) -> int:
        return sum(len(chosen) for _, chosen in self.picks)


def write_draft(path: Path, proposal: Proposal, zone: ZoneInfo) -> bool:
    """Make the file; whether this call made it. One that is there, or comes meanwhile, is left as it is."""
    return make_file(path, draft_text(proposal, zone))


def draft_text(proposal: Proposal, zone: ZoneInfo) -> str:
    return "\n".join(_lines(proposal, zone)) + "\n"


def _lines(proposal: Proposal, zone: ZoneInfo) -> Iterator[str]:
    yield "---"
    yield from _header(proposal)
    yield ""
    yield f"subject: {quoted(proposal.subject)}"
    yield f"preheader: {quoted(proposal.preheader)}"
    yield f"date: {proposal.slug}"
    yield "# author: Your name"
    yield f"lead: {address(proposal.lead.url)}"
    yield ""
    yield "picks:"
    for section, chosen in proposal.picks:
        yield f"  {section}:"
        for article in chosen:
            yield from pick_lines(article, zone, indent="    ")
        if not chosen:
            yield "    # Nothing new. To add a pick, write its address:  - https://…"
        yield ""
    yield from _left_out(proposal.left_out, zone)
    yield "---"
    yield ""


def _header(proposal: Proposal) -> Iterator[str]:
    noun = "article" if proposal.count == 1 else "articles"
    yield f"# The issue of {proposal.slug}, drafted with {proposal.count} new {noun}."
    yield "# It is yours now: nothing overwrites it."
    yield "#"
    yield f"#   newsletter preview {proposal.slug}           look at it while you write"
    yield f"#   newsletter build {proposal.slug} --refresh   add what came in since"
    yield "#"
    yield "# A pick is the address of an article. To say it in your own words (leave out what may stay):"
    yield "#     - url: https://example.org/article/"
    yield '#       title: "Your title"'
    yield '#       blurb: "Your sentence or two."'
    yield "#       image: https://example.org/picture.jpg"
    yield '#       alt: "What the picture shows"'
    yield "# Move a pick with its lines, drop it by deleting them. Lines that begin with # are remarks:"
    yield "# readers never see them. The editor's note, in Markdown, goes below the last ---."
    yield f"# Drafted {stamp(proposal.until)} from what was new since {stamp(proposal.since)}."


def pick_lines(article: Article, zone: ZoneInfo, *, indent: str) -> Iterator[str]:
    """A pick, with its title above it as a remark."""
    yield f"{indent}# {remark(article, zone)}"
    yield f"{indent}- {address(article.url)}"


def remark(article: Article, zone: ZoneInfo) -> str:
    day = article.published_at.astimezone(zone).date().isoformat() if article.published_at else "undated"
    return f"{one_line(article.title)} ({day}; {one_line(article.reason)})"


def _left_out(left_out: Sequence[LeftOut], zone: ZoneInfo) -> Iterator[str]:
    if not left_out:
        return
    yield "# Also new this week. To use one, move its line up into a section, without its # and one blank."
    for one in left_out:
        yield from left_out_lines(one, zone, indent="    ")


def left_out_lines(one: LeftOut, zone: ZoneInfo, *, indent: str) -> Iterator[str]:
    """The same, all of it as remarks, and why it was not picked."""
    yield f"{indent}# {one_line(one.why)}: {remark(one.article, zone)}"
    yield f"{indent}# - {address(one.article.url)}"


def stamp(moment: datetime) -> str:
    """UTC to the second, rounded up: what came in at that very moment was looked at."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_line(text: str) -> str:
    """Text that cannot leave its line, nor break YAML: no control characters, one blank between words."""
    kept = (char for char in text if char.isprintable() or char.isspace() or char in _JOINERS)
    return " ".join("".join(kept).split())


def quoted(text: str) -> str:
    """As a YAML string in double quotes, whose escapes are JSON's."""
    return json.dumps(one_line(text), ensure_ascii=False)


def address(url: str) -> str:
    return url if _PLAIN_URL.fullmatch(url) else quoted(url)
