"""The command line as a person has it: a process of its own on a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

STYLE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Said:
    """What a command wrote to the terminal, and how it ended."""

    code: int
    raw: str
    """With colours, as the terminal got it."""

    @property
    def text(self) -> str:
        """As a person reads it."""
        return STYLE.sub("", self.raw).replace("\r\n", "\n")


def command(root: Path, *arguments: str, now: str | None = None) -> list[str]:
    at = ["--now", now] if now else []
    return [sys.executable, "-m", "newsletter", "--site", str(root), *at, *arguments]


def on_a_terminal(root: Path, *arguments: str, now: str | None = None, columns: int = 100) -> Said:
    """Run a command whose output is a terminal of so many columns."""
    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command(root, *arguments, now=now), stdin=child, stdout=child, stderr=child, env=environment
    )
    os.close(child)
    said = _read_all(parent)
    return Said(process.wait(60), said)


def _read_all(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # its other end is closed
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts).decode()
        parts.append(part)
