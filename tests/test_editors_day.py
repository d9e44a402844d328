"""An editor's day, as it is: real commands on a terminal, a real browser on the preview, one issue from feed to inbox.

Of the preview only what an editor relies on is asked: the address that the command prints, the mail in a frame, and
an alert that names file and line.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import feed_server
import pytest
from browser import chromium, in_chromium
from ledger_site import add_readers, outbox_of
from sample_feeds import Post, rss
from terminal import Said, command, on_a_terminal

from newsletter.app import make_app

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = in_chromium
SLUG = "2026-11-26"
TUESDAY, WEDNESDAY, THURSDAY = "2026-11-24T14:00", "2026-11-25T09:00", "2026-11-26T16:30"
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@pain.example>"
site_url = "https://pain.example"
public_url = "https://letter.pain.example"
postal_address = "1 Example Street, Phoenix, AZ"
timezone = "America/Phoenix"

[[feed]]
url = "{feed}"

[brand]
resources = [{{ label = "988 Lifeline", url = "https://988lifeline.org/" }}]
"""
POSTS = (
    Post("what-a-nerve-block-is", title="What a nerve block is", categories=("Treatments",)),
    Post("walking-with-sciatica", title="Walking with sciatica", categories=("Conditions",)),
    Post("a-guideline-for-migraine", title="A guideline for migraine", categories=("News",)),
)


