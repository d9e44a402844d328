"""Every page and every mail can be read by everybody: axe-core finds nothing wrong with any of them, light or dark,
nobody scrolls sideways, and nothing that is to be pressed is small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, fits, in_chromium, violations
from playwright.sync_api import Browser, Page
from readers_site import ReadersSite, serve
from readers_walk import confirm, show_mails, subscribe, walk
from sample_layout import sample_config, sample_layout

from newsletter.render import Renderer
from newsletter.web.embed import embed_form

pytestmark = in_chromium
PHONE = {"width": 390, "height": 800}
LOOKS = pytest.mark.parametrize("scheme", ["light", "dark"])
LOW = """
() => [...document.querySelectorAll(
  'main button, main .button, .choice, input:not([type=checkbox]):not([type=radio]):not([type=hidden]), select, '
  + 'header a, footer a')]
  .filter(e => e.checkVisibility() && !e.closest('.trap') && e.getBoundingClientRect().height < 44)
  .map(e => `${Math.round(e.getBoundingClientRect().height)} px: ${e.outerHTML.slice(0, 100)}`)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ReadersSite]:
    with serve(tmp_path / "site") as site:
        yield site


def troubles(page: Page) -> Iterator[str]:
    """Of one page of ours as it stands."""
    yield from violations(page)
    for low in page.evaluate(LOW):
        yield f"a target of only {low}"
    if page.locator("h1").count() != 1 or page.locator("html[lang=en]").count() != 1:
        yield "not one heading of the first rank, or no language"
    if not page.title().endswith("· Pain Weekly"):
        yield f"its title is {page.title()!r}"
    for width in (1100, 320):
        page.set_viewport_size({"width": width, "height": 800})
        if not fits(page):
            yield f"runs out of a window of {width} px"
    page.evaluate("document.documentElement.style.fontSize = '225%'")  # twice its 112.5 %
    if not fits(page):
        yield "runs out of a small phone's window in large type"
    page.set_viewport_size(PHONE)


@LOOKS
def test_every_page_and_every_single_mail_is_for_everybody(
    site: ReadersSite, browser: Browser, scheme: str
) -> None:
    """In every state a reader can meet, and of each kind that there are words for; 7:1 for all that is read, 44 px
    for all that is pressed, and no sideways scrolling down to 320 px, on pages also in type of twice the size
    (WCAG 2.2: 1.4.4, 1.4.6, 1.4.10, 2.5.5)."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)
    found = []
    for name in walk(site, page):
        found += [f"{name}: {trouble}" for trouble in troubles(page)]
    kinds = set()
    for kind in show_mails(site, page):
        kinds.add(kind)
        found += [f"mail {kind}: {trouble}" for trouble in violations(page, mail=True)]
        found += [] if fits(page) else [f"mail {kind}: runs out of a phone's window"]
    page.close()
    words = Path(__file__).parents[1] / "templates" / "mail"
    assert found == []
    assert {one.name.removesuffix(".md.j2") for one in words.glob("*.md.j2")} == kinds


@LOOKS
def test_an_issue_is_for_everybody(browser: Browser, scheme: str) -> None:
    """With all that an issue can hold."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)
    page.route("**/*.jpg", lambda route: route.abort())
    page.set_content(Renderer(sample_config()).edition(sample_layout("http://127.0.0.1:9")).html)
    assert violations(page, mail=True) == []
    page.close()


@LOOKS
def test_the_archive_is_for_everybody(site: ReadersSite, browser: Browser, scheme: str) -> None:
    """The list of issues, each issue's own page, and the welcome that names the latest."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)
    subscribe(site, page, "ana@example.org")
    confirm(site, page)
    site.send_issue()
    page.goto(f"{site.base}/issues/")
    assert list(troubles(page)) == []
    page.get_by_role("link", name="What a nerve block can and cannot do").click()
    assert page.title() == "What a nerve block can and cannot do"
    assert violations(page, mail=True) == []
    assert fits(page)
    site.wait(hours=1)
    subscribe(site, page, "bea@example.org")
    confirm(site, page)
    assert page.get_by_role("link", name="Read the latest issue").is_visible()
    assert list(troubles(page)) == []
    page.close()


@LOOKS
def test_the_form_for_other_sites_is_for_everybody(site: ReadersSite, browser: Browser, scheme: str) -> None:
    """On a page without any style of its own; its colours are the browser's, 4.5:1. The trap is not to be seen."""
    form = embed_form(site.web.extensions["desk"])
    page = browser.new_page(viewport={"width": 320, "height": 600}, color_scheme=scheme)
    page.set_content(
        '<!DOCTYPE html><html lang="en"><head><title>Elsewhere</title><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>Elsewhere</h1>{form}</main></body></html>"
    )
    assert violations(page, contrast=4.5) == []
    assert page.evaluate(LOW) == []
    assert fits(page)
    assert (page.locator("[name=website]").bounding_box() or {"x": 0})["x"] < -300
    page.close()


def test_what_is_printed_is_what_is_read(site: ReadersSite, browser: Browser) -> None:
    """On paper there are no forms and no navigation, and the ink is black."""
    page = browser.new_page(viewport=PHONE, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(f"{site.base}/")
    assert page.get_by_role("heading", level=1).is_visible()
    assert not page.get_by_role("button").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.close()


def test_axe_is_asked_for_what_is_beyond_the_usual(browser: Browser) -> None:
    """It does find text of low contrast (below 7:1), a small target, a picture without words."""
    page = browser.new_page()
    page.set_content(
        '<!DOCTYPE html><html lang="en"><title>Poor</title><main><h1>Poor</h1><img src="data:,">'
        '<p style="color:#767676">Grey.</p><button style="width:9px;height:9px;padding:0">a</button>'
        '<button style="width:9px;height:9px;padding:0">b</button></main>'
    )
    rules = {one.partition(":")[0] for one in violations(page)}
    assert {"image-alt", "color-contrast-enhanced", "target-size"} <= rules
    page.close()
