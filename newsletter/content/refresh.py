"""Lines added to an issue file. Every byte that was there stays, in its order: an editor's words are theirs.

A YAML library's round trip keeps remarks but not an editor's quotes, blanks and line breaks; so lines are put
in where the tree says a section ends, and the result is read again and compared before it is written.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from newsletter.content.draft import LeftOut, left_out_lines, pick_lines, stamp
from newsletter.content.read import parse_issue, read_text
from newsletter.content.tree import Source, compose, entries, is_empty, last_position, split
from newsletter.errors import ContentError
from newsletter.types import Article, Issue, Pick
from newsletter.whole import replace_file

Added = Mapping[str, Sequence[Article]]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that go into the front matter at a position, the beginning of a line."""

    position: int
    lines: tuple[str, ...]
    opens_section: bool = False
    """It stands behind what is added to the section above it at the same position."""


def refresh_issue(
    path: Path, added: Added, left_out: Sequence[LeftOut], now: datetime, zone: ZoneInfo
) -> bool:
    """Add picks to the file at `path`; whether there was anything to add. Raises ContentError.

    The file is replaced whole. When an editor saved it meanwhile, theirs stays and this one is refused.
    """
    before = read_text(path)
    after = refreshed(before, path, added, left_out, now, zone)
    if after == before:
        return False
    if read_text(path) != before:
        raise ContentError("was saved by somebody meanwhile", where=str(path), hint="Run the command again.")
    real = path.resolve()  # where a link leads is what the editor owns
    replace_file(real, after, mode=stat.S_IMODE(real.stat().st_mode))
    return True


def refreshed(
    text: str, path: Path, added: Added, left_out: Sequence[LeftOut], now: datetime, zone: ZoneInfo
) -> str:
    """`text` with picks at the end of their sections; what found no room as remarks. Raises ContentError."""
    source = split(text, str(path))
    root = compose(source)
    full = {one.article.section for one in left_out} & _section_names(root) - set(added)
    lines = {name: _lines(name, added.get(name, ()), left_out, zone) for name in [*added, *sorted(full)]}
    if not lines:
        return text
    blocks = [_place(source, root, name, lines[name]) for name in lines]
    blocks.append(_Block(_stamp_place(root, source), (f"# Refreshed {stamp(now)}.",)))
    result = _insert(source, blocks)
    _must_only_add(text, result, path, added)
    return result


def _section_names(root: Node | None) -> set[str]:
    _, picks = _entry(root, "picks")
    return {name for name, _, _ in entries(picks)} if isinstance(picks, MappingNode) else set()


def _lines(name: str, chosen: Sequence[Article], left_out: Sequence[LeftOut], zone: ZoneInfo) -> list[str]:
    lines = [line for article in chosen for line in pick_lines(article, zone, indent="")]
    for one in left_out:
        if one.article.section == name:
            lines += left_out_lines(one, zone, indent="")
    return lines


def _place(source: Source, root: Node | None, name: str, lines: Sequence[str]) -> _Block:
    """Where a section's new lines go, indented as they must be, below its name when that is new."""
    picks_key, picks = _entry(root, "picks")
    if picks_key is None or picks is None:
        raise source.error("'picks' is missing", 0, "Add picks: with the sections below it.")
    section_key, section = _entry(picks, name)
    if is_empty(picks):
        return _block(_below(source, picks_key, picks), 2, _section(name, lines), opens_section=True)
    if section_key is None or section is None:
        _refuse_brackets(source, picks)
        column = picks.start_mark.column
        return _block(_after(source, picks, column), column, _section(name, lines), opens_section=True)
    if is_empty(section):
        return _block(_below(source, section_key, section), section_key.start_mark.column + 2, lines)
    _refuse_brackets(source, section)
    column = section.start_mark.column
    return _block(_after(source, section, column), column, lines)


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return [f"{name}:", *(f"  {line}" for line in lines)]


def _block(position: int, column: int, lines: Sequence[str], *, opens_section: bool = False) -> _Block:
    return _Block(position, tuple(" " * column + line for line in lines), opens_section)


def _entry(node: Node | None, name: str) -> tuple[Node | None, Node | None]:
    if isinstance(node, MappingNode):
        for found, key, value in entries(node):
            if found == name:
                return key, value
    return None, None


def _refuse_brackets(source: Source, node: Node) -> None:
    if isinstance(node, MappingNode | SequenceNode) and node.flow_style:
        raise source.error(
            "lines cannot be added between brackets",
            node,
            "Write one pick a line instead: a dash, a blank and the address.",
        )


def _below(source: Source, key: Node, value: Node) -> int:
    if value.value:
        raise source.error(f"nothing can be added below {value.value!r}", value, "Delete the word.")
    return _line_end(source.front, key.end_mark.index)


def _after(source: Source, node: Node, column: int) -> int:
    """Behind a block and the remarks that hang on it: those that are indented as it is, or further."""
    position, front = last_position(node), source.front
    if not (position > 0 and front[position - 1] in "\r\n"):
        position = _line_end(front, position)
    remark = re.compile(rf"(?:[ \t]*(?:\r\n|\n|\r))*[ ]{{{column},}}#[^\r\n]*(?:\r\n|\n|\r|\Z)")
    while found := remark.match(front, position):
        position = found.end()
    return position


def _stamp_place(root: Node | None, source: Source) -> int:
    """Above the key of the picks: outside of all values, and where an editor looks."""
    key, _ = _entry(root, "picks")
    position = key.start_mark.index if key else 0
    return max(source.front.rfind("\n", 0, position), source.front.rfind("\r", 0, position)) + 1


def _line_end(text: str, position: int) -> int:
    """The position behind the line break that ends a line; a carriage return and a line feed are one."""
    while position < len(text) and text[position] not in "\r\n":
        position += 1
    return position + (2 if text.startswith("\r\n", position) else 1)


def _insert(source: Source, blocks: Iterable[_Block]) -> str:
    line_break = source.text[source.start - 1]  # whichever the first line ends in is the file's
    line_break = "\r\n" if source.text[source.start - 2 : source.start] == "\r\n" else line_break
    parts, done = [], 0
    for block in sorted(blocks, key=lambda one: (one.position, one.opens_section)):
        parts += [source.front[done : block.position], *(line + line_break for line in block.lines)]
        done = block.position
    added = "".join([*parts, source.front[done:]])
    return source.text[: source.start] + added + source.text[source.end :]


def _must_only_add(before: str, after: str, path: Path, added: Added) -> None:
    """Read what would be written: the same issue with these picks more, else nothing is written."""
    old = parse_issue(before, slug=path.stem, path=str(path))
    with suppress(ContentError):
        new = parse_issue(after, slug=path.stem, path=str(path))
        if _bare(new) == _bare(_with(old, added)):
            return
    raise ContentError(
        "picks cannot be added to this file without changing it",
        where=str(path),
        hint="Write one pick a line, indented alike; `newsletter articles` lists what is new.",
    )


def _with(issue: Issue, added: Added) -> Issue:
    picks = {name: list(chosen) for name, chosen in issue.picks}
    for name, articles in added.items():
        picks.setdefault(name, []).extend(Pick(article.url) for article in articles)
    return replace(issue, picks=tuple((name, tuple(chosen)) for name, chosen in picks.items()))


def _bare(issue: Issue) -> tuple[Issue, dict[str, tuple[Pick, ...]]]:
    """Without line numbers and stamps, and with the sections in no order."""
    picks = {name: tuple(replace(pick, line=0) for pick in chosen) for name, chosen in issue.picks if chosen}
    return replace(issue, picks=(), drafted_at=None), picks
