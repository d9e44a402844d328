"""YAML as a tree that knows its lines: what a message to an editor needs, and nothing that can hurt.

No value is ever made of it but text: no dates, no numbers, no tags. Anchors and aliases are refused, so a
small file cannot stand for a huge one; depth and size are limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from newsletter.errors import ContentError

MAX_DEPTH = 20
_BOM = "\ufeff"
_FENCE = re.compile(r"---[ \t]*(?:\r\n|\n|\r|$)")
_CLOSING = re.compile(r"(?<=[\r\n])---[ \t]*(?:\r\n|\n|\r|\Z)")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Source:
    """The text of an issue file, cut where its front matter begins and ends. Positions count characters."""

    path: str
    text: str
    start: int
    end: int

    @property
    def front(self) -> str:
        return self.text[self.start : self.end]

    @property
    def body(self) -> str:
        closing = _CLOSING.match(self.text, self.end)
        return self.text[closing.end() :] if closing else ""

    def line(self, position: int) -> int:
        """The line, from 1, of a position in the front matter."""
        return len(_LINE_END.findall(self.text, 0, self.start + position)) + 1

    def error(self, what: str, node: Node | int, hint: str = "") -> ContentError:
        """A mistake at a node, or at a position in the front matter."""
        position = node if isinstance(node, int) else node.start_mark.index
        if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index:
            position = len(self.front[:position].rstrip())  # nothing was written: it begins behind the line
        return ContentError(what, where=f"{self.path}:{self.line(position)}", hint=hint)


def split(text: str, path: str) -> Source:
    """Find the front matter. Raises ContentError when there is none or it does not end."""
    if not text.strip(_BOM + " \t\r\n"):
        raise ContentError(
            "the file is empty", where=f"{path}:1", hint="Delete it and run `newsletter build`."
        )
    start = 1 if text.startswith(_BOM) else 0
    opening = _FENCE.match(text, start)
    if not opening:
        raise ContentError(
            "the file does not begin with a line of three dashes",
            where=f"{path}:1",
            hint="Write --- as its first line, then subject, date and picks, then --- again.",
        )
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        raise ContentError(
            "the front matter does not end: there is no second line of three dashes",
            where=f"{path}:{len(_LINE_END.findall(text.rstrip())) + 1}",
            hint="Write --- on a line of its own after the picks; the editor's note stands below it.",
        )
    return Source(path, text, opening.end(), closing.start())


class _Plain(Composer):
    """Refuses aliases: with them a few lines can stand for millions (`billion laughs`)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise MarkedYAMLError(problem="anchors and aliases", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


_HINTS = {
    "anchors and aliases": (
        "begins with & or *, which YAML keeps for itself",
        "Put the text in double quotes; anchors (&name) and references (*name) cannot be used here.",
    ),
    r"'\t'": ("holds a tab where YAML wants blanks", "Indent with blanks, not with the tab key."),
    "mapping values are not allowed": (
        "holds a colon that YAML takes for the end of a key",
        'Put the text in double quotes: title: "Sciatica: what helps".',
    ),
    "could not find expected ':'": (
        "is not `key: value`",
        "Each line is a key, a colon, a blank and a value.",
    ),
    "found unexpected end of stream": ("has a quote that is never closed", "Text stands in \"…\" or '…'."),
    "maximum depth": ("is nested too deeply", "Picks stand in a list below their section, nothing deeper."),
    "cannot start any token": (
        "begins with a character that YAML keeps for itself",
        "Put the text in double quotes.",
    ),
    "expected <block end>": (
        "does not line up with the lines above it",
        "Indent all picks of a section alike, and put text with \" or ' in it in double quotes.",
    ),
}

_BEGAN_EARLIER = ("could not find expected ':'", "found unexpected end of stream")
"""YAML notices these some lines after the one to look at."""


def compose(source: Source) -> Node | None:
    """The front matter as a tree; None when it is empty. Raises ContentError with the line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Plain
    yaml.max_depth = MAX_DEPTH
    try:
        root: Node | None = yaml.compose(source.front)
    except MarkedYAMLError as error:
        raise _explain(error, source) from None
    except YAMLError as error:  # a character that YAML does not allow anywhere
        position = getattr(error, "position", 0)
        raise source.error(
            "holds a character that cannot be printed", position, "Delete it: retype the line."
        ) from None
    except (RecursionError, ValueError):
        raise source.error("cannot be read as YAML", 0, "See docs/issues.md for what it may hold.") from None
    return root


def _explain(error: MarkedYAMLError, source: Source) -> ContentError:
    mark = error.problem_mark or error.context_mark
    problem = f"{error.problem or ''} {error.context or ''}"
    position = min(mark.index if mark else 0, len(source.front.rstrip()))
    for part, (what, hint) in _HINTS.items():
        if part in problem:
            if part in _BEGAN_EARLIER and error.context_mark:
                position = error.context_mark.index
            return source.error(what, position, hint)
    return source.error(f"is not valid YAML: {problem.strip()}", position, "Put text in double quotes.")


def entries(node: MappingNode) -> Iterator[tuple[str, ScalarNode, Node]]:
    """Key text, key and value of a mapping; a key that is no text comes as ''."""
    for key, value in node.value:
        yield (key.value if isinstance(key, ScalarNode) else ""), key, value


def is_empty(node: Node) -> bool:
    """Whether nothing was written after the colon (or `null`, or `~`)."""
    return isinstance(node, ScalarNode) and node.style is None and node.value in ("", "~", "null")


def last_position(node: Node) -> int:
    """The position after the last character that belongs to a node. A block's own end mark lies behind the
    blank lines and comments that follow it."""
    if isinstance(node, MappingNode) and not node.flow_style and node.value:
        key, value = node.value[-1]
        return last_position(key if is_empty(value) and value.value == "" else value)
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return last_position(node.value[-1])
    return int(node.end_mark.index)
