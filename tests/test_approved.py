"""What was approved is what is sent: the seal names every input, and one changed byte voids it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from issue_site import ISSUE, SETTINGS, SLUG, make_site, write_issue

from newsletter.app import make_app
from newsletter.config import Approval as Rules
from newsletter.config import Config, parse_config
from newsletter.errors import ApprovalError, UsageError
from newsletter.pipeline.approve import Approved, approve, check_approval
from newsletter.pipeline.inputs import gather_inputs
from newsletter.render.templates import default_templates
from newsletter.seal import Seal, compare, counted, find_seal, make_seal, read_text, sign, write_text
from newsletter.types import Edition, Layout, Story, Topics, editions_hash

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
STORY = Story(
    title="A nerve block", url="https://example.org/block", blurb="What it is.", section="treatments"
)
OTHER = Story(title="Sciatica", url="https://example.org/sciatica", blurb="Walking.", section="conditions")
LAYOUT = Layout(
    slug="2026-11-26",
    subject="A subject",
    preheader="",
    date=date(2026, 11, 26),
    note="",
    lead=STORY,
    sections=(("conditions", (OTHER,)),),
)
TEMPLATES = {"issue.mjml.j2": "<mjml>", "parts/story.mjml.j2": "<mj-text>"}
CONFIG = parse_config(SETTINGS)
EDITIONS = (
    Edition("2026-11-26", Topics(("conditions", "treatments")), "s", "p", "<html>both", "both", hash="aa"),
    Edition("2026-11-26", Topics(("conditions",)), "s", "p", "<html>one", "one", hash="bb"),
)


def sealed(
    *,
    issue: bytes = b"---\n",
    layout: Layout = LAYOUT,
    templates: dict[str, str] = TEMPLATES,
    config: Config = CONFIG,
    editions: tuple[Edition, ...] = EDITIONS,
) -> Seal:
    return make_seal(gather_inputs(issue, layout, templates, config), editions)


def changed(**now: object) -> list[str]:
    return [str(change) for change in compare(sealed(), sealed(**now))]  # type: ignore[arg-type]


def with_setting(line: str, instead: str) -> Config:
    assert line in SETTINGS
    return parse_config(SETTINGS.replace(line, instead))


def test_the_same_issue_has_not_changed() -> None:
    """Two builds of the same inputs compare as equal."""
    assert changed() == []


def test_one_byte_of_the_issue_file_is_named() -> None:
    """Even a byte that shows nowhere voids the approval."""
    assert changed(issue=b"--- \n") == ["the issue file"]


def test_a_changed_template_is_named() -> None:
    """By the name that it has in the templates folder."""
    templates = {**TEMPLATES, "parts/story.mjml.j2": "<mj-text >"}
    assert changed(templates=templates) == ["template parts/story.mjml.j2"]


def test_a_template_that_came_or_went_is_named() -> None:
    """A look that uses another file is another look."""
    assert changed(templates={"issue.mjml.j2": "<mjml>", "new.j2": ""}) == [
        "template new.j2 (new)",
        "template parts/story.mjml.j2 (gone)",
    ]


def test_a_changed_article_is_named_with_what_changed_in_it() -> None:
    """An edit on the site between approval and sending must be seen."""
    layout = replace(LAYOUT, lead=replace(STORY, title="A nerve block!"))
    assert changed(layout=layout) == ["article https://example.org/block: title"]


def test_an_article_that_came_or_went_is_one_change() -> None:
    """Not one for each of its fields."""
    layout = replace(LAYOUT, lead=replace(STORY, url="https://example.org/new"))
    assert changed(layout=layout) == [
        "article https://example.org/block (gone)",
        "article https://example.org/new (new)",
    ]


def test_a_setting_that_shows_is_named() -> None:
    """As it stands in newsletter.toml."""
    config = with_setting('label = "Find a doctor"', 'label = "Find help"')
    assert changed(config=config) == ["setting [brand] call_to_action"]


@pytest.mark.parametrize(
    ("line", "instead", "name"),
    [
        ('from = "Pain Weekly <', 'from = "Pain News <', "[newsletter] from"),
        ('public_url = "https://letters', 'public_url = "https://mail', "[newsletter] public_url"),
        ("[brand]", '[[section]]\nid = "news"\ntitle = "N"\n[brand]', "[[section]] order"),
        ("[brand]", '[brand.dark]\naccent = "#112233"\n[brand]', "[brand.dark] accent"),
    ],
)
def test_every_setting_that_reaches_a_mail_counts(line: str, instead: str, name: str) -> None:
    """Headers, addresses, sections and colours are part of what is approved."""
    assert f"setting {name}" in changed(config=with_setting(line, instead))


def test_a_setting_that_shows_nowhere_does_not_void_an_approval() -> None:
    """When and how fast is not what."""
    assert changed(config=with_setting('window = "6h"', 'window = "7h"')) == []


def test_another_version_of_the_program_is_named_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade between approval and sending asks for another look."""
    before = sealed()
    monkeypatch.setattr("newsletter.pipeline.inputs.__version__", "99.0")
    [change] = compare(before, sealed())
    assert str(change) == f"program version {before.inputs['program version']} → 99.0"


