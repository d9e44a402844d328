"""What is erased is gone, from every place that we keep; what is kept can be had; nothing is kept for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from web_site import PLAIN, WebSite, web_site

from newsletter.cli import main
from newsletter.pipeline.feedback import take_in
from newsletter.routine import run_routine
from newsletter.storage.database import reading, writing
from newsletter.types import Event, EventKind

ZOE, NEW = "Unmistakable.Zoe@example.org", "elsewhere.zoe@example.org"
LIMITS = PLAIN + "first_name = true\nkeep_network_address = true\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    with web_site(tmp_path / "site", LIMITS) as made:
        yield made


def told(site: WebSite, kind: EventKind, email: str, **more: object) -> None:
    """The provider tells something about an address."""
    event = Event(
        provider="memory",
        key=f"{kind} {site.now}",
        kind=kind,
        at=site.now,
        email=email,
        permanent=True,
        detail=f"550 5.1.1 <{email}> is full",
        raw=json.dumps({"recipient": email}),
    )
    take_in(site.app.feedback, [replace(event, **more)], site.now)


def everywhere(site: WebSite, word: str) -> list[str]:
    """Which of the store's files hold it, in whatever case. The outbox is the provider's, not the store."""
    files = sorted((site.root / "subscribers").rglob("*"))
    wanted = word.lower().encode()
    return [one.name for one in files if one.is_file() and wanted in one.read_bytes().lower()]


def zoe(site: WebSite) -> int:
    """A reader of whom as much is held as can be."""
    for number in range(20):
        site.join(f"filler{number}@example.org")
    told(site, EventKind.DEFERRED, ZOE, raw='{"unmistakable": "before she came"}')
    reader = site.join(ZOE, first_name="Zebulona")
    fresh = site.app.links.fresh_preferences(reader.id, now=site.now)
    site.post(f"{fresh}/address", {"email": NEW})
    told(site, EventKind.UNKNOWN, ZOE)
    site.wait(hours=1)
    site.subscribe(ZOE.upper())
    assert site.count("wishes") == 1
    return reader.id


def test_a_reader_who_erases_themselves_leaves_nothing_behind(site: WebSite):
    """By their own link: not in the database's bytes nor in its write-ahead log, the waiting wish and the provider's
    own words included; and what was waiting does not bring them back."""
    reader = zoe(site)
    assert everywhere(site, "unmistakable")
    data = site.app.links.url("data", reader, made_at=site.now)
    assert site.post(f"{data}/erase", {"sure": "yes"}).status_code == 200
    for word in ("unmistakable", "elsewhere.zoe", "zebulona"):
        assert everywhere(site, word) == []
    site.settle()
    assert None in site.states()
    assert not [email for email in site.states() if email and "zoe" in email.lower()]
    with reading(site.engine) as conn:
        lines = conn.execute(
            text("SELECT id FROM consent WHERE subscriber_id = :reader"), {"reader": reader}
        ).scalars()
        kept = set(conn.execute(text("SELECT consent_id FROM consent_networks")).scalars())
    assert not kept & set(lines)


def test_an_export_holds_all_that_is_held(site: WebSite):
    """Whatever the store has of a reader in any table is in it."""
    reader = zoe(site)
    data = site.app.links.url("data", reader, made_at=site.now)
    held = json.loads(site.post(f"{data}/export").data)
    assert (held["reader"]["email"], held["reader"]["new_email"], held["reader"]["first_name"]) == (
        "Unmistakable.Zoe@example.org",
        NEW,
        "Zebulona",
    )
    assert [wish["form"] for wish in held["wishes"]] == ["page"]
    assert {mail["kind"] for mail in held["mails"]} == {"confirm", "address", "moving"}
    assert [event["raw"] for event in held["events"]] == [
        '{"unmistakable": "before she came"}',
        json.dumps({"recipient": ZOE}),
    ]
    assert {line["network"] for line in held["consent"]} == {site.network}
    with reading(site.engine) as conn:
        for table, ids in (("consent", "consent"), ("mails", "mails"), ("deliveries", "issues")):
            query = text(f"SELECT count(*) FROM {table} WHERE subscriber_id = :reader")
            assert conn.execute(query, {"reader": reader}).scalar_one() == len(held[ids])


def test_an_address_that_is_no_readers_can_be_asked_about_and_erased(
    site: WebSite, capsys: pytest.CaptureFixture[str]
):
    """It bounced elsewhere, and somebody asks to join with it: that is held, and goes, and no list brings it back."""

    def run(*args: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--site", str(site.root), *args])
        return int(ended.value.code or 0), capsys.readouterr().out

    told(site, EventKind.BOUNCED, ZOE)
    site.subscribe(ZOE)
    held = json.loads(run("subscribers", "export", ZOE)[1])
    assert (held["reader"], held["suppressed"]["reason"]) == (None, "bounced")
    assert (len(held["wishes"]), len(held["events"])) == (1, 1)
    assert run("subscribers", "erase", ZOE, "--yes")[0] == 0
    assert everywhere(site, "zoe") == []
    assert run("subscribers", "erase", ZOE, "--yes")[0] == 1
    listed = site.root / "list.csv"
    listed.write_text(f"email\n{ZOE}\n")
    assert "1 suppressed" in run("subscribers", "import", str(listed), "--consent", "paper")[1]


def test_who_is_forgotten_is_gone_from_every_file(site: WebSite):
    """Who never confirmed, and a new address that never was, by cron; also from the write-ahead log."""
    site.subscribe(ZOE)
    ana = site.join("ana@example.org")
    fresh = site.app.links.fresh_preferences(ana.id, now=site.now)
    site.post(f"{fresh}/address", {"email": NEW})
    site.settle()
    site.wait(days=6)
    run_routine(site.app, site.now)
    assert everywhere(site, NEW)
    site.wait(days=2)
    run_routine(site.app, site.now)
    assert everywhere(site, NEW) == []
    assert site.reader("ana@example.org").new_email is None
    assert everywhere(site, "unmistakable")
    site.wait(days=30)
    run_routine(site.app, site.now)
    assert everywhere(site, "unmistakable") == []


def test_which_single_mails_were_sent_is_forgotten_in_time(site: WebSite):
    """When no budget counts them any more; one that still waits is not lost."""
    site.join("ana@example.org")
    site.wait(days=80)
    site.subscribe("ana@example.org")
    site.settle()
    site.wait(days=11)
    site.subscribe("ben@example.org")
    site.desk.worker._grant()
    run_routine(site.app, site.now)
    with reading(site.engine) as conn:
        kinds = conn.execute(text("SELECT kind, state FROM mails ORDER BY id")).all()
    assert kinds == [("preferences", "sent"), ("confirm", "waiting")]


def test_nobody_is_kept_to_whom_no_mail_may_be_sent(tmp_path: Path):
    """A stranger's thousand addresses are not our readers-to-be: past the budget nothing of them stays."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nmails_per_network = 2\n") as site:
        for number in range(5):
            site.subscribe(f"victim{number}@example.org")
        site.settle()
        assert list(site.states().values()) == ["pending"] * 2
        site.wait(hours=2)
        site.subscribe("victim4@example.org")
        assert [mail["To"] for mail in site.mails()][-1] == "victim4@example.org"


def test_the_log_says_when_it_was_asked_not_when_it_was_looked_at(site: WebSite):
    """The post may have been away for hours."""
    site.subscribe("ana@example.org")
    asked = site.now
    site.wait(hours=3)
    site.settle()
    with writing(site.engine) as conn:
        from newsletter.storage.consent import list_lines

        (line,) = list_lines(conn, site.reader("ana@example.org").id)
    assert (line["given_at"], line["at"]) == (asked, asked + timedelta(hours=3))
