"""A record: a small JSON file beside an issue, written by commands and read by people and version control.

Sorted, one thing a line, so that git shows and merges what changed; written whole or not at all. Its checksum
notices a slip of the hand, or a file put together from two versions; it does not keep a forger out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.errors import NewsletterError


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record, and what to say when one is broken."""

    noun: str
    format: int
    error: type[NewsletterError]
    hint: str

    def broken(self, what: str, where: str) -> NewsletterError:
        return self.error(f"the {self.noun} {what}", where=where, hint=self.hint)


def find_text(path: Path, kind: Kind) -> str | None:
    """A record's text exactly as it is, None when there is no file. Raises the kind's error."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise kind.broken("is not UTF-8", str(path)) from None
    except OSError as error:
        raise kind.broken(f"cannot be read: {error.strerror}", str(path)) from None


def read(text: str, kind: Kind, *, where: str) -> dict[str, Any]:
    """What a record's text holds, less its checksum. Raises the kind's error with file and line."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise kind.broken(f"is not JSON: {error.msg.lower()}", f"{where}:{error.lineno}") from None
    except (RecursionError, ValueError):  # ValueError: a number of more digits than Python reads
        raise kind.broken(f"is not JSON of a {kind.noun}'s depth", where) from None
    if not isinstance(data, dict) or not isinstance(data.get("format"), int):
        raise kind.broken(f"is not a {kind.noun}", where)
    if data["format"] != kind.format:
        raise kind.broken(f"is of format {data['format']}, this program knows {kind.format}", where)
    if not _is_intact(data):
        raise kind.broken("was changed by hand, or put together from two versions", where)
    return data


def _is_intact(data: dict[str, Any]) -> bool:
    try:
        return bool(data.pop("checksum", None) == digest(data))
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can say and we never write
        return False


def written(data: Mapping[str, Any], kind: Kind) -> str:
    """The record as its file holds it."""
    whole = {"format": kind.format, **data}
    whole["checksum"] = digest(whole)
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def save(path: Path, text: str, kind: Kind) -> None:
    """Write the file, whole or not at all. Raises the kind's error when it cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise kind.error(f"the {kind.noun} cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        draft.unlink(missing_ok=True)


def digest(value: Any) -> str:
    """SHA-256, hex, of bytes, of text, or of a plain value's canonical JSON."""
    if not isinstance(value, bytes):
        value = (value if isinstance(value, str) else _canonical(value)).encode()
    return hashlib.sha256(value).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
