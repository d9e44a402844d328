"""`send`, `status`, `pause`, `resume` and `cancel` from the command line, on a real site."""

from __future__ import annotations

import email
import email.policy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from issue_site import SLUG, make_site
from ledger_site import add_readers, change, outbox_of

from newsletter.app import make_app
from newsletter.cli import cli
from newsletter.errors import ApprovalError, ContentError, IssueError, UsageError

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
    change(make_app(site).database, "UPDATE deliveries SET state = 'in_doubt' WHERE subscriber_id = 2")
    result = run(site, "status")
    assert result.exit_code == 1
    assert "1 in doubt" in result.output
    assert "nobody knows" in result.output


# --- doubts ----------------------------------------------------------------------------------------------


@pytest.fixture
def doubtful(site: Path) -> Path:
    """Two of five readers are in doubt, the others got it."""
    run(site, "send", "--limit", "2")
    database = make_app(site).database
    change(database, "UPDATE batches SET state = 'in_doubt' WHERE id = 1")
    change(
        database,
        "UPDATE deliveries SET state = 'in_doubt', reason = 'the answer was lost' WHERE batch_id = 1",
    )
    run(site, "send")
    return site


def test_doubts_are_listed_with_all_that_is_known(doubtful: Path) -> None:
    """Issue, batch, readers, when, why, and who can settle it; exit 1 while there are any."""
    result = run(doubtful, "doubts")
    assert result.exit_code == 1
    assert result.output.splitlines()[0].split("\t") == [
        SLUG,
        "1",
        "2",
        "2026-11-26 08:00",
        "the answer was lost",
        "a person",
    ]
    (found,) = json.loads(run(doubtful, "doubts", SLUG, "--json").output)
    assert found.pop("key").startswith(f"{SLUG}-1-")
    assert found.pop("at").startswith("2026-11-26T08:00")
    assert found == {
        "issue": SLUG,
        "batch": 1,
        "readers": 2,
        "reason": "the answer was lost",
        "provider": "outbox",
        "settled_by": "person",
    }


def test_a_person_settles_a_doubt_by_command(doubtful: Path) -> None:
    """--sent takes their word; then nothing is in doubt, and the exit is 0."""
    result = run(doubtful, "resolve", "--sent", "--by", "Ada", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output) == {"issue": SLUG, "sent": 2, "again": 0, "in_doubt": 0}
    done = run(doubtful, "doubts")
    assert (done.exit_code, done.output) == (0, "Nothing is in doubt.\n")
    assert "Nothing of that is in doubt" in run(doubtful, "resolve", "--sent").output


def test_sending_again_says_what_it_risks_and_asks(doubtful: Path) -> None:
    """Without a yes nothing happens; with it the readers are queued, and sent to by the next run."""
    asked = CliRunner().invoke(cli, ["--site", str(doubtful), "resolve", "--again"], input="n\n")
    assert "2 readers get the issue a SECOND time" in asked.output
    assert numbers(doubtful)["in_doubt"] == 2
    assert "2 go again" in run(doubtful, "resolve", "--again", "--yes").output
    assert (numbers(doubtful)["queued"], numbers(doubtful)["in_doubt"]) == (2, 0)
    assert run(doubtful, "send").exit_code == 0
    assert numbers(doubtful)["sent"] == 5


def test_resolving_is_never_by_chance(doubtful: Path) -> None:
    """How must be said; another batch is not touched; a provider that cannot be asked settles nothing."""
    with pytest.raises(UsageError, match="say how"):
        run(doubtful, "resolve")
    assert run(doubtful, "resolve", "--sent", "--batch", "7").exit_code == 1
    assert run(doubtful, "resolve", "--provider").exit_code == 1
    assert numbers(doubtful)["in_doubt"] == 2


# --- a test mail -----------------------------------------------------------------------------------------


def test_a_test_mail_is_the_issue_as_readers_get_it(tmp_path: Path) -> None:
    """Same subject, same parts, same headers; no approval asked, nothing in the ledger, links that are nobody's."""
    site = make_site(tmp_path / "site")
    add_readers(make_app(site).database, 1)
    result = run(site, "test", SLUG, "--to", "ada@example.org", "--to", "bob@example.org")
    assert (result.exit_code, result.output.count(": sent")) == (0, 2)
    with pytest.raises(IssueError):
        run(site, "status")
    first, _ = sorted((site / "outbox" / "test").glob("*.eml"))
    mail = email.message_from_bytes(first.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "ada@example.org"
    run(site, "approve", "--by", "Ada")
    run(site, "send")
    sent = email.message_from_bytes(outbox_of(site / "outbox")[1], policy=email.policy.default)
    assert mail["Subject"] == sent["Subject"]
    assert list(mail) == list(sent)
    link = mail["List-Unsubscribe"].strip("<>")
    token = link.rpartition("/")[2]
    assert make_app(site).links.read("unsubscribe", token).subscriber_id == 0
    for kind in ("plain", "html"):
        ours, theirs = (one.get_body((kind,)).get_content() for one in (mail, sent))
        assert without_links(ours) == without_links(theirs)


def without_links(text: str) -> str:
    return re.sub(r"https://letters\.example\.org/(unsubscribe|preferences)/[\w.-]+", "link", text)


def test_a_test_mail_of_a_variant(site: Path) -> None:
    """Only its sections; one that the issue has not is answered with those it has."""
    assert run(site, "test", "--to", "ada@example.org", "--variant", "news").exit_code == 0
    (mail,) = (site / "outbox" / "test").glob("*.eml")
    assert b"new guideline" in mail.read_bytes()
    assert b"Short walks help" not in mail.read_bytes()
    with pytest.raises(UsageError, match="no variant"):
        run(site, "test", "--to", "ada@example.org", "--variant", "sports")


def test_a_test_mail_of_a_published_issue_shows_what_was_frozen(site: Path) -> None:
    """And its deliveries stay as they are."""
    run(site, "send", "--limit", "2")
    before = numbers(site)
    (site / "content" / "issues" / f"{SLUG}.md").write_text("changed since", encoding="utf-8")
    assert run(site, "test", SLUG, "--to", "ada@example.org").exit_code == 0
    assert numbers(site) == before
