"""The text part: its own template, made even."""

from __future__ import annotations

import re


def even(text: str) -> str:
    """No blanks at line ends, never more than one empty line, one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
