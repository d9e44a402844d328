"""What screen readers and large text need of a page: its language, headings, links, tables, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import Page, font_size, page_of, said
from newsletter.checks._prose import quoted
from newsletter.checks._words import any_of
from newsletter.types import Edition

_EMPTY_WORDS = re.compile(
    any_of("""
        a | an | and | at | below | above | article | blog | button | by | check | click | continue | details
        download | enter | find | follow | for | from | full | go | have | here | how | i | in | info
        information | it | item | just | learn | link | look | more | now | of | on | open | our | out | over
        page | piece | please | post | press | read | see | site | so | source | start | story | tap | text
        that | the | them | there | these | this | those | to | today | try | us | video | view | visit
        watch | we | webpage | website | what | where | you | your
    """)
)
"""A link made of these alone names nothing."""
_DIRECT = re.compile(
    r"\b(?:here|click|tap|press|this|that|link|more|now)\b|^(?:read|continue|go|see|view|open|download|source)$",
    re.I,
)
_LONGEST_ADDRESS = 40
"""Letters of an address that somebody listens to, one by one, at most."""
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)


def find(case: Case) -> Iterator[Found]:
    for edition in case.editions:
        page, where = page_of(edition.html), f"{VARIANT}{edition.topics}"
        yield from _language(case, page, where)
        yield from _headings(case, page, where)
        yield from _links(case, page)
        yield from _sizes(case, page, where)
        yield from _tables(edition, page, where)


def _language(case: Case, page: Page, where: str) -> Iterator[Found]:
    lang, wanted = page.root.get("lang", ""), case.config.newsletter.language
    if lang.lower() != wanted.lower():
        yield Found(
            "language", f"the page says its language is {lang!r}, the settings {wanted!r}" if lang
            else "the page does not say its language", where,
            "Screen readers choose their voice by it.", 'Let the template begin with <mjml lang="{{ language }}">.',
            "WCAG 2.2, 3.1.1",
        )  # fmt: skip


def _headings(case: Case, page: Page, where: str) -> Iterator[Found]:
    headings = [
        one for one in page.all("h1", "h2", "h3", "h4", "h5", "h6") if one.get("role") != "presentation"
    ]
    levels = [int(one.tag[1]) for one in headings]
    if levels.count(1) != 1:
        yield _heading(f"the page has {levels.count(1) or 'no'} h1, not one", where)
    for one, before, level in zip(headings[1:], levels, levels[1:], strict=False):
        if level > before + 1:
            words = said(one)
            yield _heading(f"{quoted(words)} is an h{level} below an h{before}", case.place_of(words, where))


def _heading(message: str, where: str) -> Found:
    return Found(
        "headings", message, where, "Who hears a page jumps from heading to heading.",
        "Use one h1, and no level before the one above it.", "WCAG 2.2, 1.3.1",
    )  # fmt: skip


def _links(case: Case, page: Page) -> Iterator[Found]:
    named = {one.href for one in page.links if not one.hidden and not is_vague(one.words)}
    for link in page.links:
        words = link.words.strip()
        if link.hidden or not words or link.href in ("", "#"):
            continue
        # “Read the article” below a title that leads there, too, is named by the title; “here” is never excused.
        vague = is_vague(words) and (
            link.href not in named or bool(_DIRECT.search(words)) or not _letters(words)
        )
        if vague or (_ADDRESS.fullmatch(words) and len(words) > _LONGEST_ADDRESS):
            where = case.place_of(link.href, case.issue.path)
            yield Found(
                "link_texts", f"the link {quoted(words)} does not say where it leads", where,
                "Who hears a page often hears its links alone.", "Let its words name the page.", "WCAG 2.2, 2.4.4",
            )  # fmt: skip


def is_vague(words: str) -> bool:
    """Nothing in it names a page: `here`, `check it out`, `→`."""
    return all(_EMPTY_WORDS.fullmatch(one) for one in _letters(words.lower())) and not re.search(r"\d", words)


def _letters(words: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", words)


def _sizes(case: Case, page: Page, where: str) -> Iterator[Found]:
    said_already = set()
    for text, element in page.texts:
        size = font_size(element)
        if size is not None and size < case.limits.min_text_px and text.strip() and size not in said_already:
            said_already.add(size)
            yield Found(
                "text_size", f"{quoted(text)} is written in {size:.3g} pixels", case.place_of(text.strip(), where),
                "Many readers are older, and read on a phone.",
                f"Use {case.limits.min_text_px} pixels or more.", "WCAG 2.2, 1.4.4",
            )  # fmt: skip


def _tables(edition: Edition, page: Page, where: str) -> Iterator[Found]:
    for table in page.all("table"):
        if table.get("role") not in ("presentation", "none") and not list(table.iter("th")):
            yield _table("a table that only lays out the page", where)
            return
    hidden = re.sub(r"<!--(?!\[if)[\s\S]*?-->", "", edition.html)
    for found in re.finditer(r"<table\b[^>]*>", hidden):
        if 'role="presentation"' not in found[0] and 'role="none"' not in found[0] and "<th" not in hidden:
            yield _table("a table of Outlook's", where)
            return


def _table(what: str, where: str) -> Found:
    return Found(
        "tables", f"{what} has no role", where, "Screen readers read out its rows and columns.",
        'Write role="presentation" on it.', "WCAG 2.2, 1.3.1",
    )  # fmt: skip
