"""The studio's checks are the gate's own, each with its place: the lines of its file, and its part of the mail."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from issue_site import ISSUE, SLUG, make_site, write_issue
from preview_kit import frame, inspected, post, text_of, until

from newsletter.app import make_app
from newsletter.checks import Finding
from newsletter.gallery.remarks import Remark, remarks
from newsletter.preview.places import Place, find_place, marked
from newsletter.preview.serve import open_studio
from newsletter.preview.source import Made, Source

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
BAD = (
    ISSUE.replace("What a nerve block is", "A miracle cure for nerve pain")
    .replace("subject: What", "subject: 'Re: What")
    .replace("cannot do", "cannot do'")
    .replace("Good morning, and welcome.", "Good morning, *and welcome*: this is guaranteed to work.")
)


def made_of(root: Path) -> Made:
    return Source(make_app(root), SLUG, links=("https://x.example/l", "https://x.example/p")).make()


def place_of(made: Made, where: str, check: str = "claims", message: str = "is wrong") -> Place:
    finding = Finding(check, "error", message, where.replace("ROOT", str(made.app.site.root)), "", "", "")
    return find_place(Remark("1", finding, where), made)


def guilty(place: Place) -> list[str]:
    return [line.text.strip() for line in place.source if line.guilty]


def test_the_findings_are_those_of_the_very_gate(tmp_path: Path) -> None:
    """Each check, its grade, its message and its place; errors first."""
    app = make_app(make_site(tmp_path, issue=BAD))
    verdict = app.check(SLUG, NOW)
    assert len(verdict.errors) >= 3
    with open_studio(app, SLUG, clock=lambda: NOW) as address:
        page = inspected(address)
        assert f"{len(verdict.errors)} errors, " in page
        for remark in remarks(verdict.findings, tmp_path):
            assert f"finding={remark.id}" in page
            assert remark.finding.message.replace("'", "&#39;") in page


def test_findings_follow_the_file(tmp_path: Path) -> None:
    """What is mended goes, what is new comes, a moment after the mail."""
    root = make_site(tmp_path, issue=BAD)
    with open_studio(make_app(root), SLUG) as address:
        assert "the title promises too much: “miracle”" in inspected(address)
        write_issue(root)
        until(lambda: "promises too much" not in text_of(address))
        write_issue(root, ISSUE.replace("Good morning", "URGENT, ACT NOW, HURRY: a miracle"))
        until(lambda: "the note promises too much" in text_of(address))


def test_a_waived_error_counts_as_waived_while_the_seal_holds(tmp_path: Path) -> None:
    """As `newsletter check` counts it; and the studio follows the seal."""
    app = make_app(make_site(tmp_path, issue=ISSUE.replace("A new guideline", "A guaranteed guideline")))
    with open_studio(app, SLUG, clock=lambda: NOW) as address:
        assert "1 error, " in inspected(address)
        app.approvals.approve(SLUG, "Ada", NOW, waive=[("claims", "A quotation.")])
        until(lambda: "1 waived" in text_of(address))
        assert "Nothing since it was approved by Ada" in text_of(address)


def test_a_check_that_fails_is_said_and_the_rest_is_there(tmp_path: Path) -> None:
    """Another issue's file with a mistake stops the gate, not the view; the error has its place."""
    root = make_site(tmp_path)
    write_issue(root, ISSUE.replace("preheader", "preheadr"), "2026-11-19")
    with open_studio(make_app(root), SLUG) as address:
        page = inspected(address)
        assert "content/issues/2026-11-19.md:3" in page
        assert "Not approved yet." in page
        assert "Walking with sciatica" in frame(address)


def test_a_finding_is_shown_with_why_and_what_to_do(tmp_path: Path) -> None:
    """Pressing it opens the lines of the file; pressing it again closes them."""
    app = make_app(make_site(tmp_path, issue=BAD))
    found = remarks(app.check(SLUG, NOW).findings, tmp_path)
    remark = next(one for one in found if one.finding.message.startswith("the title promises too much"))
    with open_studio(app, SLUG, clock=lambda: NOW) as address:
        inspected(address)
        page = text_of(address, f"?finding={remark.id}")
        line = BAD.splitlines().index("      title: A miracle cure for nerve pain") + 1
        assert f"content/issues/{SLUG}.md:{line}" in page
        assert f'<span class="guilty"><i>{line}</i>' in page
        assert remark.finding.why in page
        assert remark.finding.hint in page


# --- where it is ---


def test_a_picks_finding_leads_to_its_story(tmp_path: Path) -> None:
    """From any of its lines: the address of the story, and the line in the file."""
    made = made_of(make_site(tmp_path))
    start = ISSUE.splitlines().index("    - url: https://example.org/nerve-block") + 1
    for line in range(start, start + 3):
        place = place_of(made, f"ROOT/content/issues/{SLUG}.md:{line}")
        assert place.address == "https://example.org/nerve-block"
        assert guilty(place) == [ISSUE.splitlines()[line - 1].strip()]


