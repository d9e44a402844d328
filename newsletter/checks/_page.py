"""A rendered page as the checks read it: its elements, links and words, and the style of each element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

UNSEEN_TAGS = {"head", "style", "script", "title", "meta", "noscript", "xml"}


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    words: str
    """What a reader sees or hears of it: its text, else its pictures' alternative texts, else its label."""
    hidden: bool
    """Not shown, or kept from screen readers."""
    element: Any


class Page:
    """One variant's HTML, parsed as a browser would."""

    def __init__(self, html: str) -> None:
        from lxml import html as parser

        self.html = html
        self.root = parser.document_fromstring(html)

    def all(self, *tags: str) -> Iterator[Any]:
        return (one for one in self.root.iter(*tags) if isinstance(one.tag, str))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every `<a href>` in the order of the page."""
        return tuple(_link(one) for one in self.all("a") if "href" in one.attrib)

    @cached_property
    def words(self) -> str:
        """All that is shown, in one line."""
        return " ".join(" ".join(text for text, _ in texts(self.root)).split())

    @cached_property
    def anchors(self) -> set[str]:
        return {value for one in self.all() for value in (one.get("id"), one.get("name")) if value}


@lru_cache(maxsize=64)
def page_of(html: str) -> Page:
    return Page(html)


def texts(root: Any) -> Iterator[tuple[str, Any]]:
    """Each piece of text that is shown, with the element whose style it has."""
    if not isinstance(root.tag, str) or root.tag in UNSEEN_TAGS or is_hidden(root):
        return
    if root.text and root.text.strip():
        yield root.text, root
    for child in root:
        yield from texts(child)
        if child.tail and child.tail.strip():
            yield child.tail, root


def said(element: Any) -> str:
    """An element's words on one line."""
    return " ".join(" ".join(text for text, _ in texts(element)).split())


def styles(element: Any) -> dict[str, str]:
    """The declarations of an element's own style attribute, names in lower case."""
    return declarations(element.get("style", ""))


@lru_cache(maxsize=4096)
def declarations(text: str) -> dict[str, str]:
    found = {}
    for part in text.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip()
    return found


def is_hidden(element: Any) -> bool:
    own = styles(element)
    return own.get("display", "").lower() == "none" or own.get("visibility", "").lower() == "hidden"


def lineage(element: Any) -> Iterator[Any]:
    """An element and all it stands in, from the inside out."""
    while element is not None:
        yield element
        element = element.getparent()


def _link(element: Any) -> Link:
    words = said(element)
    if not words:
        words = " ".join(one.get("alt", "") for one in element.iter("img")).strip()
    words = element.get("aria-label", "") or words
    unseen = element.get("aria-hidden") == "true" or any(map(is_hidden, lineage(element)))
    return Link(element.get("href", "").strip(), " ".join(words.split()), unseen, element)


def pixels(value: str) -> float | None:
    """A CSS length in pixels, where it is an absolute one: `18px`, `12pt`."""
    found = re.fullmatch(r"\s*([\d.]+)\s*(px|pt)\s*", value, flags=re.I)
    if not found:
        return None
    return float(found[1]) * (4 / 3 if found[2].lower() == "pt" else 1)
