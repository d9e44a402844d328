"""The sample newsletter's own settings, and how to serve its sample site again later."""

from __future__ import annotations

import json
import shlex
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from newsletter.errors import UsageError

SERVED = "sample-site.json"
"""In a sample newsletter's folder: the port and the time its sample site had."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def shipped(name: str) -> str:
    return files("newsletter.demo").joinpath(name).read_text(encoding="utf-8")


def settings(url: str, folder: Path, now: datetime) -> str:
    """The text of newsletter.toml for the sample site at `url`, drafting today and sending tomorrow."""
    tomorrow = now + timedelta(days=1)
    return Template(shipped("site.toml")).substitute(
        url=url,
        # The path is in a comment, where nothing can escape but a line's end.
        folder=shlex.quote(str(folder)).replace("\n", " "),
        today=_DAYS[now.weekday()],
        tomorrow=_DAYS[tomorrow.weekday()],
    )


def remember(folder: Path, url: str, now: datetime) -> None:
    """Write down what is needed to serve the same sample site again."""
    text = json.dumps({"port": urlsplit(url).port, "now": now.isoformat()})
    (folder / SERVED).write_text(text + "\n", encoding="utf-8")


def recall(folder: Path) -> tuple[int, datetime]:
    """The port and the time of a sample newsletter's sample site. Raises UsageError when there was none."""
    path = folder / SERVED
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return int(data["port"]), datetime.fromisoformat(data["now"])
    except FileNotFoundError:
        raise UsageError(
            "is not a site that the demo made",
            where=str(folder),
            hint="`newsletter demo --keep DIR` makes one.",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            "cannot be read", where=str(path), hint="Run `newsletter demo --keep DIR` for a new one."
        ) from None
