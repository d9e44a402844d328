"""The kinds of single mails, by the names of their templates."""

from __future__ import annotations

CONFIRM, PREFERENCES, LINK, ADDRESS, MOVING, DATA, WELCOME = (
    "confirm",
    "preferences",
    "link",
    "address",
    "moving",
    "data",
    "welcome",
)
PERSONAL = (PREFERENCES, LINK, MOVING, DATA)
"""They go to who confirmed this address, and may begin with their name. A stranger can have given one along with the
address: no mail that asks for a confirmation holds it."""
AUTOMATIC = (CONFIRM, PREFERENCES, LINK, ADDRESS, MOVING, DATA)
"""Answers to what somebody did (RFC 3834): no answering machine answers them."""
