"""What is saved shows in the open page, without a flicker, and leaves everything else where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, in_chromium
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page
from preview_kit import NOW, SCROLL, looking_at, mail

from newsletter.app import make_app
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


def test_an_editor_sees_a_save_a_mistake_and_its_mending(page: Page, root: Path) -> None:
    """The page stays open; what is saved shows in it, and where the reader had scrolled to stays."""
    page.evaluate("document.querySelector('[data-pane=phone] iframe').contentWindow.scrollTo(0, 300)")
    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    mail(page, "phone").get_by_text("Good evening").wait_for()
    mail(page, "desktop").get_by_text("Good evening").wait_for()
    assert page.evaluate(SCROLL, "phone") == 300

    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    page.get_by_text("unknown key 'preheadr'").wait_for()
    assert f"content/issues/{SLUG}.md:3" in page.locator("#banner .where").inner_text()
    assert "preheadr: Also this week" in page.locator("#banner .guilty").inner_text()
    assert mail(page).get_by_text("Good evening").is_visible()
    assert page.title().startswith("✗")

    write_issue(root, ISSUE.replace("Good morning", "Good night"))
    mail(page).get_by_text("Good night").wait_for()
    page.locator("#banner .trouble").wait_for(state="detached")


def test_a_save_leaves_no_moment_without_a_mail(page: Page, root: Path) -> None:
    """At every frame of the screen each pane holds a whole mail: nothing flickers."""
    page.evaluate("""() => {
      window.bare = 0; window.looked = 0;
      const look = () => {
        window.looked += 1;
        for (const pane of document.querySelectorAll("[data-pane]")) {
          const seen = pane.querySelectorAll("iframe:not(.coming)");
          if (seen.length !== 1 || !seen[0].contentDocument?.querySelector("h1")) window.bare += 1;
        }
        requestAnimationFrame(look);
      };
      look();
    }""")
    for number in range(5):
        write_issue(root, ISSUE.replace("Good morning", f"Save {number}"))
        mail(page).get_by_text(f"Save {number}").wait_for()
    bare, looked = page.evaluate("[window.bare, window.looked]")
    assert (bare, looked > 5) == (0, True)


def test_what_is_being_typed_stays_when_a_save_comes(page: Page, root: Path) -> None:
    """The address of a test mail is not taken away half written, nor the focus from where it is."""
    page.get_by_label("To").fill("ana@exa")
    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    mail(page).get_by_text("Good evening").wait_for()
    page.keyboard.type("mple.net")
    assert page.get_by_label("To").input_value() == "ana@example.net"


def test_the_first_good_save_of_a_broken_issue_opens_the_page(browser: Browser, root: Path) -> None:
    """Where there was nothing to show, there is all of it, without a reload by hand."""
    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    with open_studio(make_app(root), SLUG) as address, looking_at(browser, address) as page:
        page.get_by_text("unknown key 'preheadr'").wait_for()
        write_issue(root)
        mail(page).get_by_role("link", name="Walking with sciatica").wait_for()
        assert page.locator("#banner .trouble").count() == 0


def test_the_page_says_when_the_studio_is_gone(browser: Browser, root: Path) -> None:
    """An editor who saves must know that nobody is looking any more."""
    with browser.new_context() as context:
        page = context.new_page()
        with open_studio(make_app(root), SLUG) as address:
            page.goto(address)
            page.get_by_text("Shows every save").wait_for()
        page.get_by_text("The preview has stopped").wait_for(timeout=20_000)
