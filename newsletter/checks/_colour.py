"""Colours and how well one is seen on another (WCAG 2.2, relative luminance and contrast ratio)."""

from __future__ import annotations

import colorsys
import re

Colour = tuple[int, int, int]
_NAMED = {
    "white": "#ffffff",
    "black": "#000000",
    "gray": "#808080",
    "grey": "#808080",
    "silver": "#c0c0c0",
    "red": "#ff0000",
    "navy": "#000080",
    "blue": "#0000ff",
    "green": "#008000",
    "maroon": "#800000",
    "yellow": "#ffff00",
    "lightgray": "#d3d3d3",
    "lightgrey": "#d3d3d3",
    "orange": "#ffa500",
    "purple": "#800080",
    "teal": "#008080",
}


def parse_colour(text: str) -> Colour | None:
    """`#0b5c63`, `#fff`, `rgb(1, 2, 3)`, or one of the common names; None for anything else."""
    text = text.strip().lower()
    text = _NAMED.get(text, text)
    if found := re.fullmatch(r"#([0-9a-f]{6})(?:[0-9a-f]{2})?", text):
        digits = found[1]
    elif found := re.fullmatch(r"#([0-9a-f]{3})", text):
        digits = "".join(one * 2 for one in found[1])
    elif found := re.fullmatch(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+).*\)", text):
        return int(found[1]), int(found[2]), int(found[3])
    else:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


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
    red, green, blue = colorsys.hls_to_rgb(hue, 1 - light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
