"""Ask SpamAssassin, where it is installed, what it thinks of a finished mail."""

from __future__ import annotations

import re
import shutil
import subprocess


def spam_points(message: bytes, *, program: str = "spamassassin") -> tuple[float, tuple[str, ...]] | None:
    """Its points for a message by local rules alone, and the rules that gave them; None where it is not there."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a program of this machine, a message of our own
            [path, "-t", "-L", "-x"], input=message, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_points(done.stdout.decode("utf-8", "replace"))


def read_points(report: str) -> tuple[float, tuple[str, ...]] | None:
    """The points and the names of the rules in a report of `spamassassin -t`."""
    total = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", report)
    if not total:
        return None
    rules = re.findall(r"^\s*(-?\d+\.\d+) ([A-Z][A-Z0-9_]+)\s", report[total.end() :], flags=re.M)
    return float(total[1]), tuple(name for points, name in rules if float(points) > 0)
