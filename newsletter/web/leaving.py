"""Leaving: one press, at once, no questions first; afterwards undo, and a reason for who likes to give one."""

from __future__ import annotations

from flask import Blueprint, Response, request

from newsletter.links import Link
from newsletter.pipeline.subscribe import LEAVING_REASONS, can_undo
from newsletter.types import SubscriberState
from newsletter.web.desk import Desk, desk

pages = Blueprint("leaving", __name__)
REASONS = {
    "too-many": "Too many e-mails",
    "not-relevant": "It is not about what I need",
    "not-readable": "It is hard to read",
    "never-asked": "I never asked for it",
    "feel-better": "I do not need it any more",
    "other": "Something else",
}


@pages.get("/unsubscribe/<token>")
def leave_page(token: str) -> Response:
    """Scanners and some mail programs open this: it shows a button, and nothing has happened yet."""
    here, link = desk(), _read(token)
    reader = here.readers.find(link.subscriber_id)
    if reader and reader.state is SubscriberState.UNSUBSCRIBED:
        return left(here, link, token)
    return here.page("leave", here=_here(token), preferences_url=_preferences(token))


@pages.post("/unsubscribe/<token>")
def leave(token: str) -> Response:
    """A pressed button, or a mail program's one-click request (RFC 8058, section 3.2: acts at once, answers
    with success, never redirects, needs no cookie)."""
    one_click = "List-Unsubscribe" in request.form
    here, link = desk(), _read(token)
    origin = here.origin("one-click" if one_click else "link")
    here.readers.leave(link.subscriber_id, issue_id=link.issue_id, origin=origin, now=here.clock())
    return Response(status=200) if one_click else left(here, link, token)


@pages.post("/unsubscribe/<token>/undo")
def undo(token: str) -> Response:
    here, link = desk(), _read(token)
    if here.readers.undo(link.subscriber_id, origin=here.origin("link"), now=here.clock()):
        return here.message(
            "You are back",
            "It is as if you had never left.",
            link={"url": _preferences(token), "label": "Choose your topics"},
        )
    if _is_here(here, link):
        return here.message("You are subscribed", "There is nothing to undo.")
    return here.message(
        "It is too late to undo this",
        "More than a day has passed. Please subscribe again; it takes a minute.",
        status=410,
        link=here.home("Subscribe"),
    )


@pages.post("/unsubscribe/<token>/reason")
def reason(token: str) -> Response:
    here, link = desk(), _read(token)
    why = request.form.get("reason", "")
    thanks = here.readers.say_why(link.subscriber_id, why, origin=here.origin("link"), now=here.clock())
    if not thanks and _is_here(here, link):
        return here.message("You are subscribed", "You have not left, so there is nothing to tell.")
    return left(here, link, token, thanks=thanks)


def left(here: Desk, link: Link, token: str, *, thanks: bool = False) -> Response:
    """What who has left finds, however they left; `token` is one for unsubscribing."""
    reader = here.readers.find(link.subscriber_id)
    return here.page(
        "left",
        here=_here(token),
        undo=reader is not None and can_undo(reader, here.clock()),
        reasons=[(code, REASONS[code]) for code in LEAVING_REASONS],
        thanks=thanks,
    )


def _is_here(here: Desk, link: Link) -> bool:
    reader = here.readers.find(link.subscriber_id)
    return reader is not None and reader.state is SubscriberState.ACTIVE


def _here(token: str) -> str:
    return f"{desk().prefix}/unsubscribe/{token}"


def _preferences(token: str) -> str:
    return f"{desk().prefix}/preferences/{token}"


def _read(token: str) -> Link:
    """Never expires: who wants to leave may take an old mail."""
    return desk().app.links.read("unsubscribe", token)
