"""The studio can be worked by keys alone, and what is typed stays what is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, in_chromium
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page
from preview_kit import NOW, current, looking_at, mail, until

from newsletter.app import make_app
from newsletter.preview.choice import VIEWS
from newsletter.preview.serve import open_studio

pytestmark = in_chromium


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


def test_keys_lead_through_views_and_variants(page: Page) -> None:
    """Also when they are pressed faster than a view comes; the last view is followed by the first."""
    for _ in range(len(VIEWS) - 2):
        page.keyboard.press("ArrowRight")
    mail(page, "phone").locator("pre").get_by_text("PAIN WEEKLY").wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    mail(page, "phone").locator("h1").wait_for()
    page.keyboard.press("ArrowUp")
    page.locator("#variants a[aria-current] .name", has_text="News").wait_for()
    mail(page).get_by_role("link", name="Walking with sciatica").wait_for(state="detached")
    page.keyboard.press("p")
    mail(page).locator("#line-1").wait_for()
    page.reload()
    assert current(page) == "MJML"


def test_no_key_is_lost_while_saves_come_in(page: Page, root: Path) -> None:
    """What a save brings is shown between two keys, not instead of one."""
    for number in range(len(VIEWS) * 3 + 1):
        write_issue(root, ISSUE.replace("Good morning", f"Good morning {number}"))
        page.wait_for_timeout(40)
        page.keyboard.press("ArrowRight")
    until(lambda: current(page) == list(VIEWS.values())[1])


def test_letters_choose_look_pictures_and_size_and_can_be_switched_off(page: Page) -> None:
    """Who speaks to the machine has no use for them (WCAG 2.2, 2.1.4)."""
    page.keyboard.press("l")
    until(lambda: current(page, "Looks") == "Dark")
    page.keyboard.press("i")
    until(lambda: page.get_by_role("switch", name="Pictures").get_attribute("aria-checked") == "false")
    page.keyboard.press("t")
    until(lambda: page.get_by_role("switch", name="Large text").get_attribute("aria-checked") == "true")
    page.get_by_role("switch", name="Letters are keys").click()
    until(
        lambda: page.get_by_role("switch", name="Letters are keys").get_attribute("aria-checked") == "false"
    )
    page.keyboard.press("l")
    page.keyboard.press("ArrowRight")
    until(lambda: current(page) == "Phone")
    assert current(page, "Looks") == "Dark"


def test_letters_typed_into_the_box_are_letters(page: Page) -> None:
    """No key of the page is one there."""
    page.get_by_label("To").fill("")
    page.get_by_label("To").press_sequentially("lint@cc.example")
    page.get_by_label("To").press("ArrowLeft")
    assert page.get_by_label("To").input_value() == "lint@cc.example"
    assert (current(page), current(page, "Looks")) == ("Side by side", "Light")


def test_keys_are_keys_also_inside_of_a_mail(page: Page) -> None:
    """Who has clicked into it; but for the arrows that scroll it."""
    mail(page, "phone").get_by_text("Good morning, and welcome.").click()
    page.keyboard.press("l")
    until(lambda: current(page, "Looks") == "Dark")
    mail(page, "phone").get_by_text("Good morning, and welcome.").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    until(lambda: current(page) == "Phone")
    assert page.locator("#variants a[aria-current] .name").inner_text() == "Everything"


def test_the_keys_are_listed(page: Page) -> None:
    """Where they can be seen without scrolling."""
    keys = page.locator("#keys")
    assert keys.is_visible()
    assert "view" in keys.inner_text()
    box = keys.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


def test_the_whole_page_can_be_walked_by_tab(page: Page) -> None:
    """Everything that can be pressed is reached, and it can be seen where one is."""
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().replace(/\\s+/g, ' ')"))
    for words in ("To the mail", "Inverted", "Send", "Ask them", "Letters are keys"):
        assert any(words in one for one in reached), words
    page.get_by_role("link", name="Inverted").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
