"""A list is taken in whole or not at all: it can add or suppress, never bring back."""

from __future__ import annotations

import csv
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgres import STORES, fresh_store
from sqlalchemy import Engine

from newsletter.addresses import read_address
from newsletter.config import parse_config
from newsletter.errors import ConfigError, ListError, UsageError
from newsletter.pipeline import preferences, privacy, subscribe
from newsletter.pipeline.import_list import Imported
from newsletter.readers import Readers
from newsletter.storage import consent, consent_check, subscribers, suppressions
from newsletter.storage.consent import Log
from newsletter.storage.database import reading, writing
from newsletter.storage.suppressions import Reason
from newsletter.types import ALL_TOPICS, Origin, Subscriber, Topics

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
LOG = Log(("a-key-for-tests-alone",))
LINK = Origin(form="link")
CONFIG = parse_config(
    '[newsletter]\nname = "N"\nfrom = "n@pain.example"\nsite_url = "https://pain.example"\n'
    'public_url = "https://pain.example"\npostal_address = "1 Main Street"\n[web]\nfirst_name = true\n'
)
AGREED = "double opt-in at our old service"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with fresh_store(request.param, tmp_path) as engine:
        yield engine


class Desk:
    """Imports text as a file, and looks at what came of it."""

    def __init__(self, store: Engine, folder: Path, log: Log = LOG) -> None:
        self.store, self.folder, self.log = store, folder, log
        self.readers = Readers(store, CONFIG, log, folder / "subscribers")
        self.report: list[tuple[int, str, str]] = []

    def bring(
        self, text: str, agreed: str = AGREED, *, rehearse: bool = False, now: datetime = NOW
    ) -> Imported:
        path = self.folder / "list.csv"
        path.write_text(text, encoding="utf-8")
        done = self.readers.import_list(path, agreed, now, rehearse=rehearse)
        with done.report.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        self.report = [(int(line), outcome, reason) for line, outcome, reason in rows]
        return done

    def reader(self, email: str) -> Subscriber | None:
        with reading(self.store) as conn:
            return subscribers.find_by_address(conn, read_address(email))

    def state(self, email: str) -> str | None:
        found = self.reader(email)
        return found and found.state.value

    def suppress(self, email: str, reason: Reason) -> None:
        with writing(self.store) as conn:
            suppressions.add_suppression(conn, read_address(email), reason, now=NOW)

    def join(self, email: str, *, confirm: bool = True) -> int:
        with writing(self.store) as conn:
            asked = subscribe.request(
                conn, read_address(email), topics=ALL_TOPICS, origin=LINK, log=LOG, now=NOW
            )
            assert asked.subscriber_id is not None
            if confirm:
                subscribe.confirm(conn, asked.subscriber_id, asked_at=NOW, origin=LINK, log=LOG, now=NOW)
            return asked.subscriber_id

    def leave(self, reader: int) -> None:
        with writing(self.store) as conn:
            assert subscribe.leave(conn, reader, origin=LINK, log=LOG, now=NOW)

    def erase(self, reader: int) -> None:
        with writing(self.store) as conn:
            assert privacy.erase(conn, reader, origin=LINK, log=LOG, now=NOW)

    def log_holds(self) -> bool:
        with reading(self.store) as conn:
            return consent_check.verify(conn, keys=self.log.keys).holds


