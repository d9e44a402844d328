"""A broken issue does not go out: errors refuse the approval and the sending, and a waiver has a name and a reason."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from issue_site import ISSUE, SLUG, make_site, write_issue

from newsletter.app import App, make_app
from newsletter.checks import Case, Finding, kinds, names, weigh
from newsletter.checks.history import find as find_history
from newsletter.config import Checks
from newsletter.errors import ApprovalError, UsageError
from newsletter.pipeline.gate import make_waivers, refuse_errors, waive
from newsletter.urls import canonical_url

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
RETRACTION_WATCH = """\
Record ID,Title,Subject,Institution,Journal,Publisher,Country,Author,URLS,ArticleType,RetractionDate,RetractionDOI,\
RetractionPubMedID,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,Reason,Paywalled,Notes,
1,A,(HSC) Medicine;,"A University, Town",J,P,X,A B;C D,,Research Article;,3/9/2026 0:00,10.1/n1,0,5/6/2023 0:00,\
10.1000/XYZ.1,0,Retraction,+Rogue Editor;,No,,
2,B,S,I,J,P,X,A,,R,3/9/2026 0:00,10.1/n2,0,5/6/2023 0:00,https://doi.org/10.1000/b,77,Correction,+Error;,No,,
3,C,S,I,J,P,X,A,,R,3/9/2026 0:00,10.1/n3,0,5/6/2023 0:00,10.1000/c,0,Retraction,+Error;,No,,
4,C,S,I,J,P,X,A,,R,4/9/2026 0:00,10.1/n4,0,5/6/2023 0:00,10.1000/c,0,Reinstatement,+Error;,No,,
5,D,S,I,J,P,X,A,,R,4/9/2026 0:00,10.1/n5,0,5/6/2023 0:00,unavailable,0,Retraction,+Error;,No,,
"""
"""With the columns that Crossref's file has, its comma at the end, and the marks it makes for what is not known."""
THURSDAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
PICKED = """\
---
subject: What a nerve block can and cannot do
preheader: Also this week, walking with sciatica
date: 2026-11-26
picks:
  conditions:
    - https://example.org/a/
---

Good morning, and welcome.
"""
BAD = ISSUE.replace("What a nerve block is", "A miracle cure for nerve pain")
WISH = [("claims", "A quotation, which the article takes apart.")]


def site(tmp_path: Path, issue: str = BAD, settings: str = "") -> App:
    return make_app(make_site(tmp_path / "site", issue=issue, settings=settings))


