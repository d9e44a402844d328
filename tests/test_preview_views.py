"""An editor sees the mail at every width, in every look, as text, as MJML and as inboxes cut its line."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, in_chromium
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page, Request, Route
from preview_kit import NOW, current, looking_at, mail, until

from newsletter.app import make_app
from newsletter.preview.serve import open_studio

pytestmark = in_chromium
BACKGROUND = (
    "getComputedStyle(document.querySelector('iframe:not(.coming)').contentDocument.body).backgroundColor"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with open_studio(make_app(root), SLUG, clock=lambda: NOW) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with looking_at(browser, address) as page:
        mail(page, "phone").locator("h1").wait_for()
        yield page


@pytest.mark.parametrize(("view", "width"), [("phone", 390), ("tablet", 768)])
def test_a_device_is_as_wide_as_it_is(page: Page, view: str, width: int) -> None:
    """In CSS pixels of the mail."""
    page.get_by_role("navigation", name="Views").get_by_role("link", name=view.capitalize()).click()
    mail(page, view).locator("h1").wait_for()
    assert page.evaluate("document.querySelector('iframe:not(.coming)').contentWindow.innerWidth") == width


def test_side_by_side_shows_a_phone_and_a_desktop(page: Page) -> None:
    """390 pixels of mail, and at least the 640 of a desktop."""
    widths = "[...document.querySelectorAll('iframe')].map(frame => frame.contentWindow.innerWidth)"
    phone, desktop = page.evaluate(widths)
    assert (phone, desktop >= 640) == (390, True)


def test_each_look_has_its_own_ground(page: Page) -> None:
    """Light, authored dark and forced inversion are three, on a computer that prefers light."""
    grounds = []
    for look in ("Light", "Dark", "Inverted"):
        page.get_by_role("navigation", name="Looks").get_by_role("link", name=look).click()
        until(lambda look=look: current(page, "Looks") == look)  # type: ignore[misc]
        if grounds:
            until(lambda: page.evaluate(BACKGROUND) not in grounds)
        grounds.append(page.evaluate(BACKGROUND))
    light, dark, inverted = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in grounds)
    assert light > 650
    assert dark < inverted < 250


def test_large_text_is_twice_as_large(page: Page) -> None:
    """And the mail is still no wider than the phone."""
    heading = "document.querySelector('iframe:not(.coming)').contentDocument.querySelector('h1')"
    size = f"parseFloat(getComputedStyle({heading}).fontSize)"
    normal = page.evaluate(size)
    page.get_by_role("switch", name="Large text").click()
    until(lambda: page.evaluate(size) == 2 * normal)
    wide = "document.querySelector('iframe:not(.coming)').contentDocument.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 390


def test_without_pictures_their_texts_stand_there(browser: Browser, tmp_path: Path) -> None:
    """And no picture is asked for, though the mail's own are the one thing that may be fetched."""
    picture = "https://pictures.example/nerve.png"
    issue = ISSUE.replace(
        "      title: Walking with sciatica",
        f"      title: Walking with sciatica\n      image: {picture}\n      alt: A nerve",
    )
    asked: list[Request] = []

    def answer(route: Route) -> None:
        asked.append(route.request)
        route.fulfill(status=200, content_type="image/png", body=b"")

    with (
        open_studio(make_app(make_site(tmp_path, issue=issue)), SLUG) as address,
        browser.new_context() as context,
    ):
        context.route("https://**/*", answer)
        page = context.new_page()
        page.goto(f"{address}?view=phone&pictures=off")
        mail(page, "phone").locator("img[alt='A nerve']").wait_for()
        assert asked == []
        page.goto(f"{address}?view=phone")
        until(lambda: page.evaluate("1") and asked)
        assert {request.url for request in asked} == {picture}
        assert "referer" not in asked[0].all_headers()


def test_text_and_mjml_are_shown_as_they_are(page: Page) -> None:
    """The text part, and the MJML with numbered lines, of which a copied line holds no number."""
    views = page.get_by_role("navigation", name="Views")
    views.get_by_role("link", name="Text").click()
    mail(page, "phone").locator("pre").get_by_text("PAIN WEEKLY").wait_for()
    views.get_by_role("link", name="MJML").click()
    line = mail(page).locator("#line-2")
    line.wait_for()
    assert line.inner_text().strip() == "<mj-head>"
    assert line.evaluate("row => getComputedStyle(row, '::before').content").startswith("counter(line)")


def test_the_inbox_line_is_shown_for_six_inboxes(page: Page) -> None:
    """And the line on the side leads there."""
    page.locator("#head .mail").click()
    page.locator(".inboxes li").nth(5).wait_for()
    assert page.locator(".inboxes h3").all_inner_texts() == [
        f"{program} {device}"
        for device in ("phone", "desktop")
        for program in ("Gmail", "Apple Mail", "Outlook")
    ]
    assert "What a nerve block can and cannot do" in page.locator(".inboxes .subject").first.inner_text()


def test_a_save_on_the_way_to_another_view_does_not_lead_back(page: Page, root: Path) -> None:
    """What the server tells while a page is still coming is shown in the view that was chosen."""

    def slowly(route: Route) -> None:
        write_issue(root, ISSUE.replace("Good morning", "Good evening"))
        time.sleep(1.5)
        route.continue_()

    page.route("**/?view=tablet", slowly, times=1)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Tablet").click()
    mail(page, "tablet").get_by_text("Good evening").wait_for()
    assert current(page) == "Tablet"