def test_an_edition_that_differs_for_no_reason_we_know_is_named() -> None:
    """Bytes are compared too, not only what they were made of."""
    editions = (replace(EDITIONS[0], hash="cc"), EDITIONS[1])
    assert changed(editions=editions) == ["the edition conditions,treatments"]


def test_the_hash_is_the_one_of_the_ledger() -> None:
    """What is approved, frozen and shown by status has one hash."""
    assert sealed().hash == editions_hash(reversed(EDITIONS))


# --- who approves ---


def approving(path: Path, name: str = "Ada Novak", *, now: Seal | None = None, **rules: object) -> Approved:
    author = rules.pop("author", "Mira Lang")
    return approve(
        path,
        now or sealed(),
        name=name,
        at=AT,
        rules=Rules.model_validate(rules),
        author=author,  # type: ignore[arg-type]
    )


def checked(path: Path, *, now: Seal | None = None, **rules: object) -> Seal:
    return check_approval(path, now or sealed(), rules=Rules.model_validate(rules), author="Mira Lang")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "2026-11-26.seal.json"


def test_an_issue_nobody_approved_is_refused(path: Path) -> None:
    """And the hint says how to approve it."""
    with pytest.raises(ApprovalError, match="2026-11-26 is not approved") as caught:
        checked(path)
    assert "newsletter approve 2026-11-26 --by NAME" in caught.value.hint


def test_an_approved_issue_may_go_out(path: Path) -> None:
    """Name, time and hash of the approval are kept."""
    approving(path)
    [approval] = checked(path).approvals
    assert (approval.name, approval.at, approval.hash) == ("Ada Novak", AT, sealed().hash)


def test_a_changed_issue_is_refused_by_name_of_the_change(path: Path) -> None:
    """The editor reads what changed, not that something did."""
    approving(path)
    with pytest.raises(ApprovalError) as caught:
        checked(path, now=sealed(issue=b"other"))
    assert caught.value.what == "2026-11-26 has changed since it was approved: the issue file"


def test_two_people_must_approve_where_two_are_asked_for(path: Path) -> None:
    """One is not enough, and is told so."""
    assert approving(path, approvers=2).missing == 1
    with pytest.raises(ApprovalError, match="approved by Ada Novak, and 1 more must"):
        checked(path, approvers=2)
    assert approving(path, "Jo Marsh", approvers=2).missing == 0
    assert [one.name for one in checked(path, approvers=2).approvals] == ["Ada Novak", "Jo Marsh"]


@pytest.mark.parametrize("again", ["ada novak", " Ada  Novak ", "AdaNovak", "Ada Nova\u200bk", "Ａda Novak"])
def test_one_person_approves_once_however_the_name_is_typed(path: Path, again: str) -> None:
    """Case, blanks, width and invisible characters make nobody a second person."""
    approving(path, approvers=2)
    before = path.read_bytes()
    second = approving(path, again, approvers=2)
    assert (second.fresh, second.missing) == (False, 1)
    assert path.read_bytes() == before


