"""What we keep about a reader: to take, or to erase. Only behind a fresh link from a mail to their own address."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, request

from newsletter.errors import LinkExpired
from newsletter.links import Link
from newsletter.web.desk import desk

pages = Blueprint("data", __name__)
WITHIN = timedelta(hours=1)


@pages.get("/data/<token>")
def page(token: str) -> Response:
    _read(token)
    return desk().page("data", here=f"{desk().prefix}/data/{token}")


@pages.post("/data/<token>/export")
def export(token: str) -> Response:
    here, link = desk(), _read(token)
    held = here.readers.export(link.subscriber_id, origin=here.origin("link"), now=here.clock())
    if held is None:
        abort(410)
    text = json.dumps(held, ensure_ascii=False, indent=2, default=_plain)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(text, mimetype="application/json", headers=headers)


@pages.post("/data/<token>/erase")
def erase(token: str) -> Response:
    here, link = desk(), _read(token)
    if request.form.get("sure") != "yes":
        abort(400)
    here.readers.erase(link.subscriber_id, origin=here.origin("link"), now=here.clock())
    return here.message("Your data is erased", "We will not write to you again. Goodbye, and be well.")


def _read(token: str) -> Link:
    """The link's reader is there, at the address it was mailed to: who erased their data may still have the page
    open, and whoever reads the mailbox that a reader moved away from must not learn where they went."""
    here = desk()
    link = here.app.links.read("data", token, max_age=WITHIN, now=here.clock())
    reader = here.readers.find(link.subscriber_id)
    if reader is None or reader.email is None:
        abort(410)
    assert link.made_at is not None
    if here.readers.has_moved(reader.id, after=link.made_at):
        raise LinkExpired("it was mailed to another address", made_at=link.made_at)
    return link


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
