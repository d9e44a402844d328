"""Links and pictures are asked politely, once, and an answer is read for what it is."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from clean_issues import SETTINGS, build, clean
from issue_site import SLUG, make_site

from newsletter.app import make_app
from newsletter.pipeline.ask import ask_all, picture_width, wanted
from newsletter.pipeline.spam import read_points, spam_points

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + b"\x00" * 40


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path))
        status, headers, body = self._page()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (the name that http.server calls)

    def _page(self) -> tuple[int, dict[str, str], bytes]:
        if self.path == "/moved":
            return 301, {"Location": "/good"}, b""
        if self.path == "/round":
            return 302, {"Location": "/round"}, b""
        if self.path == "/no-head" and self.command == "HEAD":
            return 405, {}, b""
        if self.path == "/picture.png":
            return 200, {"Content-Type": "image/png"}, PNG
        if self.path in ("/gone", "/missing", "/closed"):
            return {"/gone": 410, "/missing": 404, "/closed": 403}[self.path], {}, b""
        return 200, {"Content-Type": "text/html"}, b"<p>good"

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "status", "trouble"),
    [
        ("/good", 200, ""),
        ("/no-head", 200, ""),
        ("/moved", 200, ""),
        ("/missing", 404, ""),
        ("/gone", 410, ""),
        ("/closed", 403, ""),
        ("/round", 0, "too many redirects"),
    ],
)
def test_an_answer_is_what_a_reader_would_get(server: Server, path: str, status: int, trouble: str) -> None:
    """Redirects are followed and named; a server that does not know HEAD is asked by GET."""
    url = server.url + path
    answer = ask_all({url: False}, NOW)[url]
    assert (answer.status, answer.trouble, answer.moved) == (status, trouble, path == "/moved")


def test_a_picture_tells_its_kind_weight_and_width(server: Server) -> None:
    """From the bytes themselves."""
    url = f"{server.url}/picture.png"
    answer = ask_all({url: True}, NOW)[url]
    assert (answer.content_type, answer.bytes, answer.width) == ("image/png", len(PNG), 640)


def test_a_good_answer_is_kept_for_a_day_and_a_bad_one_for_minutes(server: Server, tmp_path: Path) -> None:
    """A second check asks nobody again; a mended link is asked soon."""
    urls = {f"{server.url}/good": False, f"{server.url}/gone": False}
    cache = tmp_path / "build" / ".answers.json"
    first = ask_all(urls, NOW, cache=cache)
    server.asked.clear()
    assert ask_all(urls, NOW + timedelta(minutes=5), cache=cache) == first
    assert server.asked == []
    ask_all(urls, NOW + timedelta(hours=1), cache=cache)
    assert server.asked == [("HEAD", "/gone")]


def test_a_broken_cache_is_no_trouble(server: Server, tmp_path: Path) -> None:
    """It is made anew."""
    (tmp_path / "cache").write_text('{"http://x": 7, ')
    assert ask_all({f"{server.url}/good": False}, NOW, cache=tmp_path / "cache")


def test_without_a_network_nothing_is_said() -> None:
    """No host at all is found: it is this machine that is offline, not every link that is dead."""
    assert ask_all({"https://no-such-host.invalid/": False}, NOW) == {}


def test_a_host_that_refuses_is_named(server: Server) -> None:
    """Beside one that answers."""
    urls = {f"{server.url}/good": False, "http://127.0.0.1:9/": False}
    assert ask_all(urls, NOW)["http://127.0.0.1:9/"].trouble == "refused"


def test_a_host_that_is_not_there_is_asked_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve links to it would cost twelve long looks for a name that there is not."""
    looked: list[str] = []
    real = socket.getaddrinfo

    def count(host: str, *more: object, **named: object) -> object:
        looked.append(host)
        return real(host, *more, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", count)
    urls = {f"https://no-such-host.invalid/{number}": False for number in range(12)}
    answers = ask_all({**urls, f"{server.url}/good": False}, NOW)
    assert {answers[url].trouble for url in urls} == {"no such host"}
    assert looked.count("no-such-host.invalid") == 1


def test_machines_of_ones_own_network_are_not_asked() -> None:
    """An address in a feed cannot have a check knock at doors behind the firewall; the site itself may be there."""
    settings = SETTINGS.replace("https://www.painmatters.org", "http://127.0.0.1:8080")
    words = "See [a](http://10.0.0.7/x), [b](http://127.0.0.1:8080/y) and [c](https://pain.org/z)."
    found = wanted(build(replace(next(clean(1)), note=words, settings=settings)))
    noted = [url for url in found if url.endswith(("/x", "/y", "/z"))]
    assert noted == ["http://127.0.0.1:8080/y", "https://pain.org/z"]


@pytest.mark.parametrize(
    "head",
    [b"", b"\x89PNG", b"\xff\xd8\xff", b"GIF89a", b"<html>" * 9, b"\xff\xd8" + b"\xff\xe0\x00\x00" * 9],
)
def test_a_picture_cut_short_has_no_width(head: bytes) -> None:
    """And ends in no traceback, nor in a loop."""
    assert picture_width(head) is None or head.startswith(b"GIF")


def test_the_report_of_spamassassin_is_read() -> None:
    """Points in all, and the rules that cost some."""
    report = (
        "Content analysis details:   (3.4 points, 5.0 required)\n\n"
        " pts rule\n 3.5 URI_PHISH  x\n-0.1 GOOD_ONE  y\n 0.0 NOTE  z\n"
    )
    assert read_points(report) == (3.4, ("URI_PHISH",))
    assert read_points("nothing") is None
    assert spam_points(b"x", program="no-such-program") is None


def test_spamassassin_reads_a_real_mail() -> None:
    """Where it is installed: a plain mail of ours has few points."""
    if subprocess.run(["which", "spamassassin"], capture_output=True).returncode:
        pytest.skip("SpamAssassin is not installed")
    found = spam_points(build(next(clean(1))).messages["issue"])
    assert found is not None
    assert found[0] < 2.5


@pytest.mark.parametrize("severity", ["error", "off"])
def test_spamassassin_is_asked_unless_its_check_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, severity: str
) -> None:
    """It takes a second, and what would say nothing is not waited for."""
    program = tmp_path / "spamassassin"
    program.write_text(
        f"#!/bin/sh\ntouch {tmp_path}/asked\n"
        "printf 'Content analysis details:   (9.1 points, 5.0 required)\\n 9.1 URI_PHISH x\\n'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    root = make_site(tmp_path / "site")
    settings = root / "newsletter.toml"
    settings.write_text(settings.read_text().replace('spam = "off"', f'spam = "{severity}"'))
    app = make_app(root)
    found = [one for one in app.check(SLUG, NOW).findings if one.check == "spam"]
    assert (bool(found), (tmp_path / "asked").exists()) == (severity == "error", severity == "error")
