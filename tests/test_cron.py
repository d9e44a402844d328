"""Cron does what is due, each thing once: by two processes at once, over DST, after a crash."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from feed_server import Answer, FeedServer, Request, running
from issue_site import ISSUE, SLUG, make_site, write_issue

from newsletter.app import App, make_app
from newsletter.config import Schedule
from newsletter.pipeline.cron import Deeds, run_cron
from newsletter.pipeline.due import (
    Due,
    Standing,
    Week,
    decide,
    next_moment,
    pull_is_due,
    week_of,
    weeks_around,
)
from newsletter.process import this_process
from newsletter.schedule import Calendar
from newsletter.storage.database import open_database, reading, writing
from newsletter.storage.runs import Run, find_last_run, finish_run, renew_lease, take_lease, turn

BERLIN = ZoneInfo("Europe/Berlin")
DRAFT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # Tue 06:00 in Berlin
SEND = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)  # Thu 09:00
CLOSES = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)  # 6 hours later
MINUTE = timedelta(minutes=1)
WEEK = Week(SLUG, DRAFT, SEND, CLOSES)


# --- what is due ---


@pytest.mark.parametrize(
    ("now", "standing", "due"),
    [
        (DRAFT - MINUTE, Standing(has_file=False), None),
        (DRAFT, Standing(has_file=False), Due.DRAFT),
        (DRAFT, Standing(has_file=True), None),
        (DRAFT, Standing(has_file=False, drafted=True), None),
        (DRAFT, Standing(has_file=False, waits_for_articles=True), None),
        (SEND - MINUTE, Standing(has_file=True), None),
        (SEND, Standing(has_file=True), Due.SEND),
        (SEND, Standing(has_file=False), Due.DRAFT),
        (CLOSES - MINUTE, Standing(has_file=True), Due.SEND),
        (CLOSES, Standing(has_file=True), Due.MISSED),
        (CLOSES, Standing(has_file=False), None),
        (SEND, Standing(has_file=True, published=True), None),
        (CLOSES, Standing(has_file=True, published=True), None),
    ],
)
def test_what_is_due(now: datetime, standing: Standing, due: Due | None) -> None:
    """Drafted from its moment on, sent in its window, missed after it, and each only once."""
    assert decide(WEEK, standing, now) is due


def test_the_next_moment_is_the_earliest_to_come() -> None:
    """What cron's one line names when nothing is due."""
    later = Week("2026-12-03", DRAFT + timedelta(7), SEND + timedelta(7), CLOSES + timedelta(7))
    assert next_moment([WEEK, later], DRAFT - MINUTE) == (Due.DRAFT, SLUG, DRAFT)
    assert next_moment([WEEK, later], DRAFT) == (Due.SEND, SLUG, SEND)
    assert next_moment([WEEK, later], SEND) == (Due.DRAFT, "2026-12-03", DRAFT + timedelta(7))
    assert next_moment([], SEND) is None


@pytest.mark.parametrize(
    ("age", "outcome", "drafting", "due"),
    [
        (59, "done", False, False),
        (60, "done", False, True),
        (9, "done", True, False),
        (10, "done", True, True),
        (9, "failed: no answer", False, False),
        (10, "failed: no answer", False, True),
    ],
)
def test_the_feeds_are_asked_hourly(age: int, outcome: str, drafting: bool, due: bool) -> None:
    """Sooner before a draft and after a failure."""
    last = Run(1, "pull", "x", DRAFT - age * MINUTE, DRAFT, DRAFT, outcome)
    assert pull_is_due(last, DRAFT, drafting=drafting) is due
    assert pull_is_due(None, DRAFT, drafting=False)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_days_the_clock_changes_have_one_moment_each(day: date) -> None:
    """02:30 does not exist on one of them and comes twice on the other: run every five minutes through
    the night, the window opens once and lasts its length."""
    calendar = Calendar.of(Schedule(draft="Sat 12:00", send="Sun 02:30", window="2h"), BERLIN)
    week = week_of(calendar, day)
    night = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC) - timedelta(hours=2)
    moments = [night + timedelta(minutes=5 * n) for n in range(12 * 10)]
    due = [decide(week, Standing(has_file=True), moment) for moment in moments]
    changes = [one for one, before in zip(due, [None, *due], strict=False) if one is not before]
    assert changes == [Due.SEND, Due.MISSED]
    assert due.count(Due.SEND) == 24


