"""Preferences: topics, a break, a name, another address, leaving; all behind one signed link.

Two kinds of link lead here. That of an issue's footer shows neither address nor name, and does nothing that takes
the newsletter from its reader but leaving, which can be undone: an issue may be forwarded. Another address takes a
fresh link from a mail of the reader's own; else whoever got a forwarded issue could move the newsletter to
themselves, and then have its reader's data. A link for unsubscribing can change topics, and nothing else.
"""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, abort, request

from newsletter.errors import AddressError, LinkInvalid
from newsletter.first_names import clean_name
from newsletter.links import Link
from newsletter.pipeline.preferences import NEW_ADDRESS_WITHIN
from newsletter.types import Subscriber, SubscriberState
from newsletter.web.desk import Desk, desk
from newsletter.web.form import LONGEST
from newsletter.web.leaving import left

pages = Blueprint("preferences", __name__)
WEEKS = ("2", "4", "8", "12")
FRESH_FOR = timedelta(days=1)
ON_ITS_WAY = "An e-mail with a fresh link is on its way to your address. It works for {time}."
LATELY = "We have sent you this e-mail a little while ago. Look for the newest one, or ask again later."


@pages.get("/preferences/<token>")
def page(token: str) -> Response:
    return _page(desk(), token, _read(token))


@pages.post("/preferences/<token>/topics")
def topics(token: str) -> Response:
    here, link = desk(), _read(token)
    chosen = request.form.getlist("topic")
    if not any(one in here.config.section_ids for one in chosen):
        return _page(
            here,
            token,
            link,
            mistake="Please choose at least one topic, or leave below.",
            about="topics",
            status=400,
        )
    here.readers.set_topics(
        link.subscriber_id, here.topics_from(chosen), origin=here.origin("link"), now=here.clock()
    )
    return _page(here, token, link, said="Your topics are saved.")


@pages.post("/preferences/<token>/pause")
def pause(token: str) -> Response:
    here, link = desk(), _read(token, full=True)
    weeks = request.form.get("weeks", "")
    if weeks not in WEEKS:
        abort(400)
    until = here.clock() + timedelta(weeks=int(weeks))
    here.readers.pause(link.subscriber_id, until, origin=here.origin("link"), now=here.clock())
    return _page(here, token, link, said="Your break has begun.")


@pages.post("/preferences/<token>/resume")
def resume(token: str) -> Response:
    here, link = desk(), _read(token, full=True)
    here.readers.resume(link.subscriber_id, origin=here.origin("link"), now=here.clock())
    return _page(here, token, link, said="Welcome back: the next issue will come to you.")


@pages.post("/preferences/<token>/name")
def name(token: str) -> Response:
    here, link = desk(), _read(token, full=True)
    given = request.form.get("first_name", "") if here.config.web.first_name else ""
    first_name = clean_name(given)
    if given.strip() and first_name is None:
        mistake = "We cannot use this as a name."
        return _page(here, token, link, mistake=mistake, about="name", typed=given[:LONGEST], status=400)
    here.readers.set_first_name(link.subscriber_id, first_name, origin=here.origin("link"), now=here.clock())
    return _page(here, token, link, said="Your name is saved." if first_name else "Your name is removed.")


@pages.post("/preferences/<token>/address")
def address(token: str) -> Response:
    here, link = desk(), _read(token, full=True)
    if not _is_fresh(here, link):
        return _page(here, token, link, mistake="Please ask for a fresh link first.", status=403)
    email = request.form.get("email", "")[:LONGEST]
    try:
        here.readers.request_address(link.subscriber_id, email, origin=here.origin("link"), now=here.clock())
    except AddressError as error:
        return _page(here, token, link, mistake=f"This address {error.what}.", typed=email, status=400)
    here.worker.wake()
    return _page(
        here, token, link, said="If the address is right, an e-mail with a button is on its way to it."
    )


@pages.post("/preferences/<token>/link")
def fresh_link(token: str) -> Response:
    here, link = desk(), _read(token, full=True)
    asked = here.readers.ask_link(link.subscriber_id, now=here.clock())
    here.worker.wake()
    return _page(here, token, link, said=ON_ITS_WAY.format(time="a day") if asked else LATELY)


@pages.post("/preferences/<token>/leave")
def leave(token: str) -> Response:
    here, link = desk(), _read(token)
    here.readers.leave(
        link.subscriber_id, issue_id=link.issue_id, origin=here.origin("link"), now=here.clock()
    )
    return left(here, link, here.app.links.token("unsubscribe", link.subscriber_id, link.issue_id))