@dataclass
class Day:
    """A site of this week, and the editor at it."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / "content" / "issues" / f"{SLUG}.md"

    @property
    def seal(self) -> Path:
        return self.root / "content" / "issues" / f"{SLUG}.seal.json"

    def types(self, *arguments: str, now: str = WEDNESDAY) -> Said:
        """A command, typed into a terminal."""
        return on_a_terminal(self.root, *arguments, now=now)

    def saves(self, before: str, after: str) -> None:
        """A change of the issue's file in the editor's own program."""
        text = self.file.read_text(encoding="utf-8")
        assert text.count(before) == 1
        self.file.write_text(text.replace(before, after), encoding="utf-8")

    def line_of(self, words: str) -> int:
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, start=1) if words in line)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with feed_server.running() as server:
        root = tmp_path / "site"
        root.mkdir()
        feed = server.serve("/feed/", rss(*POSTS), Content_Type="application/rss+xml")
        (root / "newsletter.toml").write_text(SETTINGS.format(feed=feed), encoding="utf-8")
        yield Day(root)


@contextmanager
def preview(day: Day) -> Iterator[str]:
    """`newsletter preview` in another terminal, until Ctrl-C; the address it prints."""
    process = subprocess.Popen(
        command(day.root, "preview", SLUG, "--no-browser", now=WEDNESDAY), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/\S*", process.stdout.readline())
        assert address is not None
        yield address[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()


def until(page: Page, true: Callable[[], bool], what: str) -> None:
    """Wait, while the page goes on."""
    for _ in range(1200):
        if true():
            return
        page.wait_for_timeout(50)
    pytest.fail(f"it did not come true: {what}")


def shows(page: Page, words: str) -> None:
    """The mail, in whichever of the frames, comes to show these words."""

    def seen() -> bool:
        frames = [one for one in page.frames if one is not page.main_frame and not one.is_detached()]
        return any(_text_of(one).find(words) >= 0 for one in frames)

    until(page, seen, f"the mail shows {words!r}")


def _text_of(frame: object) -> str:
    from playwright.sync_api import Error

    try:
        return str(frame.evaluate("document.body ? document.body.innerText : ''"))  # type: ignore[attr-defined]
    except Error:  # it is being replaced just now
        return ""


def alert(page: Page) -> str:
    return " ".join(page.locator("[role=alert]:visible").all_inner_texts())


def alerts(page: Page, *words: str) -> None:
    until(page, lambda: all(word in alert(page) for word in words), f"an alert with {words}")


def test_an_editors_day(day: Day) -> None:
    """Build, edit, see it, break it, see the error, mend it, check, waive, approve, change one byte, be refused."""
    # Tuesday: the draft is made of what came in.
    built = day.types("build", now=TUESDAY)
    assert built.code == 0, built.text
    assert "(drafted just now)" in built.text
    assert {post.url for post in POSTS} <= set(re.findall(r"https://\S+", day.file.read_text()))
    day.saves("# author: Your name", "author: Ana Ruiz")

    with preview(day) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)

        # Wednesday: every save shows.
        shows(page, "Walking with sciatica")
        with day.file.open("a", encoding="utf-8") as file:
            file.write("\nGood morning. This week is about *moving gently*.\n")
        shows(page, "This week is about moving gently.")

        # A slip of the hand shows where it is, above the last good view.
        day.saves("\npreheader:", "\npreheadr:")
        alerts(page, f"{SLUG}.md:{day.line_of('preheadr:')}", "unknown key 'preheadr'")
        shows(page, "This week is about moving gently.")
        assert day.types("build", SLUG, "--offline").code == 2

        # Mended, the alert goes.
        day.saves("\npreheadr:", "\npreheader:")
        until(page, lambda: "preheadr" not in alert(page), "the alert goes")

        # A word that no doctor would sign.
        day.saves("Good morning.", "Good morning. A reader called it a miracle cure.")
        shows(page, "A reader called it a miracle cure.")

    # The gate says what, where, why and what to do, and refuses the approval.
    checked = day.types("check", SLUG, "--offline")
    assert (checked.code, "claims" in checked.text, "miracle" in checked.text) == (1, True, True)
    assert "\x1b[" in checked.raw
    findings = json.loads(day.types("check", SLUG, "--offline", "--json").text)["findings"]
    errors = [one for one in findings if one["severity"] == "error"]
    assert {one["check"] for one in errors} == {"claims"}
    claim = errors[0]
    assert claim["where"].endswith(f"{SLUG}.md:{day.line_of('a miracle cure')}")
    assert all(claim[key] for key in ("message", "why", "hint", "source"))
    refused = day.types("approve", SLUG, "--by", "Ada Novak", "--offline")
    assert refused.code == 1
    assert "nobody waived:\n  - claims:" in refused.text
    assert not day.seal.exists()
    assert day.types("send", SLUG).code == 1

    # It is a quotation, and somebody says so by name; the same person approves.
    waive = ("--waive", "claims", "--reason", "A reader's words, quoted.")
    approved = day.types("approve", SLUG, "--by", "Ada Novak", "--offline", *waive)
    assert approved.code == 0, approved.text
    assert f"Ada Novak approved {SLUG} as " in approved.text
    assert "Waived by Ada Novak: claims (A reader's words, quoted.)" in approved.text
    assert json.loads(day.seal.read_text())["waivers"][0]["name"] == "Ada Novak"
    assert day.types("verify", SLUG).code == 0

    # One byte more, and it does not go out: neither by hand nor by cron.
    whole = day.file.read_bytes()
    day.file.write_bytes(whole + b"\n")
    said = f"{SLUG} has changed since it was approved: the issue file"
    stopped = day.types("send", SLUG, now=THURSDAY)
    assert (stopped.code, said in stopped.text) == (1, True)
    assert "newsletter approve" in stopped.text
    by_cron = day.types("cron", now=THURSDAY)
    assert by_cron.code == 1
    assert "has changed since it was approved: the issue file" in by_cron.text
    found = day.types("verify", SLUG)
    assert (found.code, "✗  a rebuild" in found.text, "the issue file" in found.text) == (1, True, True)

    # The byte taken away again, it is what was approved, and goes out once.
    day.file.write_bytes(whole)
    app = make_app(day.root)
    add_readers(app.database, 3)
    app.database.dispose()
    sent = day.types("send", SLUG, now=THURSDAY)
    assert sent.code == 0, sent.text
    assert "3 = 3 sent" in day.types("status", SLUG, now=THURSDAY).text
    mails = outbox_of(day.root / "outbox")
    assert len(mails) == 3
    held = day.types("verify", SLUG, now=THURSDAY)
    assert (held.code, held.text.count("✓"), "✗" in held.text) == (0, 7, False), held.text


def test_a_day_with_two_who_approve_and_an_author_who_may_not(day: Day) -> None:
    """Each is told how many are missing; the author is refused; a change voids what both have said."""
    rules = "\n[approval]\napprovers = 2\nauthor_may_approve = false\n"
    toml = day.root / "newsletter.toml"
    toml.write_text(toml.read_text() + rules)
    day.types("build", now=TUESDAY)
    nameless = day.types("approve", SLUG, "--by", "Ada Novak", "--offline")
    assert (nameless.code, "nobody is named as this issue's author" in nameless.text) == (1, True)
    day.saves("# author: Your name", "author: Ana Ruiz")

    author = day.types("approve", SLUG, "--by", "ana ruiz", "--offline")
    assert (author.code, "ana ruiz wrote this issue and may not approve it" in author.text) == (1, True)
    first = day.types("approve", SLUG, "--by", "Ada Novak", "--offline")
    assert (first.code, "1 more person must approve before it can be sent." in first.text) == (0, True)
    again = day.types("approve", SLUG, "--by", "Ada  NOVAK", "--offline")
    assert "You had already approved" in again.text
    early = day.types("send", SLUG, now=THURSDAY)
    assert (early.code, "is approved by Ada Novak, and 1 more must approve it" in early.text) == (1, True)
    second = day.types("approve", SLUG, "--by", "Jo Marsh", "--offline")
    assert (second.code, "It can be sent" in second.text) == (0, True)
    assert day.types("send", SLUG, "--dry-run", now=THURSDAY).code == 0

    day.saves("author: Ana Ruiz", "author: Ana  Ruiz")
    assert day.types("send", SLUG, now=THURSDAY).code == 1
    anew = day.types("approve", SLUG, "--by", "Jo Marsh", "--offline")
    assert "The approval by Ada Novak, Jo Marsh is void. Changed since: the issue file." in anew.text
    assert "1 more person must approve" in anew.text