def run(root: Path, *arguments: str, now: datetime = NOW) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newsletter", "--site", str(root), "--now", now.isoformat(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def on_terminal(root: Path, columns: int, *arguments: str) -> str:
    """What a person sees of a command: run with a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = [sys.executable, "-m", "newsletter", "--site", str(root), "--now", NOW.isoformat(), *arguments]
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=environ) as process:
        os.close(follower)
        said = b"".join(iter(lambda: _read(leader), b""))
        process.wait(timeout=60)
    os.close(leader)
    return said.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65_536)
    except OSError:  # Linux ends a terminal that nobody writes to any more with EIO
        return b""


def checked(root: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = run(root, "check", SLUG, "--offline", "--json", *arguments)
    return done.returncode, json.loads(done.stdout)


# --- the command -----------------------------------------------------------------------------------------


def test_a_good_issue_passes(tmp_path: Path) -> None:
    """Exit 0 and no error, and the terminal says that no link was asked."""
    app = site(tmp_path, ISSUE)
    code, data = checked(app.site.root)
    assert (code, data["errors"], data["offline"]) == (0, 0, True)
    assert "No link and no picture was asked" in run(app.site.root, "check", SLUG, "--offline").stdout


def test_an_error_is_said_with_its_line_its_reason_and_a_remedy(tmp_path: Path) -> None:
    """Exit 1; what, where, why, what to do, and who says so."""
    app = site(tmp_path)
    code, data = checked(app.site.root)
    [finding] = [one for one in data["findings"] if one["check"] == "claims"][:1]
    line = BAD.splitlines().index("      title: A miracle cure for nerve pain") + 1
    assert (code, finding["severity"], finding["waived"]) == (1, "error", False)
    assert finding["where"] == f"content/issues/{SLUG}.md:{line}"
    assert {"check", "severity", "message", "where", "hint", "waived"} <= set(finding)
    said = run(app.site.root, "check", SLUG, "--offline").stdout
    assert "claims  the title promises too much: “miracle”" in said
    assert f"          {finding['where']}\n" in said
    assert "→ Say what was found" in said
    assert "(FTC, Health Products Compliance Guidance" in said


def test_json_has_what_scripts_rely_on(tmp_path: Path) -> None:
    """issue, errors, warnings, and of each finding what, where and whether it was waived; whoever reads more, may."""
    code, data = checked(site(tmp_path).site.root)
    assert (code, data["issue"], data["warnings"]) == (1, SLUG, 0)
    assert data["errors"] == len([one for one in data["findings"] if one["severity"] == "error"])
    wanted = {"check", "severity", "message", "where", "hint", "waived", "why", "source"}
    assert [set(one) for one in data["findings"]] == [wanted] * len(data["findings"])


def test_an_issue_that_cannot_be_built_is_a_finding(tmp_path: Path) -> None:
    """With its line, as any other, and exit 1; only an issue that is not there is a mistake in the call."""
    app = site(tmp_path, ISSUE.replace("subject:", "subjekt:"))
    code, data = checked(app.site.root)
    [finding] = data["findings"]
    assert (code, data["errors"], finding["check"], finding["where"]) == (
        1,
        1,
        "build",
        f"content/issues/{SLUG}.md:2",
    )
    assert "Did you mean 'subject'?" in finding["hint"]
    assert run(app.site.root, "check", "2027-01-07").returncode == 2


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_shows_colours_and_no_line_too_long(tmp_path: Path, columns: int) -> None:
    """Wrapped at its width, in colours; what is piped has neither."""
    app = site(tmp_path, BAD.replace("Good morning", "Dear {{name}}, [click here](http://example.org/x)"))
    shown = on_terminal(app.site.root, columns, "check", SLUG, "--offline")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert shown != plain
    words = [line for line in plain.splitlines() if len(line) > columns and len(line.split()) > 1]
    assert [
        line for line in words if not line.startswith(("  newsletter approve", "No link", "Reading"))
    ] == []
    assert "\x1b" not in run(app.site.root, "check", SLUG, "--offline").stdout


def test_the_settings_say_how_grave_a_check_is(tmp_path: Path) -> None:
    """A check can be a warning, or be switched off."""
    app = site(tmp_path, settings='claims = "warning"\n')
    code, data = checked(app.site.root)
    assert (code, {one["severity"] for one in data["findings"] if one["check"] == "claims"}) == (
        0,
        {"warning"},
    )
    app = site(tmp_path, settings='claims = "off"\n')
    assert [one for one in checked(app.site.root)[1]["findings"] if one["check"] == "claims"] == []


def test_an_article_of_an_earlier_issue_is_found_without_a_store(tmp_path: Path) -> None:
    """The files of earlier issues are enough; those of later ones do not count."""
    app = site(tmp_path, ISSUE)
    write_issue(app.site.root, ISSUE, "2026-11-19")
    write_issue(app.site.root, ISSUE.replace("sciatica", "shoulder"), "2026-12-03")
    found = {one["check"] for one in checked(app.site.root)[1]["findings"] if one["severity"] == "error"}
    assert found == {"already_sent", "repeated_subject"}
    assert not (app.site.root / "subscribers").exists()


def test_retracted_papers_are_known_from_a_local_file(tmp_path: Path) -> None:
    """`retractions update FILE` makes the list, and the next check goes by it."""
    app = site(tmp_path, ISSUE.replace("Three societies agree", "Three societies (10.1000/xyz.1) agree"))
    file = tmp_path / "rw.csv"
    file.write_text(RETRACTION_WATCH)
    done = run(app.site.root, "retractions", "update", str(file))
    assert done.stdout.startswith("3 papers are in ")
    code, data = checked(app.site.root)
    assert (code, [one["check"] for one in data["findings"] if one["severity"] == "error"]) == (
        1,
        ["retractions"],
    )


def test_a_file_that_is_no_list_of_retractions_is_refused(tmp_path: Path) -> None:
    """As a mistake, with the column that is missing; an earlier list stays."""
    app = site(tmp_path, ISSUE)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    done = run(app.site.root, "retractions", "update", str(tmp_path / "x.csv"))
    assert (done.returncode, "has no column 'OriginalPaperDOI'" in done.stderr) == (2, True)
    (tmp_path / "x.csv").write_text(RETRACTION_WATCH.splitlines()[0])
    done = run(app.site.root, "retractions", "update", str(tmp_path / "x.csv"))
    assert (done.returncode, "names no retracted paper" in done.stderr) == (2, True)
    assert not (app.site.root / "content" / "retractions.tsv").exists()


# --- approval and sending ----------------------------------------------------------------------------------


def test_an_error_refuses_the_approval_and_leaves_no_seal(tmp_path: Path) -> None:
    """The refusal names the check and what was found."""
    app = site(tmp_path)
    with pytest.raises(
        ApprovalError, match="has 2 errors that nobody waived:\n  - claims: the title"
    ) as caught:
        app.approvals.approve(SLUG, "Ada", NOW)
    assert "--waive CHECK --reason TEXT" in caught.value.hint
    assert not app.approvals.path(SLUG).exists()


def test_a_waiver_lets_it_pass_and_stands_in_the_seal(tmp_path: Path) -> None:
    """With check, reason, name and time, and with what was found."""
    app = site(tmp_path)
    done = app.approvals.approve(SLUG, "Ada", NOW, waive=WISH)
    [waiver] = done.seal.waivers
    assert (waiver.check, waiver.reason, waiver.name, waiver.at) == (*WISH[0], "Ada", NOW)
    data = json.loads(app.approvals.path(SLUG).read_text())
    assert any(one.startswith("error claims:") for one in data["findings"])
    assert data["waivers"][0]["findings"] == list(waiver.findings)
    assert {one["waived"] for one in checked(app.site.root)[1]["findings"]} == {True}
    assert app.publish(SLUG, NOW).hash == done.seal.hash


def test_a_waiver_ends_with_what_it_was_given_for(tmp_path: Path) -> None:
    """Another word in the issue, and the errors must be waived again."""
    app = site(tmp_path)
    app.approvals.approve(SLUG, "Ada", NOW, waive=WISH)
    write_issue(app.site.root, BAD.replace("Good morning", "Good evening"))
    with pytest.raises(ApprovalError, match="nobody waived"):
        make_app(app.site.root).approvals.approve(SLUG, "Ada", NOW)


def test_a_second_person_need_not_waive_again(tmp_path: Path) -> None:
    """The first one's waiver stays as long as nothing changes."""
    app = site(tmp_path, settings="\n[approval]\napprovers = 2\n")
    app.approvals.approve(SLUG, "Ada", NOW, waive=WISH)
    done = app.approvals.approve(SLUG, "Ben", NOW)
    assert ([one.name for one in done.seal.waivers], done.missing) == (["Ada"], 0)


