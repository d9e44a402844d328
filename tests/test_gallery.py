"""`newsletter build` writes the whole issue as one page for a reviewer: nothing to install, to start or to fetch."""

from __future__ import annotations

import hashlib
import html
import re
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser import chromium, fits, in_a_browser, violations
from issue_kit import article
from issue_kit import make_site as make_stored_site
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Page
from preview_kit import looking_at, until

from newsletter.app import App, make_app
from newsletter.gallery.looks import LOOKS, as_seen
from newsletter.gallery.page import LINKS, NAME
from newsletter.gallery.shown import show

BAD = ISSUE.replace("What a nerve block is", "A miracle cure for nerve pain")


def gallery(app: App, *, check: bool = True) -> str:
    return (app.build(SLUG, check=check).folder / NAME).read_text(encoding="utf-8")


def frames(page: str) -> list[str]:
    """The mails in the page, as a browser reads them out of its attributes."""
    return [html.unescape(one) for one in re.findall(r'srcdoc="([^"]*)"', page)]


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(make_site(tmp_path / "site", issue=BAD))


def test_every_variant_is_there_once(app: App) -> None:
    """Each frame holds the very edition as a program of the light look shows it; the text part stands beside."""
    page = gallery(app)
    shown = show(app.config, SLUG, app.editions(SLUG)[2], LINKS)
    assert frames(page) == [as_seen(one.html, "light") for one in shown.variants]
    assert len(frames(page)) == 7
    for variant in shown.variants:
        assert html.escape(variant.text, quote=False)[:200] in page.replace("&#39;", "'").replace(
            "&#34;", '"'
        )


def test_inbox_lines_sizes_and_findings_are_there(app: App) -> None:
    """The findings are the gate's, each with its place from the site's folder on, and what was not asked is said."""
    page = gallery(app)
    assert page.count("Gmail") >= 2
    assert "of the 102 kB that Gmail shows whole" in page
    assert "the title promises too much: “miracle”" in page
    assert f"claims · content/issues/{SLUG}.md:" in page
    assert "Links, pictures and SpamAssassin were not asked." in page
    assert str(app.site.root) not in page


