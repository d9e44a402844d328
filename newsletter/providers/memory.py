"""memory: keeps mails in a list, for tests and benchmarks. Gone with the process, it can be asked nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.providers import read_settings
from newsletter.types import Message, Outgoing, Receipt


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keep: bool = True
    """False: count the mails and forget them."""


class Memory:
    name = "memory"
    max_batch = 10_000
    settles: Literal["nothing"] = "nothing"

    def __init__(self, *, keep: bool = True) -> None:
        self.keep = keep
        self.count = 0
        self.messages: list[Message] = []
        self._lock = threading.Lock()

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        made = 0
        for message in outgoing.messages():
            made += 1
            if self.keep:
                self.messages.append(message)
        with self._lock:
            self.count += made
        return [Receipt(one.delivery_id, "sent") for one in outgoing.recipients]


def make(settings: config.Provider, root: Path) -> Memory:
    return Memory(keep=read_settings(Settings, settings).keep)
