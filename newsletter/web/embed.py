"""The form for another site's pages: plain HTML, and a small script for who wants the answer in place."""

from __future__ import annotations

from flask import Blueprint, Response

from newsletter.web.desk import Desk, desk
from newsletter.web.form import Challenge

pages = Blueprint("embed", __name__)


@pages.get("/embed.js")
def script() -> Response:
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(desk().text_of("embed.js.j2"), mimetype="text/javascript", headers=headers)


def embed_form(here: Desk, *, script: bool = False) -> str:
    """HTML to be pasted into a page. Works without script; `script`: the answer appears below the form."""
    text = here.text_of(
        "form.html.j2",
        embedded=True,
        email="",
        chosen=here.config.section_ids,
        mistake="",
        ask_first_name=here.config.web.first_name,
        first_name="",
        stamp="",
        challenge=Challenge() if here.config.web.challenge else None,
        wording=here.wording.text,
        wording_mark=here.wording_mark,
    )
    if not script:
        return text
    return f'{text}<script src="{here.config.newsletter.public_url}/embed.js" defer></script>\n'
