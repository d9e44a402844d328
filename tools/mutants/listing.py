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
    lines: frozenset[int]
    """A test that runs none of these cannot notice: those of its statement, or where its constant is used. Empty:
    nobody knows."""
    start: int
    end: int
    """In the source, as characters."""
    text: str
    """What stands there instead."""

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
        self._tree = ast.parse(self._source)
        yield from self._visit(self._tree, [])

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
        if isinstance(statement, ast.Assign) and not names:
            names = [ast.unparse(statement.targets[0])]
        place = ".".join(names)
        return Mutant(
            file=self._file,
            place=place,
            change=self._named(place, change, start, end),
            line=node.lineno,
            lines=self._lines_that_tell(statement, above),
            start=start,
            end=end,
            text=change.text,
        )

    def _lines_that_tell(self, statement: ast.stmt, above: list[ast.AST]) -> frozenset[int]:
        if isinstance(statement, ast.FunctionDef):  # a default of its arguments
            return _lines_of(statement.body[0], statement.body[-1])
        if any(isinstance(one, ast.FunctionDef) for one in above):
            return _own_lines(statement)
        in_class = any(isinstance(one, ast.ClassDef) for one in above)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and not in_class:
            return self._lines_that_use(statement.targets[0].id)
        return frozenset()

    def _lines_that_use(self, name: str) -> frozenset[int]:
        """In functions of this file, also by way of other constants; empty when other files may use it as well."""
        if not name.startswith("_"):
            return frozenset()
        found: frozenset[int] = frozenset()
        for node in self._tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                if _mentions(node.value, name):
                    found |= self._lines_that_use(node.targets[0].id)
            elif not isinstance(node, ast.Assign):
                inner = (one for one in ast.walk(node) if isinstance(one, ast.stmt) and _mentions(one, name))
                found |= frozenset().union(*(_own_lines(one) for one in inner))
        return found

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


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


def _own_lines(statement: ast.stmt) -> frozenset[int]:
    """Of a statement that holds others its head alone."""
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return frozenset(range(statement.lineno, max(end, statement.lineno) + 1))


def _lines_of(first: ast.stmt, last: ast.stmt) -> frozenset[int]:
    return frozenset(range(first.lineno, (last.end_lineno or last.lineno) + 1))


def _is_for_readers(node: ast.AST) -> bool:
    """Docstrings, texts for people, type hints, and what only a type checker runs."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__slots__"
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id[0].isupper()
