"""The studio's pages.

/<token>/                           the page; what is looked at stands in its query, see choice.py
/<token>/frame/<tag>/<kind>         one edition, html, text or mjml, for a sandboxed frame
/<token>/events                     server-sent events: the version, whenever it changes
/<token>/link/<kind>                where a reader's own links lead in a preview
/<token>/gallery.html               the issue on one page, to keep or to send to a reviewer
/<token>/test  (POST)               sends a test mail
/<token>/asking  (POST)             whether links and pictures are asked
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as Redirect

from newsletter.gallery import page as gallery
from newsletter.gallery.looks import LOOKS, as_seen
from newsletter.gallery.shown import CLIP, DEVICES, show
from newsletter.preview import guard, testing
from newsletter.preview.choice import VIEWS, Choice
from newsletter.preview.inspection import Inspector
from newsletter.preview.places import Place, find_place, marked
from newsletter.preview.studio import Snapshot, Studio
from newsletter.types import editions_hash

STATIC = Path(__file__).parent / "static"
_ASSETS = {
    "look.css": (gallery.STATIC, "text/css"),
    "studio.css": (STATIC, "text/css"),
    "studio.js": (STATIC, "text/javascript"),
}
_BEAT = 15.0
"""Seconds of silence after which we write to a page, and so learn that it was closed."""


def make_pages(studio: Studio, inspector: Inspector, *, token: str, clock: Callable[[], datetime]) -> Flask:
    """The studio's WSGI application."""
    pages = Flask(__name__, static_folder=None, template_folder=None)
    pages.config.update(MAX_CONTENT_LENGTH=16_384, MAX_FORM_MEMORY_SIZE=16_384)
    pages.before_request(partial(guard.only_for_the_editor, token))
    pages.after_request(guard.keep_it_here)
    pages.add_url_rule("/<token>/", "page", partial(_page, studio, inspector))
    pages.add_url_rule("/<token>/frame/<tag>/<any(html,text,mjml):kind>", "frame", partial(_frame, studio))
    pages.add_url_rule("/<token>/events", "events", partial(_events, studio))
    pages.add_url_rule("/<token>/link/<any(unsubscribe,preferences):kind>", "link", _link)
    pages.add_url_rule(f"/<token>/<any({','.join(map(repr, _ASSETS))}):name>", "asset", _asset)
    pages.add_url_rule("/<token>/gallery.html", "gallery", partial(_gallery, studio))
    pages.add_url_rule("/<token>/test", "test", partial(_test, studio, clock), methods=["POST"])
    pages.add_url_rule("/<token>/asking", "asking", partial(_asking, inspector), methods=["POST"])
    return pages


# --- what is shown ---------------------------------------------------------------------------------------


def _page(studio: Studio, inspector: Inspector, token: str) -> str:
    now, choice = studio.now, Choice.read(request.args)
    variant = now.shown.variant(choice.variant) if now.shown else None
    studio.looked_at = choice.variant
    return _fill(
        "page.html",
        now=now,
        choice=choice,
        variant=variant,
        lines=now.shown.lines(variant) if now.shown and variant else (),
        place=_place(now, choice),
        to=_to(now),
        asking=inspector.online,
        views=VIEWS,
        looks=LOOKS,
        devices=DEVICES,
        clip=CLIP,
    )


def _place(now: Snapshot, choice: Choice) -> Place | None:
    remarks = now.inspection.remarks if now.inspection else ()
    found = next((one for one in remarks if one.id == choice.finding), None)
    return find_place(found, now.made) if found and now.made else None


def _to(now: Snapshot) -> str:
    """Whom a test mail most likely goes to: who got the last one, else the first of the editors."""
    if now.tried:
        return now.tried.to
    editors = now.made.app.config.newsletter.editors if now.made else ()
    return editors[0] if editors else ""


def _frame(studio: Studio, token: str, tag: str, kind: str) -> Response:
    # The tag only keeps addresses apart: what is shown is always the latest.
    now, choice = studio.now, Choice.read(request.args)
    shown = now.shown or abort(404)
    variant = shown.variant(choice.variant)
    if kind == "html":
        place = _place(now, choice)
        html = marked(variant.html, place) if place else variant.html
        body = as_seen(html, choice.look, large=choice.text == "large", pictures=choice.pictures == "on")
    else:
        body = _fill(f"{kind}.html", shown=shown, variant=variant, choice=choice)
    pictures = "http: https: data:" if choice.pictures == "on" else "'none'"
    return Response(body, headers={"Content-Security-Policy": guard.MAIL_POLICY.format(pictures=pictures)})


def _gallery(studio: Studio, token: str) -> Response:
    """With what was found last; it is a file of its own, and none of the studio's pages."""
    now = studio.now
    made = now.made or abort(404)
    shown = show(made.app.config, made.slug, made.composed.editions, gallery.LINKS)
    remarks, note = (now.inspection.remarks, now.inspection.said) if now.inspection else ((), "")
    body = gallery.make_gallery(shown, remarks, note, editions_hash(made.composed.editions))
    name = f"{made.slug}-{gallery.NAME}"
    return Response(body, headers={"Content-Disposition": f"attachment; filename={name}"})


def _link(token: str, kind: str) -> str:
    return _fill("link.html", kind=kind)


def _asset(token: str, name: str) -> Response:
    folder, kind = _ASSETS[name]
    return Response((folder / name).read_bytes(), mimetype=kind)


def _fill(name: str, **values: object) -> str:
    return gallery.environment(STATIC, gallery.STATIC).get_template(name).render(**values)


# --- what is told ----------------------------------------------------------------------------------------


def _events(studio: Studio, token: str) -> Response:
    return Response(_tell(studio), mimetype="text/event-stream")


def _tell(studio: Studio) -> Iterator[str]:
    known = -1
    while not studio.closed:
        now = studio.wait(known, _BEAT)
        if now.version == known:
            yield ": still here\n\n"
            continue
        known = now.version
        tags = {one.key: one.tag for one in now.shown.variants} if now.shown else {}
        yield f"data: {json.dumps({'version': known, 'tags': tags})}\n\n"


# --- what is done ----------------------------------------------------------------------------------------


def _test(studio: Studio, clock: Callable[[], datetime], token: str) -> Redirect:
    now, choice = studio.now, Choice.read(request.form)
    studio.tell(testing.send_test(now, studio.root, request.form.get("to", ""), choice.variant, clock()))
    return _back(choice)


def _asking(inspector: Inspector, token: str) -> Redirect:
    inspector.online = request.form.get("ask") == "on"
    inspector.look()
    return _back(Choice.read(request.form))


def _back(choice: Choice) -> Redirect:
    """To the page as it was: what was pressed is done, and reloading does not do it again."""
    return redirect(f"./{choice.but()}", code=303)
