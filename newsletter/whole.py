"""Files that appear whole or not at all, whoever is killed and whatever is full meanwhile."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_file(path: Path, content: str, *, mode: int | None = None) -> bool:
    """Write a new file; False, and nothing changed, when there is one, also when it came a moment ago.

    `mode`: its permissions; None: what is usual for this user. Raises OSError, whose `filename` may be None.
    """
    with _written(path, content, mode) as waiting:
        try:
            os.link(waiting, path)  # unlike a rename, it refuses a name that is taken
        except FileExistsError:
            return False
        except (
            OSError
        ):  # a file system without links: the second best, which can leave half a file in a crash
            return _copy(waiting, path)
    return True


def replace_file(path: Path, content: str, *, mode: int | None = None) -> None:
    """Put a file in the place of what is there, from one moment to the next. Raises OSError as `make_file` does."""
    with _written(path, content, mode) as waiting:
        waiting.replace(path)


@contextmanager
def _written(path: Path, content: str, mode: int | None) -> Iterator[Path]:
    """A hidden file beside `path` that is on the disk, and gone again in the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(waiting, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.fchmod(handle, mode)
            file.write(content.encode())
            file.flush()
            os.fsync(handle)
        yield waiting
    finally:
        waiting.unlink(missing_ok=True)


def _copy(waiting: Path, path: Path) -> bool:
    try:
        with path.open("xb") as file:
            file.write(waiting.read_bytes())
    except FileExistsError:
        return False
    return True
