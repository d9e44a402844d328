"""What MJML's renderer passes over in silence: unknown tags and attributes, wrong nesting, widths that
Outlook gets wrong. Works on a template's source: each finding has the file and line an editor can go to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.render.mjml import TAG_OR_COMMENT

_PADDING = "padding padding-top padding-right padding-bottom padding-left "
_BORDER = "border border-top border-right border-bottom border-left border-radius "
_FONT = "color font-family font-size font-weight line-height "
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y "
)
_SECTION = _PADDING + _BORDER + _BACKGROUND + "direction full-width text-align text-padding"
_SHOWN = _PADDING + "container-background-color "

# What mjml-python (mrml 6.0) knows; attributes of MJML's own table that it silently drops are left out.
_ATTRIBUTES = {
    "mjml": "lang dir owa",
    "mj-head": "",
    "mj-title": "",
    "mj-style": "",
    "mj-attributes": "",
    "mj-breakpoint": "width",
    "mj-raw": "",
    "mj-body": "width background-color",
    "mj-wrapper": _SECTION,
    "mj-section": _SECTION,
    "mj-group": "background-color direction vertical-align width",
    "mj-column": _PADDING
    + _BORDER
    + "background-color direction vertical-align width inner-background-color inner-border inner-border-top "
    "inner-border-right inner-border-bottom inner-border-left inner-border-radius",
    "mj-text": _SHOWN
    + _FONT
    + "align background-color font-style height letter-spacing text-decoration text-transform vertical-align",
    "mj-button": _SHOWN
    + _BORDER
    + _FONT
    + "align background-color font-style height href name inner-padding letter-spacing rel target "
    "text-decoration text-transform vertical-align text-align width",
    "mj-image": _SHOWN
    + "align alt border border-left border-right border-radius fluid-on-mobile font-size height href "
    "max-height name rel src target title usemap width",
    "mj-divider": _SHOWN + "align border-color border-style border-width width",
    "mj-spacer": _SHOWN + _BORDER + "height",
    "mj-table": _SHOWN + _FONT + "align border cellpadding cellspacing table-layout vertical-align width",
    "mj-hero": _PADDING
    + "background-color background-height background-position background-url background-width height "
    "inner-background-color inner-padding mode vertical-align",
    "mj-social": _SHOWN
    + _FONT
    + "align border-radius font-style icon-size icon-height icon-padding inner-padding mode table-layout "
    "text-padding text-decoration vertical-align",
    "mj-social-element": _PADDING
    + _FONT
    + "align alt background-color border-radius font-style href icon-size icon-height icon-padding name rel "
    "src target text-decoration text-padding title vertical-align",
    "mj-navbar": _PADDING + "align base-url hamburger",
    "mj-navbar-link": _PADDING
    + _FONT
    + "font-style href letter-spacing name rel target text-decoration text-transform",
}
_INSTEAD = {
    "mj-include": "write {% include %}: templates are put together before MJML sees them",
    "mj-preview": "write a hidden <div> in <mj-raw>: spam filters dislike the white text of mj-preview",
    "mj-font": "name fonts that readers have: nothing is fetched from a third party",
    "mj-carousel": "show the pictures one below another: few programs can do more, and its ids collide",
    "mj-html-attributes": "write the attribute on the element: this renderer stops at mj-html-attributes",
}
_CONTENT = {
    "mj-text",
    "mj-button",
    "mj-image",
    "mj-divider",
    "mj-spacer",
    "mj-table",
    "mj-social",
    "mj-navbar",
}
_CHILDREN = {
    "mjml": {"mj-head", "mj-body"},
    "mj-head": {"mj-attributes", "mj-breakpoint", "mj-style", "mj-title"},
    "mj-body": {"mj-section", "mj-wrapper", "mj-hero"},
    "mj-wrapper": {"mj-section", "mj-hero"},
    "mj-section": {"mj-column", "mj-group"},
    "mj-group": {"mj-column"},
    "mj-column": _CONTENT,
    "mj-hero": _CONTENT,
    "mj-social": {"mj-social-element"},
    "mj-navbar": {"mj-navbar-link"},
}
_EVERYWHERE = {"css-class", "mj-class"}
_DEFAULTS = {"mj-all", "mj-class"}
"""Elements of mj-attributes that may carry any attribute."""

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<(/?)(mj[\w-]*)")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class Finding:
    where: str
    """`file:line`."""
    element: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: <{self.element}>: {self.message}"


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    line: int
    closes: bool
    empty: bool


def lint(source: str, name: str) -> tuple[Finding, ...]:
    """What is wrong in MJML, or in a Jinja template of it (or of a part of it), in the order of its lines."""
    return tuple(
        Finding(f"{name}:{line}", element, message)
        for line, element, message in _findings(list(_tags(source)))
    )


def _tags(source: str) -> Iterator[_Tag]:
    """The MJML tags of a template, each with its line; Jinja's own parts are blanked, line by line."""
    plain = _JINJA.sub(_blank, source)
    for match in TAG_OR_COMMENT.finditer(plain):
        if found := _TAG.match(match[0]):
            attributes = {a[1]: a[2] if a[2] is not None else a[3] for a in _ATTRIBUTE.finditer(match[0])}
            line = source.count("\n", 0, match.start()) + 1
            yield _Tag(found[2], attributes, line, bool(found[1]), match[0].endswith("/>"))


