"""Reading a list row by row: each becomes a ListRow that stands by itself, or says why it cannot."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from newsletter.addresses import read_address
from newsletter.errors import AddressError, ListError
from newsletter.listed import ListRow, Standing
from newsletter.lists.cells import RowReader, Rules
from newsletter.lists.columns import Columns, read_columns
from newsletter.lists.decode import open_text

SEPARATORS = ",;\t|"
CELL_MAX = 1 << 17
"""Characters. A longer cell is a quote that was never closed."""
_RUN_TOGETHER = re.compile(r"[\r\n][^\r\n]*@").search


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """An opened list. `rows` can be read once."""

    format: str
    encoding: str
    separator: str
    rows: Iterator[ListRow]
    position: Callable[[], int]
    """How many bytes of the file have been read."""
    close: Callable[[], None]
    """Once all rows are read it is closed by itself."""


def read_list(path: Path, rules: Rules) -> SubscriberList:
    """Open a list: encoding, separator, columns and format found.

    Raises ListError; so do `rows`, for damage that leaves the rest of the file without meaning.
    """
    text, encoding = open_text(path)
    try:
        separator = _separator(text)
        csv.field_size_limit(CELL_MAX)
        table = csv.reader(text, delimiter=separator)
        header = next((row for row in table if _is_header(row)), [])
        columns, first = _columns(header, rules)
    except ListError as error:
        text.close()
        raise ListError(error.what, where=error.where or str(path), hint=error.hint) from None
    except (UnicodeError, csv.Error) as error:
        text.close()
        raise ListError(f"cannot be read as text ({encoding}): {error}", where=str(path)) from None
    read = RowReader(path.name, columns, rules).read
    rows = _rows(text, table, columns.width, read, str(path))
    return SubscriberList(
        format=columns.format,
        encoding=encoding,
        separator=separator,
        rows=_with_first(first, table.line_num, read, rows),
        position=lambda: path.stat().st_size if text.closed else text.buffer.tell(),
        close=text.close,
    )


def _separator(text: TextIO) -> str:
    """The one that stands most often in the first line, outside of quotes."""
    line = next((line for line in text if line.strip()), "")
    text.seek(0)
    if named := re.match(r"sep=(.)\s*$", line):
        return named[1]
    bare = re.sub(r"\"[^\"]*\"", "", line)
    return max(SEPARATORS, key=bare.count)


def _is_header(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row) and not (row[0].startswith("sep=") and not any(row[1:]))


def _columns(header: list[str], rules: Rules) -> tuple[Columns, list[str] | None]:
    """The columns; and the first row, when it is a reader already: a bare list of addresses has no header."""
    places = [index for index, cell in enumerate(header) if _is_address(cell)]
    if len(places) != 1 or rules.mapping:
        return read_columns(header, format=rules.format, mapping=rules.mapping), None
    return Columns(rules.format or "csv", 0, {"email": places[0]}), header


def _is_address(cell: str) -> bool:
    try:
        return bool(read_address(cell))
    except AddressError:
        return False


def _with_first(
    first: list[str] | None, line: int, read: Callable[[int, list[str]], ListRow], rows: Iterator[ListRow]
) -> Iterator[ListRow]:
    if first is not None:
        yield read(line, first)
    yield from rows


def _rows(
    text: TextIO,
    table: Iterator[list[str]],
    width: int,
    read: Callable[[int, list[str]], ListRow],
    where: str,
) -> Iterator[ListRow]:
    """Blank rows are no rows; each other one is answered for."""
    line = table.line_num  # type: ignore[attr-defined]
    try:
        for cells in table:
            begun, line = line + 1, table.line_num  # type: ignore[attr-defined]
            if not any(cells):
                continue
            if line > begun and any(map(_RUN_TOGETHER, cells)):
                yield _refused(begun, f"a quote is not closed: lines {begun} to {line} run together")
            elif len(cells) > width > 0 and any(map(str.strip, cells[width:])):
                yield _refused(begun, f"has {len(cells)} cells, the header {width}")
            else:
                yield read(begun, cells)
    except (csv.Error, UnicodeError) as error:
        raise ListError(
            f"cannot be read on: {error}", where=f"{where}:{line + 1}", hint="Is a quote not closed there?"
        ) from None
    finally:
        text.close()


def _refused(line: int, reason: str) -> ListRow:
    return ListRow(line, None, None, Standing.NOBODY.value, reason=reason)
