"""Providers that write down what reached them, mail by mail, in a file that outlives every process."""

from __future__ import annotations

import fcntl
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from newsletter.providers import Provider
from newsletter.providers.outbox import Outbox
from newsletter.types import Outgoing, Receipt, Recipient

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


class Asked(Mute):
    """Takes what comes, mail by mail, and can be asked at once what it has."""

    name = "asked"
    settles: Literal["lookup"] = "lookup"  # type: ignore[assignment]
    log_lag = timedelta()

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        known = set(self._file.read_text().split()) if self._file.exists() else set()
        return {one.delivery_id: f"<{one.delivery_id}>" for one in recipients if one.delivery_id in known}


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


class Slow:
    """Another provider that takes its time, before and after."""

    def __init__(self, other: Provider) -> None:
        self._other = other
        for name in ("name", "max_batch", "settles", "log_lag", "look_up"):
            if hasattr(other, name):
                setattr(self, name, getattr(other, name))

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        time.sleep(random.uniform(0, 0.1))
        receipts = self._other.send(outgoing)
        time.sleep(random.uniform(0, 0.1))
        return receipts


def make_stub(name: str, folder: Path, *, slow: bool = False) -> Provider:
    made: dict[str, Callable[[Path], Provider]] = {
        "outbox": Outbox,
        "mute": Mute,
        "asked": Asked,
        "keyed": Keyed,
    }
    stub = made[name](folder)
    return Slow(stub) if slow else stub  # type: ignore[return-value]


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
