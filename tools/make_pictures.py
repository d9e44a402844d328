"""Draw the sample site's pictures: `python tools/make_pictures.py [NAME …]` writes newsletter/demo/pictures/.

Calm shapes on soft light, 1200 × 675, without text: they stand beside articles that people in pain read.
Everything is drawn at twice the size and scaled down, so edges are smooth. Nothing is random: the same
script, the same pictures.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT, SCALE = 1200, 675, 2
LARGEST = 56_000
"""Bytes. A mail with a dozen pictures must load on a phone."""
FOLDER = Path(__file__).parent.parent / "newsletter" / "demo" / "pictures"

Draw = Callable[[ImageDraw.ImageDraw], None]
Point = tuple[float, float]
Colour = str
Paint = Colour | Sequence[tuple[float, Colour]]
"""One colour, or stops from top (0) to bottom (1)."""


def rgb(colour: Colour) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def gradient(stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """A fall of colours from top to bottom, over the whole canvas."""
    column = Image.new("RGB", (1, HEIGHT))
    for y in range(HEIGHT):
        at = y / (HEIGHT - 1)
        (from_, first), (to, second) = next(
            (pair for pair in pairwise(stops) if at <= pair[1][0]), (stops[-2], stops[-1])
        )
        part = min(1.0, max(0.0, (at - from_) / (to - from_)))
        part = part * part * (3 - 2 * part)
        mixed = tuple(round(a + (b - a) * part) for a, b in zip(rgb(first), rgb(second), strict=True))
        column.putpixel((0, y), mixed)
    return column.resize((WIDTH * SCALE, HEIGHT * SCALE))


class Canvas:
    """A picture in the making. Places and sizes are in final pixels; each call lays a shape over the last."""

    def __init__(self, stops: Sequence[tuple[float, Colour]]) -> None:
        self.image = gradient(stops)

    def lay(self, draw: Draw, paint: Paint, *, opacity: float = 1.0, blur: float = 0) -> None:
        """Draw a shape (see the functions below), softened by `blur`, and lay `paint` over it."""
        mask = Image.new("L", self.image.size)
        draw(ImageDraw.Draw(mask))
        self._paste(paint, soften(mask, blur) if blur else mask, opacity)

    def lit(self, draw: Draw, paint: Paint, *, shade: Colour, depth: float) -> None:
        """A shape with a soft shadow below it and a breath of light on its upper edge."""
        shape = Image.new("L", self.image.size)
        draw(ImageDraw.Draw(shape))
        drop = round(depth * SCALE)
        self._paste(shade, soften(lowered(shape, drop), depth), 0.38)
        self.lay(draw, paint)
        edge = ImageChops.subtract(shape, lowered(shape, drop // 2))
        self._paste("#ffffff", ImageChops.multiply(soften(edge, depth * 0.4), shape), 0.5)

    def _paste(self, paint: Paint, mask: Image.Image, opacity: float) -> None:
        if opacity < 1:
            mask = mask.point([round(value * opacity) for value in range(256)])
        cover = Image.new("RGB", self.image.size, rgb(paint)) if isinstance(paint, str) else gradient(paint)
        self.image.paste(cover, mask=mask)

    def glow(self, centre: Point, radius: float, colour: Colour, opacity: float = 0.8) -> None:
        self.lay(disc(centre, radius * 0.55), colour, opacity=opacity, blur=radius * 0.42)

    def save(self, path: Path) -> None:
        final = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        for quality in range(86, 40, -2):
            final.save(path, quality=quality, optimize=True, progressive=True)
            if path.stat().st_size <= LARGEST:
                return


def soften(mask: Image.Image, radius: float) -> Image.Image:
    """Gaussian blur, done on a smaller copy where the radius is wide: the eye sees no difference."""
    step = max(1, min(16, int(radius * SCALE / 8)))
    small = mask.resize((mask.width // step, mask.height // step), Image.Resampling.BOX)
    return small.filter(ImageFilter.GaussianBlur(radius * SCALE / step)).resize(
        mask.size, Image.Resampling.BICUBIC
    )


def lowered(mask: Image.Image, by: int) -> Image.Image:
    moved = Image.new("L", mask.size)
    moved.paste(mask, (0, by))
    return moved


# --- shapes ----------------------------------------------------------------------------------------------


def big(points: Iterable[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def disc(centre: Point, radius: float) -> Draw:
    x, y = centre
    box = big([(x - radius, y - radius), (x + radius, y + radius)])
    return lambda d: d.ellipse([*box[0], *box[1]], fill=255)


def ring(centre: Point, radius: float, width: float) -> Draw:
    x, y = centre
    box = big([(x - radius, y - radius), (x + radius, y + radius)])
    return lambda d: d.ellipse([*box[0], *box[1]], outline=255, width=round(width * SCALE))


def polygon(points: Iterable[Point]) -> Draw:
    corners = big(points)
    return lambda d: d.polygon(corners, fill=255)


def stroke(points: Sequence[Point], widths: Callable[[float], float]) -> Draw:
    """A brush led along `points`; `widths` says how thick it is at each part (0 to 1) of the way."""

    def draw(d: ImageDraw.ImageDraw) -> None:
        last = len(points) - 1
        for index, (x, y) in enumerate(points):
            r = widths(index / last) / 2
            d.ellipse([*big([(x - r, y - r)])[0], *big([(x + r, y + r)])[0]], fill=255)
            if index < last:
                d.line(big([points[index], points[index + 1]]), fill=255, width=max(1, round(r * 2 * SCALE)))

    return draw


def pebble(centre: Point, width: float, height: float, turn: float = 0, power: float = 2.6) -> list[Point]:
    """A rounded stone: a superellipse, turned by `turn` degrees."""
    points = []
    for step in range(240):
        a = math.tau * step / 240
        c, s = math.cos(a), math.sin(a)
        x = width / 2 * math.copysign(abs(c) ** (2 / power), c)
        y = height / 2 * math.copysign(abs(s) ** (2 / power), s)
        points.append(turned((x, y), turn, centre))
    return points


def turned(point: Point, degrees: float, around: Point) -> Point:
    a = math.radians(degrees)
    x, y = point
    return (around[0] + x * math.cos(a) - y * math.sin(a), around[1] + x * math.sin(a) + y * math.cos(a))


def leaf(root: Point, length: float, width: float, turn: float) -> list[Point]:
    """A pointed leaf growing from `root` in the direction `turn` (degrees; 0 is to the right)."""
    steps = 60
    upper = [
        (length * i / steps, -width / 2 * math.sin(math.pi * (i / steps) ** 0.85) ** 1.15)
        for i in range(steps + 1)
    ]
    lower = [(x, -y) for x, y in reversed(upper)]
    return [turned(point, turn, root) for point in (*upper, *lower)]


def curve(start: Point, bend1: Point, bend2: Point, end: Point, steps: int = 240) -> list[Point]:
    """A cubic Bézier curve."""
    points = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c, e = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append(
            tuple(a * p + b * q + c * r + e * s for p, q, r, s in zip(start, bend1, bend2, end, strict=True))
        )
    return points  # type: ignore[return-value]


def ridge(base: float, swells: Sequence[tuple[float, float, float]]) -> list[Point]:
    """A hill line from edge to edge, closed along the bottom. A swell: height, length, offset of a wave."""
    line = [
        (x, base - sum(h * math.sin(math.tau * (x / length + offset)) for h, length, offset in swells))
        for x in range(-10, WIDTH + 11, 4)
    ]
    return [*line, (WIDTH + 10, HEIGHT + 10), (-10, HEIGHT + 10)]


# --- the pictures ----------------------------------------------------------------------------------------


def spine() -> Canvas:
    """A back, as a chain of pebbles in morning light."""
    c = Canvas([(0, "#f6e7d6"), (0.55, "#f2d3bd"), (1, "#dfa894")])
    c.glow((830, 210), 520, "#fff6e4", 0.95)
    back = curve((505, -70), (760, 130), (420, 430), (640, 760))
    c.lay(stroke(back, lambda t: 330 + 90 * math.sin(math.pi * t)), "#eec3aa", opacity=0.5, blur=46)
    c.lay(stroke(back, lambda t: 7), "#b5665c", opacity=0.35)
    spots = [6, 34, 62, 91, 121, 152, 185, 220]
    for number, at in enumerate(spots):
        (x0, y0), (x1, y1) = back[at - 5], back[at + 5]
        turn = math.degrees(math.atan2(y1 - y0, x1 - x0)) - 90
        size = 118 + number * 13
        hurting = number == 5
        paint: Paint = (
            [(0, "#fffaf2"), (1, "#f0d9c6")] if not hurting else [(0.5, "#f0876a"), (0.9, "#d4604f")]
        )
        if hurting:
            c.glow(back[at], 250, "#ff8f68", 0.75)
        c.lit(polygon(pebble(back[at], size, size * 0.43, turn, 3.0)), paint, shade="#8c4a45", depth=10)
    return c


def nerve() -> Canvas:
    """A branching tree of fine threads with sparks of light."""
    c = Canvas([(0, "#0d2f3d"), (0.6, "#14505b"), (1, "#2a7a78")])
    c.glow((420, 150), 560, "#2f8f92", 0.55)
    sparks: list[tuple[Point, float]] = []

    def grow(start: Point, direction: float, length: float, width: float, depth: int) -> None:
        end = turned((length, 0), direction, start)
        lean = 18 if depth % 2 else -18
        b1, b2 = (
            turned((length * 0.35, 0), direction + lean, start),
            turned((-length * 0.35, 0), direction - lean, end),
        )
        line = curve(start, b1, b2, end, 60)
        thin = width * 0.68
        c.lay(stroke(line, lambda t: (width + (thin - width) * t) * 3.2), "#8fe0d2", opacity=0.16, blur=9)
        c.lay(
            stroke(line, lambda t: width + (thin - width) * t),
            "#e8f6ea" if depth < 3 else "#a8e0d4",
            opacity=0.95,
        )
        if depth >= 3:
            sparks.append((end, 3.5 + width))
        if depth < 5:
            for spread in ((-27, 0.74), (23, 0.8)) if depth else ((-24, 0.8), (4, 0.86), (30, 0.78)):
                grow(end, direction + spread[0], length * spread[1], thin, depth + 1)

    grow((-40, 470), -14, 330, 15, 0)
    for place, radius in sparks[::3]:
        c.glow(place, radius * 7, "#ffd79a", 0.55)
        c.lay(disc(place, radius * 0.9), "#fff0cf")
    return c


def sunrise() -> Canvas:
    """Hills one behind the other, and a path into the light."""
    c = Canvas([(0, "#9fc6c6"), (0.42, "#f3dfbb"), (0.62, "#f6c391"), (1, "#e69a76")])
    c.glow((770, 305), 470, "#fff3cd", 0.95)
    c.lay(disc((770, 305), 84), [(0.3, "#fffbe9"), (0.6, "#ffe3a6")])
    hills = [
        (372, ((26, 900, 0.1), (12, 340, 0.4)), "#d69c86", "#e7b594"),
        (430, ((34, 1100, 0.52), (10, 420, 0.1)), "#9c8a86", "#c39c88"),
        (492, ((40, 1300, 0.05), (14, 520, 0.7)), "#5d7d7c", "#7f938a"),
        (566, ((38, 1500, 0.45), (10, 600, 0.2)), "#2f6466", "#3d7570"),
    ]
    for base, swells, top, low in hills:
        y = base / HEIGHT
        c.lay(polygon(ridge(base, swells)), [(y - 0.08, top), (min(0.99, y + 0.16), low), (1, low)])
        c.lay(polygon(ridge(base + 60, swells)), "#fbe3c0", opacity=0.14, blur=26)
    way = curve((560, 700), (660, 600), (540, 560), (690, 505), 120)
    c.lay(stroke(way, lambda t: 78 * (1 - t) ** 1.5 + 4), "#f6dfb8", opacity=0.9)
    return c


def waves() -> Canvas:
    """Signals that grow calm: bands of waves that flatten from left to right."""
    c = Canvas([(0, "#f5efe2"), (1, "#dfe9e3")])
    c.glow((980, 300), 520, "#fff8e8", 0.9)
    tints = ["#0b5c63", "#1c7a7c", "#3f9a94", "#77b8a9", "#e3a07b", "#efc49c"]
    for number, tint in enumerate(tints):
        middle = 220 + number * 50

        def line(x: float, number: int = number, middle: float = middle) -> float:
            calm = 1 / (1 + math.exp((x - 560) / 130))
            storm = (
                92
                * calm
                * math.sin(x / (27 + number * 3.4) + number * 1.1)
                * (0.6 + 0.4 * math.sin(x / 113 + number))
            )
            return middle + storm + 16 * math.sin(x / 210 + number * 0.5)

        points = [(float(x), line(x)) for x in range(-20, WIDTH + 21, 3)]
        c.lay(stroke(points, lambda t, number=number: 15 - number), tint, opacity=0.16, blur=9)
        c.lay(stroke(points, lambda t, number=number: 8.5 - number * 0.7), tint, opacity=0.92)
    return c


def aura() -> Canvas:
    """A migraine's rings of light, seen from a quiet dark."""
    c = Canvas([(0, "#251f3d"), (0.6, "#3f3157"), (1, "#6d4a68")])
    centre = (760, 330)
    c.glow(centre, 640, "#8a5f86", 0.6)
    tints = ["#ffe7b8", "#fbc79a", "#f2a98e", "#dd9096", "#bd7b9c", "#94709f", "#6d6397"]
    for number, tint in enumerate(tints):
        radius = 104 + number * 58
        strength = 0.9 * (1 - number / 8)
        points = [turned((radius, 0), degrees / 2 - 240 + number * 9, centre) for degrees in range(520)]
        c.lay(stroke(points, lambda t: 15 * math.sin(math.pi * t)), tint, opacity=strength * 0.35, blur=9)
        c.lay(stroke(points, lambda t: 5 * math.sin(math.pi * t) ** 0.8 + 0.5), tint, opacity=strength)
    for number, tint in enumerate(("#fff3d2", "#ffcf9f", "#e59aa0")):
        points = []
        for step in range(37):
            part = step / 36
            wide = (12 + 30 * part) * math.sin(math.pi * part) ** 0.7
            jag = wide if step % 2 else -wide * 0.2
            points.append(turned((270 + number * 30 + jag, 0), 128 + 136 * part, centre))
        fine = [
            (a[0] + (b[0] - a[0]) * i / 12, a[1] + (b[1] - a[1]) * i / 12)
            for a, b in pairwise(points)
            for i in range(12)
        ]
        c.lay(stroke(fine, lambda t: 14 * math.sin(math.pi * t)), tint, opacity=0.35, blur=8)
        c.lay(
            stroke(fine, lambda t: 4.6 * math.sin(math.pi * t) ** 0.7 + 0.4),
            tint,
            opacity=0.9 - number * 0.22,
        )
    c.glow(centre, 210, "#fff1cf", 0.95)
    c.lay(disc(centre, 52), "#fffaf0")
    return c


