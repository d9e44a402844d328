"""The studio shows what would be sent, follows every save, and is for the editor at this machine alone."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from issue_site import ISSUE, SETTINGS, SLUG, make_site, write_issue

from newsletter.app import make_app
from newsletter.errors import ContentError, TemplateError, UsageError
from newsletter.preview.serve import open_studio
from newsletter.preview.views import CLIP_LIMIT, Variant, as_seen, explain, show
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with open_studio(make_app(root), SLUG) as address:
        yield address


def ask(address: str, path: str, *, method: str = "GET", host: str | None = None) -> http.client.HTTPResponse:
    """One request exactly as given: no normalising of paths, and any Host."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or urlsplit(address).netloc)
    connection.putheader("Connection", "close")
    connection.endheaders()
    return connection.getresponse()


def until(condition: object, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def files_in(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


# --- what is shown ---


def test_it_shows_the_very_editions_that_would_be_sent(root: Path) -> None:
    """Every variant, html and text, byte for byte but for a reader's own two links."""
    _, _, editions = make_app(root).editions(SLUG)
    shown = show(make_app(root).config, SLUG, editions, link="http://x/link")
    by_key = {one.key: one for one in shown.variants}
    assert sorted(by_key) == sorted(str(one.topics) for one in editions)
    for edition in editions:
        for mine, theirs in (
            (by_key[str(edition.topics)].html, edition.html),
            (by_key[str(edition.topics)].text, edition.text),
        ):
            back = mine.replace("http://x/link/unsubscribe", UNSUBSCRIBE_MARK)
            assert back.replace("http://x/link/preferences", PREFERENCES_MARK) == theirs


def test_the_fullest_variant_comes_first(root: Path) -> None:
    """An editor sees the whole issue on opening the page."""
    app = make_app(root)
    labels = [one.label for one in show(app.config, SLUG, app.editions(SLUG)[2], link="").variants]
    assert labels == [
        "Everything",
        "Conditions + Treatments",
        "Conditions + News",
        "Treatments + News",
        "Conditions",
        "Treatments",
        "News",
    ]


def test_the_inbox_line_and_the_sizes_are_on_the_page(address: str) -> None:
    """Sender, subject, preheader, and how much of Gmail's limit each variant takes."""
    page = requests.get(address, timeout=10).text
    assert "What a nerve block can and cannot do" in page
    assert "Also this week, walking with sciatica" in page
    assert 'title="weekly@example.org">Pain Weekly' in page
    assert "of the 102 KB that Gmail shows whole" in page


@pytest.mark.parametrize(
    ("size", "weight"),
    [(80 * 1024, "under"), (90 * 1024, "near"), (CLIP_LIMIT - 1, "near"), (CLIP_LIMIT, "over")],
)
def test_a_variant_is_weighed_in_bytes(size: int, weight: str) -> None:
    """As Gmail counts: bytes of HTML, where an é is two."""
    variant = Variant("", "", "", "", html="é" * (size // 2) + "x" * (size % 2), text="")
    assert (variant.size, variant.weight) == (size, weight)


def test_dark_and_light_are_the_editors_choice() -> None:
    """Not that of the computer the page happens to be looked at on."""
    html = (
        "<style>@media (prefers-color-scheme:dark){a{}}@media ( prefers-color-scheme : light ){b{}}</style>"
    )
    dark, light = as_seen(html, "dark"), as_seen(html, "light")
    assert "@media (min-width: 0){a{}}@media (max-width: 0){b{}}" in dark
    assert "@media (max-width: 0){a{}}@media (min-width: 0){b{}}" in light


def test_the_frames_hold_both_kinds(address: str) -> None:
    """Any variant by its key; an unknown one is the fullest."""
    html = requests.get(f"{address}frame/1/html?variant=news", timeout=10).text
    text = requests.get(f"{address}frame/1/text?variant=nonsense", timeout=10).text
    assert "A new guideline for migraine" in html
    assert "Walking with sciatica" not in html
    assert "Walking with sciatica" in text


def test_readers_links_lead_to_a_page_that_does_nothing(address: str) -> None:
    """A click on unsubscribe in the preview must not take anybody off anything."""
    html = requests.get(f"{address}frame/1/html", timeout=10).text
    assert f"{address}link/unsubscribe" in html
    assert "@@" not in html
    assert "does nothing" in requests.get(f"{address}link/unsubscribe", timeout=10).text


def test_an_error_is_shown_with_its_place_and_lines(tmp_path: Path) -> None:
    """The path from the site's folder, and the guilty line among its neighbours."""
    file = tmp_path / "issue.md"
    file.write_text("one\ntwo\nthree\nfour\n")
    trouble = explain(ContentError("is wrong", where=f"{file}:2", hint="Mend it."), tmp_path)
    assert (trouble.what, trouble.where, trouble.hint) == ("is wrong", "issue.md:2", "Mend it.")
    assert [(one.number, one.text) for one in trouble.source if one.guilty] == [(2, "two")]
    assert len(trouble.source) == 4


@pytest.mark.parametrize("where", ["", "issue.mjml.j2", "/gone/away.md:7", "newsletter.toml: [brand]", ":3"])
def test_an_error_without_a_readable_place_is_shown_too(tmp_path: Path, where: str) -> None:
    """What the error says is enough."""
    trouble = explain(TemplateError("is wrong", where=where), tmp_path)
    assert (trouble.what, trouble.source) == ("is wrong", ())


def test_a_fault_of_the_program_does_not_end_the_studio(tmp_path: Path) -> None:
    """It is shown like any other trouble."""
    assert "RuntimeError: boom" in explain(RuntimeError("boom"), tmp_path).what


# --- for the editor alone ---


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/wrong/",
        "/wrong/events",
        "/favicon.ico",
        "/studio.css",
        "/%00/",
        "/%C3%A9/",
    ],
)
def test_without_the_token_there_is_nothing(address: str, path: str) -> None:
    """Neither a page nor a hint that there is one."""
    assert ask(address, path).status == 404


def test_a_token_cut_short_or_made_longer_is_none(address: str) -> None:
    """All of it, or nothing."""
    token = urlsplit(address).path.strip("/")
    assert [ask(address, f"/{one}/").status for one in (token[:-1], token + "x", token.lower())] == [404] * 3


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}"]
)
def test_a_foreign_host_is_refused_even_with_the_token(address: str, host: str) -> None:
    """A page elsewhere can point its own name at this machine; the browser then sends that name."""
    parts = urlsplit(address)
    assert ask(address, parts.path, host=host.format(port=parts.port)).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(address: str, method: str) -> None:
    """The preview shows; it changes nothing."""
    answer = ask(address, urlsplit(address).path, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    ["../newsletter.toml", "..%2fnewsletter.toml", "studio.css/../page.html", "page.html", "frame/1/../x"],
)
def test_no_other_file_can_be_reached(address: str, path: str) -> None:
    """Two assets by name; paths lead nowhere else."""
    assert ask(address, urlsplit(address).path + path).status == 404


