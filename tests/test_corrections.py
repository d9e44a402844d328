"""What an issue got wrong is said beside it, and what was sent stays as it was sent."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from browser import chromium, fits, in_a_browser, violations
from flask.testing import FlaskClient
from issue_site import ISSUE, SLUG, make_site, write_issue
from ledger_site import add_readers
from lxml import html

from newsletter.app import App, make_app
from newsletter.corrections import KIND, LONGEST, add, due_in, find_corrections, path_of, write_text
from newsletter.errors import ApprovalError, ContentError, IssueError, TemplateError, UsageError
from newsletter.pipeline.post import send_next
from newsletter.records import written
from newsletter.render.archive import without_additions
from newsletter.render.markdown import line_html, line_text
from newsletter.types import Correction
from newsletter.web import make_web

AT = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
FRIDAY = AT + timedelta(days=1)
NEXT = "2026-12-03"
BASE = "https://letters.example.org"
WORDS = "The trial had *40* patients, not 400: [the paper](https://example.org/paper)."
ATOM = "{http://www.w3.org/2005/Atom}"
NEXT_ISSUE = ISSUE.replace("sciatica", "shoulder").replace("nerve", "knee").replace("guideline", "law")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A site whose issue is out."""
    root = make_site(tmp_path / "site")
    app = make_app(root)
    add_readers(app.database, 2)
    app.approvals.approve(SLUG, "Ada Novak", AT)
    app.begin(SLUG, AT)
    app.sending.send(SLUG, AT)
    yield app
    app.database.dispose()


def correct(app: App, text: str = WORDS, at: datetime = FRIDAY, *, in_next: bool = False) -> None:
    app.corrector.correct(SLUG, text, at, name="Ada Novak", in_next=in_next)


def web(app: App) -> FlaskClient:
    return make_web(app, work=False, clock=lambda: FRIDAY).test_client()


def page(app: App) -> str:
    answer = web(app).get(f"/issues/{SLUG}", base_url=BASE)
    assert answer.status_code == 200
    return answer.text


# --- the archive ---


def test_a_correction_stands_above_the_issue_with_its_date(app: App) -> None:
    """In safe HTML, before the first word of the mail; whoever made it is not named."""
    before = page(app)
    correct(app)
    after = page(app)
    head = after[: after.index("What a nerve block is")]
    assert "<strong>November 27, 2026:</strong>" in head
    assert '<em>40</em> patients, not 400: <a href="https://example.org/paper">the paper</a>.' in head
    assert "Ada" not in after
    assert "correction" not in before.lower()


def test_what_was_sent_stays_as_it_was(app: App) -> None:
    """Less what the archive adds, the page is the same, byte for byte; so are the frozen editions, and their hash."""
    before, frozen = page(app), app.sending.editions(SLUG)
    correct(app)
    correct(app, "And it was in Oslo.")
    assert without_additions(page(app)) == without_additions(before)
    assert app.sending.editions(SLUG) == frozen
    home = f"{BASE}/"
    whole = max(frozen, key=lambda one: len(one.topics.ids)).html
    for mark in ("@@unsubscribe_url@@", "@@preferences_url@@"):
        whole = whole.replace(mark, home)
    assert without_additions(page(app)) == whole
    assert app.verifier.verify(SLUG).differing == ()


def test_several_corrections_stand_with_the_newest_on_top(app: App) -> None:
    """A later one may put an earlier one right."""
    correct(app, "It was 40 patients.")
    correct(app, "It was 41 patients.", FRIDAY + timedelta(days=1))
    shown = page(app)
    assert "<h2" in shown
    assert "Corrections</h2>" in shown
    assert shown.index("It was 41") < shown.index("It was 40")
    assert "November 28, 2026" in shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[here](javascript:alert(1))",
        "</aside></body><b>",
        "![a picture](https://example.org/x.png)",
        "{{ 7 * 7 }} {% raw %} @@unsubscribe_url@@",
        "<!-- end of what was added -->",
    ],
)
def test_nothing_in_a_correction_is_obeyed(app: App, text: str) -> None:
    """Tags are shown, not obeyed; no picture, no script, no template, and no way out of its place."""
    before = page(app)
    correct(app, text)
    after = page(app)
    assert without_additions(after) == without_additions(before)
    note = html.fragment_fromstring(after[after.index("<aside") : after.index("</aside>") + 8])
    tags = {one.tag for one in note.iter()}
    assert tags <= {"aside", "h2", "p", "time", "strong", "em", "a", "code"}
    assert [one for one in note.iter("a") if not (one.get("href") or "").startswith("https://")] == []
    for filled in ("49", "@@", "{{", "{%"):
        assert filled not in (note.text_content())


