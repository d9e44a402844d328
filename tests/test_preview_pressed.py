"""A press on a finding leads to its place in the mail, a press on Send sends one mail and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, in_chromium
from issue_site import SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page
from preview_kit import BAD_ISSUE, NOW, SCROLL, looking_at, mail, until

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


@pytest.fixture
def broken(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    root = make_site(tmp_path / "broken", issue=BAD_ISSUE)
    with (
        open_studio(make_app(root), SLUG, clock=lambda: NOW) as address,
        looking_at(browser, address) as page,
    ):
        page.locator("#checks li").first.wait_for()
        yield page


def test_a_click_on_a_finding_leads_to_its_place(broken: Page) -> None:
    """The lines of the file stand above, and in each frame its story is scrolled to and outlined."""
    broken.locator("#checks a", has_text="the title promises too much").first.click()
    broken.locator("#banner .guilty").wait_for()
    assert "A guaranteed guideline for migraine" in broken.locator("#banner .guilty").inner_text()
    for pane in ("phone", "desktop"):
        place = mail(broken, pane).locator("#place")
        place.wait_for()
        assert place.inner_text() == "A guaranteed guideline for migraine"
        assert place.evaluate("one => getComputedStyle(one).outlineWidth") == "3px"
        top = place.evaluate("one => one.getBoundingClientRect().top / innerHeight")
        assert 0 <= top < 1
        assert broken.evaluate(SCROLL, pane) > 100
    assert broken.evaluate("[scrollY, document.documentElement.scrollHeight - innerHeight]") == [0, 0]
    broken.get_by_role("link", name="Close").click()
    mail(broken, "phone").locator("#place").wait_for(state="detached")


def test_a_finding_in_the_note_is_outlined_in_the_note(broken: Page) -> None:
    """By its words."""
    broken.locator("#checks a", has_text="the note promises too much").first.click()
    place = mail(broken, "phone").locator("#place")
    place.wait_for()
    assert place.inner_text() == "Good morning, and welcome: a miracle awaits you."


def test_a_save_while_a_finding_is_open_keeps_the_scroll(broken: Page, tmp_path: Path) -> None:
    """One has landed once; from then on the place is the editor's."""
    broken.locator("#checks a", has_text="the title promises too much").first.click()
    mail(broken, "phone").locator("#place").wait_for()
    broken.evaluate("document.querySelector('[data-pane=phone] iframe').contentWindow.scrollTo(0, 40)")
    write_issue(tmp_path / "broken", BAD_ISSUE.replace("Good morning", "Good evening"))
    mail(broken, "phone").get_by_text("Good evening").wait_for()
    assert broken.evaluate(SCROLL, "phone") == 40


def test_keys_lead_from_finding_to_finding(broken: Page) -> None:
    """Forward with c, back with C; from the last to the first."""
    broken.keyboard.press("c")
    first = broken.locator("#checks a[aria-current]")
    first.wait_for()
    words = first.inner_text()
    broken.keyboard.press("c")
    until(lambda: broken.locator("#checks a[aria-current]").inner_text() != words)
    broken.keyboard.press("C")
    until(lambda: broken.locator("#checks a[aria-current]").inner_text() == words)


def test_a_test_mail_is_sent_and_said_in_place(page: Page, root: Path) -> None:
    """One press, one mail, of the variant that is seen; a bad address is said where it was written."""
    page.locator("#variants a", has_text="News").last.click()
    until(lambda: page.locator("#variants a[aria-current]").inner_text().startswith("News"))
    page.get_by_label("To").fill("ana@example.net")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("News went to ana@example.net by outbox.").wait_for()
    [file] = (root / "outbox").rglob("*.eml")
    assert "Walking with sciatica" not in file.read_text()
    assert page.get_by_label("To").input_value() == "ana@example.net"
    page.get_by_label("To").fill("ana@exämple.net\u00a0x")
    page.locator("#test").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    page.locator("#tried .trouble").wait_for()
    assert len(list((root / "outbox").rglob("*.eml"))) == 1


def test_a_page_elsewhere_cannot_send_even_with_the_address(
    browser: Browser, root: Path, address: str
) -> None:
    """Its form is refused by what the browser says of it, with or without script."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route(
            "http://localhost:1/**",
            lambda route: route.fulfill(content_type="text/html", body=FORM.format(address)),
        )
        page.goto("http://localhost:1/")
        page.get_by_role("button").click()
        page.get_by_text("Only the studio's own page can do this.").wait_for()
    assert not (root / "outbox").exists()


FORM = (
    '<form method="post" action="{}test"><input name="to" value="a@example.net"><button>Win</button></form>'
)
