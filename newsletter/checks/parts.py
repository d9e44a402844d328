"""Is everything there that must be, and nothing that is empty?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._page import Page, page_of, said
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition

CAN_SPAM = "CAN-SPAM, 15 U.S.C. § 7704(a)"
_MARKS = ((UNSUBSCRIBE_MARK, "unsubscribe"), (PREFERENCES_MARK, "choose topics"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def find(case: Case) -> Iterator[Found]:
    for section, picks in case.issue.picks:
        if not picks:
            where = case.line_of(f"{section}:")
            yield _empty(
                f"the section {section!r} has no pick",
                where,
                "Add a pick, or delete the line of the section.",
            )
    for story in case.stories:
        if not story.blurb.strip():
            yield Found(
                "empty_parts", f"“{story.title}” has no text below its title", case.place(story),
                "Readers choose by it.", "Give the pick a blurb.", mild=True,
            )  # fmt: skip
    for edition in case.editions:
        page, where = page_of(edition.html), f"variant {edition.topics}"
        yield from _empty_elements(page, where)
        yield from _lacking(case, page, edition, where)


# --- empty ---------------------------------------------------------------------------------------------


def _empty(message: str, where: str, hint: str = "Give it words, or take it out of the template.") -> Found:
    return Found(
        "empty_parts", message, where, "A gap looks like a mistake, and is one to a screen reader.", hint
    )


def _empty_elements(page: Page, where: str) -> Iterator[Found]:
    headings = list(page.all(*_HEADINGS))
    for heading in headings:
        if not said(heading) and not any(one.get("alt") for one in heading.iter("img")):
            yield _empty(f"a <{heading.tag}> has no words", where)
    for link in page.links:
        if not link.words and not link.hidden:
            yield _empty(f"a link has no words: {link.href}", where)
    for element in page.all("p", "li"):
        if not said(element) and not len(element) and "blurb" in element.get("class", ""):
            yield _empty("a story has an empty text", where)
    yield from _bare_headings(page, where)


def _bare_headings(page: Page, where: str) -> Iterator[Found]:
    """A heading that is followed by another of its level, with nothing in between."""
    last, words = None, ""
    for element in page.root.iter():
        if not isinstance(element.tag, str) or element.tag in ("style", "title", "script"):
            continue
        if element.tag in ("h2",):
            if last is not None and not words.strip():
                yield _empty(f"nothing stands below the heading “{said(last)}”", where)
            last, words = element, ""
            continue
        inside = last is not None and any(one is last for one in element.iterancestors())
        words += ("" if inside else element.text or "") + _tail(element, last)


def _tail(element: object, last: object) -> str:
    tail: str | None = getattr(element, "tail", None)
    return "" if element is last else tail or ""


# --- lacking -------------------------------------------------------------------------------------------


def _lacking(case: Case, page: Page, edition: Edition, where: str) -> Iterator[Found]:
    shown = {link.href for link in page.links if not link.hidden and link.words}
    for mark, name in _MARKS:
        if mark not in shown:
            yield _required(f"the page has no link to {name} that a reader can see", where)
        if not re.search(rf"(?m)^\s*{re.escape(mark)}\s*$|{re.escape(mark)}", edition.text):
            yield _required(f"the text part has no link to {name}", where)
    letter, brand = case.config.newsletter, case.config.brand
    for name, words in (("postal address", letter.postal_address), ("disclaimer", brand.disclaimer)):
        if not words.strip():
            yield Found(
                "required_parts", f"there is no {name}", f"newsletter.toml: [brand] {name}",
                "Readers could take the letter for a doctor's advice.", "Write one: [brand] disclaimer.",
            )  # fmt: skip
            continue
        for part, text in (("page", page.words), ("text part", edition.text)):
            if _flat(words) not in _flat(text):
                yield _required(f"the {part} lacks the {name}", where)


def _flat(text: str) -> str:
    return "".join(text.split())


def _required(message: str, where: str) -> Found:
    return Found(
        "required_parts", message, where,
        "The law asks for it, and readers who cannot leave report spam.",
        "Put it back into parts/footer of the template; see docs/templates.md.", CAN_SPAM,
    )  # fmt: skip