def test_the_feed_tells_of_it_as_an_update(app: App) -> None:
    """Feed readers show an entry again when `updated` moves; it was published when it was (RFC 4287, 4.2.15)."""
    correct(app)
    feed = Xml.fromstring(web(app).get("/feed.xml", base_url=BASE).data)
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}updated") == FRIDAY.isoformat() == feed.findtext(f"{ATOM}updated")
    assert entry.findtext(f"{ATOM}published") == AT.isoformat()
    assert "<em>40</em> patients" in (entry.findtext(f"{ATOM}content") or "")


def test_a_broken_file_of_corrections_hides_neither_the_issue_nor_that_there_is_one(app: App) -> None:
    """Readers must not believe what was put right, because of a merge conflict."""
    correct(app)
    path_of(app.site.issues, SLUG).write_text("<<<<<<< ours\n")
    assert "There is a correction to this issue. It cannot be shown just now" in page(app)
    assert web(app).get("/feed.xml", base_url=BASE).status_code == 200


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_corrected_page_is_for_everybody(app: App, scheme: str) -> None:
    """Readable in light and dark, at 320 and at 1100 pixels, by people and by screen readers."""
    correct(app)
    correct(app, "And it was in Oslo, in " + "averyverylongword" * 5 + ".")
    shown = page(app)
    with chromium() as browser:
        for width in (320, 1100):
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.set_content(shown)
            assert tab.get_by_role("complementary", name="Corrections").is_visible()
            assert fits(tab)
            assert violations(tab, mail=True) == []


def test_a_newcomer_is_not_welcomed_with_what_is_known_to_be_wrong(app: App) -> None:
    """The welcome is the newest issue that needed no correction, or none."""

    def welcomed(at: datetime) -> int:
        app.self_service.welcome(1, now=at)
        while send_next(app.office, at):
            pass
        return len(list((app.site.root / "outbox").glob("welcome/*.eml")))

    hour = timedelta(hours=1)
    assert (welcomed(FRIDAY), welcomed(FRIDAY + hour)) == (1, 2)
    correct(app)
    assert welcomed(FRIDAY + 2 * hour) == 2


# --- the next issue ---


def test_the_next_issue_tells_its_readers_when_that_was_asked(app: App) -> None:
    """On top, in both parts of every variant, with a link to the issue it corrects; others tell nothing."""
    correct(app, in_next=True)
    correct(app, "Only the archive says this.")
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    write_issue(app.site.root, NEXT_ISSUE, "2026-12-10")
    for edition in app.editions(NEXT)[2]:
        assert f'<a href="{BASE}/issues/{SLUG}"' in edition.html
        assert (
            "To our issue of November 26, 2026:\nhttps://letters.example.org/issues/2026-11-26"
            in edition.text
        )
        assert "The trial had 40 patients, not 400: the paper (https://example.org/paper)." in " ".join(
            edition.text.split()
        )
        assert edition.html.index("patients, not 400") < edition.html.index("Read the article")
        assert "Only the archive" not in edition.html
    assert "patients, not 400" not in app.editions("2026-12-10")[2][0].html


def test_a_week_without_an_issue_loses_no_correction(app: App) -> None:
    """The first issue from then on tells it, and only that one."""
    correct(app, in_next=True)
    slugs = ["2026-12-10", "2026-12-17"]
    assert [len(due_in(app.site.issues, slug, [SLUG, *slugs])) for slug in (SLUG, *slugs)] == [0, 1, 0]


def test_an_approved_next_issue_must_be_approved_again(app: App) -> None:
    """The correction is part of its seal, by name; it does not slip into what somebody approved without it."""
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    app.approvals.approve(NEXT, "Ada Novak", FRIDAY)
    done = app.corrector.correct(SLUG, WORDS, FRIDAY, in_next=True)
    assert done.told_in == NEXT
    with pytest.raises(
        ApprovalError, match=f"has changed since it was approved: correction of {SLUG} \\(new\\)"
    ):
        app.begin(NEXT, FRIDAY)
    app.approvals.approve(NEXT, "Ada Novak", FRIDAY)
    assert app.begin(NEXT, FRIDAY)
    assert "patients, not 400" in app.sending.editions(NEXT)[0].html