def test_an_error_found_after_the_approval_stops_the_sending(tmp_path: Path) -> None:
    """A paper retracted between Tuesday and Thursday; nothing is planned."""
    app = site(tmp_path, ISSUE.replace("Three societies agree", "Three societies (10.1000/xyz.1) agree"))
    app.approvals.approve(SLUG, "Ada", NOW)
    (app.site.root / "content" / "retractions.tsv").write_text("10.1000/xyz.1\tRetraction\n")
    with pytest.raises(ApprovalError, match="an error that nobody waived:\n  - retractions"):
        app.publish(SLUG, NOW + timedelta(days=1))
    assert app.sending.find(SLUG) is None


def test_send_and_cron_ask_again_and_a_person_may_waive_what_they_found(tmp_path: Path) -> None:
    """Neither sends an issue whose paper was retracted since its approval; a waiver by name and reason lets it pass,
    and covers no paper that is retracted later."""
    words = "Three societies (10.1000/xyz.1, PMID 77001122) agree"
    app = site(tmp_path, ISSUE.replace("Three societies agree", words))
    root, papers = app.site.root, app.site.root / "content" / "retractions.tsv"
    settings = root / "newsletter.toml"
    settings.write_text(
        settings.read_text().replace("[newsletter]", '[newsletter]\neditors = ["ana@example.org"]', 1)
    )
    assert run(root, "approve", SLUG, "--by", "Ada", "--offline").returncode == 0
    papers.write_text("10.1000/xyz.1\tRetraction\n")
    refused, skipped = run(root, "send", SLUG), run(root, "cron", now=THURSDAY)
    assert (refused.returncode, skipped.returncode) == (1, 1)
    assert "nobody waived:\n  - retractions: a paper that the blurb cites, 10.1000/xyz.1" in refused.stderr
    assert "nobody waived:\n  - retractions: a paper that the blurb cites, 10.1000/xyz.1" in skipped.stderr
    [told] = (root / "outbox" / "editors").glob("*.eml")
    said = message_from_bytes(told.read_bytes(), policy=policy.default).get_body(("plain",))
    assert said
    assert "that nobody waived: retractions: a paper" in " ".join(said.get_content().split())
    wish = ("--waive", "retractions", "--reason", "The article says so itself.")
    assert run(root, "approve", SLUG, "--by", "Ada", "--offline", *wish).returncode == 0
    papers.write_text("10.1000/xyz.1\tRetraction\n77001122\tRetraction\n")
    refused = run(root, "send", SLUG)
    assert (refused.returncode, "77001122" in refused.stderr, "xyz.1" in refused.stderr) == (1, True, False)
    papers.write_text("10.1000/xyz.1\tRetraction\n")
    assert run(root, "send", SLUG).returncode == 0


