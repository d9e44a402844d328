"""What becomes of a colour where a mail program darkens a mail by force: light turns dark, dark turns light.

The rule is the one Microsoft publishes for Outlook's own editor (roosterjs, `getDarkColor`): lightness is turned
over in CIELAB and laid above that of #333333; hue and chroma stay. Google publishes none for Gmail's apps; what
they do is of the same kind, with a ground of its own.
https://microsoft.github.io/roosterjs/coverage/roosterjs-color-utils/lib/utils/getDarkColor.ts.html
"""

from __future__ import annotations

import re
from functools import lru_cache

BASE = 21.247
"""CIELAB lightness of #333333: as dark as a white ground becomes."""
_WHITE = (0.95047, 1.0, 1.08883)
"""D65, the white of sRGB."""
_NAMES = {
    "aqua": "#00ffff", "black": "#000000", "blue": "#0000ff", "fuchsia": "#ff00ff", "gray": "#808080",
    "green": "#008000", "grey": "#808080", "lime": "#00ff00", "maroon": "#800000", "navy": "#000080",
    "olive": "#808000", "orange": "#ffa500", "purple": "#800080", "red": "#ff0000", "silver": "#c0c0c0",
    "teal": "#008080", "white": "#ffffff", "yellow": "#ffff00",
}  # fmt: skip
"""The names of CSS 2.1, section 4.3.6, and the other spelling of gray."""
COLOUR = re.compile(
    r"url\([^()]*\)|#[0-9a-f]{3,8}\b|rgba?\([^()]*\)|(?<![\w#.-])(?:" + "|".join(_NAMES) + r")(?![\w-])",
    re.IGNORECASE,
)
"""A colour as CSS writes it; or an address, in which nothing is one."""
_NUMBERS = re.compile(r"[\d.]+%?")


@lru_cache(maxsize=1024)
def darkened(colour: str) -> str:
    """The colour a program that inverts would show, as CSS; unchanged where it is none we can read."""
    read = _read(colour)
    if read is None:
        return colour
    red, green, blue, alpha = read
    shown = _inverted(red, green, blue)
    if alpha == 1:
        return "#{:02x}{:02x}{:02x}".format(*shown)
    return "rgba({}, {}, {}, {:g})".format(*shown, alpha)


def _read(colour: str) -> tuple[float, float, float, float] | None:
    """Red, green, blue and alpha, each from 0 to 1."""
    text = _NAMES.get(colour.lower(), colour.lower())
    if text.startswith("#"):
        digits = text[1:] if len(text) > 5 else "".join(one * 2 for one in text[1:])
        if len(digits) not in (6, 8):
            return None
        red, green, blue, alpha = (int(f"{digits}ff"[at : at + 2], 16) / 255 for at in (0, 2, 4, 6))
        return red, green, blue, alpha
    numbers = _NUMBERS.findall(text.partition("(")[2]) if text.startswith("rgb") else []
    if len(numbers) not in (3, 4):
        return None
    red, green, blue = (_share(one, 255) for one in numbers[:3])
    return red, green, blue, _share(numbers[3], 1) if len(numbers) == 4 else 1.0


def _share(number: str, whole: float) -> float:
    value = float(number[:-1]) / 100 if number.endswith("%") else float(number) / whole
    return min(max(value, 0.0), 1.0)


def _inverted(red: float, green: float, blue: float) -> tuple[int, int, int]:
    lightness, a, b = _to_lab(red, green, blue)
    return _from_lab((100 - lightness) * (100 - BASE) / 100 + BASE, a, b)


# --- sRGB and CIELAB (IEC 61966-2-1, ISO/CIE 11664-4) ----------------------------------------------------


def _to_lab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    r, g, b = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (red, green, blue)
    )
    x = 0.4124564 * r + 0.3575761 * g + 0.1804375 * b
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = 0.0193339 * r + 0.1191920 * g + 0.9503041 * b
    fx, fy, fz = (_root(one / white) for one, white in zip((x, y, z), _WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def _from_lab(lightness: float, a: float, b: float) -> tuple[int, int, int]:
    fy = (lightness + 16) / 116
    x, y, z = (
        _cube(one) * white for one, white in zip((fy + a / 500, fy, fy - b / 200), _WHITE, strict=True)
    )
    red = 3.2404542 * x - 1.5371385 * y - 0.4985314 * z
    green = -0.9692660 * x + 1.8760108 * y + 0.0415560 * z
    blue = 0.0556434 * x - 0.2040259 * y + 1.0572252 * z
    return _byte(red), _byte(green), _byte(blue)


def _cube(value: float) -> float:
    return value**3 if value**3 > 216 / 24389 else (116 * value - 16) * 27 / 24389


def _byte(linear: float) -> int:
    """A linear part as sRGB's byte; what no screen can show is the nearest it can."""
    linear = min(max(linear, 0.0), 1.0)
    shown = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * shown)