def test_an_issue_of_any_day_is_seen_to() -> None:
    """An editor may write one for a Monday: it goes out on that day, at the usual hour."""
    calendar = Calendar.of(Schedule(), BERLIN)
    slugs = [week.slug for week in weeks_around(calendar, ["2026-11-30", "2025-01-06"], SEND)]
    assert slugs == ["2026-11-19", "2026-11-26", "2026-11-30", "2026-12-03", "2026-12-10"]


# --- leases ---


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    engine = open_database(f"sqlite:///{tmp_path}/newsletter.db")
    yield engine
    engine.dispose()


def take(engine: Any, now: datetime, *, holder: str = "elsewhere - - 1 -", minutes: int = 3) -> int | None:
    with writing(engine) as conn:
        return take_lease(conn, "pull", holder=holder, now=now, until=now + minutes * MINUTE)


def test_one_holder_at_a_time(engine: Any) -> None:
    """A second is turned away until the first is done."""
    first = take(engine, SEND)
    assert first is not None
    assert take(engine, SEND) is None
    with writing(engine) as conn:
        assert finish_run(conn, first, now=SEND, outcome="done")
    assert take(engine, SEND) is not None


def test_a_silent_holder_is_passed_over_after_its_time(engine: Any) -> None:
    """And learns that it is no longer the holder; its run does not count as done."""
    first = take(engine, SEND)
    assert take(engine, SEND + 2 * MINUTE) is None
    assert take(engine, SEND + 3 * MINUTE) is not None
    with writing(engine) as conn:
        assert not renew_lease(conn, first or 0, until=CLOSES)
        assert not finish_run(conn, first or 0, now=SEND, outcome="done")
        assert find_last_run(conn, "pull") is None


def test_a_renewed_lease_stands(engine: Any) -> None:
    """However long the work takes."""
    first = take(engine, SEND)
    with writing(engine) as conn:
        assert renew_lease(conn, first or 0, until=SEND + 9 * MINUTE)
    assert take(engine, SEND + 5 * MINUTE) is None


def test_a_holder_that_died_here_is_passed_over_at_once(engine: Any) -> None:
    """Its death can be seen on the machine it ran on; a living one keeps its lease."""
    code = "from newsletter.process import this_process; print(this_process())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    take(engine, SEND, holder=dead.stdout.strip())
    assert take(engine, SEND, holder=this_process()) is not None
    assert take(engine, SEND) is None


def test_a_turn_is_renewed_while_the_work_goes_on(engine: Any) -> None:
    """Even when the work takes many times the length of its lease."""
    lease = timedelta(seconds=0.3)
    with turn(engine, "pull", now=SEND, lease=lease) as mine:
        assert mine
        time.sleep(1)
        moment = SEND + timedelta(seconds=1)
        with writing(engine) as conn:
            other = take_lease(conn, "pull", holder="elsewhere - - 1 -", now=moment, until=CLOSES)
        assert other is None


def test_a_turn_that_fails_is_over_and_says_why(engine: Any) -> None:
    """The next to come need not wait."""
    with pytest.raises(RuntimeError), turn(engine, "pull", now=SEND):
        raise RuntimeError("boom\nand more")
    with reading(engine) as conn:
        last = find_last_run(conn, "pull")
    assert last is not None
    assert last.outcome == "failed: boom"
    assert take(engine, SEND) is not None


# --- looking again once the lease is ours ---


