"""The kinds of values that settings are made of, each with its own words when one is wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from newsletter.errors import AddressError
from newsletter.mailbox import plain_address, split_mailbox
from newsletter.urls import web_address


def elsewhere(at: tuple[int | str, ...], message: str, hint: str) -> PydanticCustomError:
    """A mistake that a whole file has: `at` is the key it is shown at."""
    return PydanticCustomError("together", "{said}", {"said": message, "at": at, "hint": hint})


class Table(BaseModel):
    """A table of the file: an unknown key in it is an error, and it never changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError("must be an address that begins with https:// (or http://)")
    if web_address(value) != value:
        raise ValueError("must be a web address, without blanks, user name or password in it")
    return value


def _mailbox(value: str) -> str:
    """One address with or without a name, fit for a header: its local part in ASCII, as every provider takes it."""
    _, address = split_mailbox(value)
    try:
        whole = re.fullmatch(r"[!-~]+@[^@]+", plain_address(address))
    except (AddressError, UnicodeError):
        whole = None
    if not whole or not _ON_ONE_LINE(value):
        raise ValueError("must be an address such as Pain Weekly <weekly@example.org>")
    return value.strip()


def written_like(pattern: str, must: str) -> AfterValidator:
    """Text that the whole pattern matches; if not, it "must be" what `must` says."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {must}")
        return value

    return AfterValidator(check)


_ON_ONE_LINE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]*").fullmatch

Line = Annotated[
    str, written_like(r"(?=.*\S)[^\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]*", "words on one line, not empty")
]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""`Pain Weekly <weekly@example.org>`, or the address alone."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
Colour = Annotated[str, written_like(r"#[0-9a-fA-F]{6}", "a colour such as #0b5c63")]
Moment = Annotated[
    str,
    written_like(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):[0-5]\d", "a day and a time such as Thu 09:00"
    ),
]
"""A moment of the week in the site's time zone, such as `Thu 09:00`."""
Span = Annotated[str, written_like(r"[1-9]\d{0,5}[mhd]", "a length of time such as 30m, 6h or 2d")]
"""A length of time: `30m`, `6h`, `2d`."""


def span(text: str) -> timedelta:
    """A Span setting as a length of time."""
    unit = {"m": "minutes", "h": "hours", "d": "days"}[text[-1]]
    return timedelta(**{unit: int(text[:-1])})
