"""The sign-up form as it comes in: what it says, and whether a machine filled it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request

from newsletter.addresses import Address, read_address
from newsletter.errors import LinkError
from newsletter.first_names import clean_name
from newsletter.web.desk import Desk

TRAP = "website"
"""A field no person sees; programs that fill in everything fill it in too."""
STAMP_FOR = timedelta(hours=6)
"""For how long a form may lie open before it is sent."""
CHALLENGE_BITS = 16
"""About 65,000 hashes: a blink for one person, a bill for somebody who wants a million."""
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Form:
    email: str
    topics: list[str]
    first_name: str | None
    """Of no use where the site does not ask for one."""
    trap: str
    stamp: str
    challenge: str
    answer: str
    wording: str
    """The mark of the words that the form showed; empty from a program, which vouches for having shown ours."""

    def address(self, here: Desk) -> Address:
        """Raises AddressError with words for the person."""
        return read_address(self.email, unwanted=here.app.readers.unwanted)


def read_form() -> Form:
    """From a form or from JSON; what is not text counts as empty."""
    data, topics = _json_fields() if request.is_json else _form_fields()

    def text(name: str) -> str:
        return _text(data.get(name, ""))

    return Form(
        email=text("email"),
        topics=topics,
        first_name=clean_name(text("first_name")),
        trap=text(TRAP),
        stamp=text("stamp"),
        challenge=text("challenge"),
        answer=text("answer"),
        wording=text("wording"),
    )


def _form_fields() -> tuple[dict[str, Any], list[str]]:
    return request.form.to_dict(), request.form.getlist("topic")


def _json_fields() -> tuple[dict[str, Any], list[str]]:
    try:
        data = json.loads(request.get_data())
    except (ValueError, RecursionError):  # not JSON, or brackets by the thousand
        data = None
    if not isinstance(data, dict):
        return {}, []
    topics = data.get("topics")
    return data, [one for one in topics if isinstance(one, str)] if isinstance(topics, list) else []


def _text(value: Any) -> str:
    """JSON can hold halves of surrogate pairs, which no store takes."""
    return value[:LONGEST].encode(errors="ignore").decode() if isinstance(value, str) else ""


def make_stamp(here: Desk) -> str:
    """Says, signed, when a form was shown."""
    now = here.clock()
    return here.app.links.token("form", 0, made_at=now, detail=str(now.microsecond))


def too_quick(here: Desk, stamp: str) -> bool:
    """A stamped form that came back sooner than a person can fill it in, or whose stamp is not ours or too old.

    A form without any (on another site, from a program) is judged by the budgets alone.
    """
    if not stamp or not here.config.web.min_fill_seconds:
        return False
    now = here.clock()
    try:
        link = here.app.links.read("form", stamp, max_age=STAMP_FOR, now=now)
    except LinkError:
        return True
    assert link.made_at is not None
    shown = link.made_at + timedelta(microseconds=int(link.detail or 0))
    return (now - shown).total_seconds() < here.config.web.min_fill_seconds


@dataclass(frozen=True, slots=True)
class Challenge:
    """Work for the browser: a number after which the SHA-256 of `text:address:number` begins with so many zero
    bits. The address is in it so that no work serves twice."""

    text: str = ""
    """Empty in a form on another site: its script asks for one."""
    bits: int = CHALLENGE_BITS


def make_challenge(here: Desk) -> Challenge | None:
    if not here.config.web.challenge:
        return None
    made = here.app.links.token("challenge", 0, made_at=here.clock(), detail=secrets.token_hex(8))
    return Challenge(made)


def unsolved(here: Desk, form: Form) -> bool:
    if not here.config.web.challenge:
        return False
    try:
        here.app.links.read("challenge", form.challenge, max_age=STAMP_FOR, now=here.clock())
    except LinkError:
        return True
    return not is_solution(form.challenge, form.email, form.answer)


def is_solution(challenge: str, email: str, answer: str) -> bool:
    digest = hashlib.sha256(f"{challenge}:{email}:{answer}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - CHALLENGE_BITS) == 0
