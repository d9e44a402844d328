"""A real Chromium for tests, and what is asked of every page that it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
in_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


def in_a_browser(test: Any) -> Any:
    """Marks one test as `in_chromium` marks a file."""
    for mark in in_chromium:
        test = mark(test)
    return test


# A mail stands inside the page of a mail program: landmarks are that page's.
NOT_FOR_MAILS = ("region", "landmark-one-main")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def violations(page: Page, *, mail: bool = False, contrast: float = 7) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now, a line each: rule, element, what is wrong.

    `contrast`: 7 (WCAG 2.2, level AAA) or 4.5 (AA).
    """
    from axe_playwright_python.sync_playwright import Axe

    # These two are off unless they are asked for.
    rules = {"color-contrast-enhanced": contrast >= 7, "target-size": True}
    rules |= dict.fromkeys(NOT_FOR_MAILS, not mail)
    options = {"rules": {name: {"enabled": on} for name, on in rules.items()}}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['html'][:150]} ({' '.join(node['failureSummary'].split())})"
        for one in found
        for node in one["nodes"]
    ]


def fits(page: Page) -> bool:
    """Nobody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
