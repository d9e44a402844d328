"""No reader gets an issue twice and none is lost in silence, wherever and however often the sender is killed.

Real processes, real SIGKILL. See crash_sender.py: in a hunt every executed line of the watched files is the last
one of some process.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ledger_site import SLUG, add_readers, publish_issue, sending, states
from ledger_stubs import make_stub, taken
from postgres import fresh_store
from sqlalchemy import Engine

from newsletter.process import Life, life_of
from newsletter.storage import issues
from newsletter.storage.database import open_database, reading
from newsletter.storage.doubts import list_doubts
from newsletter.types import Tally

LEDGER = ["pipeline/send.py", "storage/ledger.py", "storage/lines.py", "storage/settling.py"]
ASKING = ["pipeline/doubts.py", "storage/doubts.py"]
READERS = 200
BATCH = 2


class Senders:
    """The process that makes senders, from outside."""

    def __init__(self, folder: Path, url: str, provider: str) -> None:
        self._order = {"url": url, "folder": str(folder), "provider": provider, "batch": BATCH}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "crash_sender.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _say(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def begin(self, do: str = "send", **more: Any) -> int:
        return int(self._say(**{**self._order, "do": do, "concurrency": 1, **more})["pid"])

    def wait(self, pid: int) -> dict[str, Any]:
        return self._say(do="wait", pid=pid)

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def senders(folder: Path, url: str, provider: str) -> Iterator[Senders]:
    made = Senders(folder, url, provider)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'readers.db'}")
    yield engine
    engine.dispose()


def tally(store: Engine) -> Tally:
    with reading(store) as conn:
        return issues.tally(conn, issues.get_issue(conn, SLUG).id)


def hunt(store: Engine, made: Senders, watched: list[str]) -> int:
    """Let senders die one after the other until one lives to the end; how many died."""
    for kills in range(2000):
        end = made.wait(made.begin(hunt=watched))
        counted = tally(store)
        assert counted.holds, f"after a kill at {end['place']}: {counted}"
        if not end["killed"]:
            assert end["code"] == 0
            return kills
    raise AssertionError("it never came to an end")


def hold_ledger_against_provider(store: Engine, provider: str, folder: Path) -> None:
    """No reader twice, none lost, and what the ledger says of each is so."""
    got, said = taken(provider, folder), states(store)
    assert {reader: times for reader, times in got.items() if times > 1} == {}
    assert {reader for reader, state in said.items() if state == "sent"} - set(got) == set()
    assert {reader for reader in got if said[reader] not in ("sent", "in_doubt")} == set()
    assert {reader: state for reader, state in said.items() if state not in ("sent", "in_doubt")} == {}


@pytest.mark.parametrize(
    ("provider", "watched"),
    [
        ("outbox", [*LEDGER, "newsletter/engine.py", "sending.py", "providers/outbox.py"]),
        ("keyed", LEDGER),
        ("asked", [*LEDGER, *ASKING]),
        ("mute", [*LEDGER, "ledger_stubs.py"]),
    ],
)
def test_a_kill_at_every_line_doubles_and_loses_nothing(
    tmp_path: Path, store: Engine, provider: str, watched: list[str]
) -> None:
    """Each line in turn is a sender's last one; then the ledger and the provider agree on every reader."""
    add_readers(store, READERS)
    publish_issue(store, provider=provider, batch_size=BATCH)
    with senders(tmp_path, str(store.url), provider) as made:
        kills = hunt(store, made, watched)
        assert made.wait(made.begin())["code"] == 0
    assert kills > 50
    hold_ledger_against_provider(store, provider, tmp_path)
    in_doubt = tally(store).in_doubt
    assert in_doubt == 0 if provider != "mute" else 0 < in_doubt <= kills * BATCH


def test_a_kill_at_every_line_of_publishing_leaves_all_or_nothing(tmp_path: Path, store: Engine) -> None:
    """However publishing ends, the issue is there with every delivery, or there is no trace of it."""
    add_readers(store, 7)
    store.dispose()
    blank = tmp_path / "blank.db"
    shutil.copy(tmp_path / "readers.db", blank)
    watched = ["pipeline/publish.py", "storage/issues.py", "storage/planning.py", "storage/database.py"]
    with senders(tmp_path, str(store.url), "outbox") as made:
        kills = 0
        while True:
            end = made.wait(made.begin("publish", hunt=watched))
            with reading(store) as conn:
                found = issues.find_issue(conn, SLUG)
            if not end["killed"]:
                break
            kills += 1
            if found:
                assert Tally(audience=7, queued=7) == tally(store), end["place"]
                store.dispose()
                for left in tmp_path.glob("readers.db*"):
                    left.unlink()
                shutil.copy(blank, tmp_path / "readers.db")
        assert kills > 40
        assert Tally(audience=7, queued=7) == tally(store)
        assert made.wait(made.begin("publish"))["code"] == 3  # a second time is refused


STRIKES = 50