@pytest.fixture
def desk(store: Engine, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def test_every_row_ends_in_the_report_with_line_and_reason(desk: Desk) -> None:
    """Added, updated, suppressed or refused; the four make up the rows."""
    desk.join("known@example.org")
    desk.suppress("bounced@example.org", Reason.BOUNCED)
    done = desk.bring(
        "email,first name\n"
        "new@example.org,Ann\n"
        "KNOWN@example.org,Bob\n"
        "bounced@example.org,Eve\n"
        "nonsense,Joe\n"
        "New@Example.org,Ann again\n"
    )
    assert desk.report == [
        (2, "added", ""),
        (3, "updated", "has new particulars"),
        (4, "suppressed", "is suppressed (bounced)"),
        (5, "refused", "the address has no @"),
        (6, "refused", "has the same address as line 2"),
    ]
    assert done.counts == {"added": 1, "updated": 1, "suppressed": 1, "refused": 2}
    assert desk.log_holds()


def test_an_added_reader_has_everything_the_list_says(desk: Desk) -> None:
    """Case of the local part, name, topics; and a line in the log that says from where and since when."""
    desk.bring(
        'email,first name,tags,confirm time\nAnn.Doe@Example.ORG,Ann,"News, vip",2021-03-04 10:00:00\n'
    )
    found = desk.reader("ann.doe@example.org")
    assert found is not None
    assert (found.email, found.first_name, found.topics) == ("Ann.Doe@example.org", "Ann", Topics(("news",)))
    assert (found.source, found.created_at, found.confirmed_at) == (AGREED, NOW, NOW)
    with reading(desk.store) as conn:
        (line,) = consent.list_lines(conn, found.id)
    assert (line["action"], line["form"], line["source"]) == ("imported", "import", AGREED)
    assert line["given_at"] == datetime(2021, 3, 4, 10, 0, tzinfo=UTC)


def test_a_rehearsal_says_the_same_and_changes_nothing(desk: Desk) -> None:
    """The report is the one that the import in earnest writes."""
    desk.leave(desk.join("left@example.org"))
    text = "email,status\nnew@example.org,active\nleft@example.org,active\nnew@example.org,bounced\n"
    rehearsed = desk.bring(text, rehearse=True)
    report = desk.report
    assert desk.state("new@example.org") is None
    with reading(desk.store) as conn:
        assert suppressions.count_by_reason(conn)["bounced"] == 0
    earnest = desk.bring(text)
    assert (desk.report, earnest.counts) == (report, rehearsed.counts)


def test_active_readers_need_a_word_on_their_consent(desk: Desk) -> None:
    """Exit 2, and nothing is there afterwards; a rehearsal says so too."""
    with pytest.raises(UsageError, match="nothing says that they agreed"):
        desk.bring("email\nann@example.org\n", "  ")
    assert desk.state("ann@example.org") is None
    assert desk.bring("email\nann@example.org\n", "", rehearse=True).consent_missing


def test_a_list_of_those_who_left_needs_no_consent(desk: Desk) -> None:
    """Leaving is never made harder."""
    desk.bring("email,status\nann@example.org,unsubscribed\nbob@example.org,cleaned\n", "")
    assert desk.state("ann@example.org") == "unsubscribed"
    assert desk.report == [
        (2, "suppressed", "left where the list comes from"),
        (3, "suppressed", "bounced where the list comes from"),
    ]


@pytest.mark.parametrize("how", ["left", "left elsewhere", "bounced", "complained", "manual", "erased"])
def test_who_is_out_stays_out(desk: Desk, how: str) -> None:
    """Left, bounced, complained, suppressed by hand or erased: no list brings the address back."""
    if how == "left":
        desk.leave(desk.join("ann@example.org"))
    elif how == "erased":
        desk.erase(desk.join("ann@example.org"))
    elif how == "left elsewhere":
        desk.bring("email,status\nann@example.org,unsubscribed\n")
    else:
        desk.suppress("ann@example.org", Reason(how))
    done = desk.bring("email,status\nAnn@Example.org,subscribed\n", now=LATER)
    assert done.counts["suppressed"] == 1
    assert desk.state("ann@example.org") in (None, "unsubscribed")
    with reading(desk.store) as conn:
        assert subscribers.count_sendable(conn, LATER) == 0


def test_an_erased_address_is_not_stored_again_by_any_row(desk: Desk) -> None:
    """Not even to note that it left or bounced elsewhere."""
    desk.erase(desk.join("ann@example.org"))
    desk.bring("email,status\nann@example.org,unsubscribed\n")
    desk.bring("email,status\nann@example.org,bounced\n")
    assert desk.report == [(2, "suppressed", "asked to be erased")]
    with reading(desk.store) as conn:
        assert [one.address for one in suppressions.iter_suppressions(conn)] == [None]
    assert desk.state("ann@example.org") is None


def test_an_erased_address_is_known_by_an_older_key_and_missed_with_none(desk: Desk) -> None:
    """A key that is gone would let the erased come back unseen: the import is refused instead."""
    desk.erase(desk.join("ann@example.org"))
    rotated = Desk(desk.store, desk.folder, Log(("a-newer-key-for-tests", *LOG.keys)))
    assert rotated.bring("email\nann@example.org\n").counts["suppressed"] == 1
    lost = Desk(desk.store, desk.folder, Log(("a-newer-key-for-tests",)))
    with pytest.raises(ConfigError, match="a key that is not here"):
        lost.bring("email\nbob@example.org\n")
    assert desk.state("bob@example.org") is None


def test_leaving_elsewhere_is_leaving_here(desk: Desk) -> None:
    """A list can take an active reader out, and the log says why."""
    reader = desk.join("ann@example.org")
    desk.bring("email,status\nann@example.org,unsubscribed\n", now=LATER)
    found = desk.reader("ann@example.org")
    assert found is not None
    assert (found.state.value, found.unsubscribed_at) == ("unsubscribed", LATER)
    with reading(desk.store) as conn:
        assert consent.list_lines(conn, reader)[-1]["action"] == "unsubscribed"


def test_of_two_rows_about_one_address_the_one_that_says_no_counts(desk: Desk) -> None:
    """Wherever it stands in the file."""
    desk.bring("email,status\nann@example.org,active\nAnn@example.org,unsubscribed\n")
    assert desk.state("ann@example.org") == "unsubscribed"
    assert [outcome for _, outcome, _ in desk.report] == ["refused", "suppressed"]


def test_what_readers_chose_themselves_is_not_overwritten(desk: Desk) -> None:
    """Topics and name set by their own hand stand; those of an earlier list do not."""
    desk.bring("email,first name,tags\nann@example.org,Ann,news\nbob@example.org,Bob,news\n")
    ann = desk.reader("ann@example.org")
    assert ann is not None
    with writing(desk.store) as conn:
        preferences.set_topics(conn, ann.id, Topics(("conditions",)), origin=LINK, log=LOG, now=NOW)
        preferences.set_first_name(conn, ann.id, "", origin=LINK, log=LOG, now=NOW)
    desk.bring("email,first name,tags\nann@example.org,Anna,treatments\nbob@example.org,Rob,treatments\n")
    found = [desk.reader(email) for email in ("ann@example.org", "bob@example.org")]
    assert [(one.first_name, str(one.topics)) for one in found if one] == [
        (None, "conditions"),
        ("Rob", "treatments"),
    ]


def test_importing_twice_changes_nothing_the_second_time(desk: Desk) -> None:
    """Not even the consent log grows."""
    text = "email,first name\nann@example.org,Ann\nbob@example.org,\n"
    desk.bring(text)
    with reading(desk.store) as conn:
        lines = consent_check.verify(conn, keys=LOG.keys).lines
    done = desk.bring(text, now=LATER)
    assert done.counts == {"added": 0, "updated": 2, "suppressed": 0, "refused": 0}
    with reading(desk.store) as conn:
        assert consent_check.verify(conn, keys=LOG.keys).lines == lines


def test_who_waits_for_confirmation_is_confirmed_by_a_list_with_consent(desk: Desk) -> None:
    """Pending here and active there, with the operator's word for it."""
    desk.join("ann@example.org", confirm=False)
    assert desk.bring("email\nann@example.org\n").counts["updated"] == 1
    assert desk.state("ann@example.org") == "active"


def test_a_file_that_makes_no_sense_in_the_middle_changes_nothing(desk: Desk) -> None:
    """The first thousands of rows were fine, and are not there."""
    rows = "".join(f"reader{number}@example.org,x\n" for number in range(30_000))
    with pytest.raises(ListError, match="quote"):
        desk.bring(f'email,note\n{rows}last@example.org,"' + "x" * 140_000)
    with reading(desk.store) as conn:
        assert subscribers.count_by_state(conn)["active"] == 0
    desk.bring("email\nann@example.org\n")
    assert desk.state("ann@example.org") == "active"


def test_a_list_of_many_chunks_is_whole(desk: Desk) -> None:
    """Ids go on from the last, the log holds, and the next sign-up finds its place."""
    first = desk.join("first@example.org")
    done = desk.bring("email\n" + "".join(f"Reader{number}@example.org\n" for number in range(45_000)))
    assert done.counts["added"] == 45_000
    assert desk.log_holds()
    assert desk.join("next@example.org") == first + 45_001
    with reading(desk.store) as conn:
        assert subscribers.count_sendable(conn, LATER) == 45_002


def test_nobody_waits_while_a_list_is_read_or_rehearsed(desk: Desk) -> None:
    """Sign-ups go through in the middle of both: staging locks nothing, and a rehearsal writes nothing."""
    path = desk.folder / "list.csv"
    path.write_text("email\n" + "".join(f"r{number}@example.org\n" for number in range(50)), encoding="utf-8")
    joined: list[str] = []

    def join_meanwhile(what: str, done: int, total: int) -> None:
        if what == "reading" or rehearse:
            desk.join(f"meanwhile{len(joined)}@example.org")
            joined.append(what)

    for rehearse in (True, False):
        desk.readers.import_list(path, AGREED, NOW, rehearse=rehearse, progress=join_meanwhile)
    assert joined == ["reading", "merging", "reading"]
    assert desk.log_holds()


def test_a_list_is_merged_while_others_write_without_pause(desk: Desk) -> None:
    """The write lock is taken before anything is read: neither side fails, and the log is one chain."""
    stop = threading.Event()
    joined: list[int] = []

    def join_on() -> None:
        while not stop.is_set():
            joined.append(desk.join(f"meanwhile{len(joined)}@example.org"))
            stop.wait(0.002)

    writer = threading.Thread(target=join_on)
    writer.start()
    try:
        for part in range(5):
            rows = "".join(f"part{part}.{number}@example.org\n" for number in range(2000))
            assert desk.bring(f"email\n{rows}").counts["added"] == 2000
    finally:
        stop.set()
        writer.join()
    assert desk.log_holds()
    with reading(desk.store) as conn:
        assert subscribers.count_sendable(conn, LATER) == 10_000 + len(joined)


@pytest.mark.parametrize("place", ["list.csv", "list.csv/below.csv", "none/such"])
def test_a_report_that_cannot_be_written_is_said_before_anything_changes(desk: Desk, place: str) -> None:
    """It would else be missing for a list that was taken in; nor may it overwrite the list itself."""
    (desk.folder / "none").write_text("a file")
    path = desk.folder / "list.csv"
    path.write_text("email\nann@example.org\n", encoding="utf-8")
    with pytest.raises(UsageError, match="the report"):
        desk.readers.import_list(path, AGREED, NOW, report=desk.folder / place)
    assert desk.state("ann@example.org") is None
    assert path.read_text(encoding="utf-8") == "email\nann@example.org\n"


def test_an_import_that_fails_leaves_no_part_of_a_report(desk: Desk) -> None:
    """Neither the report nor what was begun of it."""
    with pytest.raises(UsageError):
        desk.bring("email\nann@example.org\n", "")
    assert list((desk.folder / "subscribers").rglob("*.csv*")) == []


def test_the_report_is_private_and_names_nobody(desk: Desk) -> None:
    """0600, and no address in it: the line leads to the row."""
    done = desk.bring("email\nann@example.org\n")
    assert stat.S_IMODE(done.report.stat().st_mode) == 0o600
    assert "ann" not in done.report.read_text(encoding="utf-8")
    assert done.report.parent == desk.folder / "subscribers" / "imports"


def test_no_address_of_a_list_stays_behind_in_another_place(tmp_path: Path) -> None:
    """Refused rows are nowhere in the store: staging is gone with its file."""
    with fresh_store("sqlite", tmp_path) as store:
        Desk(store, tmp_path / "").bring("email,status\nghost@example.org,unheard-of\n")
        (tmp_path / "list.csv").unlink()
    assert b"ghost@example" not in b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
