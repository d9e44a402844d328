"""Programs follow every link in every mail, some in a real browser with scripts running: nothing may come of it."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

import pytest
import requests
from browser import chromium, in_a_browser
from readers_site import ReadersSite, body, serve

DEMO = "https://newsletter.example.org"
ANA, BEA = "ana@example.org", "bea@example.org"
KINDS = {"confirm", "preferences", "link", "address", "moving", "data", "welcome"}
PURPOSES = {"confirm", "preferences", "unsubscribe", "address", "keep", "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadersSite]:
    """What the demo leaves, served; and a single mail of each kind in its outbox, beside the issue to its readers."""
    folder = tmp_path_factory.mktemp("scanned")
    command = [sys.executable, "-m", "newsletter", "demo", "--keep", "kept"]
    subprocess.run(command, cwd=folder, env=os.environ, check=True, capture_output=True, timeout=120)
    settings = (folder / "kept" / "newsletter.toml").read_text(encoding="utf-8").replace(DEMO, "{base}")
    with serve(folder / "kept", settings, web="\n[web]\nmin_fill_seconds = 0\nwelcome_mail = true\n") as site:
        _ask_for_every_mail(site)
        yield site


def _ask_for_every_mail(site: ReadersSite) -> None:
    """As a reader would, by the forms: each mail is one that somebody has not answered yet, but for Ana's first."""
    for email in (ANA, BEA):
        requests.post(
            f"{site.base}/subscribe", {"email": email, "topic": ["news"]}, timeout=10
        ).raise_for_status()
        site.settle()
        if email == ANA:
            requests.post(site.link("confirm", "confirm"), timeout=10).raise_for_status()
    requests.post(f"{site.base}/subscribe", {"email": ANA}, timeout=10).raise_for_status()
    site.settle()
    fresh = site.link("preferences", "preferences")
    for wish, values in (("address", {"email": "new.ana@example.org"}), ("data", {}), ("link", {})):
        requests.post(f"{fresh}/{wish}", values, timeout=10).raise_for_status()
    site.settle()


def mails(site: ReadersSite) -> list[EmailMessage]:
    files = sorted((site.root / "outbox").rglob("*.eml"))
    return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]  # type: ignore[misc]


def links(site: ReadersSite) -> list[str]:
    """Every address in every mail that leads to the service: in its HTML, its text, its headers."""
    found: set[str] = set()
    for mail in mails(site):
        text = "\n".join([unescape(body(mail, "html")), body(mail, "plain"), *map(str, mail.values())])
        found |= set(re.findall(r"https?://[^\s\"'<>]+", text))
    # The demo's issue went out under the name it gave the service.
    here = {one.replace(DEMO, site.base) for one in found if one.startswith((DEMO, site.base))}
    return sorted(here)


def everything(site: ReadersSite) -> list[str]:
    """The whole store, row by row."""
    with sqlite3.connect(site.root / "subscribers" / "newsletter.db") as conn:
        return list(conn.iterdump())


@pytest.fixture
def nothing_changes(site: ReadersSite) -> Iterator[None]:
    """No row of any table is another after a test than before, and no mail has come of it."""
    before, sent = everything(site), len(mails(site))
    assert any(ANA in line for line in before)
    yield
    assert site.web.extensions["desk"].worker.run_once() == 0
    assert len(mails(site)) == sent
    assert [line for line in everything(site) if line not in set(before)] == []
    assert before == everything(site)


def test_the_mails_are_of_every_kind(site: ReadersSite) -> None:
    """Else a scanner would be shown less than readers get."""
    folders = {one.name for one in (site.root / "outbox").iterdir() if not one.name.startswith(".")}
    assert folders >= KINDS
    assert len(folders) == len(KINDS) + 1  # the issue
    assert {one.split("/")[3] for one in links(site)} == PURPOSES
    assert len(links(site)) >= 2 * 5 + len(KINDS) - 1


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_asking_for_every_link_changes_nothing(site: ReadersSite, method: str) -> None:
    """Twice, and several at a time, as scanners do; each is answered as if it were a person."""

    def ask(link: str) -> int:
        return requests.request(method, link, timeout=10).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, [*links(site), *links(site)])) == {200}


@in_a_browser
@pytest.mark.usefixtures("nothing_changes")
def test_opening_every_link_in_a_browser_changes_nothing(site: ReadersSite) -> None:
    """With scripts running, and each page left open for some seconds, as Defender and others do."""
    with chromium() as browser, browser.new_context(java_script_enabled=True) as context:
        pages = []
        for link in links(site):
            page = context.new_page()
            page.goto(link, wait_until="commit")
            pages.append(page)
        pages[-1].wait_for_timeout(3000)
        for page in pages:
            page.mouse.move(200, 300)
            page.mouse.wheel(0, 800)
        assert [page.url for page in pages] == links(site)  # no page leads on by itself
        assert [page.title() for page in pages if not page.locator("h1").count()] == []


def test_a_press_is_what_changes_something(site: ReadersSite) -> None:
    """The store that was compared is the one that the service writes to, and these links do work."""
    before = everything(site)
    requests.post(site.link("confirm", "confirm"), timeout=10).raise_for_status()
    assert everything(site) != before
