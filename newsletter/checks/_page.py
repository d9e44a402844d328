"""A rendered page as the checks read it: its elements, links and words, and the style of each element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

UNSEEN_TAGS = {"head", "style", "script", "title", "meta", "noscript", "xml"}
_SIZES = ("height", "max-height", "width", "max-width")
_NOUGHT = re.compile(r"\s*0(?:\.0+)?(?:px|pt|em|rem|%)?\s*$", re.I)


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
        return " ".join(" ".join(text for text, _ in self.texts).split())

    @cached_property
    def texts(self) -> list[tuple[str, Any]]:
        """Every piece of text that is shown, in the order of the page."""
        body = self.root.find("body")
        return texts(self.root if body is None else body)

    def shows(self, words: str) -> bool:
        return words in self.words

    @cached_property
    def anchors(self) -> set[str]:
        return {value for one in self.all() for value in (one.get("id"), one.get("name")) if value}


@lru_cache(maxsize=64)
def page_of(html: str) -> Page:
    return Page(html)


def texts(root: Any, *, sized: bool = True) -> list[tuple[str, Any]]:
    """Each piece of text that is shown, with the element whose style it has.

    `sized`: the text around `root` is larger than nothing; a wrapper may set it to 0 for its blanks alone.
    """
    found: list[tuple[str, Any]] = []
    _collect(root, sized, found)
    return found


def _collect(root: Any, sized: bool, found: list[tuple[str, Any]]) -> None:
    tag = root.tag
    if not isinstance(tag, str) or tag in UNSEEN_TAGS:
        return
    if style := root.get("style"):
        hidden, own = _shown(style)
        if hidden:
            return
        sized = sized if own is None else own
    if sized and (text := root.text) and not text.isspace():
        found.append((text, root))
    for child in root:
        _collect(child, sized, found)
        if sized and (text := child.tail) and not text.isspace():
            found.append((text, root))


def said(element: Any) -> str:
    """An element's words on one line."""
    shown = texts(element, sized=font_size(element) != 0)
    return " ".join(" ".join(text for text, _ in shown).split())


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
    """Nobody sees it, by its own style: not shown, see-through, of no size, or far outside."""
    return _shown(element.get("style", ""))[0]


@lru_cache(maxsize=4096)
def _shown(style: str) -> tuple[bool, bool | None]:
    """Whether a style hides its element, and whether its text has any size; None: as what stands around it."""
    own = declarations(style)
    size = own.get("font-size")
    hidden = (
        own.get("display", "").lower() == "none"
        or own.get("visibility", "").lower() in ("hidden", "collapse")
        or bool(re.fullmatch(r"0?\.?0+", own.get("opacity", "1")))
        or (
            own.get("overflow", "").lower() == "hidden"
            and any(_NOUGHT.match(own.get(one, "")) for one in _SIZES)
        )
        or any(
            re.match(r"-\d{3,}", own.get(one, "")) for one in ("text-indent", "left", "top", "margin-left")
        )
    )
    return hidden, None if size is None else not _NOUGHT.match(size)


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
    unseen = element.get("aria-hidden") == "true" or any(
        is_hidden(one) for one in lineage(element) if "style" in one.attrib
    )
    return Link(element.get("href", "").strip(), " ".join(words.split()), unseen, element)


def font_size(element: Any) -> float | None:
    """In pixels, as a browser works it out; None where nothing says it."""
    factor = 1.0
    for one in lineage(element):
        value = styles(one).get("font-size", "").lower()
        if (size := _KEYWORDS.get(value) or pixels(value)) is not None:
            return size * factor
        if found := _RELATIVE.fullmatch(value):
            share = float(found[1]) * (0.01 if found[2] == "%" else 1)
            if found[2] == "rem":
                return share * _ROOT * factor
            factor *= share
        factor *= _STEPS.get(value, 1)
    return None if factor == 1 else _ROOT * factor


_ROOT = 16.0
"""Pixels of a page that says nothing."""
_KEYWORDS = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0}
_STEPS = {"smaller": 1 / 1.2, "larger": 1.2}
_RELATIVE = re.compile(r"([\d.]{1,9})(em|rem|%)")


def host_of(address: str) -> str:
    """In small letters; empty where there is none, or the address cannot be read."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def pixels(value: str) -> float | None:
    """A CSS length in pixels, where it is an absolute one: `18px`, `12pt`."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(px|pt)\s*", value, flags=re.I)
    if not found:
        return None
    return float(found[1]) * (4 / 3 if found[2].lower() == "pt" else 1)
