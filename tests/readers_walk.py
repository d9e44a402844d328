"""Every page of the readers' service in every state a reader can meet, one after the other, in an open browser page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page
from readers_site import ReadersSite, body

SINGLE_MAILS = ("confirm", "preferences", "link", "address", "moving", "data")


def walk(site: ReadersSite, page: Page, email: str = "ana@example.org") -> Iterator[str]:
    """Yields the name of each state when the page shows it. Runs on a site where `email` is unknown."""
    yield from _joining(site, page, email)
    yield from _preferences(site, page, email)
    yield from _data(site, page)
    yield from _leaving(site, page, email)
    yield from _nothing_there(site, page)


def subscribe(site: ReadersSite, page: Page, email: str) -> None:
    page.goto(f"{site.base}/")
    page.get_by_label("e-mail address").fill(email)
    page.get_by_role("button", name="Subscribe").click()
    site.settle()


def confirm(site: ReadersSite, page: Page) -> None:
    page.goto(site.link("confirm", "confirm"))
    page.locator("main button").click()


def _joining(site: ReadersSite, page: Page, email: str) -> Iterator[str]:
    page.goto(f"{site.base}/")
    yield "home"
    page.get_by_label("e-mail address").fill("ana@nowhere")
    page.get_by_role("button", name="Subscribe").click()
    yield "home-mistake"
    page.goto(f"{site.base}/issues/")
    yield "issues"
    subscribe(site, page, email)
    yield "asked"
    link = site.link("confirm", "confirm")
    page.goto(link)
    yield "confirm"
    site.wait(days=8)
    page.goto(link)
    yield "expired"
    page.locator("main button").click()
    yield "asked-again"
    confirm(site, page)
    yield "confirmed"
    subscribe(site, page, email)  # an active reader gets the link to their preferences
    assert site.mails("preferences")


def _preferences(site: ReadersSite, page: Page, email: str) -> Iterator[str]:
    page.goto(site.link("preferences", "preferences"))
    yield "preferences"
    news = page.get_by_role("checkbox", name="News")
    news.uncheck()
    page.get_by_role("button", name="Save my topics").click()
    yield "preferences-saved"
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Save my topics").click()
    yield "preferences-no-topic"
    page.get_by_role("button", name="Start my break").click()
    yield "preferences-paused"
    page.get_by_role("button", name="Come back").click()
    yield "preferences-back"
    page.get_by_label("First name").fill("see www.example.org")
    page.get_by_role("button", name="Save my name").click()
    yield "preferences-name-mistake"
    page.get_by_label("First name").fill("Ana")
    page.get_by_role("button", name="Save my name").click()
    yield "preferences-name"
    page.get_by_label("New e-mail address").fill("ana@nowhere")
    page.get_by_role("button", name="Change my address").click()
    yield "preferences-mistake"
    _ask_for_address(page, f"new.{email}")
    yield "preferences-moving"
    preferences = page.url.removesuffix("/address")
    page.goto(site.link("moving", "keep"))
    yield "keep"
    page.locator("main button").click()
    yield "kept"
    site.wait(minutes=20)
    page.goto(preferences)
    _ask_for_address(page, f"new.{email}")
    page.goto(site.link("address", "address"))
    yield "address"
    page.locator("main button").click()
    yield "address-changed"
    page.goto(site.link("moving", "keep"))
    yield "keep-too-late"
    page.goto(preferences)
    site.wait(days=2)
    page.reload()
    yield "preferences-not-fresh"
    page.get_by_role("button", name="Send me a fresh link").click()
    yield "preferences-fresh-link"
    page.goto(preferences)
    page.get_by_role("button", name="Send me the link").click()
    site.settle()
    yield "preferences-data"


def _ask_for_address(page: Page, email: str) -> None:
    page.get_by_label("New e-mail address").fill(email)
    page.get_by_role("button", name="Change my address").click()


def _data(site: ReadersSite, page: Page) -> Iterator[str]:
    link = site.link("data", "data")
    page.goto(link)
    yield "data"
    site.wait(hours=2)
    page.goto(link)
    yield "data-too-old"


def _leaving(site: ReadersSite, page: Page, email: str) -> Iterator[str]:
    reader = int(urlsplit(site.link("preferences", "preferences")).path.split("/")[2].partition("-")[0])
    link = site.app.links.unsubscribe(reader)
    page.goto(link)
    yield "leave"
    page.goto(link.replace("/unsubscribe/", "/preferences/"))
    yield "preferences-few"
    page.goto(link)
    page.get_by_role("button", name="Leave now").click()
    yield "left"
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Send my answer").click()
    yield "left-thanks"
    page.goto(link.replace("/unsubscribe/", "/preferences/"))
    yield "preferences-left"
    page.goto(link)
    page.get_by_role("button", name="undo").click()
    yield "undone"
    page.goto(site.app.links.preferences(reader))
    page.get_by_role("button", name="Leave now").click()
    yield "left-by-preferences"
    site.wait(days=3)
    page.get_by_role("button", name="undo").click()
    yield "undo-too-late"
    page.goto(link)
    yield "left-long-ago"
    site.wait(minutes=30)
    subscribe(site, page, email)
    confirm(site, page)
    site.wait(minutes=30)
    page.goto(site.app.links.preferences(reader))
    page.get_by_role("button", name="Send me the link").click()
    page.goto(site.link("data", "data"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase my data").click()
    yield "erased"


def _nothing_there(site: ReadersSite, page: Page) -> Iterator[str]:
    page.goto(f"{site.base}/nowhere")
    yield "unknown"
    page.goto(f"{site.base}/confirm/cut-off")
    yield "broken-link"


def show_mails(site: ReadersSite, page: Page) -> Iterator[str]:
    """After `walk`: each single mail as a mail program shows it."""
    page.goto("about:blank")  # else the last page's policy holds for the mail's styles too
    for kind in SINGLE_MAILS:
        page.set_content(body(site.mail(kind), "html"), wait_until="load")
        yield kind
    told = site.app.write_letter(
        "editors", about="drafted", lines=["2026-11-26 drafted: look at it with `x`"]
    )
    page.set_content(told.html, wait_until="load")
    yield "editors"
