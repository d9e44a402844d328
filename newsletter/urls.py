"""Addresses of pages: which are taken in at all, and when two of them name the same page."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

MAX_LENGTH = 2000
"""Longer ones break in mail programs; no article needs them."""

_TRACKING = re.compile(
    r"(?:utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|_hs\w+|mc_[ce]id|fbclid|gclid|dclid|msclkid|yclid|igshid|twclid"
    r"|mkt_tok|vero_id|_ga|_gl|wickedid|oly_\w+|ref_src|s_cid|__s)",
    re.IGNORECASE,
)
"""Query parameters that name a campaign or a reader and never choose a page."""

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\"<>\\^`{|}]")
_PORTS = {"http": 80, "https": 443}


def web_address(text: str, base: str = "") -> str | None:
    """`text` as an absolute http or https address, resolved against `base`; None when it is not one.

    Blanks around it are dropped and characters that no address may hold (RFC 3986, section 2) are escaped;
    Unicode's letters stay readable. Addresses with a user name in them are refused: they can pretend to be
    another site.
    """
    text = re.sub(r"[\t\r\n]", "", text.strip())
    try:
        address = urljoin(base, text) if base else text
        parts = urlsplit(address)
        known = parts.scheme.lower() in _PORTS and parts.hostname and (parts.port or 1)
    except ValueError:
        return None
    if not known or "@" in parts.netloc or _FORBIDDEN.search(parts.netloc):
        return None
    address = _FORBIDDEN.sub(lambda found: quote(found[0]), address)
    return address if len(address) <= MAX_LENGTH else None


def canonical_url(url: str) -> str:
    """What stays of an address when all is taken off that does not choose the page.

    Without scheme, `www.`, default port, fragment, tracking parameters and a slash at the end; host in lower
    case and punycode, escapes written one way, parameters sorted. For comparison only, not for reading on.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    if parts.scheme.lower() not in _PORTS or not parts.hostname:
        return url.strip()
    host = _ascii(parts.hostname).removeprefix("www.")
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    path = quote(
        unquote(parts.path, errors="surrogateescape"), safe="/~!$&'()*+,;=:@", errors="surrogateescape"
    )
    query = _meaningful(parts.query)
    return place + re.sub("/+$", "", path) + (f"?{query}" if query else "")


def path_of(url: str) -> str:
    """The path of an address, for rules that go by it: `/category/news/title/`."""
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def _ascii(host: str) -> str:
    host = host.lower().rstrip(".")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _meaningful(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return urlencode(
        sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0])), errors="surrogateescape"
    )