@pytest.mark.parametrize("key", ["subject", "preheader"])
def test_a_finding_about_the_inbox_line_leads_there(tmp_path: Path, key: str) -> None:
    """Its place in the mail is the line that an inbox shows."""
    line = next(n for n, text in enumerate(ISSUE.splitlines(), 1) if text.startswith(key))
    place = place_of(made_of(make_site(tmp_path)), f"ROOT/content/issues/{SLUG}.md:{line}")
    assert (place.inbox, place.address, len(guilty(place))) == (True, "", 1)


def test_a_finding_in_the_note_leads_to_its_words(tmp_path: Path) -> None:
    """The longest words between two marks of Markdown stand in the mail as they are."""
    made = made_of(make_site(tmp_path, issue=BAD))
    place = place_of(made, f"ROOT/content/issues/{SLUG}.md:{len(BAD.splitlines())}")
    assert place.words == ": this is guaranteed to work."
    page = marked(made.shown.variants[0].html, place)
    assert '<span id="place">: this is guaranteed to work.</span>' in page


def test_a_finding_of_a_template_shows_its_line(tmp_path: Path) -> None:
    """Of the site's own template, or of the default look where the site has none."""
    root = make_site(tmp_path)
    own = root / "templates/parts/head.mjml.j2"
    made = made_of(root)
    assert guilty(place_of(made, "templates/issue.mjml.j2:5", "mjml")) == ['<mjml lang="{{ language }}">']
    assert not any("mine" in one.text for one in place_of(made, "templates/parts/head.mjml.j2:1").source)
    own.parent.mkdir(parents=True)
    own.write_text("mine\nand more\n")
    assert guilty(place_of(made, "templates/parts/head.mjml.j2:2")) == ["and more"]


def test_a_finding_of_the_settings_shows_their_line(tmp_path: Path) -> None:
    """The table or the key; a contrast also the look that it is missing in."""
    made = made_of(make_site(tmp_path, settings='\n[brand.dark]\nmuted = "#555555"\n'))
    place = place_of(made, "newsletter.toml: [brand.dark]", "contrast", "dark: “x” has a contrast of 2")
    assert (guilty(place), place.look) == (["[brand.dark]"], "dark")
    assert guilty(place_of(made, "newsletter.toml: [newsletter] public_url")) == [
        'public_url = "https://letters.example.org"'
    ]


def test_a_finding_of_a_variant_leads_to_the_variant(tmp_path: Path) -> None:
    """Whatever else its place says of it."""
    made = made_of(make_site(tmp_path))
    assert place_of(made, "variant conditions,news: text").variant == "conditions,news"
    assert place_of(made, "mail: confirm") == Place(place_of(made, "mail: confirm").remark)


@pytest.mark.parametrize("where", ["", "/gone/away.md:7", f"ROOT/content/issues/{SLUG}.md:999", "x:y:z"])
def test_a_place_that_is_not_there_is_no_trouble(tmp_path: Path, where: str) -> None:
    """The finding is shown without it."""
    assert guilty(place_of(made_of(make_site(tmp_path)), where)) == []


def test_every_finding_of_broken_issues_has_a_place_that_can_be_shown(tmp_path: Path) -> None:
    """Whatever the checks come to say: never an exception, and the mail stays readable."""
    made = made_of(make_site(tmp_path, issue=BAD, settings='\n[brand.dark]\nmuted = "#555555"\n'))
    for remark in remarks(made.app.check(SLUG, NOW).findings, tmp_path):
        place = find_place(remark, made)
        page = marked(made.shown.variants[0].html, place)
        assert "</body></html>" in page
        assert page.count('id="place"') == bool(place.address or place.words)


def test_a_place_is_marked_once_and_outlined_wherever_it_is() -> None:
    """A picture that is only there for pointing is outlined; the title is where one lands."""
    page = (
        '<html><head></head><body><a href="https://x.example/?a=1&amp;b=2" aria-hidden="true"><img src="p.jpg"></a>'
        '<a class="t" href="https://x.example/?a=1&amp;b=2">T</a></body></html>'
    )
    finding = Finding("x", "error", "m", "", "", "", "")
    shown = marked(page, Place(Remark("1", finding, ""), address="https://x.example/?a=1&b=2"))
    assert '<a class="place" href="https://x.example/?a=1&amp;b=2" aria-hidden="true">' in shown
    assert '<a id="place" class="place t" href=' in shown


# --- links are asked only on request ---


@contextmanager
def asked_site() -> Iterator[tuple[str, list[str]]]:
    """A site on loopback that answers 404, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_links_are_asked_only_when_the_editor_says_so(tmp_path: Path) -> None:
    """Nothing leaves the machine by itself; once it is wished, a link that does not answer is found."""
    with asked_site() as (site, asked):
        root = make_site(tmp_path, issue=ISSUE.replace("https://example.org/guideline", f"{site}/guideline"))
        settings = root / "newsletter.toml"  # of other machines on one's own network only the site's is asked
        settings.write_text(
            settings.read_text().replace('site_url = "https://example.org"', f'site_url = "{site}"')
        )
        with open_studio(make_app(root), SLUG) as address:
            assert "No link or picture is asked" in inspected(address, thoroughly=True)
            assert asked == []
            assert post(address, "asking", {"ask": "on"}).status == 303
            until(lambda: "404" in text_of(address))
            assert "/guideline" in asked
            post(address, "asking", {"ask": "off"})
            until(lambda: "No link or picture is asked" in text_of(address))
