"""The studio's pages. For one person at this machine: 127.0.0.1, a token in the address, GET alone.

/<token>/                           the page
/<token>/frame/<view>/<kind>        one edition, html or text, for a sandboxed frame
/<token>/events                     server-sent events: the version, whenever it changes
/<token>/link/<kind>                where a reader's own links lead in a preview
"""

from __future__ import annotations

import hmac
import json
import socket
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, render_template, request

from newsletter.errors import UsageError
from newsletter.preview.studio import Studio
from newsletter.preview.views import CLIP_LIMIT, VIEWS, as_seen

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

_ASSETS = {"studio.css": "text/css", "studio.js": "text/javascript"}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src {pictures}; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
_BEAT = 15.0
"""Seconds of silence after which we write to a page, and so learn that it was closed."""


def make_pages(studio: Studio, *, token: str) -> Flask:
    """The studio's WSGI application. An address without `token` learns nothing; a foreign Host is refused (a
    page elsewhere that points its own name at 127.0.0.1)."""
    pages = Flask(__name__, static_folder=None, template_folder="static")
    pages.jinja_env.trim_blocks = pages.jinja_env.lstrip_blocks = True
    pages.before_request(partial(_only_for_the_editor, token))
    pages.after_request(_keep_it_here)
    pages.add_url_rule("/<token>/", "page", partial(_page, studio))
    pages.add_url_rule("/<token>/frame/<int:view>/<any(html,text):kind>", "frame", partial(_frame, studio))
    pages.add_url_rule("/<token>/events", "events", partial(_events, studio))
    pages.add_url_rule("/<token>/link/<any(unsubscribe,preferences):kind>", "link", _link)
    pages.add_url_rule("/<token>/<any('studio.css','studio.js'):name>", "asset", _asset)
    return pages


def _only_for_the_editor(token: str) -> None:
    port = request.environ["SERVER_PORT"]
    if request.host not in (f"127.0.0.1:{port}", f"localhost:{port}"):
        abort(403)
    if request.method not in ("GET", "HEAD"):
        abort(Response("The preview only shows.\n", 405, {"Allow": "GET, HEAD"}))
    given = request.path.split("/")[1]
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)


def _keep_it_here(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    response.headers["Referrer-Policy"] = "no-referrer"  # pictures must not carry the token away
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(studio: Studio, token: str) -> str:
    now = studio.now
    view = request.args.get("view", "both")
    return render_template(
        "page.html",
        now=now,
        variant=now.shown.variant(request.args.get("variant", "")) if now.shown else None,
        view=view if view in VIEWS else "both",
        views=VIEWS,
        look=_look(),
        pictures="off" if request.args.get("pictures") == "off" else "on",
        limit=CLIP_LIMIT,
    )


def _look() -> str:
    return "dark" if request.args.get("look") == "dark" else "light"


def _frame(studio: Studio, token: str, view: int, kind: str) -> Response:
    # Its number only keeps addresses apart: what is shown is always the latest good view.
    shown = studio.now.shown or abort(404)
    variant = shown.variant(request.args.get("variant", ""))
    body = (
        as_seen(variant.html, _look())
        if kind == "html"
        else render_template("text.html", variant=variant, look=_look())
    )
    pictures = "'none'" if request.args.get("pictures") == "off" else "http: https: data:"
    return Response(body, headers={"Content-Security-Policy": _MAIL_POLICY.format(pictures=pictures)})


def _events(studio: Studio, token: str) -> Response:
    return Response(_tell(studio), mimetype="text/event-stream")


def _link(token: str, kind: str) -> str:
    return render_template("link.html", kind=kind)


def _asset(token: str, name: str) -> Response:
    return Response(files(__package__).joinpath("static", name).read_bytes(), mimetype=_ASSETS[name])


def listen(port: int) -> socket.socket:
    """A socket on 127.0.0.1 alone. Port 0: any free one. Raises UsageError when it is taken."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise UsageError(
            f"port {port} cannot be used: {reason}", hint="Leave --port out to take any free one."
        ) from None


def make_server(pages: Flask, listening: socket.socket) -> BaseWSGIServer:
    """A server that answers each request in a thread of its own."""
    from werkzeug.serving import WSGIRequestHandler
    from werkzeug.serving import make_server as make

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """A line for each request would bury what the editor should read, and hold the token."""

    host, port = listening.getsockname()
    server = make(host, port, pages, threaded=True, request_handler=Quiet, fd=listening.fileno())
    server.daemon_threads = True  # type: ignore[attr-defined]  # pages left open must not hold up the end
    return server


def _tell(studio: Studio) -> Iterator[str]:
    known = -1
    while not studio.closed:
        now = studio.wait(known, _BEAT)
        if now.version == known:
            yield ": still here\n\n"
            continue
        known = now.version
        yield f"data: {json.dumps({'version': known, 'trouble': now.trouble is not None})}\n\n"
