"""Joining: the form, the wish, the button behind the mailed link."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from newsletter.config import span
from newsletter.errors import AddressError, LinkExpired
from newsletter.links import Link
from newsletter.pipeline.subscribe import Confirmed
from newsletter.types import Origin
from newsletter.web import form as forms
from newsletter.web.archive import latest_issue
from newsletter.web.cors import is_configured
from newsletter.web.desk import Desk, desk
from newsletter.web.errors import wants_json
from newsletter.web.names import origin_of
from newsletter.web.safety import policy

pages = Blueprint("joining", __name__)
ASKED = "If the address is right, an e-mail from us is on its way to it. Open it and press the button in it."

OTHER_WORDS = (
    "Please read what you agree to, which has changed since this form was made, and press once more."
)


@pages.get("/")
def home() -> Response:
    return _form_page(desk())


@pages.get("/subscribe")
def subscribe_page() -> Response:
    """For who follows the form's own address."""
    return _form_page(desk())


@pages.post("/subscribe")
def subscribe() -> Response:
    """The same answer for every address, in words and in time: the wish is written down and looked at later."""
    here, form = desk(), forms.read_form()
    try:
        address = form.address(here)
    except AddressError as error:
        return _again(here, form, f"This address {error.what}.", 400, "email")
    if forms.too_quick(here, form.stamp):
        return _again(here, form, "Please press the button once more.", 200)
    if forms.unsolved(here, form):
        return _again(here, form, "Your browser could not do its little task. Please try again.", 400)
    if form.wording not in ("", here.wording_mark):
        return _again(here, form, OTHER_WORDS, 409)
    if not form.trap:
        here.worker.take_wish(
            address.email,
            here.topics_from(form.topics),
            _origin(here),
            first_name=form.first_name if here.config.web.first_name else None,
        )
    return jsonify(message=ASKED) if wants_json() else here.asked()


@pages.get("/challenge")
def challenge() -> Response:
    """For the script of a form on another site. None is asked for: its text is empty."""
    made = forms.make_challenge(desk())
    return jsonify(challenge=made.text if made else "", bits=made.bits if made else 0)


@pages.get("/challenge.js")
def challenge_script() -> Response:
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(desk().text_of("challenge.js.j2"), mimetype="text/javascript", headers=headers)


def _origin(here: Desk) -> Origin:
    """Our own form, one that another site carries, which is then named, or a program."""
    origin = request.headers.get("Origin", "")
    if is_configured(origin):
        return replace(here.origin("embed", wording=True), source=origin_of(origin))
    return here.origin("api" if request.is_json else "page", wording=True)


def _form_page(
    here: Desk,
    *,
    email: str = "",
    chosen: list[str] | None = None,
    first_name: str | None = None,
    mistake: str = "",
    about: str = "email",
    status: int = 200,
) -> Response:
    """`about`: where the mistake is shown, at the address ("email") or at the button ("form")."""
    challenge = forms.make_challenge(here)
    answer = here.page(
        "home",
        status,
        email=email,
        chosen=here.config.section_ids if chosen is None else chosen,
        mistake=mistake,
        about=about,
        ask_first_name=here.config.web.first_name,
        first_name=first_name or "",
        stamp=forms.make_stamp(here),
        challenge=challenge,
        wording=here.wording.text,
        wording_mark=here.wording_mark,
    )
    if challenge:
        answer.headers["Content-Security-Policy"] = policy(here.own_origin, script=True)
    return answer


def _again(here: Desk, form: forms.Form, mistake: str, status: int, about: str = "form") -> Response:
    if wants_json():
        answer = jsonify(error=mistake, stamp=forms.make_stamp(here))
        answer.status_code = max(status, 400)
        return answer
    return _form_page(
        here,
        email=form.email,
        chosen=form.topics,
        first_name=form.first_name,
        mistake=mistake,
        about=about,
        status=status,
    )


# --- the mailed link -------------------------------------------------------------------------------------


@pages.get("/confirm/<token>")
def confirm_page(token: str) -> Response:
    """Scanners open this too: it shows a button, and nothing has happened yet."""
    here = desk()
    try:
        _read(here, token)
    except LinkExpired as error:
        return _expired(here, token, error.made_at)
    return here.page("confirm", wording=here.wording.text)


@pages.post("/confirm/<token>")
def confirm(token: str) -> Response:
    here = desk()
    try:
        link = _read(here, token)
    except LinkExpired as error:
        return _expired(here, token, error.made_at)
    assert link.made_at is not None
    outcome = here.readers.confirm(
        link.subscriber_id, asked_at=link.made_at, origin=here.origin("link", wording=True), now=here.clock()
    )
    if outcome in (Confirmed.LEFT, Confirmed.GONE):
        return here.message(
            "This link has done its work",
            "You have left since it was made. If you would like to come back, please subscribe again.",
            status=410,
            link=here.home("Subscribe"),
        )
    if outcome is Confirmed.NOW and here.config.web.welcome_mail:
        here.readers.welcome(link.subscriber_id, now=here.clock())
        here.worker.wake()
    return _welcome(here, link)


@pages.post("/confirm/<token>/again")
def send_again(token: str) -> Response:
    """A new link in place of one that is too old, to the address it was made for."""
    here = desk()
    link = here.app.links.read("confirm", token)
    reader = here.readers.find(link.subscriber_id)
    if reader and reader.email:
        origin = here.origin("link", wording=True)
        here.worker.take_wish(reader.email, reader.topics, origin, first_name=reader.first_name)
    return here.asked()


def _read(here: Desk, token: str) -> Link:
    within = span(here.config.web.confirm_within)
    return here.app.links.read("confirm", token, max_age=within, now=here.clock())


def _expired(here: Desk, token: str, made_at: datetime) -> Response:
    zone = here.config.newsletter.zone
    return here.page(
        "expired",
        410,
        made=made_at.astimezone(zone).date(),
        days=span(here.config.web.confirm_within).days or 1,
        again_url=f"{here.prefix}/confirm/{token}/again",
        wording=here.wording.text,
    )


def _welcome(here: Desk, link: Link) -> Response:
    """Its link to the preferences counts as made when the mail was that led here: who finds that mail days later
    holds no fresh one."""
    reader = here.readers.find(link.subscriber_id)
    assert reader is not None
    return here.page(
        "confirmed",
        topics=here.titles(reader.topics),
        preferences_url=here.app.links.url("preferences", link.subscriber_id, made_at=link.made_at),
        latest=latest_issue(here),
    )
