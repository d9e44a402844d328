"""What every request and every answer goes through: known hosts, no foreign forms, a strict policy, a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, abort, request
from flask_limiter import ApplicationLimit, Limiter
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.web.cors import add_cors, is_configured
from newsletter.web.desk import Desk, desk, network
from newsletter.web.names import host_of, origin_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = structlog.get_logger("newsletter.web")
READING = ("GET", "HEAD", "OPTIONS")
LEAVING = ("leaving.leave", "preferences.leave")
"""Whoever holds the link may leave with it, from wherever, however often: a mail program in a browser sends its
one-click request from its own site, and a large mail provider all of them from a few networks."""
UNCOUNTED = (*LEAVING, "webhooks.take")
"""A provider tells of thousands of mails from a few networks, and holds a secret."""
NETWORKS = 50
"""How many networks may spend their whole budget in the same minute."""
OPEN = ("health.alive", "health.ready")
"""Asked by machines that know us by number; they tell nothing."""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' {own}; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SCRIPT_POLICY = POLICY + "; script-src 'self' {own}; connect-src 'self' {own}"
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # A reader's link is a key: it must not travel to other sites, nor stay in a shared cache.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def protect(web: Flask, desk: Desk) -> None:
    settings = desk.config.web
    wsgi = under_prefix(web.wsgi_app, desk.prefix) if desk.prefix else web.wsgi_app
    if settings.proxies:
        wsgi = ProxyFix(wsgi, x_for=settings.proxies, x_proto=settings.proxies)
    web.wsgi_app = wsgi  # type: ignore[method-assign, assignment]
    # A redirect would name a host and a scheme, and turn a mail program's POST into nothing.
    web.url_map.strict_slashes = False
    web.url_map.merge_slashes = False
    if not settings.proxies:
        web.before_request(_notice_of_proxy())
    web.before_request(_known_host)
    web.before_request(_own_form)
    web.after_request(_seal)
    _limit(web, settings.requests_per_minute)


def under_prefix(wsgi: WSGIApplication, prefix: str) -> WSGIApplication:
    """For a service at `https://example.org/letter`, whether or not the proxy takes `/letter` away."""

    def stripped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == prefix or path.startswith(f"{prefix}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
            environ["PATH_INFO"] = path[len(prefix) :] or "/"
        return wsgi(environ, start_response)

    return stripped


def _notice_of_proxy() -> Callable[[], None]:
    """A proxy that the settings do not know makes all readers one network, whose budget is soon spent. Said once: of a
    request that anybody can have written nothing more follows."""
    said = False

    def notice() -> None:
        nonlocal said
        if not said and "X-Forwarded-For" in request.headers:
            said = True
            log.warning(
                "a proxy reports networks, and [web] proxies is 0", hint="Set proxies = 1, if it is yours."
            )

    return notice


def _limit(web: Flask, per_minute: int) -> None:
    """Requests that change something, counted per network and over the whole service, by each process for itself.
    Leaving is not among them."""
    together = ApplicationLimit(
        f"{per_minute * NETWORKS}/minute",
        key_function=lambda: "all networks",
        # What is kept is bounded: it is asked first, and while it is spent no network is counted anew. It is charged
        # last: who is refused for their own network takes nothing from the others.
        deduct_when=lambda response: response.status_code != 429,
    )
    each = ApplicationLimit(f"{per_minute}/minute")
    limiter = Limiter(network, app=web, application_limits=[together, each], storage_uri="memory://")
    limiter.request_filter(_is_free)
    limiter.logger.disabled = True  # it would name networks


def _is_free() -> bool:
    return request.method != "POST" or request.endpoint is None or request.endpoint in UNCOUNTED


def _known_host() -> None:
    """A forged Host header would put somebody else's name into what we answer."""
    if request.endpoint not in OPEN and host_of(request.host) not in desk().hosts:
        abort(421)


def _own_form() -> None:
    """A browser says from which site a form was sent: from ours it may, and where `POST /subscribe` is meant from
    the configured ones. Mail programs and scripts say nothing; they hold a reader's link, or may only ask to join.

    Our own pages send `Origin: null`, because of our Referrer-Policy; `Sec-Fetch-Site` tells them from others.
    """
    if request.method in READING or request.endpoint in LEAVING:
        return
    origin = request.headers.get("Origin", "null")
    if origin == "null":
        if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            abort(403)
    elif not is_ours(origin) and not is_configured(origin):
        abort(403)


def is_ours(origin: str) -> bool:
    """Of the host that this very request was sent to, which is a known one by now, or of `public_url`."""
    _, _, host = origin_of(origin).partition("://")
    return host in (host_of(request.host), *desk().hosts) if host else False


@lru_cache
def policy(own: str, *, script: bool = False) -> str:
    """`own` is named beside 'self', because the service may be reached under other names too."""
    return (SCRIPT_POLICY if script else POLICY).format(own=own)


def _seal(response: Response) -> Response:
    own, headers = desk().own_origin, response.headers
    for name, value in HEADERS.items():
        if name not in headers:
            headers[name] = value
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = policy(own)
    if own.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return add_cors(response)
