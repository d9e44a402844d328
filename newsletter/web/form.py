"""The sign-up form as it comes in: what it says, and whether a machine filled it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from itsdangerous import BadSignature, TimestampSigner

from newsletter.addresses import Address, read_address
from newsletter.web.desk import Desk

TRAP = "website"
"""A field no person sees; programs that fill in everything fill it in too."""
STAMP_FOR = 6 * 60 * 60
"""Seconds for which a form may lie open before it is sent."""
CHALLENGE_BITS = 16
"""About 65,000 hashes: a blink for one person, a bill for somebody who wants a million."""


@dataclass(frozen=True, slots=True)
class Form:
    email: str
    topics: list[str]
    first_name: str | None
    trap: str
    stamp: str
    challenge: str
    answer: str

    def address(self) -> Address:
        """Raises AddressError with words for the person."""
        return read_address(self.email)


def read_form() -> Form:
    """From a form or from JSON; what is not text counts as empty."""
    if request.is_json:
        data = request.get_json(silent=True)
        data = data if isinstance(data, dict) else {}
        topics = data.get("topics", [])
        return _form(
            data, [one for one in topics if isinstance(one, str)] if isinstance(topics, list) else []
        )
    return _form(request.form.to_dict(), request.form.getlist("topic"))


def _form(data: dict[str, Any], topics: list[str]) -> Form:
    def text(name: str) -> str:
        value = data.get(name, "")
        return value[:1000] if isinstance(value, str) else ""

    return Form(
        email=text("email"),
        topics=topics,
        first_name=text("first_name").strip()[:60] or None,
        trap=text(TRAP),
        stamp=text("stamp"),
        challenge=text("challenge"),
        answer=text("answer"),
    )


def make_stamp(desk: Desk) -> str:
    """Says, signed, when a form was shown."""
    return _signer(desk, "stamp").sign(b"form").decode()


def too_quick(desk: Desk, stamp: str, now: datetime) -> bool:
    """A stamped form that came back sooner than a person can fill it in, or whose stamp is not ours or too old.

    A form without any (on another site, from a program) is judged by the budgets alone.
    """
    if not stamp or not desk.config.web.min_fill_seconds:
        return False
    try:
        _, shown = _signer(desk, "stamp").unsign(stamp, max_age=STAMP_FOR, return_timestamp=True)
    except BadSignature:
        return True
    return (now - shown).total_seconds() < desk.config.web.min_fill_seconds


@dataclass(frozen=True, slots=True)
class Challenge:
    text: str
    bits: int = CHALLENGE_BITS


def make_challenge(desk: Desk) -> Challenge | None:
    """Work for the browser: a number after which the SHA-256 of `text:number` begins with `bits` zero bits."""
    if not desk.config.web.challenge:
        return None
    return Challenge(_signer(desk, "challenge").sign(secrets.token_hex(8)).decode())


def unsolved(desk: Desk, form: Form) -> bool:
    if not desk.config.web.challenge:
        return False
    try:
        _signer(desk, "challenge").unsign(form.challenge, max_age=STAMP_FOR)
    except BadSignature:
        return True
    digest = hashlib.sha256(f"{form.challenge}:{form.answer}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - CHALLENGE_BITS) != 0


def _signer(desk: Desk, purpose: str) -> TimestampSigner:
    keys = list(reversed(desk.app.keys))  # itsdangerous takes the newest last
    return TimestampSigner(keys, salt=f"newsletter form {purpose}", digest_method=hashlib.sha256)
