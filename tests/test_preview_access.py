"""The studio works for everybody: without script, for screen readers, in the dark, on a phone; it asks nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, fits, in_chromium, violations
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page
from preview_kit import BAD_ISSUE, NOW, current, looking_at, mail

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


def test_without_script_everything_is_there(browser: Browser, root: Path, address: str) -> None:
    """Views are links, what is done are forms; only following a save needs script."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("link", name="Tablet").click()
        page.get_by_role("link", name="Inverted").click()
        page.locator("#variants a", has_text="News").last.click()
        assert (current(page), current(page, "Looks")) == ("Tablet", "Inverted")
        assert mail(page, "tablet").get_by_text("A new guideline for migraine").first.is_visible()
        page.get_by_label("To").fill("ana@example.net")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("News went to ana@example.net by outbox.").wait_for()
        assert current(page) == "Tablet"
    assert len(list((root / "outbox").rglob("*.eml"))) == 1


def test_the_page_asks_nobody_else(page: Page, address: str) -> None:
    """No font, script or picture from anywhere but this server; the test's issue has no pictures."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    mail(page, "phone").locator("h1").wait_for()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "query", ["", "?view=inbox", "?view=mjml", "?view=text&text=large", "?look=inverted"]
)
def test_everybody_can_use_the_studio(browser: Browser, tmp_path: Path, scheme: str, query: str) -> None:
    """axe-core finds nothing in any view, with findings and a place open, and none on a phone."""
    root = make_site(tmp_path, issue=BAD_ISSUE)
    with open_studio(make_app(root), SLUG, clock=lambda: NOW) as address:
        with looking_at(browser, address + query, scheme=scheme) as page:
            page.locator("#checks li").first.wait_for()
            assert violations(page) == []
            page.locator("#checks a").first.click()
            page.locator("#banner .guilty").wait_for()
            assert violations(page) == []
        with looking_at(
            browser, address + (query or "?view=phone"), scheme=scheme, width=390, height=844
        ) as page:
            page.locator("#checks li").first.wait_for()
            assert violations(page) == []
            assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_a_mistake(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """axe-core finds nothing on a page with an error, with a mail below it or without."""
    root = make_site(tmp_path)
    with open_studio(make_app(root), SLUG) as address, looking_at(browser, address, scheme=scheme) as page:
        write_issue(root, ISSUE.replace("preheader", "preheadr"))
        page.locator("#banner .trouble").wait_for()
        assert violations(page) == []
        page.goto(f"{address}link/unsubscribe")
        assert violations(page) == []
    with open_studio(make_app(root), SLUG) as address, looking_at(browser, address, scheme=scheme) as page:
        assert page.locator("iframe").count() == 0
        assert violations(page) == []
