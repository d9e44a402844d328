"""Where bounce mails are: in a file, an mbox, a Maildir, a folder of files, or a stream. Nothing is changed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from newsletter.errors import UsageError


def iter_mails(path: Path) -> Iterator[bytes]:
    """Each mail, in a fixed order. Raises UsageError for what cannot be read."""
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                yield from split_mbox(file)
            return
        for one in _files(path):
            with one.open("rb") as file:
                yield from split_mbox(file)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _files(folder: Path) -> list[Path]:
    """Of a Maildir the delivered ones (never `tmp`), of another folder all."""
    places = [folder / "new", folder / "cur"] if (folder / "cur").is_dir() else [folder]
    found = [one for place in places if place.is_dir() for one in place.iterdir()]
    return sorted(one for one in found if one.is_file() and not one.name.startswith("."))


def split_mbox(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The mails of an mbox (RFC 4155: each begins with a line `From `, after an empty one), or the one that it is."""
    mail: list[bytes] = []
    after_empty = True
    for line in lines:
        if line.startswith(b"From ") and after_empty:
            if any(one.strip() for one in mail):
                yield b"".join(mail)
            mail = []
        else:
            mail.append(line)
        after_empty = not line.strip()
    if any(one.strip() for one in mail):
        yield b"".join(mail)
