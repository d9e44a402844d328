"""The mutants of a file: where each change stands, and which tests could notice it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.mutants.changes import Change, list_changes

NOT_RUN = ("annotation", "returns", "decorator_list", "bases", "type_params")
"""Parts of the tree that say something to a reader or a type checker, or cannot be a guard."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one file."""

    file: str
    """From the root of the repository."""
    place: str
    """The function or class it is in, or the module's constant; empty: none of them."""
    change: str
    """In words. With file and place its name: no two have the same."""
    line: int
    lines: range
    """Of the statement it is in. A test that runs none of them cannot notice."""
    start: int
    end: int
    """In the source, as characters."""
    text: str
    """What stands there instead: lines keep their numbers up to here."""
    imported: bool
    """It works when the module is imported: any test that runs some of the file may notice."""

    def applied(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def list_mutants(root: Path, file: str) -> list[Mutant]:
    """In the order of the source."""
    source = (root / file).read_text(encoding="utf-8")
    return sorted(_Walk(file, source, _optional_arguments(root)).run(), key=lambda one: (one.start, one.end))


@cache
def _optional_arguments(root: Path) -> set[tuple[str, str]]:
    """(function, named argument with a default), of the whole program."""
    found = set()
    for path in (root / "newsletter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                last = node.args.args[len(node.args.args) - len(node.args.defaults) :]
                found |= {(node.name, one.arg) for one, default in named if default is not None}
                found |= {(node.name, one.arg) for one in last}
    return found


class _Walk:
    def __init__(self, file: str, source: str, optional: set[tuple[str, str]]) -> None:
        self._file, self._source, self._optional = file, source, optional
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._seen: Counter[tuple[str, str]] = Counter()

    def run(self) -> Iterator[Mutant]:
        yield from self._visit(ast.parse(self._source), [])

    def _visit(self, node: ast.AST, above: list[ast.AST]) -> Iterator[Mutant]:
        if _is_for_readers(node):
            return
        for change in list_changes(node, above, self._optional):
            yield self._mutant(change, [*above, node])
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and name not in NOT_RUN:
                    yield from self._visit(child, [*above, node])

    def _mutant(self, change: Change, above: list[ast.AST]) -> Mutant:
        node = change.node
        assert isinstance(node, ast.expr | ast.stmt)
        start, end = (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )
        names = [one.name for one in above if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        statement = next(one for one in reversed(above) if isinstance(one, ast.stmt))
        runs = any(isinstance(one, ast.FunctionDef) for one in above) and not isinstance(
            statement, ast.FunctionDef
        )
        if isinstance(statement, ast.Assign) and not names:
            names = [ast.unparse(statement.targets[0])]
        place = ".".join(names)
        return Mutant(
            file=self._file,
            place=place,
            change=self._named(place, change, start, end),
            line=node.lineno,
            lines=_own_lines(statement),
            start=start,
            end=end,
            text=change.text,
            imported=not runs,
        )

    def _named(self, place: str, change: Change, start: int, end: int) -> str:
        words = change.words or f"{self._source[start:end]} → {change.text}"
        words = " ".join(words.split())
        self._seen[place, words] += 1
        nth = self._seen[place, words]
        return f"{words} [{nth}]" if nth > 1 else words

    def _offset(self, line: int | None, column: int | None) -> int:
        """The tree counts bytes, we count characters."""
        assert line is not None
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _own_lines(statement: ast.stmt) -> range:
    """Of a statement that holds others its head alone."""
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return range(statement.lineno, max(end, statement.lineno) + 1)


def _is_for_readers(node: ast.AST) -> bool:
    """Docstrings, texts for people, type hints, and what only a type checker runs."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id[0].isupper()
