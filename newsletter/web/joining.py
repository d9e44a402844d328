"""Joining: the form, the wish, the button behind the mailed link."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from newsletter.config import span
from newsletter.errors import AddressError, LinkExpired
from newsletter.pipeline.subscribe import Confirmed
from newsletter.web import form as forms
from newsletter.web.archive import latest_issue
from newsletter.web.cors import with_cors
from newsletter.web.desk import Desk, desk
from newsletter.web.errors import wants_json

pages = Blueprint("joining", __name__)
ASKED = "If the address is right, an e-mail from us is on its way to it. Open it and press the button in it."


@pages.get("/")
def home() -> Response:
    return _form_page(desk())


@pages.get("/subscribe")
def subscribe_page() -> Response:
    """For who follows the form's own address."""
    return _form_page(desk())


@pages.route("/subscribe", methods=["OPTIONS"])
def preflight() -> Response:
    return with_cors(Response(status=204))


@pages.post("/subscribe")
def subscribe() -> Response:
    """The same answer for every address, in words and in time: the wish is written down and looked at later."""
    here, form = desk(), forms.read_form()
    try:
        address = form.address()
    except AddressError as error:
        return with_cors(_again(here, form, f"This address {error.what}.", 400, "email"))
    if forms.too_quick(here, form.stamp, here.clock()):
        return with_cors(_again(here, form, "That was quick! Please press the button once more.", 200))
    if forms.unsolved(here, form):
        return with_cors(
            _again(here, form, "Your browser could not do its little task. Please try again.", 400)
        )
    if not form.trap:
        here.worker.take_wish(
            address.email,
            here.topics_from(form.topics),
            here.origin("api" if request.is_json else _which_form(), wording=True),
            first_name=form.first_name,
        )
    return with_cors(jsonify(message=ASKED) if wants_json() else here.page("asked"))


def _which_form() -> str:
    """`page` for our own form, `embed` for one that another site carries."""
    origin = request.headers.get("Origin", "")
    return "page" if not origin or origin.lower() in desk().config.newsletter.public_url.lower() else "embed"


def _form_page(
    here: Desk,
    *,
    email: str = "",
    chosen: list[str] | None = None,
    mistake: str = "",
    about: str = "email",
    status: int = 200,
) -> Response:
    """`about`: where the mistake is shown, at the address ("email") or at the button ("form")."""
    return here.page(
        "home",
        status,
        email=email,
        chosen=here.config.section_ids if chosen is None else chosen,
        mistake=mistake,
        about=about,
        stamp=forms.make_stamp(here),
        challenge=forms.make_challenge(here),
        wording=here.wording.text,
    )


def _again(here: Desk, form: forms.Form, mistake: str, status: int, about: str = "form") -> Response:
    if wants_json():
        answer = jsonify(error=mistake, stamp=forms.make_stamp(here))
        answer.status_code = 400
        return answer
    return _form_page(here, email=form.email, chosen=form.topics, mistake=mistake, about=about, status=status)


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
            link={"url": f"{here.config.newsletter.public_url}/", "label": "Subscribe"},
        )
    if outcome is Confirmed.NOW and here.config.web.welcome_mail:
        here.readers.welcome(link.subscriber_id, now=here.clock())
        here.worker.wake()
    return _welcome(here, link.subscriber_id)


@pages.post("/confirm/<token>/again")
def send_again(token: str) -> Response:
    """A new link in place of one that is too old, to the address it was made for."""
    here = desk()
    link = here.app.links.read("confirm", token)
    reader = here.readers.find(link.subscriber_id)
    if reader and reader.email:
        origin = here.origin("link", wording=True)
        here.worker.take_wish(reader.email, reader.topics, origin, first_name=reader.first_name)
    return here.page("asked")


def _read(here: Desk, token: str):  # type: ignore[no-untyped-def]
    within = span(here.config.web.confirm_within)
    return here.app.links.read("confirm", token, max_age=within, now=here.clock())


def _expired(here: Desk, token: str, made_at: datetime) -> Response:
    zone = here.config.newsletter.zone
    return here.page(
        "expired",
        410,
        made=made_at.astimezone(zone).date(),
        days=span(here.config.web.confirm_within).days or 1,
        again_url=f"/confirm/{token}/again",
    )


def _welcome(here: Desk, subscriber_id: int) -> Response:
    reader = here.readers.find(subscriber_id)
    assert reader is not None
    return here.page(
        "confirmed",
        topics=here.titles(reader.topics),
        preferences_url=here.app.links.preferences(subscriber_id),
        latest=latest_issue(here),
    )
