"""Text against its ground: as it is, in the dark palette, and as programs that invert a mail show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from newsletter.checks import Case, Found
from newsletter.checks._colour import contrast, hexadecimal, inverted, parse_colour
from newsletter.checks._page import Page, lineage, page_of, styles, texts
from newsletter.checks._prose import quoted

SOURCE = "WCAG 2.2, 1.4.3"
Styles = Mapping[Any, Mapping[str, str]]
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", re.S)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def find(case: Case) -> Iterator[Found]:
    page = page_of(case.editions[0].html)
    dark = dark_styles(page)
    known = _names(case)
    seen = set()
    for view, rules, turn in (("light", {}, False), ("dark", dark, False), ("inverted", {}, True)):
        for text, element in texts(page.root.find("body")):
            if not text.strip():
                continue
            ink, ground = _colour(element, rules, "ink"), _colour(element, rules, "ground")
            if turn:
                ink, ground = inverted(ink), inverted(ground)
            ratio = contrast(ink, ground)
            if ratio < case.limits.min_contrast and (view, ink, ground) not in seen:
                seen.add((view, ink, ground))
                yield _say(
                    view, text, ratio, hexadecimal(ink), hexadecimal(ground), known, case.limits.min_contrast
                )


def _say(
    view: str, text: str, ratio: float, ink: str, ground: str, known: Mapping[str, str], limit: float
) -> Found:
    inks, grounds = known.get(ink, ink), known.get(ground, ground)
    return Found(
        "contrast", f"{view}: {quoted(text, 40)} has a contrast of {ratio:.1f}: {inks} on {grounds}",
        "newsletter.toml: [brand.dark]" if view == "dark" else "newsletter.toml: [brand.colours]",
        "Pale text is lost on phones, in the sun, and to older eyes.",
        f"Choose colours with {limit:g} or more.", SOURCE,
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


def _colour(element: Any, rules: Styles, what: str) -> tuple[int, int, int]:
    """The nearest colour from the inside out: of a rule, of its own style, of an attribute."""
    for one in lineage(element):
        own = {**styles(one), **rules.get(one, {})}
        value = (
            own.get("color")
            if what == "ink"
            else own.get("background-color") or _ground(own.get("background", ""))
        )
        if what == "ground" and not value:
            value = one.get("bgcolor")
        if value and (colour := parse_colour(value)):
            return colour
    return BLACK if what == "ink" else WHITE


def _ground(background: str) -> str | None:
    return next((part for part in background.split() if parse_colour(part)), None)


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