def _blank(match: re.Match[str]) -> str:
    filler = "x" if match[0].startswith("{{") else " "
    return re.sub(r"[^\n]", filler, match[0])


def _findings(tags: Iterable[_Tag]) -> Iterator[tuple[int, str, str]]:
    path: list[_Tag] = []
    for tag in tags:
        if tag.closes:
            if path and path[-1].name != tag.name:
                yield (
                    tag.line,
                    tag.name,
                    f"closes here, but <{path[-1].name}> of line {path[-1].line} is open",
                )
            del path[-1:]
            continue
        parent = path[-1].name if path else None
        for message in (*_about_name(tag), *_about_place(tag, parent), *_about_attributes(tag, parent)):
            yield tag.line, tag.name, message
        if not tag.empty:
            path.append(tag)
    for tag in path:
        yield tag.line, tag.name, "is never closed"


def _about_name(tag: _Tag) -> Iterator[str]:
    if tag.name in _INSTEAD:
        yield _INSTEAD[tag.name]
    elif tag.name not in _ATTRIBUTES and tag.name not in _DEFAULTS:
        yield f"is not an MJML element{_nearest(tag.name, _ATTRIBUTES)}"


def _about_place(tag: _Tag, parent: str | None) -> Iterator[str]:
    # Parts have no parent in sight; under mj-attributes stand defaults, not elements.
    if parent is None or parent == "mj-attributes" or tag.name in ("mj-raw", *_INSTEAD):
        return
    if tag.name in _ATTRIBUTES and tag.name not in _CHILDREN.get(parent, set()):
        homes = sorted(home for home, children in _CHILDREN.items() if tag.name in children)
        yield f"cannot stand in <{parent}>, only in {', '.join(f'<{home}>' for home in homes)}"


def _about_attributes(tag: _Tag, parent: str | None) -> Iterator[str]:
    known = {*_ATTRIBUTES.get(tag.name, "").split(), *_EVERYWHERE}
    for attribute, value in tag.attributes.items():
        if tag.name in _ATTRIBUTES and attribute not in known:
            yield f"has no attribute {attribute!r}{_nearest(attribute, known)}"
        if "padding" in attribute and re.search(r"(?<![\w.])0(?![\w.%])", value):
            yield f'{attribute}="{value}": write 0px, or Outlook gets wrong widths'
    if tag.name == "mj-image" and "alt" not in tag.attributes and parent != "mj-attributes":
        yield 'has no alt: say what the picture shows, or alt="" when it only decorates'


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