def test_an_issue_that_is_being_sent_tells_nothing_more(app: App) -> None:
    """What is frozen is passed over: the one after it tells."""
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    app.approvals.approve(NEXT, "Ada Novak", FRIDAY)
    app.begin(NEXT, FRIDAY)
    assert app.corrector.correct(SLUG, WORDS, FRIDAY, in_next=True).told_in == "2026-12-10"


def test_a_look_that_does_not_show_corrections_is_an_error(app: App) -> None:
    """A site's own template from before there were any would drop one in silence."""
    correct(app, in_next=True)
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    assert app.editions(NEXT)
    templates = app.site.root / "templates"
    templates.mkdir()
    (templates / "issue.txt.j2").write_text("{{ unsubscribe_url }} {{ preferences_url }}\n")
    with pytest.raises(TemplateError, match="does not show the correction of an earlier issue") as caught:
        make_app(app.site.root).editions(NEXT)
    assert caught.value.where == "issue.txt.j2"


def test_an_issue_that_corrects_nothing_has_not_a_byte_more(app: App) -> None:
    """The heading and the space are there only with a correction."""
    assert "Correction" not in app.editions(SLUG)[2][0].html
    assert "CORRECTION" not in app.editions(SLUG)[2][0].text


@pytest.mark.parametrize(
    "text",
    [
        "> not a quotation " * 9,
        "1. not a list " * 9,
        "- a dash " * 12,
        "a < b > c & d " * 9,
        "# no heading",
        "é" * 200,
    ],
)
def test_any_words_can_be_told_in_the_next_issue(app: App, text: str) -> None:
    """Whatever a line begins with or holds, the mail can be made, and shows it."""
    correct(app, text, in_next=True)
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    assert app.editions(NEXT)[2]


# --- the file ---


def test_a_correction_keeps_who_when_and_of_what(app: App) -> None:
    """Sorted, a line each, under a checksum, with the hash of the issue as it was sent."""
    correct(app)
    data = json.loads(path_of(app.site.issues, SLUG).read_text())
    assert data["issue"] == SLUG
    assert data["corrections"] == [
        {
            "at": "2026-11-27T08:00:00+00:00",
            "hash": app.sending.status(SLUG, AT).issue.hash,
            "name": "Ada Novak",
            "next": None,
            "text": WORDS,
        }
    ]
    assert list(data) == sorted(data)


def test_a_correction_is_not_edited(app: App) -> None:
    """One that was changed by hand is refused, by the command as well as by the next build."""
    correct(app, in_next=True)
    path = path_of(app.site.issues, SLUG)
    path.write_text(path.read_text().replace("40", "41"))
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    for attempt in (lambda: correct(app, "More."), lambda: app.editions(NEXT)):
        with pytest.raises(ContentError, match="was changed by hand") as caught:
            attempt()
        assert caught.value.where == str(path)


def test_the_same_again_is_not_said_twice(app: App) -> None:
    """But may go into the next issue after all."""
    correct(app)
    correct(app)
    assert len(find_corrections(app.site.issues, SLUG)) == 1
    correct(app, in_next=True)
    [only] = find_corrections(app.site.issues, SLUG)
    assert (only.next, only.at) == (NEXT, FRIDAY)


def test_adding_keeps_every_earlier_one() -> None:
    """In the order in which they were made."""
    one, two = (Correction(SLUG, text, AT, "hash") for text in ("one", "two"))
    assert add(add((), one), two) == (one, two)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "has no words"),
        (" \n ", "has no words"),
        ("x" * (LONGEST + 1), "at most 1,000"),
        ("a\x07b", "cannot be shown"),
    ],
)
def test_a_correction_must_say_something(app: App, text: str, what: str) -> None:
    """And no more than a reader takes in."""
    with pytest.raises(UsageError, match=what):
        correct(app, text)
    assert not path_of(app.site.issues, SLUG).exists()


