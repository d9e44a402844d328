"""From a file's bytes to its text: which encoding it is in, and whether it is text at all.

The file is read in pieces, never whole: a list of a million readers has a hundred megabytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from newsletter.errors import ListError

PIECE = 1 << 20
LINE_MAX = 4 * PIECE
"""Bytes, about. What has longer lines is no table, and would be read into memory whole."""

_NOT_TEXT = (
    (b"PK\x03\x04", "a workbook or a zip archive, whatever its name says"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
    (b"{\\rtf", "a word processor's document"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def open_text(path: Path) -> tuple[TextIO, str]:
    """The file as text, and the name of its encoding. Line ends are kept as they are.

    Raises ListError for what is not text: workbooks, archives, web pages.
    """
    try:
        with path.open("rb") as file:
            encoding = _encoding(file, path)
    except OSError as error:
        hint = "" if path.is_file() else "Save the list as a file: it is read twice."
        raise ListError(f"cannot be read: {error.strerror or error}", where=str(path), hint=hint) from None
    return path.open(encoding=encoding, newline=""), encoding


def _encoding(file: BinaryIO, path: Path) -> str:
    head = file.read(PIECE)
    for magic, name in _NOT_TEXT:
        if head.startswith(magic):
            raise ListError(
                f"is {name}, not a table of text",
                where=str(path),
                hint="Export the list as CSV and try again.",
            )
    if re.match(rb"\s*(<!doctype html|<html|<\?xml)", head, flags=re.IGNORECASE):
        raise ListError(
            "is a web page, not a table of text", where=str(path), hint="Was the download link still valid?"
        )
    if not head.strip():
        raise ListError("is empty", where=str(path))
    if _has_endless_line(file, head):
        raise ListError(
            f"has a line of more than {LINE_MAX >> 20} MB",
            where=str(path),
            hint="Is it a table, with one reader a line?",
        )
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wide := _wide_without_mark(head):
        return wide
    file.seek(0)
    return "utf-8" if _is_utf8(file) else _single_byte(head)


def _has_endless_line(file: BinaryIO, head: bytes) -> bool:
    run, piece = 0, head
    while piece:
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        run = run + len(piece) if end < 0 else len(piece) - end - 1
        if run > LINE_MAX:
            return True
        piece = file.read(PIECE)
    return False


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 without its mark: in what people write, every second byte is then 0."""
    sample = head[: 4096 - 4096 % 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 > even:
        return "utf-16-le"
    if even > len(sample) // 4 > odd:
        return "utf-16-be"
    return None


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _single_byte(head: bytes) -> str:
    """Windows or old Mac? The one has its accented letters at 0xC0 and above, the other from 0x80 on."""
    if b"\r" in head and b"\n" not in head:
        return "mac_roman"
    windows = len(re.findall(rb"[\xc0-\xff]", head))
    mac = len(re.findall(rb"[A-Za-z][\x80-\x9f]|[\x80-\x9f][a-z]", head))
    # Five places of cp1252 are empty: latin-1's controls fill them, so that any byte can be read.
    return "mac_roman" if mac > windows else "cp1252" if _decodes(head, "cp1252") else "latin-1"


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
