"""What every request and every answer goes through: known hosts, no foreign forms, a strict policy, a budget."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_limiter import ApplicationLimit, Limiter
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.config import Web
from newsletter.web.desk import Desk, desk, network

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
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
    if settings.proxies:
        web.wsgi_app = ProxyFix(web.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    web.before_request(_known_host)
    web.before_request(_own_form)
    web.after_request(_seal)
    _budgets(settings).init_app(web)


def _budgets(settings: Web) -> Limiter:
    """Requests that can make us write to somebody, counted per network and over the whole service.

    Leaving is not among them: a large mail provider's one-click requests all come from its own few networks.
    """
    return Limiter(
        network,
        storage_uri="memory://",
        application_limits=[
            ApplicationLimit(f"{settings.requests_per_minute}/minute", exempt_when=_writes_to_nobody),
            ApplicationLimit(
                f"{settings.requests_per_minute * 50}/minute",
                key_function=lambda: "service",
                exempt_when=_writes_to_nobody,
            ),
        ],
    )


WRITING = ("/subscribe", "/confirm/", "/preferences/")


def _writes_to_nobody() -> bool:
    return request.method != "POST" or not request.path.startswith(WRITING)


def _known_host() -> None:
    """A forged Host header would put somebody else's name into what we answer."""
    host = request.host.lower()
    own = urlsplit(desk().config.newsletter.public_url).netloc.lower()
    if host != own and host not in desk().config.web.hosts:
        abort(421)


def _own_form() -> None:
    """A browser says from which site a form was sent. Ours and the configured ones may; mail programs and scripts
    that say nothing hold a reader's link, or may only ask to subscribe."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and not allowed(origin):
        abort(403)
    if not origin and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def own_origin() -> str:
    parts = urlsplit(desk().config.newsletter.public_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def allowed(origin: str) -> bool:
    """May a page of `origin` send us a form? Other sites only `POST /subscribe`, and only those configured."""
    if origin.lower() == own_origin():
        return True
    known = {one.rstrip("/").lower() for one in desk().config.web.origins}
    return request.path == "/subscribe" and origin.lower() in known


def _seal(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if desk().config.newsletter.public_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