def joint() -> Canvas:
    """Two rounded forms that meet, with ripples between them."""
    c = Canvas([(0, "#e9efe9"), (0.6, "#cfe0da"), (1, "#a9c9c4")])
    c.glow((600, 330), 560, "#ffffff", 0.8)
    meeting = (600, 338)
    for number in range(5, 0, -1):
        c.lay(ring(meeting, 70 + number * 52, 3), "#df7d5e", opacity=0.09 + 0.09 * (5 - number))
    bone = [(0.1, "#fffdf8"), (0.9, "#ead9c4")]
    upper = curve((250, -120), (330, 60), (400, 130), (470, 226))
    lower = curve((730, 450), (800, 545), (870, 615), (950, 795))
    for shaft, knob, turn in ((upper, (500, 244), 42), (lower, (700, 432), 42)):
        c.lit(stroke(shaft, lambda t: 128), bone, shade="#4d706d", depth=16)
        c.lit(polygon(pebble(knob, 168, 268, turn, 2.5)), bone, shade="#4d706d", depth=16)
        c.lay(stroke(shaft, lambda t: 122), bone, blur=1)
    c.glow(meeting, 200, "#ff9a73", 0.85)
    c.lay(polygon(pebble(meeting, 17, 200, 42, 2.0)), "#fff1dd", opacity=0.95, blur=5)
    return c