def test_a_quick_build_has_no_findings_and_says_how_to_have_them(app: App) -> None:
    """The checks cost as much as half a build: they are held where they are wished for."""
    page = gallery(app, check=False)
    assert "The checks were not held: newsletter build --check shows here what they find." in page
    assert "promises too much" not in page
    command = [
        sys.executable,
        "-m",
        "newsletter",
        "--site",
        str(app.site.root),
        "build",
        SLUG,
        "--offline",
        "--check",
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert "promises too much" in (app.site.build / SLUG / NAME).read_text(encoding="utf-8")


def test_it_names_what_an_approval_names(app: App) -> None:
    """A reviewer can say which bytes they saw."""
    built = app.build(SLUG)
    assert built.report["hash"][:12] in (built.folder / NAME).read_text()


def test_nothing_is_needed_or_fetched(app: App) -> None:
    """No other file; a policy lets in the mail's own pictures and the one script whose hash it names."""
    page = gallery(app)
    head = page.partition("srcdoc=")[0]
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    named = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{named}'; img-src http: https: data:"
    assert f'content="{policy}"' in head
    assert re.findall(r'(?:src|href)="(?!data:)[^"#]', head) == []
    assert "url(" not in head


def test_an_article_is_as_old_as_on_the_day_of_the_issue(tmp_path: Path) -> None:
    """The page does not depend on the day it is made: one that is reviewed anew in time is not old in it."""
    old = replace(article("knee", at="11-24 08:00"), published_at=datetime(2023, 12, 5, tzinfo=UTC))
    app = make_stored_site(tmp_path, [old])
    text = f"---\nsubject: Knees\ndate: {SLUG}\npicks:\n  conditions:\n    - {old.url}\n---\n\nHello.\n"
    write_issue(tmp_path, text)
    late = app.gate.judge(app.composer.compose(SLUG), datetime(2027, 1, 1, tzinfo=UTC), thorough=False)
    assert "old_article" in {one.check for one in late.findings}
    assert "old_article" not in gallery(app)
    app.database.dispose()


def test_another_issue_with_a_mistake_does_not_stop_a_build(app: App) -> None:
    """The checks could not be held, and that is said; the issue is there."""
    write_issue(app.site.root, ISSUE.replace("preheader", "preheadr"), "2026-11-19")
    page = gallery(app)
    assert "The checks could not be held: content/issues/2026-11-19.md:3: unknown key" in page
    assert len(frames(page)) == 7


def test_words_that_look_like_markup_stay_words(tmp_path: Path) -> None:
    """Neither a subject nor a mail can end the attribute it stands in."""
    root = make_site(tmp_path, issue=ISSUE.replace("subject: What", "subject: '<b>\"x\" & '' What"))
    (root / f"content/issues/{SLUG}.md").write_text(
        (root / f"content/issues/{SLUG}.md").read_text().replace("cannot do", "cannot do'")
    )
    page = gallery(make_app(root))
    assert "<h1>&lt;b&gt;&#34;x&#34; &amp; &#39; What a nerve block can and cannot do</h1>" in page
    assert len(frames(page)) == 7


# --- in a real browser, from the disk ---


@in_a_browser
def test_a_reviewer_looks_at_everything_by_keys_alone(app: App) -> None:
    """A variant, a look and a width are chosen; one frame is seen at a time, as wide as its device."""
    gallery(app)
    with chromium() as browser, looking_at(browser, (app.site.build / SLUG / NAME).as_uri()) as page:
        assert seen(page) == ["Everything, light"]
        page.locator("#variant-1").focus()
        page.keyboard.press("ArrowLeft")
        assert seen(page) == ["News, light"]
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert seen(page) == ["News, inverted"]
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        frame = page.locator("iframe:visible")
        assert (frame.bounding_box() or {})["width"] == 390
        inside = page.frame_locator("iframe[title='News, inverted']")
        assert inside.get_by_role("link", name="A new guideline for migraine").is_visible()
        page.locator("#width-text").check()
        assert seen(page) == []
        assert "A new guideline for migraine" in page.locator("pre:visible").inner_text()


@in_a_browser
@pytest.mark.parametrize("look", list(LOOKS))
def test_each_look_is_the_studios(app: App, look: str) -> None:
    """What the script makes has, element for element, the colours of what the studio shows."""
    gallery(app)
    colours = """[...document.querySelectorAll("body, body *")].map(one => {
      const style = getComputedStyle(one);
      return [one.tagName, style.color, style.backgroundColor, style.borderTopColor].join(" ");
    })"""
    with chromium() as browser, looking_at(browser, (app.site.build / SLUG / NAME).as_uri()) as page:
        page.locator(f"#look-{look}").check()
        until(lambda: seen(page) == [f"Everything, {look}"])
        page.frame_locator("iframe:visible").locator("h1").wait_for(state="attached")
        frame = next(one for one in page.frames[1:] if one.frame_element().is_visible())
        ours = frame.evaluate(colours)
        studio = page.context.new_page()
        whole = show(app.config, SLUG, app.editions(SLUG)[2], LINKS).variants[0]
        studio.set_content(as_seen(whole.html, look))
        assert ours == studio.evaluate(colours)


@in_a_browser
def test_without_script_all_but_two_looks_is_there(app: App) -> None:
    """Variants, widths and texts are chosen by style; a look that cannot be had is not offered."""
    gallery(app)
    with chromium() as browser, browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((app.site.build / SLUG / NAME).as_uri())
        assert page.locator("#looks").is_hidden()
        page.locator("#variant-7").check()
        page.locator("#width-tablet").check()
        assert seen(page) == ["News, light"]
        assert (page.locator("iframe:visible").bounding_box() or {})["width"] == 768


def seen(page: Page) -> list[str | None]:
    return [one.get_attribute("title") for one in page.locator("iframe:visible").all()]


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_gallery(app: App, scheme: str) -> None:
    """axe-core finds nothing, and nobody scrolls sideways, on a phone neither."""
    gallery(app)
    with (
        chromium() as browser,
        looking_at(browser, (app.site.build / SLUG / NAME).as_uri(), scheme=scheme) as page,
    ):
        assert violations(page) == []
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page)
