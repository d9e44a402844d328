"""`send`, `status`, `pause`, `resume` and `cancel` from the command line, on a real site."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from issue_site import SLUG, make_site
from ledger_site import add_readers, outbox_of

from newsletter.app import make_app
from newsletter.cli import cli
from newsletter.errors import ApprovalError, ContentError, IssueError

OPEN = "\n[approval]\nrequired = false\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = make_site(tmp_path / "site", settings=OPEN)
    add_readers(make_app(root).database, 5)
    return root


def run(site: Path, *args: str) -> Result:
    result = CliRunner().invoke(cli, ["--site", str(site), "--now", "2026-11-26T08:00", *args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def numbers(site: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(site, "status", "--json").output)
    return found


def test_send_publishes_and_sends_to_everyone(site: Path) -> None:
    """One command: the next issue goes to every reader, a file each, and the account adds up."""
    result = run(site, "send")
    assert result.exit_code == 0
    assert "Published 2026-11-26 to 5 readers" in result.output
    assert "5 = 5 sent" in result.output
    assert list(range(1, 6)) == sorted(outbox_of(site / "outbox"))


def test_status_as_json_has_exactly_the_promised_keys(site: Path) -> None:
    """What scripts rely on, in numbers that add up."""
    run(site, "send", "--limit", "2")
    found = numbers(site)
    hash = found.pop("hash")
    assert isinstance(hash, str)
    assert len(hash) == 64
    assert found == {
        "issue": SLUG,
        "state": "sending",
        "audience": 5,
        "sent": 2,
        "refused": 0,
        "skipped": 0,
        "queued": 3,
        "sending": 0,
        "in_doubt": 0,
    }


def test_a_first_slice_leaves_the_rest_for_the_next_run(site: Path) -> None:
    """Exit 1 while something is left, 0 when all is sent; the second run needs no name and doubles nobody."""
    first = run(site, "send", "--limit", "2")
    assert first.exit_code == 1
    assert len(outbox_of(site / "outbox")) == 2
    second = run(site, "send", "--json")
    assert second.exit_code == 0
    assert json.loads(second.output)["run"]["sent"] == 3
    assert run(site, "send", SLUG).output.count("Sent 0 messages") == 1


def test_a_dry_run_says_what_would_be_and_changes_nothing(site: Path) -> None:
    """Count, hash, provider, duration; no issue in the ledger and no file afterwards."""
    result = run(site, "send", "--dry-run", "--json")
    found = json.loads(result.output)
    assert (found["issue"], found["messages"], found["provider"]) == (SLUG, 5, "outbox")
    assert "would be sent to 5 readers by outbox" in run(site, "send", "--dry-run").output
    with pytest.raises(IssueError, match="no issue has been published"):
        run(site, "status")
    assert not (site / "outbox").exists()
    run(site, "send")
    assert numbers(site)["hash"] == found["hash"]


def test_a_dry_run_knows_how_long_it_takes_at_a_rate(tmp_path: Path) -> None:
    """Five mails at half a mail a second are ten seconds; with a limit of two, four."""
    site = make_site(tmp_path / "site", settings=OPEN + "\n[sending]\nrate = 0.5\n")
    add_readers(make_app(site).database, 5)
    assert "about 10 s" in run(site, "send", "--dry-run").output
    assert json.loads(run(site, "send", "--dry-run", "--limit", "2", "--json").output)["seconds"] == 4


def test_an_issue_that_nobody_approved_is_not_sent(tmp_path: Path) -> None:
    """The gate stands before anything is written."""
    site = make_site(tmp_path / "site")
    add_readers(make_app(site).database, 1)
    with pytest.raises(ApprovalError, match="not approved"):
        run(site, "send")
    with pytest.raises(IssueError):
        run(site, "status")


def test_an_unknown_issue_is_answered_with_the_known_ones(site: Path) -> None:
    """A name that is neither published nor a file."""
    run(site, "send")
    with pytest.raises(IssueError, match=SLUG):
        run(site, "status", "2026-01-01")
    with pytest.raises(ContentError):
        run(site, "send", "2026-01-01")


def test_pause_resume_and_cancel(site: Path) -> None:
    """Each says what it did, a second time that it was so already; what is cancelled stays unsent."""
    run(site, "send", "--limit", "1")
    assert "is paused." in run(site, "pause", "--reason", "a wrong dose").output
    assert "is paused already" in run(site, "pause").output
    assert "a wrong dose" in run(site, "status").output
    with pytest.raises(IssueError, match="paused"):
        run(site, "send")
    assert "can go on" in run(site, "resume").output
    assert "was not paused" in run(site, "resume").output
    assert "5 = 1 sent + 4 skipped" in run(site, "cancel", SLUG, "--yes").output
    assert "cancelled already" in run(site, "cancel", SLUG, "--yes").output
    assert numbers(site)["state"] == "cancelled"


def test_cancelling_asks_first(site: Path) -> None:
    """Without --yes and without an answer nothing happens."""
    run(site, "send", "--limit", "1")
    result = CliRunner().invoke(cli, ["--site", str(site), "cancel", SLUG], input="n\n")
    assert "4 readers" in result.output
    assert numbers(site)["state"] == "sending"


def test_an_error_is_said_without_a_traceback(site: Path) -> None:
    """As a process: what, where, what to do, and exit 1."""
    command = [sys.executable, "-m", "newsletter", "--site", str(site), "status"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no issue has been published\n")


def test_status_tells_of_doubt(site: Path) -> None:
    """Exit 1 and a sentence for a person."""
    run(site, "send", "--limit", "1")
    from ledger_site import change

    change(make_app(site).database, "UPDATE deliveries SET state = 'in_doubt' WHERE subscriber_id = 2")
    result = run(site, "status")
    assert result.exit_code == 1
    assert "1 in doubt" in result.output
    assert "nobody knows" in result.output
