"""A reader joins, chooses, leaves and comes back in a real browser: on a phone, without script, by keys alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, in_chromium
from playwright.sync_api import Browser, BrowserContext, Page
from readers_site import ReadersSite, body, serve

from newsletter.types import SubscriberState, Topics
from newsletter.web.embed import embed_form

pytestmark = in_chromium
PHONE = {"width": 390, "height": 800}
ANA = "ana@example.org"
FOREIGN = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A site with our form</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>A site with our form</h1>
{form}</main></body></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ReadersSite]:
    with serve(tmp_path / "site") as site:
        yield site


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose owner has turned scripts off."""
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        yield context


def reader(site: ReadersSite) -> Any:
    """Ana as the store has her."""
    return site.app.readers.get(ANA)


def open_mail(site: ReadersSite, context: BrowserContext, kind: str) -> Page:
    """The newest mail of this kind as a mail program shows it, in a new page."""
    page = context.new_page()
    page.set_content(body(site.mail(kind), "html"), wait_until="load")
    return page


def test_a_reader_joins_chooses_leaves_and_comes_back(site: ReadersSite, phone: BrowserContext) -> None:
    """From the form through the mail to leaving and undo, each by what is to be seen, on a phone without script."""
    page = phone.new_page()
    page.goto(f"{site.base}/")
    page.get_by_label("Your e-mail address").fill(ANA)
    page.get_by_role("checkbox", name="News").uncheck()
    page.get_by_role("button", name="Subscribe").click()
    assert page.locator("h1").inner_text() == "Now look in your mailbox"

    mail = open_mail(site, phone, "confirm")
    assert reader(site).state is SubscriberState.PENDING
    with mail.expect_popup() as opened:
        mail.get_by_role("link", name="Yes, subscribe me").click()
    page = opened.value
    assert reader(site).state is SubscriberState.PENDING  # nothing but the button on the page confirms
    page.get_by_role("button", name="Yes, subscribe me").click()
    assert page.locator("h1").inner_text() == "Welcome!"
    assert page.get_by_text("You get: Conditions, Treatments.").is_visible()
    assert (reader(site).state, reader(site).topics) == (
        SubscriberState.ACTIVE,
        Topics(("conditions", "treatments")),
    )

    page.get_by_role("link", name="Choose other topics").click()
    page.get_by_role("checkbox", name="Conditions").uncheck()
    page.get_by_role("button", name="Save my topics").click()
    assert page.get_by_role("status").inner_text() == "Your topics are saved."
    assert reader(site).topics == Topics(("treatments",))

    page.get_by_role("button", name="Leave now").click()
    assert page.locator("h1").inner_text() == "You have left"
    assert reader(site).state is SubscriberState.UNSUBSCRIBED
    page.get_by_role("button", name="undo").click()
    assert page.locator("h1").inner_text() == "You are back"
    assert (reader(site).state, reader(site).topics) == (SubscriberState.ACTIVE, Topics(("treatments",)))


# --- by keys alone ---------------------------------------------------------------------------------------

FOCUSED = """
() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].innerText : at.innerText;
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const ring = style.outlineStyle === 'auto' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
  const shown = ring
    && box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0 && box.top < innerHeight;
  return [label.trim().split('\\n')[0], shown];
}
"""


class Keys:
    """A person with a keyboard: goes on by Tab, and must see at each stop where they are."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str) -> Keys:
        passed: list[str] = []
        for _ in range(40):
            self.page.keyboard.press("Tab")
            label, seen = self.page.evaluate(FOCUSED)
            assert seen, f"the focus on {label!r} is not to be seen"
            passed.append(label)
            if label == name:
                return self
        raise AssertionError(f"Tab never came to {name!r}, but to {passed}")

    def type(self, text: str) -> Keys:
        self.page.keyboard.type(text)
        return self

    def space(self) -> Keys:
        self.page.keyboard.press("Space")
        return self

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def test_all_of_it_can_be_done_with_three_keys(site: ReadersSite, browser: Browser) -> None:
    """Tab, Space and Enter; the focus is always seen, and goes through a page from top to bottom."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{site.base}/")
        keys = Keys(page)
        keys.to("Skip to the page")
        keys.to("Your e-mail address").type(ANA).to("News").space()
        keys.to("Subscribe").enter()
        assert page.locator("h1").inner_text() == "Now look in your mailbox"

        mail = open_mail(site, context, "confirm")
        Keys(mail).to("Yes, subscribe me")
        with mail.expect_popup() as opened:
            mail.keyboard.press("Enter")
        page = opened.value
        page.wait_for_load_state()
        keys = Keys(page)
        keys.to("Yes, subscribe me").enter()
        keys.to("Choose other topics, take a break, or leave").enter()
        keys.to("Conditions").space()
        keys.to("Save my topics").enter()
        assert reader(site).topics == Topics(("treatments",))
        keys.to("Leave now").enter()
        keys.to("That was a mistake: undo").enter()
        assert reader(site).state is SubscriberState.ACTIVE


def test_the_first_stop_leads_past_what_is_on_every_page(site: ReadersSite, browser: Browser) -> None:
    """The skip link is seen when it has the focus, and goes to the page itself (WCAG 2.2, 2.4.1)."""
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site.base}/")
    Keys(page).to("Skip to the page")
    page.keyboard.press("Enter")
    Keys(page).to("Your e-mail address")
    page.close()


# --- mistakes --------------------------------------------------------------------------------------------


