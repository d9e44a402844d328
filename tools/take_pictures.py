"""Take the pictures of docs/studio.md: `python tools/take_pictures.py` writes docs/pictures/studio-*.png.

A site of `newsletter demo`, with an earlier issue that was approved and with some faults, in the studio of this very
source; its sample site is served meanwhile, for the mail's own pictures. Time stands still, so that only a change of
the studio changes a picture. Needs Debian's chromium.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from newsletter.app import make_app
from newsletter.cli.init import make_site as new_site
from newsletter.demo.server import Stage, sample_site
from newsletter.demo.settings import settings
from newsletter.demo.story import tell
from newsletter.engine import moments
from newsletter.preview.serve import open_studio

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SLUG, EARLIER = "2026-11-26", "2026-11-19"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PORT = 8731
"""The sample site's: it can be read in the pictures."""
WIDTH, GAP = 1200, 24
"""Pixels of a finished picture, and between two in one."""
COLOURS = 256
"""A picture is stored with so many: a third of the bytes, and hardly to be told."""
BEFORE = f"""---
subject: "What a flare is, and what it is not"
preheader: "Also: pacing a day, and a word on heat."
date: {EARLIER}
author: Ines Sample
picks:
  conditions:
    - url: {{url}}/living-with/flares/
      title: "What a flare is, and what it is not"
      blurb: "More pain for a while, mostly without new harm. What helps is known."
---

Dear readers, a short letter this week.
"""
FAULTS = {
    "Read what helps you today": "This is guaranteed to work. Read what helps you today",
    "scan later": "scan later, and what a new guideline says of rest",
}


def make_site(root: Path, sample: Stage) -> None:
    """What the demo makes, an issue of the week before, and a colour that was changed since."""
    new_site(root, settings(sample.url, root, NOW))
    app = make_app(root)
    for _ in tell(app, sample, moments(NOW)):
        pass
    (root / f"content/issues/{EARLIER}.md").write_text(BEFORE.format(url=sample.url), encoding="utf-8")
    app.approvals.approve(EARLIER, "Dr. Ada Sample", NOW)
    app.database.dispose()
    path = root / "newsletter.toml"
    path.write_text(
        f'{path.read_text(encoding="utf-8")}\n[brand.colours]\nmuted = "#4a5357"\n', encoding="utf-8"
    )


def break_issue(root: Path) -> None:
    path = root / f"content/issues/{SLUG}.md"
    text = path.read_text(encoding="utf-8")
    for good, bad in FAULTS.items():
        assert good in text, good
        text = text.replace(good, bad)
    path.write_text(text, encoding="utf-8")


@contextmanager
def looking(
    browser: Browser, address: str, *, width: int = 1440, height: int = 900, scheme: str = "light"
) -> Iterator[Page]:
    size = {"width": width, "height": height}
    with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address, wait_until="load")
        for words in ("checking …", "looking closer …"):
            page.get_by_text(words).wait_for(state="detached")
        page.wait_for_timeout(800)
        yield page


def shot(page: Page, part: str = "") -> Image.Image:
    """What is seen, or one part of it."""
    raw = page.locator(part).screenshot() if part else page.screenshot()
    return Image.open(io.BytesIO(raw)).convert("RGB")


def beside(pictures: Sequence[Image.Image], ground: str = "#f4f2ed") -> Image.Image:
    """Several in a row."""
    width = sum(one.width for one in pictures) + GAP * (len(pictures) + 1)
    whole = Image.new("RGB", (width, max(one.height for one in pictures) + 2 * GAP), ground)
    left = GAP
    for one in pictures:
        whole.paste(one, (left, GAP))
        left += one.width + GAP
    return whole


def save(picture: Image.Image, name: str) -> None:
    height = round(picture.height * WIDTH / picture.width)
    small = picture if picture.width <= WIDTH else picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    few = small.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE)
    few.save(FOLDER / f"studio-{name}.png", optimize=True)


def good_pictures(browser: Browser, address: str) -> None:
    with looking(browser, address) as page:
        save(shot(page), "whole")
    with looking(browser, address, scheme="dark") as page:
        page.get_by_role("link", name="Dark", exact=True).click()
        page.wait_for_timeout(600)
        save(shot(page), "in-the-dark")
    with looking(browser, f"{address}?view=inbox") as page:
        save(shot(page), "inbox")
    phones = []
    for query in ("", "&look=dark", "&look=inverted", "&pictures=off", "&text=large"):
        with looking(browser, f"{address}?view=phone{query}") as page:
            phones.append(shot(page, ".pane.phone .screen"))
    save(beside(phones), "phones")
    wide = []
    for view in ("tablet", "desktop"):
        with looking(browser, f"{address}?view={view}") as page:
            wide.append(shot(page, f".pane.{view} .screen"))
    save(beside(wide), "widths")
    sources = []
    for view in ("text", "mjml"):
        with looking(browser, f"{address}?view={view}") as page:
            sources.append(shot(page, ".pane.desktop .screen"))
    save(beside(sources), "sources")


def bad_pictures(browser: Browser, address: str, root: Path) -> None:
    with looking(browser, address) as page:
        page.locator("#checks a", has_text="guaranteed").click()
        page.locator("#banner .guilty").wait_for()
        page.wait_for_timeout(800)
        save(shot(page), "finding")
        path = root / f"content/issues/{SLUG}.md"
        path.write_text(path.read_text(encoding="utf-8").replace("preheader:", "preheadr:"), encoding="utf-8")
        page.locator("#banner .trouble").wait_for()
        page.wait_for_timeout(800)
        save(shot(page), "mistake")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        sample_site(NOW, PORT) as sample,
    ):
        root = Path(folder) / "site"
        make_site(root, sample)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with open_studio(make_app(root), SLUG, clock=lambda: NOW) as address:
            good_pictures(browser, address)
            with looking_at_file(browser, root) as page:
                save(shot(page), "gallery")
            break_issue(root)
            bad_pictures(browser, address, root)
        browser.close()


@contextmanager
def looking_at_file(browser: Browser, root: Path) -> Iterator[Page]:
    app = make_app(root)
    built = app.build(SLUG)
    app.database.dispose()
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        page = context.new_page()
        page.goto((built.folder / "gallery.html").as_uri(), wait_until="load")
        page.wait_for_timeout(800)
        yield page


if __name__ == "__main__":
    main()
