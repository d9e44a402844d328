"""A first name as people give it, and as lists have it: kept only where it can stand in a mail."""

from __future__ import annotations

import re

MAX_NAME = 60
_NO_NAME = re.compile(
    r"^[=+-]"  # a formula, where a spreadsheet opens it
    r"|[@<>{}\[\]%|*/]"  # an address, markup, a variable of somebody's template
    r"|\w\.\w{2,}"  # a host, of which mail programs make a link
    r"|\d{3}"  # a telephone number
)


def clean_name(text: str) -> str | None:
    """A name in one short line; None for what is none. Strangers can give one for somebody else, too: it must not be
    able to say much, or lead anywhere."""
    if text.isalpha() and len(text) <= MAX_NAME:
        return text
    one_line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if not one_line or len(one_line) > MAX_NAME or _NO_NAME.search(one_line):
        return None
    return one_line