@pages.post("/preferences/<token>/data")
def data(token: str) -> Response:
    """Who holds an issue is not yet its reader: what is kept about them goes by a fresh link to their address."""
    here, link = desk(), _read(token, full=True)
    asked = here.readers.ask_data(link.subscriber_id, now=here.clock())
    here.worker.wake()
    said = ON_ITS_WAY.format(time="an hour") if asked else LATELY
    return _page(here, token, link, said=said, also_left=True)


# --- the new address's own link --------------------------------------------------------------------------


@pages.get("/address/<token>")
def address_page(token: str) -> Response:
    _address_link(token)
    return desk().page("press", heading="Use this address?", words=NEW_ADDRESS, button="Yes, send it here")


@pages.post("/address/<token>")
def confirm_address(token: str) -> Response:
    here, link = desk(), _address_link(token)
    moved = here.readers.confirm_address(
        link.subscriber_id, link.detail, origin=here.origin("link"), now=here.clock()
    )
    if moved:
        return here.message("Your address is changed", "From now on we write to you here.")
    return here.message(
        "Nothing was changed",
        "The address is in use already, or another one was asked for since. If need be, please ask again.",
        status=410,
    )


@pages.get("/keep/<token>")
def keep_page(token: str) -> Response:
    here, link = desk(), _address_link(token, "keep")
    if _has_moved_on(here, link):
        return _too_late_to_keep(here)
    return here.page("press", heading="Keep this address?", words=OLD_ADDRESS, button="Yes, keep it")


@pages.post("/keep/<token>")
def keep_address(token: str) -> Response:
    here, link = desk(), _address_link(token, "keep")
    if _has_moved_on(here, link):
        return _too_late_to_keep(here)
    here.readers.keep_address(link.subscriber_id, origin=here.origin("link"), now=here.clock())
    return here.message("Your address stays", "We write to you here, as before.")


def _has_moved_on(here: Desk, link: Link) -> bool:
    return link.made_at is not None and here.readers.has_moved(link.subscriber_id, after=link.made_at)


def _too_late_to_keep(here: Desk) -> Response:
    return here.message(
        "It is too late to keep this address",
        "Your newsletter goes to the new address already.",
        "Was it not you who asked for that? Then please tell us, by answering the e-mail that led you here. To get "
        "the newsletter at this address again, subscribe once more.",
        status=410,
        link=here.home("Subscribe"),
    )


OLD_ADDRESS = "Press the button, and nothing is changed: your newsletter stays where it is."
NEW_ADDRESS = "Press the button, and your newsletter will come to this address from now on."


def _address_link(token: str, purpose: str = "address") -> Link:
    here = desk()
    return here.app.links.read(purpose, token, max_age=NEW_ADDRESS_WITHIN, now=here.clock())


# --- parts -----------------------------------------------------------------------------------------------


def _read(token: str, *, full: bool = False) -> Link:
    """Either kind of link; `full`: that for preferences alone."""
    links = desk().app.links
    try:
        return links.read("preferences", token)
    except LinkInvalid:
        if full:
            raise
        return links.read("unsubscribe", token)


def _page(
    here: Desk,
    token: str,
    link: Link,
    *,
    said: str = "",
    also_left: bool = False,
    mistake: str = "",
    about: str = "email",
    typed: str = "",
    status: int = 200,
) -> Response:
    """`said`: what was done. To who has left it is not so, unless `also_left`. `typed`: what the mistake is about."""
    reader = here.readers.find(link.subscriber_id)
    if reader is None or reader.state is SubscriberState.ERASED:
        return here.message("There is nothing here any more", "Your data has been erased.", status=410)
    return here.page(
        "preferences",
        status,
        here=f"{here.prefix}/preferences/{token}",
        full=link.purpose == "preferences",
        fresh=_is_fresh(here, link),
        state=reader.state.value,
        topics=reader.topics,
        ask_first_name=here.config.web.first_name,
        has_name=reader.first_name is not None,
        paused_until=_paused(here, reader),
        said=said if also_left or reader.state is not SubscriberState.UNSUBSCRIBED else "",
        mistake=mistake,
        about=about,
        typed=typed,
    )


def _is_fresh(here: Desk, link: Link) -> bool:
    """From a mail of the reader's own, lately, to the address they still have."""
    if link.made_at is None or link.issue_id is not None or here.clock() - link.made_at > FRESH_FOR:
        return False
    return not here.readers.has_moved(link.subscriber_id, after=link.made_at)


def _paused(here: Desk, reader: Subscriber) -> date | None:
    if reader.paused_until is None or reader.paused_until <= here.clock():
        return None
    return reader.paused_until.astimezone(here.config.newsletter.zone).date()