def test_a_change_voids_every_earlier_approval(path: Path) -> None:
    """The new seal begins with the new approval alone, and the old ones are named."""
    approving(path, "Jo Marsh", approvers=2)
    outcome = approving(path, approvers=2, now=sealed(issue=b"other"))
    assert [one.name for one in outcome.voided] == ["Jo Marsh"]
    assert [str(change) for change in outcome.changes] == ["the issue file"]
    assert [one.name for one in outcome.seal.approvals] == ["Ada Novak"]


def test_the_author_may_be_kept_from_approving(path: Path) -> None:
    """By the front matter's author, however the name is typed."""
    with pytest.raises(ApprovalError, match="wrote this issue and may not approve it"):
        approving(path, "mira lang", author_may_approve=False)
    assert not path.exists()


def test_without_an_author_nobody_can_tell_who_may_approve(path: Path) -> None:
    """A rule that cannot be kept is not passed over."""
    with pytest.raises(ApprovalError, match="nobody is named as this issue's author"):
        approving(path, author=None, author_may_approve=False)


def test_a_rule_made_stricter_later_counts_at_once(path: Path) -> None:
    """The author's approval of yesterday does not count under today's rule."""
    approving(path, "Mira Lang")
    with pytest.raises(ApprovalError, match="1 more must approve"):
        checked(path, author_may_approve=False)


@pytest.mark.parametrize("name", ["", "   ", "A\x07da", "x" * 101])
def test_a_name_must_be_a_name(path: Path, name: str) -> None:
    """An approval by nobody is none."""
    with pytest.raises(UsageError, match="is not a name"):
        approving(path, name)


def test_an_approval_of_other_bytes_never_counts() -> None:
    """Each approval names the hash that its giver saw."""
    signed = sign(sealed(), "Ada", AT, rules=Rules(), author=None)
    other = replace(signed, hash="00" * 32)
    assert [one.name for one in counted(signed, rules=Rules(), author=None)] == ["Ada"]
    assert counted(other, rules=Rules(), author=None) == ()


# --- the file ---


def test_the_seal_is_friendly_to_version_control(path: Path) -> None:
    """Sorted, one thing a line, a newline at the end; the same seal is the same bytes."""
    approving(path)
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    assert list(data) == sorted(data)
    assert list(data["inputs"]) == sorted(data["inputs"])
    assert text.endswith("}\n")
    assert write_text(read_text(text, where="x")) == text