class Day:
    """Deeds that only note that they were done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.published: set[str] = set()

    def deeds(self) -> Deeds:
        return Deeds(
            pull=lambda: self._note("pull"),
            draft=lambda slug: self._note(f"draft {slug}"),
            send=lambda slug: self._note(f"send {slug}"),
            has_file=lambda slug: True,
            is_published=lambda slug: slug in self.published,
            unfinished=list,
        )

    def _note(self, what: str) -> str:
        self.done.append(what)
        return "done"


def just_before(monkeypatch: pytest.MonkeyPatch, name: str, do: Callable[[], None]) -> None:
    """Somebody else's moment: `do` happens between our look and our lease on `name`."""

    def later(engine: Any, asked: str, **more: Any) -> Any:
        if asked == name:
            do()
        return turn(engine, asked, **more)

    monkeypatch.setattr("newsletter.pipeline.cron.turn", later)


def test_what_another_has_just_collected_is_not_collected_again(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was due when we looked, and no longer is when the lease is ours."""

    def other() -> None:
        with turn(engine, "pull", now=SEND):
            pass

    just_before(monkeypatch, "pull", other)
    day = Day()
    run_cron(engine, list, day.deeds(), SEND)
    assert day.done == []


def test_what_another_has_just_sent_is_not_sent_again(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise."""
    day = Day()
    just_before(monkeypatch, f"send {SLUG}", lambda: day.published.add(SLUG))
    run_cron(engine, lambda: [WEEK], day.deeds(), SEND)
    assert day.done == ["pull"]


# --- the whole, in real processes ---

ARTICLE = """
<item><title>{title}</title><link>https://example.org/{name}</link><guid>{name}</guid>
<pubDate>{at}</pubDate><category>Treatments</category>
<description>What it is and whom it helps, in a few plain sentences.</description></item>"""


def feed_of(*titles: str, at: str = "Mon, 23 Nov 2026 08:00:00 +0000") -> str:
    items = "".join(ARTICLE.format(title=one, name=one.lower().replace(" ", "-"), at=at) for one in titles)
    return f'<rss version="2.0"><channel><title>Library</title><link>https://example.org</link>{items}</channel></rss>'


@pytest.fixture
def server():  # type: ignore[no-untyped-def]
    with running() as server:
        server.serve("/feed/", feed_of("A nerve block", "A spinal stimulator"), content_type="text/xml")
        yield server


@pytest.fixture
def root(tmp_path: Path, server: FeedServer) -> Path:
    """A site with a feed and no issue."""
    return make_site(tmp_path / "site", settings=f'\n[[feed]]\nurl = "{server.url}/feed/"\n', issue="")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A site with an issue, without feeds, and with three readers."""
    root = make_site(tmp_path / "written")
    app = make_app(root)
    for name in ("ann", "ben", "cay"):
        app.add_subscriber(f"{name}@example.org", "*", "a test", DRAFT)
    return root


def start(root: Path, now: datetime) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "newsletter",
        "--site",
        str(root),
        "--now",
        now.isoformat(),
        "cron",
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    said: dict[str, Any] = json.loads(out)
    assert process.returncode == (0 if said["ok"] else 1)
    return said


def cron(root: Path, now: datetime) -> dict[str, Any]:
    return ended(start(root, now))


def at_once(root: Path, now: datetime, count: int = 2) -> list[dict[str, Any]]:
    return [ended(one) for one in [start(root, now) for _ in range(count)]]


def done(said: dict[str, Any]) -> list[str]:
    return [f"{one['what']}: {one['text']}".splitlines()[0] for one in said["done"]]


def approve(root: Path) -> App:
    app = make_app(root)
    app.approvals.approve(SLUG, "Ada Novak", SEND)
    return app


def mails(root: Path) -> Counter[str]:
    texts = [path.read_text() for path in (root / "outbox" / SLUG).glob("*.eml")]
    return Counter(line for text in texts for line in text.splitlines() if line.startswith("To: "))


def test_two_processes_collect_and_draft_once(root: Path, server: FeedServer) -> None:
    """The feed is asked once though both want to, and the draft is made of what came."""
    content = feed_of("A nerve block", "A spinal stimulator")

    def slow(request: Request) -> Answer:
        time.sleep(1.5)
        return Answer(content, headers={"Content-Type": "text/xml"})

    server.routes["/feed/"] = slow
    said = at_once(root, DRAFT)
    assert len(server.asked) == 1
    assert sorted(one for each in said for one in done(each)) == [
        f"draft: drafted: look at it with `newsletter preview {SLUG}`, then approve it",
        "pull: 2 new, 0 updated",
        "pull: another process is collecting",
    ]
    assert "A nerve block" in (root / "content" / "issues" / f"{SLUG}.md").read_text()
    assert cron(root, DRAFT + 5 * MINUTE)["done"] == []


def test_many_processes_send_once(written: Path) -> None:
    """Each reader gets one mail, whoever sends it, and a later run finds nothing to do."""
    approve(written)
    said = at_once(written, SEND, count=4)
    assert all(each["ok"] for each in said)
    assert "send: 3 sent" in [one for each in said for one in done(each)]
    assert mails(written) == {f"To: {name}@example.org": 1 for name in ("ann", "ben", "cay")}
    assert cron(written, SEND + 5 * MINUTE)["done"] == []


def test_nothing_due_is_one_line(written: Path) -> None:
    """It names the next moment, in the site's own time."""
    cron(written, DRAFT - 20 * MINUTE)
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "newsletter",
            "--site",
            str(written),
            "--now",
            (DRAFT - 5 * MINUTE).isoformat(),
            "cron",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (answer.stdout, answer.stderr) == ("nothing is due; next: draft on Tue 24 Nov 06:00\n", "")


def test_an_issue_not_approved_in_its_window_is_an_error_until_it_is(written: Path) -> None:
    """The editors are reminded once; exit 1 at every run; once approved, it goes out."""
    first, second = cron(written, SEND), cron(written, SEND + 5 * MINUTE)
    assert (first["ok"], second["ok"]) == (False, False)
    assert done(second) == ["send: is not approved"]
    assert [one.partition(". ")[0] for one in first["reminders"]] == [f"{SLUG} is not approved"]
    assert f"newsletter approve {SLUG} --by NAME" in first["reminders"][0]
    assert second["reminders"] == []
    approve(written)
    assert done(cron(written, SEND + 10 * MINUTE)) == ["send: 3 sent"]


def test_an_issue_changed_after_its_approval_does_not_go_out(written: Path) -> None:
    """Cron names the change as `send` does."""
    approve(written)
    write_issue(written, ISSUE + "\nOne more line.\n")
    said = cron(written, SEND)
    assert done(said) == ["send: has changed since it was approved: the issue file"]
    assert not (written / "outbox").exists()


def test_a_missed_window_is_said_once_and_stays_on_show(written: Path) -> None:
    """An issue approved too late does not go out by itself; a person may still send it."""
    said = cron(written, CLOSES)
    assert (said["ok"], said["missed"]) == (False, [SLUG])
    assert done(said) == [f"missed: was not sent in its window; `newsletter send {SLUG}` still sends it"]
    approve(written)
    later = cron(written, CLOSES + 5 * MINUTE)
    assert (later["ok"], later["done"], later["missed"]) == (True, [], [SLUG])
    assert not (written / "outbox").exists()


def test_a_week_with_nothing_new_sends_nothing(root: Path, server: FeedServer) -> None:
    """The editors are told once; the draft is made as soon as an article comes."""
    server.serve("/feed/", feed_of("Old news", at="Mon, 06 Jan 2020 08:00:00 +0000"), content_type="text/xml")
    said = cron(root, DRAFT)
    assert said["ok"]
    assert done(said)[1].startswith("draft: not drafted: nothing new since")
    assert len(said["reminders"]) == 1
    assert cron(root, DRAFT + 5 * MINUTE)["done"] == []
    again = cron(root, DRAFT + 60 * MINUTE)
    assert (len(again["done"]), again["reminders"]) == (2, [])
    server.serve(
        "/feed/",
        feed_of("Fresh news", at="Tue, 24 Nov 2026 06:30:00 +0000"),
        content_type="text/xml",
    )
    assert cron(root, DRAFT + 120 * MINUTE)["ok"]
    assert (root / "content" / "issues" / f"{SLUG}.md").is_file()


def test_a_draft_that_an_editor_deleted_is_not_made_again(root: Path) -> None:
    """Leaving a week out is the editors' decision."""
    cron(root, DRAFT)
    (root / "content" / "issues" / f"{SLUG}.md").unlink()
    assert done(cron(root, DRAFT + 70 * MINUTE)) == ["pull: 0 new, 0 updated"]


def test_a_feed_that_fails_is_an_error_and_the_rest_goes_on(root: Path, server: FeedServer) -> None:
    """The issue due is still sent."""
    write_issue(root)
    approve(root)
    server.serve("/feed/", "gone", status=500)
    said = cron(root, SEND)
    assert [(one["what"], one["ok"]) for one in said["done"]] == [("pull", False), ("send", True)]


def test_after_a_crash_in_the_middle_the_next_run_goes_on_at_once(root: Path, server: FeedServer) -> None:
    """A process killed while it collects leaves nothing that the next has to wait for."""
    reached, release = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        reached.set()
        release.wait(30)
        return Answer(b"", 500)

    server.routes["/feed/"] = hang
    process = start(root, DRAFT)
    assert reached.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    release.set()
    server.serve("/feed/", feed_of("A nerve block"), content_type="text/xml")
    assert done(cron(root, DRAFT))[0] == "pull: 1 new, 0 updated"
    assert (root / "content" / "issues" / f"{SLUG}.md").is_file()


def test_a_half_sent_issue_is_gone_on_with_after_its_window(written: Path) -> None:
    """Published is promised: the window says when sending begins, not when it must be over."""
    app = approve(written)
    app.publish(SLUG, CLOSES - MINUTE)
    assert done(cron(written, CLOSES + 60 * MINUTE)) == ["send: 3 sent"]
    assert sum(mails(written).values()) == 3


def test_a_paused_issue_is_left_alone(written: Path) -> None:
    """Cron does not undo what a person decided."""
    app = approve(written)
    app.publish(SLUG, SEND)
    app.sending.pause(SLUG)
    assert cron(written, SEND)["done"] == []
    assert not (written / "outbox").exists()


# --- the editors are told ---


def with_editors(root: Path, more: str = "") -> Path:
    settings = root / "newsletter.toml"
    text = settings.read_text()
    settings.write_text(
        text.replace("timezone =", 'editors = ["Ana <ana@example.org>", "ben@example.org"]\ntimezone =')
        + more
    )
    return root


def told(root: Path) -> dict[str, str]:
    """Each editor's last mail: its subject and its words."""
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted((root / "outbox" / "editors").glob("*.eml"))
    ]
    return {str(one["To"]): f"{one['Subject']}\n{one.get_body(('plain',)).get_content()}" for one in found}  # type: ignore[union-attr]


