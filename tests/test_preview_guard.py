"""The studio is for the editor at this machine alone, and only its own page can make it do something."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from issue_site import SLUG, make_site
from preview_kit import OURS, ask

from newsletter.app import make_app
from newsletter.errors import UsageError
from newsletter.preview.serve import open_studio


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("guard") / "site")


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with open_studio(make_app(root), SLUG) as address:
        yield address


@pytest.mark.parametrize(
    "path", ["/", "//", "/wrong/", "/wrong/events", "/favicon.ico", "/studio.css", "/%00/", "/%C3%A9/"]
)
def test_without_the_token_there_is_nothing(address: str, path: str) -> None:
    """Neither a page nor a hint that there is one."""
    assert ask(address, path).status == 404


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/test", "/test"])
def test_without_the_token_nothing_can_be_done_either(root: Path, address: str, path: str) -> None:
    """Whatever else the request gets right."""
    assert ask(address, path, method="POST", headers=OURS, form={"to": "a@example.net"}).status == 404
    assert not (root / "outbox").exists()


def test_a_token_cut_short_or_made_longer_is_none(address: str) -> None:
    """All of it, or nothing."""
    token = urlsplit(address).path.strip("/")
    assert [ask(address, f"/{one}/").status for one in (token[:-1], token + "x", token.lower())] == [404] * 3


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_host_is_refused_even_with_the_token(address: str, host: str, method: str) -> None:
    """A page elsewhere can point its own name at this machine; the browser then sends that name."""
    parts = urlsplit(address)
    refused = ask(
        address, parts.path, method=method, host=host.format(port=parts.port), headers=OURS, form={}
    )
    assert refused.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
        {**OURS, "Origin": "http://evil.example"},
        {**OURS, "Origin": "http://127.0.0.1:1"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {**OURS, "Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("name", ["test", "asking"])
def test_a_form_from_elsewhere_does_nothing_even_with_the_token(
    root: Path, address: str, name: str, headers: dict[str, str]
) -> None:
    """A browser says where a form comes from, in headers that no page can set; one that says nothing is none."""
    path = f"{urlsplit(address).path}{name}"
    refused = ask(address, path, method="POST", headers=headers, form={"to": "a@example.net", "ask": "on"})
    assert refused.status == 403
    assert not (root / "outbox").exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST"])
@pytest.mark.parametrize("path", ["", "events", "frame/1/html", "link/unsubscribe", "studio.css"])
def test_what_is_only_shown_takes_no_other_method(address: str, method: str, path: str) -> None:
    """Reading is all that these are for."""
    assert ask(address, urlsplit(address).path + path, method=method, headers=OURS, form={}).status == 405


@pytest.mark.parametrize("path", ["test", "asking"])
def test_what_does_something_cannot_be_read(address: str, path: str) -> None:
    """No link and no picture of a page elsewhere can press a button."""
    assert ask(address, urlsplit(address).path + path).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "../newsletter.toml",
        "..%2fnewsletter.toml",
        "studio.css/../page.html",
        "page.html",
        "frame/1/../x",
        "look.html",
    ],
)
def test_no_other_file_can_be_reached(address: str, path: str) -> None:
    """Three assets by name; paths lead nowhere else."""
    assert ask(address, urlsplit(address).path + path).status == 404


def test_a_form_can_hold_no_more_than_it_needs(address: str) -> None:
    """Nobody can fill the memory."""
    path = f"{urlsplit(address).path}test"
    assert ask(address, path, method="POST", headers=OURS, form={"to": "a" * 20_000}).status == 413


def test_only_this_machine_can_reach_it(address: str) -> None:
    """It listens on 127.0.0.1, and on no other address."""
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        http.client.HTTPConnection("127.0.0.2", urlsplit(address).port, timeout=2).connect()


def test_pages_keep_to_themselves(address: str) -> None:
    """A strict policy, no referrer (the token is in the address), nothing kept in caches, no cookie, no look-up of
    the hosts that a mail links to."""
    answer = requests.get(address, timeout=10)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert answer.headers["X-DNS-Prefetch-Control"] == "off"
    assert "Set-Cookie" not in answer.headers
    assert "http" not in answer.text.replace(address, "").replace("https://example.org", "")


def test_the_mail_is_shown_in_a_sandbox(address: str) -> None:
    """No script of a mail runs, whichever way its frame is opened; without pictures none is asked for."""
    policy = requests.get(f"{address}frame/1/html", timeout=10).headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    without = requests.get(f"{address}frame/1/html?pictures=off", timeout=10)
    assert "img-src 'none'" in without.headers["Content-Security-Policy"]


def test_a_query_can_bring_nothing_into_the_page(address: str) -> None:
    """What is not a view, a look or a setting is passed over; what is kept is escaped."""
    page = requests.get(
        address, params={"view": '"><x>', "look": "<x>", "variant": "<x>", "finding": '"><x>'}, timeout=10
    ).text
    assert "<x>" not in page
    assert 'aria-current="true">Side by side' in page


def test_a_taken_port_is_a_clear_error(root: Path, address: str) -> None:
    """With what to do instead."""
    with (
        pytest.raises(UsageError, match="cannot be used: Address already in use"),
        open_studio(make_app(root), SLUG, port=urlsplit(address).port or 0),
    ):
        pass
