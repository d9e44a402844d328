"""A mail as programs of one look show it: light, in its own dark palette, darkened by force, with large text, without
pictures. Text in, text out: the same on every computer, whatever that prefers for itself.
"""

from __future__ import annotations

import re

from newsletter.gallery.colours import COLOUR, darkened

LOOKS = {"light": "Light", "dark": "Dark", "inverted": "Inverted"}
"""Light; the mail's own dark palette (Apple Mail, Outlook on Macs); and a program that ignores that palette and turns
the colours over by itself (Gmail's and Outlook's apps)."""
LARGE = 2
"""Times the size of text that must still be readable (WCAG 2.2, 1.4.4)."""

_SCHEME = r"\(\s*prefers-color-scheme\s*:\s*{}\s*\)"
_META = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=)"[^"]*"')
_ROOT = re.compile(r"((?<![\w-])(?:supported-)?color-schemes?\s*:\s*)[^;}\"']+(?=[;}])")
_STYLED = re.compile(
    r"""(<style\b[^>]*>)(.*?)(</style>)|(?<=\s)(style|bgcolor|color)=("[^"]*"|'[^']*')""",
    re.DOTALL | re.IGNORECASE,
)
"""A style sheet, an element's own style, or a colour that stands in an attribute."""
_COLOURED = re.compile(
    r"(?<![\w-])((?:[\w-]*color|background|border(?:-\w+)?|outline|(?:box|text)-shadow)\s*:)([^;{}]*)",
    re.IGNORECASE,
)
"""A declaration that can hold a colour: `Arial Black` is none, and #add in a selector neither."""
_SIZE = re.compile(r"(?<![\w-])((?:font-size|line-height)\s*:\s*)([\d.]+)px")
_PICTURE = re.compile(r"(<img\b[^>]*?\s)src=", re.IGNORECASE)
_NO_PICTURES = (
    "<style>img{background:#e3e3e3 !important;color:#333 !important;outline:1px solid #999;outline-offset:-1px;"
    "font:14px/1.4 Arial,sans-serif !important;min-height:24px}</style>"
)


def as_seen(html: str, look: str, *, large: bool = False, pictures: bool = True) -> str:
    """The mail's HTML as it is shown; its links open a tab of their own."""
    html = _chosen(html, "dark" if look == "dark" else "light")
    if look == "inverted":
        html = inverted(html)
    if large:
        html = _STYLED.sub(_enlarged, html)
    if not pictures:
        html = _PICTURE.sub(r"\1data-src=", html).replace("</head>", f"{_NO_PICTURES}</head>", 1)
    return html.replace("<head>", '<head><base target="_blank">', 1)


def _chosen(html: str, scheme: str) -> str:
    """As a program that prefers this scheme shows it."""
    head, end, body = html.partition("</head>")
    if "color-scheme" in body:  # a part of a mail may bring a sheet of its own; going through all costs most
        head, end, body = html, "", ""
    for one in ("light", "dark"):
        always = "(min-width: 0)" if one == scheme else "(max-width: 0)"  # or never
        head = re.sub(_SCHEME.format(one), always, head)
    head = _ROOT.sub(rf"\g<1>{scheme}", _META.sub(rf'\1"{scheme}"', head))
    return f"{head}{end}{body}"


def inverted(html: str) -> str:
    """Every colour turned over, those included that nobody named."""
    return _STYLED.sub(_turned, html).replace("<head>", f"<head><style>{unnamed()}</style>", 1)


def unnamed() -> str:
    """The style of what a mail says nothing of: black text, blue links and a white ground, turned over."""
    return (
        f"html{{background:{darkened('#ffffff')};color:{darkened('#000000')}}}"
        f":where(a:link){{color:{darkened('#0000ee')}}}"
    )


def colours(html: str) -> set[str]:
    """Every colour that the mail's styles and attributes name, as it is written there."""
    found: set[str] = set()
    for one in {part[0]: part for part in _STYLED.finditer(html)}.values():
        sheet = one[2] if one[1] else one[5] if one[4].lower() == "style" else None
        values = [one[5]] if sheet is None else [declared[2] for declared in _COLOURED.finditer(sheet)]
        found.update(*map(COLOUR.findall, values))
    return {one for one in found if darkened(one) != one}


def _turned(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}{_turn_sheet(found[2])}{found[3]}"
    turn = _turn_sheet if found[4].lower() == "style" else _turn
    return f"{found[4]}={turn(found[5])}"


def _turn_sheet(css: str) -> str:
    return _COLOURED.sub(lambda one: one[1] + _turn(one[2]), css)


def _turn(value: str) -> str:
    return COLOUR.sub(lambda colour: darkened(colour[0]), value)


def _enlarged(found: re.Match[str]) -> str:
    return _SIZE.sub(lambda size: f"{size[1]}{float(size[2]) * LARGE:g}px", found[0])