def test_several_checks_are_waived_each_with_its_reason(tmp_path: Path) -> None:
    """All errors or none: what is left over refuses the approval, and the seal keeps every name and reason."""
    bad = BAD.replace("Good morning", "Good morning, see [here](https://example.org/guide)")
    app = site(tmp_path, bad)
    root, one = app.site.root, ("--waive", "claims", "--reason", "A quotation.")
    refused = run(root, "approve", SLUG, "--by", "Ada", "--offline", *one)
    assert (refused.returncode, "link_texts" in refused.stderr) == (1, True)
    done = run(
        root, "approve", SLUG, "--by", "Ada", "--offline", *one, "--waive", "link_texts", "--reason", "Known."
    )
    assert done.returncode == 0
    data = json.loads(app.approvals.path(SLUG).read_text())
    assert {(one["check"], one["reason"], one["name"]) for one in data["waivers"]} == {
        ("claims", "A quotation.", "Ada"),
        ("link_texts", "Known.", "Ada"),
    }
    assert checked(root)[0] == 0


def test_a_paper_that_only_the_article_cites_is_found(tmp_path: Path) -> None:
    """Its references never stand in an excerpt: they are kept when it is collected."""
    from issue_kit import add_articles, article

    app = site(tmp_path, PICKED)
    one = replace(article("sciatica"), url="https://example.org/a/", papers=("10.1000/xyz.9/full", "123"))
    add_articles(app, [replace(one, canonical_url=canonical_url(one.url))])
    (app.site.root / "content" / "retractions.tsv").write_text("10.1000/xyz.9\tRetraction\n")
    found = [one for one in app.check(SLUG, NOW).findings if one.check == "retractions"]
    assert [one.message for one in found] == [
        "a paper that the article “All about sciatica” cites, 10.1000/xyz.9, has this notice: retraction"
    ]
    built = run(app.site.root, "build", SLUG, "--offline")
    assert (built.returncode, built.stderr) == (0, f"Warning: {found[0].where}: {found[0].message}\n")


def test_a_site_without_approval_has_the_gate_all_the_same(tmp_path: Path) -> None:
    """`required = false` asks nobody, and still stops what is broken."""
    app = site(tmp_path, settings="\n[approval]\nrequired = false\n")
    with pytest.raises(ApprovalError, match="claims"):
        app.publish(SLUG, NOW)


def test_the_command_pairs_waivers_with_reasons(tmp_path: Path) -> None:
    """A waiver without a reason is a mistake in the call; with one it is told."""
    app = site(tmp_path)
    refused = run(app.site.root, "approve", SLUG, "--by", "Ada", "--offline", "--waive", "claims")
    assert (refused.returncode, "--reason TEXT" in refused.stderr) == (2, True)
    done = run(
        app.site.root, "approve", SLUG, "--by", "Ada", "--offline", "--waive", "claims", "--reason", "Quoted."
    )
    assert (done.returncode, "Waived by Ada: claims (Quoted.)" in done.stdout) == (0, True)


# --- the parts -------------------------------------------------------------------------------------------


def finding(check: str = "claims", message: str = "m", severity: Any = "error") -> Finding:
    return Finding(check, severity, message, "", "", "", "")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (("claim", "why"), "there is no check 'claim'"),
        (("claims", "  "), "has no reason"),
        (("size", "why"), "size found no error"),
    ],
)
def test_a_waiver_must_fit_a_finding(wish: tuple[str, str], said: str) -> None:
    """Nothing is waived by a slip of the pen, or in advance."""
    with pytest.raises(UsageError, match=said):
        make_waivers([wish], [finding()], name="Ada", now=NOW)


def test_a_waiver_covers_what_it_saw_and_no_more() -> None:
    """Another finding of the same check still stops the issue."""
    waivers = make_waivers([("claims", "why")], [finding(message="one")], name="Ada", now=NOW)
    found = waive([finding(message="one"), finding(message="two")], waivers)
    assert [one.waived for one in found] == [True, False]
    with pytest.raises(ApprovalError, match="an error that nobody waived:\n  - claims: two"):
        refuse_errors(SLUG, found)


def test_a_warning_stops_nothing() -> None:
    """However many there are."""
    refuse_errors(SLUG, [finding(severity="warning")] * 20)


def test_every_file_of_the_folder_is_a_check_and_every_name_is_used() -> None:
    """One signature; each name in [checks] is one that some file finds by."""
    folder = Path(str(sys.modules["newsletter.checks"].__file__)).parent
    text = "\n".join((folder / f"{kind}.py").read_text(encoding="utf-8") for kind in kinds())
    assert [name for name in names() if f'"{name}"' not in text] == []
    assert len(kinds()) >= 15
    assert find_history.__annotations__["case"] == Case.__name__


def test_a_mild_finding_is_a_warning_unless_switched_off() -> None:
    """[checks] decides for the rest."""
    from newsletter.checks import Found

    mild = Found("size", "m", mild=True)
    assert [getattr(weigh(mild, Checks(size=one)), "severity", None) for one in ("error", "warning", "off")] == [
        "warning", "warning", None,
    ]  # fmt: skip
