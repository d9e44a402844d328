"""Providers that write down what reached them, mail by mail, in a file that outlives every process."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from newsletter.providers import Provider
from newsletter.providers.outbox import Outbox
from newsletter.types import Outgoing, Receipt

FILE = "taken"


class Mute:
    """Takes what comes, mail by mail, and can be asked nothing afterwards."""

    name = "mute"
    max_batch = 1000
    settles: Literal["nothing"] = "nothing"

    def __init__(self, folder: Path, before: Callable[[], None] = lambda: None) -> None:
        self._file = folder / FILE
        self._before = before

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        self._before()
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for one in outgoing.recipients:
            os.write(handle, f"{one.delivery_id}\n".encode())
        os.close(handle)
        return [
            Receipt(one.delivery_id, "sent", reference=f"<{one.delivery_id}>") for one in outgoing.recipients
        ]


class Keyed:
    """Takes each key once, and complains of a key that comes back with other mails."""

    name = "keyed"
    max_batch = 1000
    settles: Literal["key"] = "key"

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        listed = [one.delivery_id for one in outgoing.recipients]
        with self._file.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = dict(json.loads(line) for line in file)
            if outgoing.key not in known:
                os.write(file.fileno(), (json.dumps([outgoing.key, listed]) + "\n").encode())
            elif known[outgoing.key] != listed:
                os.write(file.fileno(), (json.dumps([f"conflict {outgoing.key}", listed]) + "\n").encode())
        return [Receipt(one, "sent") for one in listed]


def make_stub(name: str, folder: Path) -> Provider:
    if name == "outbox":
        return Outbox(folder)
    return Mute(folder) if name == "mute" else Keyed(folder)


def taken(name: str, folder: Path) -> Counter[int]:
    """Reader → how many mails the provider took for them."""
    if name == "outbox":
        return Counter(int(one.stem.split("-")[1]) for one in folder.glob("*/*.eml"))
    lines = (folder / FILE).read_text().splitlines() if (folder / FILE).exists() else []
    if name == "keyed":
        calls = [json.loads(line) for line in lines]
        assert [key for key, _ in calls if key.startswith("conflict")] == []
        lines = [one for _, listed in calls for one in listed]
    return Counter(int(one.split("-")[1]) for one in lines)
