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
AUTOMATIC = (CONFIRM, PREFERENCES, LINK, ADDRESS, MOVING, DATA)
"""Answers to what somebody did (RFC 3834): no answering machine answers them."""
