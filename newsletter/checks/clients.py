"""HTML and CSS that a mail program does not know, by caniemail.com's tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from newsletter.checks import Case, Found
from newsletter.checks._page import UNSEEN_TAGS, Page, declarations, page_of, styles

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


PROGRESSIVE = {
    "color-scheme": "says that there is a dark palette",
    "supported-color-schemes": "the same, by its older name",
    "text-underline-offset": "a finer line below links",
    "text-decoration-thickness": "a finer line below links",
    "text-wrap": "headings break more evenly",
    "overflow-wrap": "long words are cut off at worst",
    "display": "the renderer's columns stand one below the other on narrow screens",
    "-webkit-text-size-adjust": "of the renderer: programs that do not know it do not need it",
    "-ms-text-size-adjust": "of the renderer: the same for Outlook",
    "mso-table-lspace": "of the renderer: for Outlook alone",
    "mso-table-rspace": "of the renderer: for Outlook alone",
    "-ms-interpolation-mode": "of the renderer: for old browsers alone",
    "border-collapse": "of the renderer: tables have no borders",
    "outline": "of the renderer: pictures have none anyway",
    "max-width": "of the renderer: columns have a width of their own, too",
}
"""What the default look's <style> adds where it is understood, beside what is reviewed above."""


def find(case: Case) -> Iterator[Found]:
    known = _table()
    wanted = set(case.limits.clients)
    allowed = {one.lower() for one in case.limits.mail_programs_allowed}
    page = page_of(case.editions[0].html)
    for name, kind in dict.fromkeys([*_used(page), *_in_sheets(page)]):
        without = {family: places for family, places in known[kind].get(name, {}).items() if family in wanted}
        if without and name not in allowed and not (kind == "css" and name in REVIEWED):
            programs = "; ".join(f"{family} ({', '.join(places)})" for family, places in without.items())
            what = f"<{name}>" if kind == "html" else name
            yield Found(
                "mail_programs", f"{what} is not known to {programs}",
                case.place_of(f"<{name}" if kind == "html" else name.partition(":")[0], "templates"),
                "Readers of these programs see something else.",
                "See that the mail works without it and add it to mail_programs_allowed in [checks], or take it out.",
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
            yield f"{name}:{value.lower()}", "css"


def _in_sheets(page: Page) -> Iterator[tuple[str, str]]:
    """The properties of style sheets, but for those that only add something where they are understood."""
    for sheet in page.all("style"):
        for body in _BODY.findall(_COMMENT.sub("", sheet.text or "")):
            for name, value in declarations(body).items():
                if name not in PROGRESSIVE:
                    yield name, "css"
                yield f"{name}:{value.lower()}", "css"


_BODY = re.compile(r"\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/")


@lru_cache(maxsize=1)
def _table() -> Any:
    return json.loads(files("newsletter.checks").joinpath("data/caniemail.json").read_text(encoding="utf-8"))