def test_only_what_is_out_is_corrected(app: App) -> None:
    """An issue that nobody got is mended in its file."""
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    with pytest.raises(IssueError, match="has been published"):
        app.corrector.correct(NEXT, WORDS, FRIDAY)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 1}', '{"format": 9}', "\ufeff{}", '{"format": 1, "issue": "\\ud800"}']
)
def test_a_broken_file_is_a_clear_error(app: App, text: str) -> None:
    """With its place, and what to do."""
    path_of(app.site.issues, SLUG).write_text(text)
    with pytest.raises(ContentError, match="the list of corrections") as caught:
        find_corrections(app.site.issues, SLUG)
    assert "version control" in caught.value.hint


def test_a_file_that_lacks_something_is_a_clear_error(app: App) -> None:
    """Even one whose checksum fits."""
    whole = json.loads(write_text(SLUG, [Correction(SLUG, "x", AT, "hash")]))
    del whole["corrections"][0]["at"], whole["checksum"], whole["format"]
    path_of(app.site.issues, SLUG).write_text(written(whole, KIND))
    with pytest.raises(ContentError, match="lacks what it must hold"):
        find_corrections(app.site.issues, SLUG)


def test_what_the_archive_adds_can_be_taken_out_by_anybody(app: App) -> None:
    """By the two remarks that docs/seal.md names."""
    correct(app)
    docs = (Path(__file__).parent.parent / "docs/seal.md").read_text(encoding="utf-8")
    first, last = re.findall(r"`(<!-- .*? -->)`", docs)
    shown = page(app)
    assert re.sub(f"{first}.*?{last}", "", shown, flags=re.DOTALL) == without_additions(shown)
    assert shown.count(first) == shown.count(last) == 2


def test_a_line_of_markdown_stays_a_line() -> None:
    """No heading, no list, no picture: emphasis, code and links."""
    assert line_html("# *a* `b` <i>") == "# <em>a</em> <code>b</code> &lt;i&gt;"
    assert line_text("*a* [b](https://example.org/b)") == "a b (https://example.org/b)"


# --- the command ---


def run(app: App, *arguments: str) -> subprocess.CompletedProcess[str]:
    at = ["--now", FRIDAY.isoformat()]
    command = [sys.executable, "-m", "newsletter", "--site", str(app.site.root), *at, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_command_says_where_it_stands_and_what_stays(app: App) -> None:
    """And, of an approved next issue, that it must be approved again."""
    write_issue(app.site.root, NEXT_ISSUE, NEXT)
    assert run(app, "approve", NEXT, "--by", "Ada Novak", "--offline").returncode == 0
    done = run(app, "correct", SLUG, "--text", WORDS, "--by", "Ada Novak", "--in-next")
    assert done.returncode == 0
    assert f"The correction stands above it at {BASE}/issues/{SLUG}" in done.stdout
    assert "What was sent stays as it was: " in done.stdout
    assert f"The issue of {NEXT} tells its readers, too." in done.stdout
    assert f"newsletter approve {NEXT}" in done.stdout
    assert run(app, "correct", SLUG, "--text", WORDS).stdout.startswith(f"{SLUG} says so already.")
    built = run(app, "build", NEXT, "--offline").stdout
    assert f"corrects  {SLUG}: The trial" in built


def test_the_command_lists_them(app: App) -> None:
    """The oldest first, with who and when; as JSON for scripts."""
    assert run(app, "correct", SLUG).stdout == f"{SLUG} has no corrections.\n"
    correct(app)
    said = run(app, "correct", SLUG).stdout
    assert said == f"2026-11-27 08:00 UTC by Ada Novak\n  {WORDS}\n"
    data = json.loads(run(app, "correct", SLUG, "--json").stdout)
    assert (data["issue"], data["new"], len(data["corrections"])) == (SLUG, False, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("correct",), 2, "Missing argument"),
        (("correct", SLUG, "--in-next"), 2, "--text TEXT"),
        (("correct", SLUG, "--text", ""), 2, "has no words"),
        (("correct", SLUG, "--text", "x", "--by", " "), 2, "is not a name"),
        (("correct", "2026-01-01", "--text", "x"), 1, "has been published"),
    ],
)
def test_the_command_used_wrongly_says_what_to_do(
    app: App, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """And writes nothing."""
    done = run(app, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True)
    assert not path_of(app.site.issues, SLUG).exists()
