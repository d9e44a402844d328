"""Parts for tests of the studio: asking it as no browser would, waiting for it, and looking at it in a real one."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests
from issue_site import ISSUE
from playwright.sync_api import Browser, FrameLocator, Page

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
BAD_ISSUE = ISSUE.replace("A new guideline", "A guaranteed guideline").replace(
    "Good morning, and welcome.",
    "Good morning, and welcome: a miracle awaits you.\n" + "\nMore words.\n" * 30,
)
"""With an error in a title and one in the note, and so long that one has to scroll."""
SCROLL = "pane => document.querySelector(`[data-pane=${pane}] iframe:not(.coming)`).contentWindow.scrollY"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
"""What a browser says of a form that the studio's own page sends."""


def ask(
    address: str,
    path: str,
    *,
    method: str = "GET",
    host: str | None = None,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    """One request exactly as given: no normalising of paths, and any Host."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or urlsplit(address).netloc)
    connection.putheader("Connection", "close")
    body = urlencode(form or {}).encode() if form is not None else b""
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if form is not None:
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    return connection.getresponse()


def post(address: str, name: str, form: Mapping[str, str]) -> http.client.HTTPResponse:
    """A form of the studio's own page."""
    return ask(address, f"{urlsplit(address).path}{name}", method="POST", headers=OURS, form=form)


def text_of(address: str, path: str = "") -> str:
    """A page or a frame of the studio, as text."""
    return requests.get(address + path, timeout=10).text


def frame(address: str, query: str = "", kind: str = "html") -> str:
    return text_of(address, f"frame/now/{kind}?{query}")


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def inspected(address: str, *, thoroughly: bool = False) -> str:
    """The page once the checks were held; thoroughly: also those that take a second."""
    waiting = ("checking …", "looking closer …") if thoroughly else ("checking …",)
    until(lambda: not any(words in text_of(address) for words in waiting), 60)
    return text_of(address)


def files_in(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@contextmanager
def looking_at(
    browser: Browser, address: str, *, width: int = 1440, height: int = 900, scheme: str = "light"
) -> Iterator[Page]:
    """A page of its own; whatever the browser complains about fails the test."""
    errors: list[str] = []
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        yield page
    assert errors == []


def mail(page: Page, pane: str = "desktop") -> FrameLocator:
    """The mail that is seen in a pane."""
    return page.frame_locator(f"[data-pane={pane}] iframe:not(.coming)")


def current(page: Page, what: str = "Views") -> str:
    """Which of the views or looks is chosen."""
    return page.get_by_role("navigation", name=what).locator("[aria-current]").inner_text()
