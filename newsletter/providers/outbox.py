"""outbox: mails as files in a folder, `outbox/<issue or kind>/<delivery id>.eml`, for trying things out.

A file is there whole or not at all, and writing it again changes nothing, so a call that broke off is settled
by making it again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.errors import MaybeTaken, StopSending
from newsletter.providers import read_settings
from newsletter.types import Outgoing, Receipt

UNFINISHED = ".unfinished"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    folder: str = "outbox"
    """Where the mails go, relative to the site's folder."""


class Outbox:
    name = "outbox"
    max_batch = 10_000
    settles: Literal["key"] = "key"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """Write all files aside first: a full disk then leaves nothing behind (StopSending)."""
        place = self.place(outgoing.kind)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with self._aside(outgoing.key) as aside:
                for message in outgoing.messages():
                    _write(aside / message.delivery_id, message.content)
                _move(aside, place, [one.delivery_id for one in outgoing.recipients])
        except OSError as error:
            raise StopSending(
                f"the mails cannot be written: {error.strerror}",
                where=str(error.filename or place),
                hint="See that there is room and that the folder can be written to, then send again.",
            ) from error
        return [Receipt(one.delivery_id, "sent") for one in outgoing.recipients]

    def place(self, kind: str) -> Path:
        """The folder of all mails of one kind."""
        return self.folder / kind

    @contextmanager
    def _aside(self, key: str) -> Iterator[Path]:
        """A folder for this call alone; what an earlier call with this key left behind is cleared away."""
        unfinished = self.folder / UNFINISHED
        for left in unfinished.glob(f"{key}.*"):
            shutil.rmtree(left, ignore_errors=True)
        aside = unfinished / f"{key}.{os.getpid()}"
        aside.mkdir(parents=True)
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _move(aside: Path, place: Path, names: list[str]) -> None:
    try:
        for name in names:
            (aside / name).replace(place / f"{name}.eml")
        _sync(place)
    except OSError as error:
        raise MaybeTaken(f"some mails may be in {place}, some not: {error}") from error


def _sync(folder: Path) -> None:
    """The names, too, survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make(settings: config.Provider, root: Path) -> Outbox:
    return Outbox(root / read_settings(Settings, settings).folder)
