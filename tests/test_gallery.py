"""`newsletter build` writes the whole issue as one page for a reviewer: nothing to install, to start or to fetch."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser import chromium, fits, in_a_browser, violations
from issue_kit import article
from issue_kit import make_site as make_stored_site
from issue_site import ISSUE, SLUG, make_site, write_issue
from playwright.sync_api import Page

from newsletter.app import App, make_app
from newsletter.gallery.looks import LOOKS, as_seen
from newsletter.gallery.page import LINKS, NAME
from newsletter.gallery.shown import show

BAD = ISSUE.replace("What a nerve block is", "A miracle cure for nerve pain")


def gallery(app: App) -> str:
    return (app.build(SLUG).folder / NAME).read_text(encoding="utf-8")


def frames(page: str) -> list[str]:
    """The mails in the page, as a browser reads them out of its attributes."""
    return [html.unescape(one) for one in re.findall(r'srcdoc="([^"]*)"', page)]


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(make_site(tmp_path / "site", issue=BAD))


def test_every_variant_is_there_in_every_look(app: App) -> None:
    """Each frame holds the very edition as a program of its look shows it, and the text part stands beside."""
    page = gallery(app)
    shown = show(app.config, SLUG, app.editions(SLUG)[2], LINKS)
    assert frames(page) == [as_seen(one.html, look) for one in shown.variants for look in LOOKS]
    assert len(frames(page)) == 7 * 3
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


def test_it_names_what_an_approval_names(app: App) -> None:
    """A reviewer can say which bytes they saw."""
    built = app.build(SLUG)
    assert built.report["hash"][:12] in (built.folder / NAME).read_text()


def test_nothing_is_needed_or_fetched(app: App) -> None:
    """No script, no other file; a policy lets in nothing but the mail's own pictures."""
    page = gallery(app)
    head = page.partition("srcdoc=")[0]
    assert "<script" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:" in head
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
    assert len(frames(page)) == 21


def test_words_that_look_like_markup_stay_words(tmp_path: Path) -> None:
    """Neither a subject nor a mail can end the attribute it stands in."""
    root = make_site(tmp_path, issue=ISSUE.replace("subject: What", "subject: '<b>\"x\" & '' What"))
    (root / f"content/issues/{SLUG}.md").write_text(
        (root / f"content/issues/{SLUG}.md").read_text().replace("cannot do", "cannot do'")
    )
    page = gallery(make_app(root))
    assert "<h1>&lt;b&gt;&#34;x&#34; &amp; &#39; What a nerve block can and cannot do</h1>" in page
    assert len(frames(page)) == 21


# --- in a real browser, from the disk, without script ---


@in_a_browser
def test_a_reviewer_looks_at_everything_by_keys_alone(app: App) -> None:
    """A variant, a look and a width are chosen; one frame is seen at a time, as wide as its device."""
    gallery(app)
    address = (app.site.build / SLUG / NAME).as_uri()
    with chromium() as browser, browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        assert seen(page) == ["Everything, Light"]
        page.locator("#variant-1").focus()
        page.keyboard.press("ArrowLeft")
        assert seen(page) == ["News, Light"]
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert seen(page) == ["News, Inverted"]
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        frame = page.locator("iframe:visible")
        assert (frame.bounding_box() or {})["width"] == 390
        inside = page.frame_locator("iframe[title='News, Inverted']")
        assert inside.get_by_role("link", name="A new guideline for migraine").is_visible()
        page.locator("#width-text").check()
        assert seen(page) == []
        assert "A new guideline for migraine" in page.locator("pre:visible").inner_text()


def seen(page: Page) -> list[str | None]:
    return [one.get_attribute("title") for one in page.locator("iframe:visible").all()]


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_gallery(app: App, scheme: str) -> None:
    """axe-core finds nothing, and nobody scrolls sideways, on a phone neither."""
    gallery(app)
    with chromium() as browser, browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto((app.site.build / SLUG / NAME).as_uri())
        assert violations(page) == []
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page)