def test_only_this_machine_can_reach_it(address: str) -> None:
    """It listens on 127.0.0.1, and on no other address."""
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        http.client.HTTPConnection("127.0.0.2", urlsplit(address).port, timeout=2).connect()


def test_pages_keep_to_themselves(address: str) -> None:
    """A strict policy, no referrer (the token is in the address), nothing kept in caches, no cookie."""
    answer = requests.get(address, timeout=10)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert "Set-Cookie" not in answer.headers
    assert "http" not in answer.text.replace(address, "").replace("https://example.org", "")


def test_the_mail_is_shown_in_a_sandbox(address: str) -> None:
    """No script of a mail runs, whichever way its frame is opened; pictures can be switched off."""
    policy = requests.get(f"{address}frame/1/html", timeout=10).headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    without = requests.get(f"{address}frame/1/html?pictures=off", timeout=10).headers[
        "Content-Security-Policy"
    ]
    assert "img-src 'none'" in without


def test_looking_writes_nothing(root: Path, address: str) -> None:
    """Not into the store, not into the site, whatever is asked for."""
    before = files_in(root)
    for path in (
        "",
        "?view=text",
        "frame/1/html",
        "frame/1/text",
        "link/unsubscribe",
        "link/preferences",
        "studio.js",
    ):
        assert requests.get(address + path, timeout=10).status_code == 200
    assert files_in(root) == before


def test_a_taken_port_is_a_clear_error(root: Path, address: str) -> None:
    """With what to do instead."""
    with (
        pytest.raises(UsageError, match="cannot be used: Address already in use"),
        open_studio(make_app(root), SLUG, port=urlsplit(address).port or 0),
    ):
        pass


# --- following the files ---


def trouble_on(address: str) -> bool:
    return 'class="trouble"' in requests.get(address, timeout=10).text


def test_every_kind_of_save_shows(root: Path, address: str) -> None:
    """The issue, the settings and a template: also one that is new, and one put in place by a rename."""
    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    until(lambda: "Good evening" in requests.get(f"{address}frame/1/html", timeout=10).text)
    (root / "newsletter.toml").write_text(SETTINGS.replace("Find a doctor", "Find help"))
    until(lambda: "Find help" in requests.get(f"{address}frame/1/html", timeout=10).text)
    draft = root / "content" / "issues" / ".draft"
    draft.write_text(ISSUE.replace("Good morning", "Good night"))
    draft.replace(root / "content" / "issues" / f"{SLUG}.md")
    until(lambda: "Good night" in requests.get(f"{address}frame/1/html", timeout=10).text)


def test_a_template_of_the_sites_own_is_followed(root: Path) -> None:
    """From its first version on, in a folder that is new, and when it is broken and mended."""
    template = root / "templates" / "issue.txt.j2"
    with open_studio(make_app(root), SLUG) as address:
        template.parent.mkdir()
        template.write_text("Mine: {{ unsubscribe_url }} {{ preferences_url }}")
        until(lambda: "Mine:" in requests.get(f"{address}frame/1/text", timeout=10).text)
        template.write_text("{% if %}")
        until(lambda: "templates/issue.txt.j2:1" in requests.get(address, timeout=10).text)
        template.write_text("Again: {{ unsubscribe_url }} {{ preferences_url }}")
        until(lambda: "Again:" in requests.get(f"{address}frame/1/text", timeout=10).text)
        assert not trouble_on(address)