def test_the_editors_are_told_of_a_draft_once(root: Path) -> None:
    """Each by a mail of their own, through the provider of the issues, and not again at the next run."""
    first = cron(with_editors(root), DRAFT)
    assert set(told(root)) == {"ana@example.org", "ben@example.org"}
    assert f"Pain Weekly: {SLUG} drafted\n" in told(root)["ben@example.org"]
    assert f"newsletter preview {SLUG}" in told(root)["ben@example.org"]
    assert done(first)[-1] == "remind: told Ana <ana@example.org>, ben@example.org"
    cron(root, DRAFT + timedelta(minutes=5))
    assert len(list((root / "outbox" / "editors").glob("*.eml"))) == 2


def test_the_editors_are_told_of_a_week_without_news(root: Path, server: FeedServer) -> None:
    """Nothing is sent to readers, and that is said."""
    server.serve("/feed/", feed_of(), content_type="text/xml")
    cron(with_editors(root), DRAFT)
    assert "not drafted: nothing new since" in told(root)["ana@example.org"]


def test_editors_that_cannot_be_told_are_an_error_of_the_run(root: Path) -> None:
    """The draft is there all the same."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    said = cron(
        with_editors(
            root, f'\n[provider]\nname = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        ),
        DRAFT,
    )
    assert (root / "content" / "issues" / f"{SLUG}.md").is_file()
    assert not said["ok"]
    assert said["done"][-1]["what"] == "remind"
    assert "ana@example.org" in said["done"][-1]["text"]
