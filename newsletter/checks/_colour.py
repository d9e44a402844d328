"""Colours and how well one is seen on another (WCAG 2.2, relative luminance and contrast ratio)."""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache

Colour = tuple[int, int, int]
_HEXADECIMAL = re.compile(r"#(?:([0-9a-f]{3,4})|([0-9a-f]{6}(?:[0-9a-f]{2})?))")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")


@lru_cache(maxsize=1024)
def parse_colour(text: str) -> tuple[Colour, float] | None:
    """A colour and how opaque it is, from 0 to 1: `#0b5c63`, `#fff8`, `rgb(1, 2, 3)`, `hsl(9 8% 7% / 50%)`, or one
    of CSS's names; None for anything else."""
    text = text.strip().lower()
    if found := _HEXADECIMAL.fullmatch(text):
        digits = "".join(one * 2 for one in found[1]) if found[1] else found[2]
        red, green, blue, *alpha = (int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))
        return (red, green, blue), alpha[0] / 255 if alpha else 1.0
    if found := _FUNCTION.fullmatch(text):
        try:
            return _of_function(found[1], re.split(r"[\s,/]+", found[2].strip()))
        except (ValueError, IndexError):
            return None
    return _named(text) if text.isalpha() else None


def _of_function(kind: str, parts: list[str]) -> tuple[Colour, float]:
    alpha = min(1.0, _share(parts[3], 1)) if len(parts) > 3 else 1.0
    if kind == "rgb":
        red, green, blue = (min(255, round(_share(one, 255))) for one in parts[:3])
        return (red, green, blue), alpha
    hue = float(parts[0].removesuffix("deg")) / 360 % 1
    return _whole(
        *colorsys.hls_to_rgb(hue, min(1.0, _share(parts[2], 1)), min(1.0, _share(parts[1], 1)))
    ), alpha


def _share(text: str, whole: float) -> float:
    """`50%` of the whole, or a number as it is. Raises ValueError."""
    return float(text[:-1]) / 100 * whole if text.endswith("%") else float(text)


def _named(name: str) -> tuple[Colour, float] | None:
    from cssutils.css.colors import COLORS  # premailer has loaded it already

    if name not in COLORS:
        return None
    red, green, blue, alpha = COLORS[name]
    return (red, green, blue), alpha


def laid_over(colour: Colour, alpha: float, ground: Colour) -> Colour:
    """What is seen of a colour that lets its ground shine through."""
    red, green, blue = (
        round(alpha * one + (1 - alpha) * other) for one, other in zip(colour, ground, strict=True)
    )
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def inverted(colour: Colour) -> Colour:
    """As programs do that darken a mail by force: light becomes dark, and the hue stays."""
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    return _whole(*colorsys.hls_to_rgb(hue, 1 - light, saturation))


def _whole(red: float, green: float, blue: float) -> Colour:
    return round(red * 255), round(green * 255), round(blue * 255)