def leaves() -> Canvas:
    """Stems and leaves in a soft breeze."""
    c = Canvas([(0, "#f3f1e3"), (1, "#d3e0c9")])
    c.glow((300, 170), 480, "#fffbe6", 0.95)
    stems = [
        ((250, 720), (270, 520), (180, 330), (300, 90), "#86aa83", "#a8c39c", 0.6),
        ((960, 720), (930, 520), (1040, 330), (930, 70), "#7ba287", "#a4c4a2", 0.65),
        ((600, 730), (590, 520), (680, 330), (620, 30), "#2f6b5d", "#5c9479", 1.0),
    ]
    for start, b1, b2, end, dark, light, strength in stems:
        stem = curve(start, b1, b2, end)
        c.lay(stroke(stem, lambda t: 9 - 6 * t), dark, opacity=strength)
        for number, at in enumerate(range(46, 236, 24)):
            (x0, y0), (x1, y1) = stem[at - 2], stem[at + 2]
            along = math.degrees(math.atan2(y1 - y0, x1 - x0))
            side = 1 if number % 2 else -1
            length = (196 - number * 13) * (0.8 + 0.2 * strength)
            shape = leaf(stem[at], length, length * 0.37, along + side * 50)
            c.lay(polygon([(x + 6, y + 12) for x, y in shape]), "#5b7a60", opacity=0.16 * strength, blur=10)
            c.lay(polygon(shape), [(0, light), (1, dark)], opacity=strength)
            vein = [stem[at], turned((length * 0.9, 0), along + side * 50, stem[at])]
            c.lay(stroke(vein, lambda t: 2.4 - 1.6 * t), "#f2f5e4", opacity=0.5 * strength)
    return c


