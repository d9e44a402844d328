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
# Frames for landmarks are a page's; a mail stands inside the page of a mail program.
NOT_FOR_MAILS = {"rules": {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}}
# axe leaves WCAG 2.2 AAA and 2.5.8 (targets) to who asks for them.
STRICT = {"rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}}}


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def violations(page: Page, *, mail: bool = False) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now, a line each: rule, element, what is wrong."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {**STRICT["rules"], **(NOT_FOR_MAILS["rules"] if mail else {})}
    found: list[dict[str, Any]] = Axe().run(page, options={"rules": rules}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:150]} ({' '.join(node['failureSummary'].split())})"
        for one in found
        for node in one["nodes"]
    ]


def fits(page: Page) -> bool:
    """Nobody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
