"""Text against its ground: as it is, in the dark palette, and as programs that invert a mail show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from newsletter.checks import Case, Found
from newsletter.checks._colour import Colour, contrast, hexadecimal, inverted, laid_over, parse_colour
from newsletter.checks._page import Page, page_of, styles
from newsletter.checks._prose import quoted

SOURCE = "WCAG 2.2, 1.4.3"
Styles = Mapping[Any, Mapping[str, str]]
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", re.S)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def find(case: Case) -> Iterator[Found]:
    page = page_of(case.editions[0].html)
    dark = dark_styles(page)
    known = _names(case)
    seen = set()
    light = Colours({})
    for view, colours, turn in (
        ("light", light, False),
        ("dark", Colours(dark), False),
        ("inverted", light, True),
    ):
        for text, element in page.texts:
            if not text.strip():
                continue
            ink, ground = colours.of(element)
            if turn:
                ink, ground = inverted(ink), inverted(ground)
            ratio = contrast(ink, ground)
            if ratio < case.limits.min_contrast and (view, ink, ground) not in seen:
                seen.add((view, ink, ground))
                yield _say(case, view, text, ratio, hexadecimal(ink), hexadecimal(ground), known)


def _say(
    case: Case, view: str, text: str, ratio: float, ink: str, ground: str, known: Mapping[str, str]
) -> Found:
    table = "newsletter.toml: [brand.dark]" if view == "dark" else "newsletter.toml: [brand.colours]"
    both = f"{known.get(ink, ink)} on {known.get(ground, ground)}"
    return Found(
        "contrast", f"{view}: {quoted(text, 40)} has a contrast of {ratio:.1f}: {both}",
        table if ink in known else case.place_of(text.strip(), table),
        "Pale text is lost on phones, in the sun, and to older eyes.",
        f"Choose colours with {case.limits.min_contrast:g} or more.", SOURCE,
        # An inversion is the program's doing, each one's another: no site can answer for all of them.
        mild=view == "inverted",
    )  # fmt: skip


def _names(case: Case) -> dict[str, str]:
    brand = case.config.brand
    rows = [("brand.colours", brand.colours), ("brand.dark", brand.dark)]
    return {
        value.lower(): f"{key} of [{table}] ({value})"
        for table, palette in reversed(rows)
        for key, value in palette.model_dump().items()
    }


# --- what colour a thing has -----------------------------------------------------------------------------


class Colours:
    """What colour each element has in one view: its text's, its ground's. Asked once an element."""

    def __init__(self, rules: Styles) -> None:
        self._rules = rules
        self._known: dict[Any, tuple[Colour, float, Colour]] = {}

    def of(self, element: Any) -> tuple[Colour, Colour]:
        """The colours of an element's text and of its ground, as they are seen where one shines through another."""
        ink, alpha, ground = self._inherited(element)
        return laid_over(ink, alpha, ground), ground

    def _inherited(self, element: Any) -> tuple[Colour, float, Colour]:
        """Ink, how opaque it is, and ground."""
        if element is None:
            return BLACK, 1.0, WHITE
        if element not in self._known:
            self._known[element] = self._with_own(element, self._inherited(element.getparent()))
        return self._known[element]

    def _with_own(self, element: Any, around: tuple[Colour, float, Colour]) -> tuple[Colour, float, Colour]:
        ink, alpha, ground = around
        own = _own(element, self._rules)
        if found := parse_colour(
            own.get("color") or (element.get("color", "") if element.tag == "font" else "")
        ):
            ink, alpha = found
        value = (
            own.get("background-color") or _in_shorthand(own.get("background", "")) or element.get("bgcolor")
        )
        if value and (found := parse_colour(value)):
            ground = laid_over(*found, ground)
        return ink, alpha * _number(own.get("opacity", "1")), ground


def _own(element: Any, rules: Styles) -> Mapping[str, str]:
    return {**styles(element), **rules[element]} if element in rules else styles(element)


def _number(text: str) -> float:
    try:
        return min(1.0, float(text[:-1]) / 100 if text.endswith("%") else float(text))
    except ValueError:
        return 1.0


def _in_shorthand(background: str) -> str | None:
    parts = re.findall(r"[\w-]+\([^()]*\)|[^\s()]+", background)
    return next((part for part in parts if parse_colour(part)), None)


def dark_styles(page: Page) -> dict[Any, dict[str, str]]:
    """What the dark palette's rules say of each element. All are !important: the later and the more exact win."""
    found: dict[Any, dict[str, tuple[tuple[int, int], str]]] = {}
    sheet = "\n".join(style.text or "" for style in page.all("style"))
    number = 0
    for block in _DARK.findall(sheet):
        for selectors, body in _RULE.findall(block):
            number += 1
            _apply(page, selectors, body, number, found)
    return {one: {name: value for name, (_, value) in rules.items()} for one, rules in found.items()}


def _apply(page: Page, selectors: str, body: str, number: int, found: dict[Any, Any]) -> None:
    wanted = {name.strip().lower(): value.replace("!important", "").strip()
              for name, colon, value in (part.partition(":") for part in body.split(";")) if colon}  # fmt: skip
    for selector in selectors.split(","):
        for element in _select(page, selector.strip()):
            rules = found.setdefault(element, {})
            for name, value in wanted.items():
                rank = (_weight(selector), number)
                if name not in rules or rules[name][0] <= rank:
                    rules[name] = (rank, value)


def _weight(selector: str) -> int:
    return 10 * len(re.findall(r"[.\[:](?!:)", selector)) + len(
        re.findall(r"(?:^|[\s>+~])[a-z]", selector.strip())
    )


def _select(page: Page, selector: str) -> list[Any]:
    query = _query(selector)
    return list(query(page.root)) if query else []


@lru_cache(maxsize=512)
def _query(selector: str) -> Any:
    from lxml.cssselect import CSSSelector

    try:
        return CSSSelector(selector, translator="html")
    except Exception:  # cssselect has no common root for what it cannot read: such a rule is passed over
        return None