def target() -> Canvas:
    """A fine line finds its place between soft layers."""
    c = Canvas([(0, "#eef3f4"), (1, "#cfdfe3")])
    c.glow((360, 150), 500, "#ffffff", 0.9)
    layers = [
        (250, ((16, 1000, 0.1),), "#f3d9c8"),
        (330, ((20, 1200, 0.3), (5, 400, 0.1)), "#e9bfa8"),
        (420, ((22, 1100, 0.55), (6, 500, 0.4)), "#d99d88"),
        (520, ((18, 1300, 0.8), (6, 420, 0.2)), "#b97a72"),
    ]
    for base, swells, tint in layers:
        c.lay(polygon(ridge(base - 10, swells)), "#7d4a4a", opacity=0.12, blur=12)
        c.lay(polygon(ridge(base, swells)), tint)
    goal = (720, 452)
    c.glow(goal, 260, "#fff2d4", 0.95)
    for radius, strength in ((112, 0.35), (78, 0.55), (44, 0.85)):
        c.lay(ring(goal, radius, 3.5), "#fffaf0", opacity=strength)
    path = [(float(250 + 470 * i / 100), float(-40 + 492 * i / 100)) for i in range(101)]
    c.lay(stroke([(x + 6, y + 12) for x, y in path], lambda t: 9 - 5 * t), "#4b3b40", opacity=0.22, blur=7)
    c.lay(stroke(path, lambda t: 9.5 - 7 * t), [(0, "#5f8791"), (0.65, "#0b5c63")])
    c.lay(disc(goal, 11), "#0b5c63")
    return c


