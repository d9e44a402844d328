"""Whatever comes in, on whatever route: never an error of ours, never our insides, always our headers.

A quick look each time; `NEWSLETTER_FUZZ=20000 pytest tests/test_web_fuzz.py` for a long one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_site import BASE, PLAIN, WebSite, web_site

from newsletter.addresses import read_address
from newsletter.pipeline import subscribe
from newsletter.storage import wishes
from newsletter.storage.database import writing

EXAMPLES = int(os.environ.get("NEWSLETTER_FUZZ", "400"))
GUEST = "https://www.example.org"
PURPOSES = ("confirm", "unsubscribe", "preferences", "address", "keep", "data", "form", "challenge")
HEADERS = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Cache-Control",
    "Strict-Transport-Security",
)
INSIDES = ("Traceback", "sqlalchemy", "jinja2", "werkzeug", "site-packages", ".py", "newsletter.db")
ROUTES = (
    "/",
    "/subscribe",
    "/challenge",
    "/challenge.js",
    "/embed.js",
    "/style.css",
    "/confirm/{}",
    "/confirm/{}/again",
    "/unsubscribe/{}",
    "/unsubscribe/{}/undo",
    "/unsubscribe/{}/reason",
    "/preferences/{}",
    "/preferences/{}/topics",
    "/preferences/{}/pause",
    "/preferences/{}/resume",
    "/preferences/{}/name",
    "/preferences/{}/address",
    "/preferences/{}/link",
    "/preferences/{}/leave",
    "/preferences/{}/data",
    "/address/{}",
    "/keep/{}",
    "/data/{}",
    "/data/{}/export",
    "/data/{}/erase",
    "/issues/",
    "/issues/{}",
    "/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/webhooks/outbox/{}",
    "/webhooks/mailgun/{}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/webhooks/{}/{}",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """With many readers: what is fuzzed changes some of them."""
    limits = PLAIN + f'hosts = ["letter.internal"]\norigins = ["{GUEST}"]\nproxies = 1\n'
    root = tmp_path_factory.mktemp("fuzz") / "site"
    with web_site(root, limits.replace("100000", "100000000").replace("= 1000\n", "= 100000\n")) as made:
        for number in range(40):
            made.app.add_subscriber(f"reader{number}@example.org", "*", "test", made.now)
        yield made


def test_every_route_is_fuzzed(site: WebSite):
    """A new one has to be named above."""
    rules = {rule.rule for rule in site.web.url_map.iter_rules()}
    named = {re.sub("<[a-z]+>", "{}", rule.replace("<provider>", "mailgun")) for rule in rules}
    assert named - set(ROUTES) == set()


@dataclass(frozen=True)
class Token:
    """What stands in a link: genuine for somebody, or not."""

    purpose: str
    reader: int
    age: int | None
    broken: str

    def of(self, site: WebSite) -> str:
        if self.broken and self.purpose == "form":
            return self.broken
        made_at = None if self.age is None else site.now - timedelta(seconds=self.age)
        token = site.app.links.token(
            self.purpose, self.reader, 7 if made_at is None else None, made_at=made_at
        )
        return token + self.broken if self.purpose == "challenge" else token


wild = st.text(max_size=40) | st.sampled_from(
    [
        "",
        "\x00",
        "\r\nSet-Cookie: a=b",
        "{{7*7}}",
        "<script>",
        "%0d%0a",
        "../..",
        "2026-11-26",
        "A" * 5000,
        "\u202e",
    ]
)
TOKENS = st.builds(
    Token,
    st.sampled_from(PURPOSES),
    st.integers(0, 60),
    st.none() | st.integers(-10, 10**8),
    st.just("") | wild,
)
values = wild | st.sampled_from(
    ["news", "yes", "2", "other", "a@example.org", "ü@bücher.example", "One-Click"]
)
names = st.sampled_from(
    [
        "email",
        "topic",
        "topics",
        "first_name",
        "website",
        "stamp",
        "challenge",
        "answer",
        "weeks",
        "reason",
        "sure",
        "List-Unsubscribe",
    ]
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | wild, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, str]:
    """A body and what it says it is, which need not be so."""
    fields = draw(st.lists(st.tuples(names, values), max_size=5))
    kind = draw(st.sampled_from(["form", "json", "multipart", "bytes"]))
    if kind == "form":
        made = urlencode(fields, errors="surrogatepass").encode(), "application/x-www-form-urlencoded"
    elif kind == "json":
        made = json.dumps(draw(documents)).encode(), "application/json"
    elif kind == "multipart":
        parts = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields
        )
        made = f"{parts}--b--\r\n".encode(errors="surrogatepass"), "multipart/form-data; boundary=b"
    else:
        made = draw(st.binary(max_size=200)), "application/octet-stream"
    said = draw(
        st.just(made[1])
        | st.sampled_from(
            [
                "application/json; charset=utf-16",
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "application/x-www-form-urlencoded; charset=nonsense",
                "application/problem+json",
                "text/plain",
                "",
                ";;;",
            ]
        )
    )
    return made[0], said


header_values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Host": st.sampled_from(
            ["letters.example.org", "letter.internal", "evil.example", "[::1", "a b", ""]
        ),
        "Origin": st.sampled_from([BASE, GUEST, "null", "https://[", "x", "https://evil.example"])
        | header_values,
        "Sec-Fetch-Site": st.sampled_from(["none", "same-origin", "cross-site"]) | header_values,
        "Accept": st.sampled_from(["text/html", "application/json", "*/*"]) | header_values,
        "X-Forwarded-For": st.sampled_from(["1.2.3.4", "[::1]:80", "a, b", "fe80::1%eth0"]) | header_values,
        "X-Forwarded-Proto": st.sampled_from(["https", "http", "gopher"]) | header_values,
        "Content-Length": st.sampled_from(["0", "-1", "x", "99999999999"]),
        "Content-Encoding": st.sampled_from(["gzip", "br"]),
        "Authorization": st.sampled_from(["Bearer x", "Basic !!", "Digest"]) | header_values,
        "Range": st.sampled_from(["bytes=0-1", "bytes=-1", "x"]),
        "If-None-Match": header_values,
        "Cookie": header_values,
    },
)
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "POST",
    "POST",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "X",
)


def check(answer: Any, sent: object) -> None:
    assert answer.status_code < 500, sent
    for header in HEADERS:
        assert header in answer.headers, (header, sent)
    assert "Set-Cookie" not in answer.headers, sent
    assert "Location" not in answer.headers, sent
    assert answer.headers.get("Access-Control-Allow-Origin") in (None, GUEST, GUEST.upper()), sent
    page = answer.get_data(as_text=True)
    assert not any(one in page for one in INSIDES), sent
    assert "<script>" not in page, sent


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(ROUTES), st.sampled_from(METHODS), TOKENS, bodies(), headers)
def test_nothing_breaks_the_service(site, route, method, token, body, headers):  # type: ignore[no-untyped-def]
    """All routes, methods, tokens genuine and not, bodies that are what they say and not, and headers of all kinds."""
    filled = route.replace("{}", quote(token.of(site), safe=""))
    environ = {"REMOTE_ADDR": site.network}
    answer = site.ask(
        method,
        filled,
        data=body[0],
        content_type=body[1],
        headers=list(headers.items()),
        environ_base=environ,
    )
    check(answer, (method, filled, body, headers))


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200), st.binary(max_size=80))
def test_no_path_breaks_the_service(site, path, query):  # type: ignore[no-untyped-def]
    """Any bytes as a path or a query."""
    answer = site.get(
        "/" + quote(path.lstrip("/"), safe="/", errors="replace"), query_string=query.decode("latin-1")
    )
    check(answer, (path, query))


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(names, values | st.lists(values, max_size=3)), st.emails() | values)
def test_whatever_is_asked_for_can_be_looked_at(site, fields, email):  # type: ignore[no-untyped-def]
    """What the form took the worker can settle: no wish is left, and none was thrown away as broken."""
    fields["email"] = email
    answer = site.post("/subscribe", json=fields) if len(email) % 2 else site.post("/subscribe", fields)
    check(answer, fields)
    written = site.count("wishes")
    with writing(site.engine) as conn:
        done, failed = wishes.settle_wishes(conn, _settle_in(site, conn), limit=100)
    assert (done, failed) == (written, []), email


def _settle_in(site: WebSite, conn: Any) -> Any:
    def settle(wish: Any) -> None:
        subscribe.request(
            conn,
            read_address(wish.email),
            topics=wish.topics,
            first_name=wish.first_name,
            origin=wish.origin,
            log=site.app.readers.log,
            now=site.now,
        )

    return settle