class Fate:
    """What happens to the senders of an issue at random moments: one is frozen for a while, and meanwhile another is
    killed; where there is only one, it is killed soon after it goes on."""

    def __init__(
        self, made: Senders, dice: random.Random, store: Engine, *, count: int, lease: float
    ) -> None:
        self.made, self.dice, self.store, self.count, self.lease = made, dice, store, count, lease
        self.kills = self.freezes = 0
        self.running: list[int] = []

    def begin(self) -> None:
        """Two in three are on another machine, as far as the others can tell."""
        host = self.dice.choice(["", "elsewhere", "far-away"])
        self.running.append(self.made.begin(concurrency=2, lease=self.lease, host=host, slow=True))

    def pass_time(self, most: float) -> None:
        time.sleep(self.dice.uniform(0, most))

    def strike(self) -> None:
        while len(self.running) < self.count:
            self.begin()
        self.wait_for_work()
        frozen = self.dice.choice(self.running)
        os.kill(frozen, signal.SIGSTOP)
        self.freezes += 1
        others = [one for one in self.running if one != frozen]
        if others:
            self.pass_time(self.lease)
            self.kill(self.dice.choice(others))
            self.begin()
            self.pass_time(self.lease)
            os.kill(frozen, signal.SIGCONT)
        else:
            self.pass_time(0.1)
            os.kill(frozen, signal.SIGCONT)
            self.pass_time(0.1)
            self.kill(frozen)

    def wait_for_work(self) -> None:
        """However slow the machine: a sender that has not begun yet is no test."""
        before = tally(self.store).queued
        assert before
        for _ in range(3000):
            if tally(self.store).queued < before:
                return self.pass_time(0.1)
            time.sleep(0.02)
        raise AssertionError("no sender does anything")

    def kill(self, victim: int) -> None:
        os.kill(victim, signal.SIGKILL)
        self.running.remove(victim)
        self.kills += self.made.wait(victim)["killed"]

    def end(self) -> None:
        """Those that run are killed as well; others go on until nothing is left to do, not even to ask."""
        for one in list(self.running):
            self.kill(one)
        idle = 0
        for _ in range(50):
            assert self.made.wait(self.made.begin(concurrency=4, lease=self.lease))["code"] == 0
            left = tally(self.store)
            idle = 0 if left.queued or left.sending else idle + 1
            if idle == 2:
                return
            time.sleep(self.lease / 2)
        raise AssertionError(f"it never came to an end: {left}")


@pytest.mark.parametrize(
    ("kind", "count"),
    [("sqlite", 1), ("sqlite", 2), pytest.param("postgresql", 2, marks=pytest.mark.postgresql)],
)
@pytest.mark.parametrize("provider", ["keyed", "asked", "mute"])
def test_senders_killed_and_frozen_at_random_double_and_lose_nothing(
    tmp_path: Path, provider: str, kind: str, count: int
) -> None:
    """One sender, or two that share an issue, of several threads each; fifty times one is killed and fifty times one
    frozen, often for so long that others may take it for dead. Nothing is doubled or lost, and every doubt is
    listed."""
    with fresh_store(kind, tmp_path) as store:
        add_readers(store, 1600)
        publish_issue(store, provider=provider, batch_size=BATCH)
        url = store.url.set(drivername=kind).render_as_string(hide_password=False)
        with senders(tmp_path, url, provider) as made:
            fate = Fate(made, random.Random(11), store, count=count, lease=0.15)
            while min(fate.kills, fate.freezes) < STRIKES:
                fate.strike()
                assert tally(store).holds
            fate.end()
            hold_ledger_against_provider(store, provider, tmp_path)
            hold_doubts_against_provider(
                store, provider, tmp_path, most=(fate.kills + fate.freezes) * 2 * BATCH
            )
            if provider == "asked":
                resolve_as_a_person_would(store, made, tmp_path)


def hold_doubts_against_provider(store: Engine, provider: str, folder: Path, most: int) -> None:
    """In doubt only where nothing could be known, and every one is listed."""
    with reading(store) as conn:
        listed = list_doubts(conn)
    in_doubt = {reader for reader, state in states(store).items() if state == "in_doubt"}
    assert sum(one.readers for one in listed) == len(in_doubt)
    if provider == "keyed":
        assert in_doubt == set()
    if provider == "asked":  # what it has is settled; what it has not may still be on its way from far away
        assert in_doubt & set(taken(provider, folder)) == set()
        assert all(life_of(one.sender) is Life.UNKNOWN for one in listed)
    if provider == "mute":
        assert in_doubt
    assert len(in_doubt) <= most


def resolve_as_a_person_would(store: Engine, made: Senders, folder: Path) -> None:
    """No machine far away is still at it: all that is left goes again, and everybody has got one mail."""
    desk = sending(store, make_stub("asked", folder))
    now = datetime.now(UTC)
    desk.decide(desk.doubts(SLUG), "again", who="Ada", now=now)
    assert made.wait(made.begin())["code"] == 0
    assert set(taken("asked", folder).values()) == {1}
    assert set(states(store).values()) == {"sent"}


def test_two_publishers_at_once_publish_once(tmp_path: Path, store: Engine) -> None:
    """Of eight that start together one publishes, seven are told that it is done, and all readers are planned."""
    add_readers(store, 50)
    with senders(tmp_path, str(store.url), "outbox") as made:
        started = [made.begin("publish") for _ in range(8)]
        codes = sorted(made.wait(one)["code"] for one in started)
    assert codes == [0] + [3] * 7
    assert Tally(audience=50, queued=50) == tally(store)
