"""An editor's hour with the studio in a real browser: every view, by mouse and by keys, with and without script."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser import chromium, fits, in_chromium, violations
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Browser, Page, Request, Route
from preview_kit import looking_at, mail, until

from newsletter.app import make_app
from newsletter.preview.choice import VIEWS
from newsletter.preview.serve import open_studio

pytestmark = in_chromium
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
BAD = ISSUE.replace("A new guideline", "A guaranteed guideline").replace(
    "Good morning, and welcome.",
    "Good morning, and welcome: a miracle awaits you.\n" + "\nMore words.\n" * 30,
)
SCROLL = "pane => document.querySelector(`[data-pane=${pane}] iframe:not(.coming)`).contentWindow.scrollY"
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


def current(page: Page, what: str = "Views") -> str:
    return page.get_by_role("navigation", name=what).locator("[aria-current]").inner_text()


# --- saves -----------------------------------------------------------------------------------------------


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


# --- views -----------------------------------------------------------------------------------------------


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


# --- keys ------------------------------------------------------------------------------------------------


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


# --- checks ----------------------------------------------------------------------------------------------


@pytest.fixture
def broken(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    root = make_site(tmp_path / "broken", issue=BAD)
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
    assert "https://example.org/guideline" in broken.locator("#banner .guilty").inner_text()
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
    write_issue(tmp_path / "broken", BAD.replace("Good morning", "Good evening"))
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


# --- test mail -------------------------------------------------------------------------------------------


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


# --- without script, and for everybody -------------------------------------------------------------------


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
    root = make_site(tmp_path, issue=BAD)
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
