"""An editor's Markdown as safe HTML and as plain text that reads well."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from newsletter.render.clean import clean, safe_address

_INLINE_TAGS = {"strong", "em", "a", "code"}
_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h3", "h4", "hr", "code"}
_LINK_SCHEMES = {"http", "https", "mailto"}
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
"""The page has its own h1 and h2: a note's headings stand below them."""
_MAX_NESTING = 20
"""Mail programs lose deeper content, and MJML's parser fails on much deeper."""


@cache
def _markdown() -> MarkdownIt:
    # html=False: tags an editor types are shown, not obeyed. No pictures: one of unknown size breaks a mail.
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    return parser.disable("image")


def note_html(note: str) -> Markup:
    """Markdown as HTML made of a few safe tags; links only to http, https and mailto."""
    return _safe_html(_markdown().parse(_prepared(note)), _TAGS)


def line_html(line: str) -> Markup:
    """One line of Markdown as HTML that stands inside a paragraph: emphasis, code and links, nothing larger."""
    return _safe_html(_markdown().parseInline(_prepared(line)), _INLINE_TAGS)


def _safe_html(tokens: list[Token], tags: set[str]) -> Markup:
    _settle(tokens)
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    safe = nh3.clean(
        html,
        tags=tags,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=_LINK_SCHEMES,
        link_rel=None,
    )
    return Markup(safe.strip())  # noqa: S704 - nh3 has just made it safe


def _prepared(note: str) -> str:
    # Cleaned before parsing and again after it: Markdown's escapes and entities can put a mark together.
    return clean(note)


def _settle(tokens: list[Token]) -> None:
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if token.type == "link_open":
            token.attrs = {"href": safe_address(str(token.attrs.get("href", "")), _LINK_SCHEMES) or ""}
        if token.content:
            token.content = clean(token.content)
        _settle(token.children or [])


def note_text(note: str) -> str:
    """Markdown as plain text: paragraphs, `- ` lists, each link's address after its words."""
    tokens = _markdown().parse(_prepared(note))
    _settle(tokens)
    return _Text(tokens).text()


def line_text(line: str) -> str:
    """One line of Markdown as plain text, each link's address after its words."""
    tokens = _markdown().parseInline(_prepared(line))
    _settle(tokens)
    return _Text(tokens).text()


class _Text:
    """Walks the blocks of a note and writes each as lines."""

    def __init__(self, tokens: list[Token]) -> None:
        self.written = ""
        self.prefix: list[str] = []
        self.numbers: list[int | None] = []
        self.label = ""
        self.gap = "\n\n"
        for token in tokens:
            self.take(token)

    def text(self) -> str:
        return self.written.strip()

    def take(self, token: Token) -> None:
        kind, _, end = token.type.rpartition("_")
        if kind in ("bullet_list", "ordered_list"):
            self.list_begins(token) if end == "open" else self.list_ends()
        elif kind == "list_item":
            self.open_item() if end == "open" else self.prefix.pop()
        elif kind == "blockquote":
            self.prefix.append("> ") if end == "open" else self.prefix.pop()
        elif token.type == "paragraph_close" and token.hidden:  # a list without blank lines stays one
            self.gap = "\n"
        elif text := _TEXT_OF.get(token.type):
            self.add(text(token))

    def list_begins(self, token: Token) -> None:
        self.numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)

    def list_ends(self) -> None:
        self.numbers.pop()
        self.gap = "\n" if self.numbers else "\n\n"

    def open_item(self) -> None:
        number = self.numbers[-1]
        self.label = "- " if number is None else f"{number}. "
        if number is not None:
            self.numbers[-1] = number + 1
        self.prefix.append(" " * len(self.label))

    def add(self, text: str) -> None:
        before = "".join(self.prefix)
        first, self.label = (before[: len(before) - len(self.label)] + self.label), ""
        lines = text.split("\n")
        block = "\n".join([first + lines[0], *(before + line for line in lines[1:])])
        self.written += self.gap + block
        self.gap = "\n\n"


def _inline_text(children: list[Token]) -> str:
    parts: list[str] = []
    open_links: list[tuple[str, int]] = []
    for child in children:
        if child.type == "link_open":
            open_links.append((str(child.attrs.get("href", "")), len(parts)))
        elif child.type == "link_close":
            href, start = open_links.pop()
            words = "".join(parts[start:])
            shown = href.removeprefix("mailto:")
            if shown and words != shown:
                parts.append(f" ({shown})")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" " if child.type == "softbreak" else "\n")
        else:
            parts.append(child.content)
    return "".join(parts)


_TEXT_OF: dict[str, Callable[[Token], str]] = {
    "inline": lambda token: clean(_inline_text(token.children or [])),
    "fence": lambda token: token.content.rstrip(),
    "code_block": lambda token: token.content.rstrip(),
    "hr": lambda _: "* * *",
}
