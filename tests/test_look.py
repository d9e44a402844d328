"""The default look in a real browser: readable on a small phone, in large type, in the dark, without pictures
and without <style>. Screenshots are kept in pytest's temporary folder (`--basetemp` says where)."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, sync_playwright
from sample_layout import sample_config, sample_layout

from newsletter.render import Renderer
from newsletter.render.mjml import to_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

# The contrast of every piece of text against the nearest background behind it (WCAG 2.2, 1.4.3), as
# [ratio, text]; with `inverted`, as a mail program shows it that turns light into dark by itself.
CONTRASTS = """
inverted => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const flip = rgb => inverted ? rgb.map(v => 255 - v) : rgb;
  const light = rgb => {
    const [r, g, b] = flip(rgb.slice(0, 3)).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text]);
  }
  return found;
}
"""
CRAMPED = """
factor => [...document.querySelectorAll("body *")].filter(one =>
  one.offsetHeight > 2 && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
).filter(one => {
  const style = getComputedStyle(one), before = one.style.cssText;
  one.style.setProperty("font-size", parseFloat(style.fontSize) * factor + "px", "important");
  const cramped = parseFloat(style.lineHeight) < parseFloat(style.fontSize);
  one.style.cssText = before;
  return cramped;
}).map(one => one.textContent.trim())
"""
"""Words whose lines would stand on one another where type grows and a line's height, given in pixels, does not."""

LARGER = """
factor => {
  const sizes = [...document.body.querySelectorAll('*')].map(e => [e, getComputedStyle(e)])
    .map(([e, style]) => [e, parseFloat(style.fontSize), parseFloat(style.lineHeight)]);
  for (const [e, size, line] of sizes) {
    e.style.setProperty('font-size', size * factor + 'px', 'important');
    if (line) e.style.setProperty('line-height', line * factor + 'px', 'important');
  }
}
"""


class _Pictures(BaseHTTPRequestHandler):
    """Answers every path with a picture of its own colour."""

    def do_GET(self) -> None:
        shade = crc32(self.path.encode())
        drawn = BytesIO()
        colour = (120 + shade % 100, 120 + (shade >> 8) % 100, 120 + (shade >> 16) % 100)
        Image.new("RGB", (1200, 675), colour).save(drawn, "JPEG")
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(drawn.getvalue())))
        self.end_headers()
        self.wfile.write(drawn.getvalue())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[str, str]]:
    """The sample issue's HTML and MJML, its pictures served from this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    edition = Renderer(sample_config()).edition(sample_layout(f"http://127.0.0.1:{server.server_port}"))
    yield edition.html, edition.mjml
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def html(made: tuple[str, str]) -> str:
    return made[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    """`show(html, width, dark=…, pictures=…)` → a Page; a screenshot of it is taken at the end."""
    pages: list[Page] = []

    def show(html: str, width: int, *, dark: bool = False, pictures: bool = True) -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        if not pictures:
            page.route("**/*.jpg", lambda route: route.abort())
        page.set_content(html, wait_until="load")
        pages.append(page)
        return page

    yield show
    for number, page in enumerate(pages):
        page.screenshot(path=tmp_path / f"{number}.png", full_page=True)
        page.close()


def _without_styles(html: str) -> str:
    return re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _low(page: Page, ratio: float, inverted: bool = False) -> list[Any]:
    found = page.evaluate(CONTRASTS, inverted)
    assert len(found) >= 50
    return [one for one in found if one[0] < ratio]


@pytest.mark.parametrize("width", [320, 390, 480, 599, 600, 800])
def test_nothing_runs_out_of_the_window(show: Any, html: str, width: int) -> None:
    """No reader scrolls sideways, from the smallest phone up."""
    assert _fits(show(html, width))


@pytest.mark.parametrize("width", [320, 390])
def test_type_of_twice_the_size_still_fits(show: Any, html: str, width: int) -> None:
    """Many readers set their phone to large type (WCAG 2.2, 1.4.4)."""
    page = show(html, width)
    assert page.evaluate(CRAMPED, 2) == []
    page.evaluate(LARGER, 2)
    assert _fits(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast_is_high_in_the_authored_palettes(show: Any, html: str, dark: bool) -> None:
    """7:1 everywhere (WCAG 2.2, 1.4.6): readers are often old."""
    assert _low(show(html, 390, dark=dark), 7) == []


def test_contrast_survives_a_forced_inversion(show: Any, html: str) -> None:
    """Gmail and Outlook on Windows turn light into dark by themselves."""
    assert _low(show(html, 390), 4.5, inverted=True) == []


def test_contrast_survives_without_styles(show: Any, html: str) -> None:
    """What stands in the elements is enough."""
    assert _low(show(_without_styles(html), 390), 7) == []


def test_outlook_on_the_web_gets_the_authored_dark_palette(show: Any, html: str) -> None:
    """It marks what it recoloured; our rules for these marks win over it."""
    page = show(html.replace("<body", "<body data-ogsc data-ogsb", 1), 800)
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(233, 230, 223)"
    assert _low(page.locator("body").page, 7) == []


def test_dark_is_dark(show: Any, html: str) -> None:
    """No part of the page stays light: the ground behind every heading is darker than its words."""
    page = show(html, 800, dark=True)
    grounds = page.evaluate(
        "[...document.querySelectorAll('body, .page, .card, .card > table')]"
        ".map(e => getComputedStyle(e).backgroundColor)"
    )
    assert set(grounds) == {"rgb(20, 25, 27)", "rgb(29, 36, 39)"}


@pytest.mark.parametrize("width", [390, 800])
def test_all_words_are_there_without_pictures(show: Any, html: str, width: int) -> None:
    """Nothing is said by a picture alone; the video's label stands where its still would be."""
    page = show(html, width, pictures=False)
    assert _fits(page)
    labels = page.get_by_role("link", name="Watch the video")
    assert [label.is_visible() for label in labels.all()] == [True, True]
    assert page.get_by_alt_text("Rain on a window").is_visible()


