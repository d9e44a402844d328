"""Who may ask the studio, and what every answer says of itself. For one person at this machine.

- The address holds a token: without it there is nothing, not even a hint.
- The Host must be ours: a page elsewhere can point its own name at 127.0.0.1, and a browser then sends that name.
- What does something must come from our own page. A browser says of each request where it comes from, in headers that
  no page can set: `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/) and `Origin`.
"""

from __future__ import annotations

import hmac

from flask import Response, abort, request

READING = ("GET", "HEAD")
_OWN_HEADERS = {
    "Referrer-Policy": "no-referrer",  # pictures must not carry the token away
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",  # or a browser would look up every host that a mail links to
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src {pictures}; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""Without allow-scripts no script of a mail runs. Same-origin, so that our page can keep its scroll."""


def only_for_the_editor(token: str) -> None:
    if request.host not in _hosts():
        abort(403)
    given = request.path.split("/")[1]
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    if request.method not in READING:
        only_from_our_page()


def only_from_our_page() -> None:
    """Forms of ours say `Origin: null`, because of our Referrer-Policy; where from, Sec-Fetch-Site says then."""
    ours = ("null", *(f"http://{host}" for host in _hosts()))
    if request.headers.get("Origin") not in ours or request.headers.get("Sec-Fetch-Site") != "same-origin":
        abort(Response("Only the studio's own page can do this.\n", 403))


def keep_it_here(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    for name, value in _OWN_HEADERS.items():
        response.headers[name] = value
    return response


def _hosts() -> tuple[str, str]:
    port = request.environ["SERVER_PORT"]
    return f"127.0.0.1:{port}", f"localhost:{port}"
