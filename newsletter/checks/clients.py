"""HTML and CSS that a mail program does not know, by caniemail.com's tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from newsletter.checks import Case, Found
from newsletter.checks._page import UNSEEN_TAGS, Page, page_of, styles

SOURCE = "https://www.caniemail.com/"

REVIEWED = {
    "border-radius": "square corners are as good",
    "max-width": "Outlook takes the width of its own tables",
    "max-height": "stands beside display:none",
    "overflow": "stands beside display:none",
    "display": "a link that is no block is smaller, and works",
    "word-break": "long words are cut off at worst",
    "word-spacing": "of the renderer, with the value that is the default",
    "text-decoration": "links have their colour, too",
    "height": "pictures have their width",
    "direction": "the whole page says it, too",
    "letter-spacing": "only a matter of taste",
    "margin": "the renderer centres by align, too",
    "vertical-align": "the renderer says valign, too",
    "background": "the colour stands beside it as bgcolor",
    "border": "a line between stories is no loss",
    "font-weight": "headings are larger, too",
    "line-height": "tighter lines at worst",
    "padding": "the renderer puts it on cells, where it is known",
    "width": "the renderer says it as an attribute, too",
    "cursor": "only with a mouse",
    "list-style-type": "another point before a line",
}
"""What the default look uses all the same, and what becomes of it where it is not known."""


def find(case: Case) -> Iterator[Found]:
    known = _table()
    wanted = set(case.limits.clients)
    page = page_of(case.editions[0].html)
    for name, kind in dict.fromkeys(_used(page)):
        without = {family: places for family, places in known[kind].get(name, {}).items() if family in wanted}
        if without and not (kind == "css" and name in REVIEWED):
            programs = "; ".join(f"{family} ({', '.join(places)})" for family, places in without.items())
            what = f"<{name}>" if kind == "html" else name
            yield Found(
                "mail_programs", f"{what} is not known to {programs}", "templates",
                "Readers of these programs see something else.",
                "See that the mail works without it, or take it out.",
                f"{SOURCE}features/{kind}-{name.replace(':', '-')}/",
            )  # fmt: skip


def _used(page: Page) -> Iterator[tuple[str, str]]:
    """The properties of inline styles, `display:flex` among them, and the elements that are shown."""
    for element in page.all():
        if element.tag in UNSEEN_TAGS:
            continue
        yield element.tag, "html"
        for name, value in styles(element).items():
            yield name, "css"
            yield f"{name}:{value}", "css"


@lru_cache(maxsize=1)
def _table() -> Any:
    return json.loads(files("newsletter.checks").joinpath("data/caniemail.json").read_text(encoding="utf-8"))