def test_a_mistake_is_said_where_it_was_made(site: ReadersSite, phone: BrowserContext) -> None:
    """Below the field's name, tied to the field, which has the focus and what was typed; in the title, too."""
    page = phone.new_page()
    page.goto(f"{site.base}/")
    page.get_by_role("checkbox", name="News").uncheck()
    page.get_by_label("e-mail address").fill("ana@nowhere")
    page.get_by_role("button", name="Subscribe").click()
    field = page.get_by_label("e-mail address")
    assert page.get_by_role("alert").inner_text() == "This address has no dot after the @."
    assert page.title().startswith("Please look again: This address has no dot after the @.")
    assert field.get_attribute("aria-describedby") == page.get_by_role("alert").get_attribute("id")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(":focus").get_attribute("id") == field.get_attribute("id")
    assert field.input_value() == "ana@nowhere"
    assert not page.get_by_role("checkbox", name="News").is_checked()


def test_a_mistake_in_the_preferences_keeps_what_was_typed(site: ReadersSite, phone: BrowserContext) -> None:
    """An address or a name is mended, not typed again; what was done stands in the title."""
    reader = site.app.add_subscriber(ANA, "*", "test", site.now()).subscriber
    page = phone.new_page()
    page.goto(site.app.links.fresh_preferences(reader.id, now=site.now()))
    for label, button, typed in (
        ("New e-mail address", "Change my address", "ana@nowhere"),
        ("First name", "Save my name", "<Ana>"),
    ):
        page.get_by_label(label).fill(typed)
        page.get_by_role("button", name=button).click()
        assert page.title().startswith("Please look again")
        assert page.locator(":focus").input_value() == typed
    page.get_by_label("First name").fill("Ana")
    page.get_by_role("button", name="Save my name").click()
    assert page.title().startswith("Your name is saved.")


def test_a_form_that_came_back_too_soon_asks_for_one_more_press(
    tmp_path: Path, phone: BrowserContext
) -> None:
    """At the button, which has the focus; nothing has to be typed again."""
    with serve(tmp_path / "slow", web="min_fill_seconds = 60\n") as site:
        page = phone.new_page()
        page.goto(f"{site.base}/")
        page.get_by_label("e-mail address").fill(ANA)
        page.get_by_role("button", name="Subscribe").click()
        button = page.get_by_role("button", name="Subscribe")
        assert page.locator(":focus").inner_text() == "Subscribe"
        assert button.get_attribute("aria-describedby") == page.get_by_role("alert").get_attribute("id")
        assert page.get_by_label("e-mail address").input_value() == ANA


# --- the form on another site ----------------------------------------------------------------------------


class Foreign:
    """Another site on this machine, whose one page carries whatever it is given."""

    def __init__(self) -> None:
        self.page = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                raw = outer.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    foreign = Foreign()
    yield foreign
    foreign.server.shutdown()
    foreign.server.server_close()


@pytest.fixture
def embedding(tmp_path: Path, foreign: Foreign) -> Iterator[ReadersSite]:
    """The service, which knows the other site, and whose form is on its page."""
    with serve(tmp_path / "known", web=f'min_fill_seconds = 0\norigins = ["{foreign.base}"]\n') as site:
        foreign.page = FOREIGN.format(form=embed_form(site.web.extensions["desk"], script=True))
        yield site


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_form_on_another_site_subscribes(
    embedding: ReadersSite, foreign: Foreign, browser: Browser, script: bool
) -> None:
    """With script the answer stands in its place and has the focus, without it on our page."""
    with browser.new_context(viewport=PHONE, java_script_enabled=script) as context:
        page = context.new_page()
        page.goto(foreign.base)
        assert not page.get_by_label("Leave this empty").is_visible() or (
            (page.get_by_label("Leave this empty").bounding_box() or {"x": 0})["x"] < 0
        )
        page.get_by_label("Your e-mail address").fill(ANA)
        page.get_by_role("button", name="Subscribe").click()
        page.get_by_text("an e-mail from us is on its way").wait_for()
        assert page.url.startswith(foreign.base if script else embedding.base)
        if script:
            assert page.locator(":focus").get_attribute("role") == "status"
    assert len(embedding.mails("confirm")) == 1


def test_older_words_on_another_site_lead_to_ours(
    embedding: ReadersSite, foreign: Foreign, browser: Browser
) -> None:
    """The script steps back, and our page shows what is agreed to now, with all that was filled in."""
    mark = embedding.web.extensions["desk"].wording_mark
    foreign.page = foreign.page.replace(mark, "0" * len(mark))
    page = browser.new_page(viewport=PHONE)
    page.goto(foreign.base)
    page.get_by_label("Your e-mail address").fill(ANA)
    page.get_by_role("checkbox", name="News").uncheck()
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").get_by_text("press once more").wait_for()
    assert page.url == f"{embedding.base}/subscribe"
    assert page.get_by_label("e-mail address").input_value() == ANA
    assert not page.get_by_role("checkbox", name="News").is_checked()
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_text("an e-mail from us is on its way").wait_for()
    page.close()


def test_a_mistake_on_another_site_is_said_there(
    embedding: ReadersSite, foreign: Foreign, browser: Browser
) -> None:
    """In place, and the form stays to be mended."""
    page = browser.new_page(viewport=PHONE)
    page.goto(foreign.base)
    page.get_by_label("Your e-mail address").fill("ana@nowhere")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_text("This address has no dot after the @.").wait_for()
    assert page.locator(":focus").get_attribute("name") == "email"
    page.get_by_label("Your e-mail address").fill(ANA)
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_text("an e-mail from us is on its way").wait_for()
    page.close()
