"""Is everything there that must be, and nothing that is empty?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import UNSEEN_TAGS, Page, page_of, said
from newsletter.checks._prose import quoted
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition, Story

CAN_SPAM = "CAN-SPAM, 15 U.S.C. § 7704(a)"
_MARKS = ((UNSUBSCRIBE_MARK, "unsubscribe"), (PREFERENCES_MARK, "choose topics"))
_LACKING = {
    "postal address": "The law asks every commercial mail for it.",
    "disclaimer": "Readers could take the letter for a doctor's advice.",
}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def find(case: Case) -> Iterator[Found]:
    for section, picks in case.issue.picks:
        if not picks:
            where = case.line_of(f" {section}:")
            yield _empty(
                f"the section {section!r} has no pick",
                where,
                "Add a pick, or delete the line of the section.",
            )
    for story in case.stories:
        yield from _about(case, story)
    if not _says(case.layout.subject):
        yield _empty("the subject says nothing", case.key("subject"), "Say what is in the issue.")
    for edition in case.editions:
        page, where = page_of(edition.html), f"{VARIANT}{edition.topics}"
        yield from _empty_elements(case, page, where)
        yield from _lacking(case, page, edition, where)


# --- empty ---------------------------------------------------------------------------------------------


def _empty(message: str, where: str, hint: str = "Give it words, or take it out of the template.") -> Found:
    return Found(
        "empty_parts", message, where, "A gap looks like a mistake, and is one to a screen reader.", hint
    )


def _about(case: Case, story: Story) -> Iterator[Found]:
    title, blurb = story.title.strip(), story.blurb.strip()
    if not _says(title):
        yield _empty(f"the title {quoted(title)} says nothing", case.place(story), "Give the pick a title.")
    if not blurb:
        yield Found(
            "empty_parts", f"{quoted(title)} has no text below its title", case.place(story),
            "Readers choose by it.", "Give the pick a blurb.", mild=True,
        )  # fmt: skip
    elif not _says(blurb) or _flat(blurb).casefold() == _flat(title).casefold():
        yield _empty(f"the text below {quoted(title)} says nothing more", case.place(story, blurb),
                     "Give the pick a blurb of its own.")  # fmt: skip


def _says(text: str) -> bool:
    """Whether there is a word in it."""
    return bool(re.search(r"[^\W_]{2}", text))


def _empty_elements(case: Case, page: Page, where: str) -> Iterator[Found]:
    headings = list(page.all(*_HEADINGS))
    for heading in headings:
        if not said(heading) and not any(one.get("alt") for one in heading.iter("img")):
            yield _empty(f"a <{heading.tag}> has no words", where)
    for link in page.links:
        if not link.words and not link.hidden:
            yield _empty(f"a link has no words: {link.href}", case.place_of(link.href, where))
    for element in page.all("p", "li"):
        if not said(element) and not len(element) and "blurb" in element.get("class", ""):
            yield _empty("a story has an empty text", where)
    yield from _bare_headings(page, where)


def _bare_headings(page: Page, where: str) -> Iterator[Found]:
    """A heading that is followed by another of its level, with nothing in between."""
    headings = list(page.all("h2"))
    inside = {one for heading in headings for one in heading.iter()}
    last, filled = None, True
    for element in page.root.iter():
        if element.tag == "h2":
            if not filled and last is not None:
                yield _empty(f"nothing stands below the heading {quoted(said(last))}", where)
            last, filled = element, False
        elif isinstance(element.tag, str) and element.tag not in UNSEEN_TAGS and not filled:
            own = "" if element in inside else element.text or ""
            filled = bool(own.strip() or (element.tail or "").strip()) or element.tag == "img"


# --- lacking -------------------------------------------------------------------------------------------


def _lacking(case: Case, page: Page, edition: Edition, where: str) -> Iterator[Found]:
    shown = {link.href for link in page.links if not link.hidden and link.words}
    for mark, name in _MARKS:
        if mark not in shown:
            yield _required(f"the page has no link to {name} that a reader can see", where)
        if mark not in edition.text:
            yield _required(f"the text part has no link to {name}", where)
    letter, brand = case.config.newsletter, case.config.brand
    for name, words in (("postal address", letter.postal_address), ("disclaimer", brand.disclaimer)):
        if len(words.split()) < 3:
            key = "[newsletter] postal_address" if name == "postal address" else f"[brand] {name}"
            yield Found(
                "required_parts", f"there is no {name}" if not words.strip() else f"{quoted(words)} is no {name}",
                f"newsletter.toml: {key}", _LACKING[name], f"Write one: {key}.", CAN_SPAM if "postal" in name else "",
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