def test_a_mistake_keeps_the_last_good_view(root: Path, address: str) -> None:
    """In the issue or in the settings; the page says what and where."""
    (root / "newsletter.toml").write_text("[newsletter\n")
    until(lambda: "newsletter.toml:1" in requests.get(address, timeout=10).text)
    assert "Walking with sciatica" in requests.get(f"{address}frame/1/html", timeout=10).text
    (root / "newsletter.toml").write_text(SETTINGS)
    until(lambda: not trouble_on(address))


def test_a_studio_may_open_on_a_broken_issue(root: Path) -> None:
    """The error is all there is to see, until it is mended."""
    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    with open_studio(make_app(root), SLUG) as address:
        assert f"{SLUG}.md:3" in requests.get(address, timeout=10).text
        assert requests.get(f"{address}frame/1/html", timeout=10).status_code == 404
        write_issue(root)
        until(lambda: not trouble_on(address))


# --- in a real browser ---


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    if not os.path.exists(CHROMIUM):  # noqa: PTH110
        pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        yield page
        browser.close()
        assert errors == []


def mail(page: Page, pane: str = "desktop"):  # type: ignore[no-untyped-def]
    return page.frame_locator(f"[data-pane={pane}] iframe:not(.coming)")


@pytest.mark.browser
def test_an_editor_sees_a_save_a_mistake_and_its_mending(page: Page, root: Path) -> None:
    """The page stays open; what is saved shows in it, and where the reader had scrolled to stays."""
    mail(page, "phone").get_by_text("Good morning, and welcome.").wait_for()
    page.evaluate("document.querySelector('[data-pane=phone] iframe').contentWindow.scrollTo(0, 300)")

    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    mail(page, "phone").get_by_text("Good evening").wait_for()
    mail(page, "desktop").get_by_text("Good evening").wait_for()
    assert page.evaluate("document.querySelector('[data-pane=phone] iframe').contentWindow.scrollY") == 300

    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    page.get_by_text("unknown key 'preheadr'").wait_for()
    assert f"content/issues/{SLUG}.md:3" in page.locator(".trouble .where").inner_text()
    assert "preheadr: Also this week" in page.locator(".source .guilty").inner_text()
    assert mail(page).get_by_text("Good evening").is_visible()

    write_issue(root, ISSUE.replace("Good morning", "Good night"))
    mail(page).get_by_text("Good night").wait_for()
    assert page.locator(".trouble").count() == 0


@pytest.mark.browser
def test_keys_lead_through_views_and_variants(page: Page) -> None:
    """Also when they are pressed faster than a view comes; the last view is followed by the first."""
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    mail(page, "phone").locator("pre").get_by_text("PAIN WEEKLY").wait_for()
    page.keyboard.press("n")
    mail(page, "phone").locator("h1").wait_for()
    page.keyboard.press("ArrowUp")
    page.locator("nav a[aria-current] .name", has_text="News").wait_for()
    mail(page).get_by_role("link", name="Walking with sciatica").wait_for(state="detached")
    page.keyboard.press("p")
    mail(page).locator("pre").wait_for()
    page.reload()
    assert page.locator(".tabs [aria-current]").inner_text() == "Text"


@pytest.mark.browser
def test_the_phone_is_as_wide_as_a_phone(page: Page) -> None:
    """390 CSS pixels of mail, and at least the 640 that a desktop shows."""
    mail(page, "phone").locator("h1").wait_for()
    widths = "[...document.querySelectorAll('iframe')].map(frame => frame.contentWindow.innerWidth)"
    phone, desktop = page.evaluate(widths)
    assert (phone, desktop >= 640) == (390, True)


@pytest.mark.browser
def test_the_dark_mail_is_dark(page: Page) -> None:
    """On a computer that prefers light."""
    background = "getComputedStyle(document.querySelector('iframe').contentDocument.body).backgroundColor"
    mail(page, "phone").locator("h1").wait_for()
    light = page.evaluate(background)
    page.get_by_role("switch", name="Dark mail").click()
    until(lambda: page.evaluate(background) != light)
    assert page.get_by_role("switch", name="Dark mail").get_attribute("aria-checked") == "true"


@pytest.mark.browser
def test_the_page_asks_nobody_else(page: Page, address: str) -> None:
    """No font, script or picture from anywhere but this server; the test's issue has no pictures."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    mail(page, "phone").locator("h1").wait_for()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


@pytest.mark.browser
def test_the_page_says_when_the_studio_is_gone(root: Path) -> None:
    """An editor who saves must know that nobody is looking any more."""
    if not os.path.exists(CHROMIUM):  # noqa: PTH110
        pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        with open_studio(make_app(root), SLUG) as address:
            page.goto(address)
            page.get_by_text("Shows every save").wait_for()
        page.get_by_text("The preview has stopped").wait_for(timeout=20_000)
        browser.close()
