"""Who may be written to, now: one definition, asked when deliveries are planned and again when claimed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, case, select

from newsletter.storage.schema import subscribers, suppressions


def why_not(now: datetime | BindParameter[datetime]) -> ColumnElement[str | None]:
    """Why a row of `subscribers` must not be written to at this moment; NULL when it may.

    In an outer join a reader who is not there at all counts as erased.
    """
    reader = subscribers.c
    suppressed = select(suppressions.c.id).where(suppressions.c.email_key == reader.email_key).exists()
    return case(
        (reader.email.is_(None), "erased"),
        (reader.state == "unsubscribed", "unsubscribed"),
        ((reader.state != "active") | reader.confirmed_at.is_(None), "not confirmed"),
        (suppressed, "suppressed"),
        (reader.paused_until > now, "paused"),
        else_=None,
    )


def is_sendable(now: datetime) -> ColumnElement[bool]:
    return why_not(now).is_(None)