def test_writing_leaves_nothing_else_behind(path: Path) -> None:
    """Whole or not at all, by a rename."""
    approving(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_seal_changed_by_hand_is_refused(path: Path) -> None:
    """Every value in it is under its checksum."""
    signed = sign(sealed(), "Ada", AT, rules=Rules(), author=None)
    for line in range(2, len(write_text(signed).splitlines()) - 1):
        lines = write_text(signed).splitlines()
        before = lines[line]
        lines[line] = before.replace('": "', '": "0', 1).replace('": 1', '": 2')
        if lines[line] != before:
            with pytest.raises(ApprovalError, match=r"changed by hand|of format 2"):
                read_text("\n".join(lines), where=str(path))


def test_a_name_added_by_hand_is_refused(path: Path) -> None:
    """An approval comes from the command, not from an editor program."""
    approving(path)
    data = json.loads(path.read_text())
    data["approvals"].append({**data["approvals"][0], "name": "Jo Marsh"})
    path.write_text(json.dumps(data))
    with pytest.raises(ApprovalError, match="changed by hand"):
        find_seal(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{\n"format": 1,\n<<<<<<< ours\n', r"seal\.json:3: the seal is not JSON"),
        ("[]", "is not a seal"),
        ('"format"', "is not a seal"),
        ('{"format": 7}', "is of format 7, this program knows 1"),
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_broken_seal_is_a_clear_error(path: Path, text: str, what: str) -> None:
    """With file and line, and what to do; approving does not paper over it."""
    path.write_text(text)
    with pytest.raises(ApprovalError, match=what) as caught:
        checked(path)
    assert "approve again" in caught.value.hint
    with pytest.raises(ApprovalError):
        approving(path)
    assert path.read_text() == text


def test_a_seal_that_is_not_text_is_a_clear_error(path: Path) -> None:
    """Bytes of another kind end in no traceback."""
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ApprovalError, match="is not UTF-8"):
        find_seal(path)


# --- on a site ---


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newsletter", "--site", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_what_is_frozen_is_what_was_approved(root: Path) -> None:
    """The ledger's hash is the seal's."""
    app = make_app(root)
    approved = app.approvals.approve(SLUG, "Ada Novak", AT)
    assert app.publish(SLUG, AT).hash == approved.seal.hash


def test_publishing_refuses_what_nobody_approved(root: Path) -> None:
    """And leaves no trace in the ledger."""
    app = make_app(root)
    with pytest.raises(ApprovalError, match="is not approved"):
        app.publish(SLUG, AT)
    assert app.sending.find(SLUG) is None


def test_a_site_may_send_without_approval(tmp_path: Path) -> None:
    """When its settings say so."""
    app = make_app(make_site(tmp_path, settings="\n[approval]\nrequired = false\n"))
    assert app.publish(SLUG, AT).slug == SLUG


@pytest.mark.parametrize(
    ("file", "before", "after", "change"),
    [
        (f"content/issues/{SLUG}.md", "Good morning", "Good morning ", "the issue file"),
        ("newsletter.toml", "Harbour", "Harbor", "setting [newsletter] postal_address"),
        ("templates/parts/footer.txt.j2", None, "x", "template parts/footer.txt.j2"),
    ],
)
def test_a_change_after_approval_stops_the_send(
    root: Path, file: str, before: str | None, after: str, change: str
) -> None:
    """Whichever file it is in; approving again lets it go."""
    make_app(root).approvals.approve(SLUG, "Ada Novak", AT)
    path = root / file
    text = path.read_text() if before else (default_templates() / file.removeprefix("templates/")).read_text()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(before, after) if before else text + after)
    app = make_app(root)
    with pytest.raises(ApprovalError) as caught:
        app.publish(SLUG, AT)
    assert caught.value.what == f"{SLUG} has changed since it was approved: {change}"
    assert app.approvals.approve(SLUG, "Ada Novak", AT).voided
    assert app.publish(SLUG, AT)


def test_other_bytes_than_the_approved_are_not_let_through(root: Path) -> None:
    """The frozen hash is held against the seal once more."""
    app = make_app(root)
    hash = app.approvals.approve(SLUG, "Ada Novak", AT).seal.hash
    app.approvals.must_be(SLUG, hash)
    with pytest.raises(ApprovalError, match="is not what was approved"):
        app.approvals.must_be(SLUG, "0" * 64)


def test_an_issue_that_is_out_keeps_its_seal(root: Path) -> None:
    """Approving it again would say something else than what was sent."""
    app = make_app(root)
    app.approvals.approve(SLUG, "Ada Novak", AT)
    app.publish(SLUG, AT)
    before = app.approvals.path(SLUG).read_bytes()
    write_issue(root, ISSUE + "\nOne more line.\n")
    with pytest.raises(ApprovalError, match="is published: what goes out is fixed"):
        app.approvals.approve(SLUG, "Jo Marsh", AT)
    assert app.approvals.path(SLUG).read_bytes() == before


def test_the_whole_day_at_the_command_line(root: Path) -> None:
    """Approve, approve again, be refused after a change, approve anew: each said in a line."""
    refused = run(root, "send", SLUG)
    assert (refused.returncode, "is not approved" in refused.stderr) == (1, True)
    first = run(root, "approve", SLUG, "--by", "Ada Novak")
    assert first.stdout.startswith(f"Ada Novak approved {SLUG} as ")
    assert run(root, "approve", SLUG, "--by", "ada novak").stdout.startswith("You had already approved")
    write_issue(root, ISSUE + "\nOne more line.\n")
    refused = run(root, "send", SLUG)
    assert (refused.returncode, "has changed since it was approved: the issue file" in refused.stderr) == (
        1,
        True,
    )
    said = json.loads(run(root, "approve", SLUG, "--by", "Jo Marsh", "--json").stdout)
    assert (said["voided"], said["changes"], said["missing"], said["new"]) == (
        ["Ada Novak"],
        ["the issue file"],
        0,
        True,
    )
    assert run(root, "send", SLUG).returncode == 0