def sheets() -> Canvas:
    """Papers of a study, fanned out on a desk; lines and a rising curve instead of words."""
    c = Canvas([(0, "#e9e2d4"), (1, "#cdd8d6")])
    c.glow((300, 130), 560, "#fffaf0", 0.9)
    for turn, middle, tint in (
        (-13, (470, 372), "#f1e6d6"),
        (11, (760, 366), "#e6eeec"),
        (-1.5, (610, 362), "#fffdf9"),
    ):
        w, h = 392, 500
        page = [turned((x * w / 2, y * h / 2), turn, middle) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        c.lay(polygon([(x + 4, y + 20) for x, y in page]), "#45545a", opacity=0.3, blur=24)
        c.lay(polygon(page), tint)
    middle, turn = (610, 362), -1.5

    def on(x: float, y: float) -> Point:
        return turned((x, y), turn, middle)

    for number, length in enumerate((232, 276, 200)):
        c.lay(
            stroke([on(-140, -196 + number * 32), on(-140 + length, -196 + number * 32)], lambda t: 9),
            "#d6cfc2",
        )
    for number, height in enumerate((52, 84, 76, 118, 150, 190)):
        x = -122 + number * 48
        bar = [on(x - 15, 186), on(x - 15, 186 - height), on(x + 15, 186 - height), on(x + 15, 186)]
        c.lay(
            polygon(bar),
            [(0.35, "#e4a27c"), (0.85, "#f1cfae")] if number < 5 else [(0.4, "#0b5c63"), (0.8, "#3f9a94")],
        )
    trend = curve(on(-136, 96), on(-40, 60), on(30, 30), on(136, -50), 80)
    c.lay(stroke(trend, lambda t: 5), "#0b5c63")
    c.lay(disc(trend[-1], 10), "#0b5c63")
    return c


def moon() -> Canvas:
    """A still night over water."""
    c = Canvas([(0, "#16233f"), (0.5, "#2f4668"), (0.62, "#566f8d"), (0.621, "#32496a"), (1, "#14203a")])
    centre = (800, 215)
    c.glow(centre, 460, "#b9cbe0", 0.6)
    c.lay(disc(centre, 92), [(0.1, "#fffbee"), (0.5, "#f3e3c3")])
    for x, y, r in ((832, 190, 17), (780, 250, 12), (770, 190, 8), (826, 245, 7)):
        c.lay(disc((x, y), r), "#e5d2ae", opacity=0.55, blur=2)
    for number in range(46):
        x, y = (number * 397 + 61) % 1200, (number * number * 29 + 23) % 340
        if math.dist((x, y), centre) > 150:
            c.lay(disc((x, y), 1.1 + (number % 4) * 0.55), "#fff6dd", opacity=0.35 + 0.15 * (number % 5))
    for base, swells, tint in (
        (424, ((20, 700, 0.2), (9, 260, 0.5)), "#253a59"),
        (424, ((10, 900, 0.75), (7, 330, 0.1)), "#1b2c48"),
    ):
        line = ridge(base - 8, swells)[:-2]
        c.lay(polygon([*line, (1210, 420), (-10, 420)]), tint)
    for number in range(17):
        y = 436 + number * 13.6
        half = 26 + number * 7.5 + 18 * math.sin(number * 2.2)
        middle = 800 + 10 * math.sin(number * 1.7)
        band = [(middle - half + 2 * half * i / 30, y) for i in range(31)]
        c.lay(stroke(band, lambda t: 6 * math.sin(math.pi * t)), "#f7e6c4", opacity=0.75 - number * 0.036)
    return c


def stones() -> Canvas:
    """Balanced stones by the water: one step, then the next."""
    c = Canvas([(0, "#dfeae8"), (0.58, "#f3e9da"), (0.64, "#cfdcd8"), (1, "#9fbab8")])
    c.glow((840, 250), 460, "#fff7e3", 0.95)
    for number in range(6):
        y = 470 + number * 32
        c.lay(
            stroke([(x, y + 4 * math.sin(x / 90 + number)) for x in range(-10, 1211, 8)], lambda t: 2.5),
            "#ffffff",
            opacity=0.35,
            blur=1,
        )
    c.lay(polygon(pebble((520, 598), 460, 60, 0, 2)), "#43605f", opacity=0.4, blur=20)
    tower = [
        (520, 542, 360, 122, -1, "#6f8f8c", "#456865"),
        (505, 444, 268, 92, 2, "#e7d2b8", "#c19f83"),
        (526, 364, 200, 76, -3, "#b0c4b8", "#83a095"),
        (512, 299, 140, 60, 3, "#eba583", "#cc7a60"),
        (520, 249, 86, 44, -2, "#fdf4e4", "#e6d2b6"),
    ]
    for x, y, w, h, turn, light, dark in tower:
        stops = [(max(0, (y - h / 2) / HEIGHT - 0.02), light), ((y + h / 2) / HEIGHT, dark)]
        c.lit(polygon(pebble((x, y), w, h, turn, 2.4)), stops, shade="#2d4a4a", depth=9)
    for x, y, w, h, light, dark in (
        (860, 590, 210, 66, "#e0cdb4", "#b89a80"),
        (1030, 560, 120, 42, "#a9c0b5", "#7c9990"),
    ):
        c.lay(polygon(pebble((x, y + 26), w, 24, 0, 2)), "#43605f", opacity=0.35, blur=12)
        c.lit(
            polygon(pebble((x, y), w, h, 0, 2.4)),
            [((y - h) / HEIGHT, light), ((y + h / 2) / HEIGHT, dark)],
            shade="#2d4a4a",
            depth=8,
        )
    return c


def circle() -> Canvas:
    """People together: overlapping rounds of warm colour."""
    c = Canvas([(0, "#fbf1e4"), (1, "#f3dcc8")])
    c.glow((600, 330), 600, "#ffffff", 0.75)
    tints = ["#e58f6f", "#f0b489", "#d9a441", "#8db39b", "#3f8f8b", "#0b5c63", "#7d6a94", "#c8737c"]
    for number, tint in enumerate(tints):
        place = turned((140, 0), number * 45 - 90, (600, 338))
        c.lay(disc(place, 108), tint, opacity=0.6)
    for number, tint in enumerate(tints):
        place = turned((284, 0), number * 45 - 90, (600, 338))
        c.lay(disc(place, 19), tint, opacity=0.9)
    c.glow((600, 338), 150, "#fffaf0", 0.95)
    return c


def hands() -> Canvas:
    """Two hands like the petals of a flower, holding a light."""
    c = Canvas([(0, "#7fa7a6"), (0.55, "#e8cdb4"), (1, "#dc9f86")])
    c.glow((600, 285), 540, "#fff4dc", 0.95)
    root = (600, 640)
    for turn, length, top, low in (
        (62, 430, "#eeb597", "#c8775f"),
        (47, 440, "#f4c6a8", "#d48a70"),
        (31, 430, "#f9d8bd", "#de9c80"),
        (14, 390, "#fdeadb", "#e8b095"),
    ):
        stops = [(0.35, top), (0.95, low)]
        for side in (-1, 1):
            shape = leaf(root, length, 150, -90 + side * turn)
            c.lit(polygon(shape), stops, shade="#8a4c46", depth=8)
        if turn == 31:
            c.glow((600, 270), 330, "#fff3cf", 0.95)
            c.lay(disc((600, 270), 74), [(0.28, "#fffdf2"), (0.52, "#ffe2a8")])
    return c


def button() -> Canvas:
    """A small round device, and the pulses it sends."""
    c = Canvas([(0, "#0d3b44"), (0.6, "#14575e"), (1, "#2f7f7c")])
    centre = (600, 338)
    c.glow(centre, 620, "#3f9d98", 0.6)
    for number in range(8):
        c.lay(ring(centre, 168 + number * 54, 3.2), "#a9e6d6", opacity=0.62 * (1 - number / 8.2))
        c.lay(ring(centre, 172 + number * 54, 12), "#a9e6d6", opacity=0.16 * (1 - number / 8.2), blur=9)
    c.lit(disc(centre, 122), [(0.3, "#fffaf0"), (0.72, "#d9cfbd")], shade="#04181c", depth=18)
    c.lay(ring(centre, 96, 5), "#b9ac97", opacity=0.6)
    c.lay(disc(centre, 90), [(0.35, "#e9dfcd"), (0.66, "#fffaf0")])
    spiral = [turned((8 + 58 * i / 300, 0), 1080 * i / 300 - 90, centre) for i in range(301)]
    c.lay(stroke(spiral, lambda t: 5.5), "#dd8a64")
    c.lay(disc(centre, 9), "#dd8a64")
    return c


def warmth() -> Canvas:
    """Arches of warmth, one inside the other, deepest at the hearth."""
    c = Canvas([(0, "#fbf3e6"), (0.7, "#fae3c9"), (1, "#f3c9a5")])
    c.glow((600, 600), 720, "#ffd9ae", 0.9)
    hearth = (600, 640)
    tints = ["#fbe0c2", "#f8cfa8", "#f3b98c", "#eca277", "#e28a66", "#d3715a", "#b9584f"]
    for number, tint in enumerate(tints):
        radius = 520 - number * 66
        c.lit(
            disc(hearth, radius), [((640 - radius) / HEIGHT, tint), (1, "#f6d2b0")], shade="#8b4a35", depth=9
        )
    c.glow(hearth, 230, "#fff0cf", 0.95)
    c.lay(disc(hearth, 62), "#fffaf0")
    return c


PICTURES = {
    one.__name__: one
    for one in (
        *(spine, nerve, sunrise, waves, aura, joint, leaves, target, sheets, moon, stones, circle),
        *(hands, button, warmth),
    )
}


def main(names: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        PICTURES[name]().save(FOLDER / f"{name}.jpg")


if __name__ == "__main__":
    main(sys.argv[1:])
