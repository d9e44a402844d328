"""How long a save takes to be seen: from the write of the file to the changed mail painted in a real browser.

A copy of this repository's example site, its studio as a process of its own, a headless Chromium with both panes
of the first view. Each round writes one new word into the issue file, into a template, or into newsletter.toml, and
waits until both frames that are shown hold it and a frame of the screen has been drawn after that. Ending the clock
costs a call to the browser and back, which counts as well. Rounds follow one another while the checks of the last
one are still at work, as they do when an editor saves often.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.process import SLUG, copy_of_the_site, newsletter

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROUNDS = 30
PAUSE = 0.4
"""Seconds between two saves: the checks begin meanwhile."""
MEDIAN, NEARLY_ALL = 200.0, 400.0
"""Milliseconds that half of the saves may take, and 95 of 100."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WATCH = """word => {
  window.seen = new Promise(done => {
    const holds = frame => frame.contentDocument?.body?.textContent.includes(word);
    const look = () => {
      const frames = [...document.querySelectorAll("#stage iframe:not(.coming)")];
      if (frames.length === 2 && frames.every(holds)) requestAnimationFrame(() => requestAnimationFrame(done));
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def replaced(path: Path, old: str) -> Callable[[str], None]:
    """Writes the file anew with another word where `old` stood."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    return lambda word: path.write_text(text.replace(old, word, 1), encoding="utf-8") and None


def measure(page: Page, save: Callable[[str], None], name: str) -> list[float]:
    took = []
    for number in range(ROUNDS):
        word = f"{name}{number}"
        page.evaluate(WATCH, word)
        start = time.perf_counter()
        save(word)
        page.evaluate("window.seen")
        took.append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE)
    return took


def report(what: str, took: list[float]) -> bool:
    """Prints a line; whether the targets hold."""
    median, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    print(f"{what:<18} {median:4.0f} ms at the median, {late:4.0f} ms at the 95th percentile of {len(took)}")
    return median <= MEDIAN and late <= NEARLY_ALL


def main() -> int:
    if CHROMIUM is None:
        print("There is no Chromium here: not measured.")
        return 0
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = copy_of_the_site(Path(folder))
        command = newsletter("--site", str(site), "preview", SLUG, "--no-browser")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as studio:
            try:
                assert studio.stdout
                address = studio.stdout.readline().split()[-1]
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(address)
                page.frame_locator("[data-pane=phone] iframe").locator("h1").wait_for()
                holds = race(page, site)
                browser.close()
            finally:
                studio.terminate()
    print(f"at most {MEDIAN:.0f} and {NEARLY_ALL:.0f} ms")
    return int(not holds)


def race(page: Page, site: Path) -> bool:
    saves = {
        "the issue file": replaced(site / "content/issues" / f"{SLUG}.md", "Dear reader"),
        "a template": replaced(site / "templates/parts/words.j2", "Read the article"),
        "newsletter.toml": replaced(site / "newsletter.toml", "Weekly updates on"),
    }
    names = ["issue", "template", "settings"]
    lines = [
        report(what, measure(page, save, name))
        for name, (what, save) in zip(names, saves.items(), strict=True)
    ]
    return all(lines)


if __name__ == "__main__":
    sys.exit(main())
