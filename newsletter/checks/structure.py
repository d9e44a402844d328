"""What screen readers and large text need of a page: its language, headings, links, tables, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._page import Page, lineage, page_of, pixels, said, styles, texts
from newsletter.checks._prose import quoted
from newsletter.types import Edition

_VAGUE = re.compile(
    r"(?:click |tap |press )?(?:here|this|link|this link|more|read more|learn more|find out more"
    r"|see more|continue|continue reading"
    r"|read|read on|go|details|more info(?:rmation)?|info|download|website|click|source|article|page)[.!…»>→ ]*",
    re.I,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)


def find(case: Case) -> Iterator[Found]:
    for edition in case.editions:
        page, where = page_of(edition.html), f"variant {edition.topics}"
        yield from _language(case, page, where)
        yield from _headings(page, where)
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


def _headings(page: Page, where: str) -> Iterator[Found]:
    headings = [
        one for one in page.all("h1", "h2", "h3", "h4", "h5", "h6") if one.get("role") != "presentation"
    ]
    levels = [int(one.tag[1]) for one in headings]
    if levels.count(1) != 1:
        yield _heading(f"the page has {levels.count(1) or 'no'} h1, not one", where)
    for one, before, level in zip(headings[1:], levels, levels[1:], strict=False):
        if level > before + 1:
            yield _heading(f"{quoted(said(one))} is an h{level} below an h{before}", where)


def _heading(message: str, where: str) -> Found:
    return Found(
        "headings", message, where, "Who hears a page jumps from heading to heading.",
        "Use one h1, and no level before the one above it.", "WCAG 2.2, 1.3.1",
    )  # fmt: skip


def _links(case: Case, page: Page) -> Iterator[Found]:
    for link in page.links:
        words = link.words.strip()
        if link.hidden or not words or link.href in ("", "#"):
            continue
        if _VAGUE.fullmatch(words) or (_ADDRESS.fullmatch(words) and len(words) > 30):
            yield Found(
                "link_texts", f"the link {quoted(words)} does not say where it leads", case.line_of(link.href),
                "Who hears a page often hears its links alone.", "Let its words name the page.", "WCAG 2.2, 2.4.4",
            )  # fmt: skip


def _sizes(case: Case, page: Page, where: str) -> Iterator[Found]:
    said_already = set()
    for text, element in texts(page.root.find("body")):
        size = next(
            (px for one in lineage(element) if (px := pixels(styles(one).get("font-size", ""))) is not None),
            None,
        )
        if size is not None and size < case.limits.min_text_px and text.strip() and size not in said_already:
            said_already.add(size)
            yield Found(
                "text_size", f"{quoted(text)} is written in {size:g} pixels", where,
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