@pytest.mark.parametrize("width", [320, 390, 800])
def test_the_page_holds_together_without_styles(show: Any, html: str, width: int) -> None:
    """Gmail's mobile web and others ignore <style>: still one column, not wider than the window or 600."""
    page = show(_without_styles(html), width)
    assert _fits(page)
    widths = page.evaluate(
        "[...document.querySelectorAll('.card')].map(e => e.getBoundingClientRect().width)"
    )
    assert all(width_of <= 600 for width_of in widths)


def test_targets_are_large_enough_for_a_shaking_thumb(show: Any, html: str) -> None:
    """Buttons, video labels and the footer's links are at least 44 px high."""
    page = show(html, 390)
    heights = page.evaluate(
        "[...document.querySelectorAll('.button a, td.play a, a.target')]"
        ".map(e => e.getBoundingClientRect().height)"
    )
    assert len(heights) >= 7
    assert min(heights) >= 44


def test_no_type_is_small(show: Any, html: str) -> None:
    """Nothing to read is below 16 px, and stories are set in 18."""
    page = show(html, 390)
    sizes = page.evaluate(
        "[...document.querySelectorAll('p, a, li, h1, h2, h3')].filter(e => e.textContent.trim())"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 16
    assert page.evaluate("getComputedStyle(document.querySelector('.blurb')).fontSize") == "18px"


def test_pictures_fill_a_phone_and_stand_beside_the_words_on_a_desk(show: Any, html: str) -> None:
    """One column on a phone, a picture column of 176 px on a wide screen."""
    measure = "document.querySelectorAll('.thumb img')[0].getBoundingClientRect().width"
    assert show(html, 390).evaluate(measure) == 350
    assert show(html, 800).evaluate(measure) == 176


def test_each_link_says_where_it_leads(show: Any, html: str) -> None:
    """No two links with one name lead to different places, and none has no name (WCAG 2.2, 2.4.4)."""
    page = show(html, 800)
    links = page.evaluate(
        "[...document.querySelectorAll('a:not([aria-hidden])')].map(a => "
        "[a.getAttribute('aria-label') || a.textContent.trim() || a.querySelector('img')?.alt || '', a.href])"
    )
    places: dict[str, set[str]] = {}
    for name, href in links:
        places.setdefault(name, set()).add(href)
    assert "" not in places
    assert {name: hrefs for name, hrefs in places.items() if len(hrefs) > 1} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 800])
def test_writing_styles_into_the_elements_changes_no_pixel(
    show: Any, made: tuple[str, str], width: int, dark: bool
) -> None:
    """The page with our sheet as <style>, before premailer, looks exactly like the mail."""
    html, mjml = made
    renderer = Renderer(sample_config())
    sheet = renderer.environment.get_template("parts/inline.css.j2").render(renderer._site)
    before = to_html(mjml, where="t").replace("</head>", f"<style>{sheet}</style></head>", 1)
    shots = [
        Image.open(BytesIO(show(page, width, dark=dark).screenshot(full_page=True))).convert("RGB")
        for page in (before, html)
    ]
    assert shots[0].size == shots[1].size
    assert ImageChops.difference(*shots).getbbox() is None
