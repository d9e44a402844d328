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


class Fate:
    """What happens to two senders that share an issue: at random moments one is killed, or frozen for a while."""

    def __init__(self, made: Senders, dice: random.Random, lease: float) -> None:
        self.made, self.dice, self.lease = made, dice, lease
        self.kills = self.freezes = 0
        self.running: list[int] = []

    def begin(self) -> int:
        """One in two is on another machine, as far as the others can tell."""
        host = self.dice.choice(["", "elsewhere", "far-away"])
        return self.made.begin(concurrency=2, lease=self.lease, host=host, slow=True)

    def strike(self) -> None:
        while len(self.running) < 2:
            self.running.append(self.begin())
        time.sleep(self.dice.uniform(0.01, 0.06))
        victim = self.dice.choice(self.running)
        if self.freezes < self.kills:
            os.kill(victim, signal.SIGSTOP)
            time.sleep(self.dice.uniform(0, 1.5 * self.lease))
            os.kill(victim, signal.SIGCONT)
            self.freezes += 1
        else:
            os.kill(victim, signal.SIGKILL)
            self.running.remove(victim)
            self.kills += self.made.wait(victim)["killed"]

    def end(self, store: Engine) -> None:
        """Those that run are killed as well; others go on until nothing is left to do, not even to ask."""
        for one in self.running:
            os.kill(one, signal.SIGKILL)
            self.kills += self.made.wait(one)["killed"]
        idle = 0
        for _ in range(50):
            assert self.made.wait(self.made.begin(lease=self.lease))["code"] == 0
            left = tally(store)
            idle = 0 if left.queued or left.sending else idle + 1
            if idle == 2:
                return
            time.sleep(self.lease / 2)
        raise AssertionError(f"it never came to an end: {left}")


@pytest.mark.parametrize("provider", ["keyed", "asked", "mute"])
def test_two_senders_at_once_killed_and_frozen_at_random_double_and_lose_nothing(
    tmp_path: Path, store: Engine, provider: str
) -> None:
    """Two senders of several threads share an issue; more than fifty times one of them is killed, or frozen for so
    long that the other may take it for dead. Nothing is doubled or lost, and every doubt is listed."""
    add_readers(store, 2000)
    publish_issue(store, provider=provider, batch_size=BATCH)
    with senders(tmp_path, str(store.url), provider) as made:
        fate = Fate(made, random.Random(11), lease=0.15)
        while tally(store).queued and fate.kills + fate.freezes < 56:
            fate.strike()
            assert tally(store).holds
        fate.end(store)
        hold_ledger_against_provider(store, provider, tmp_path)
        struck = fate.kills + fate.freezes
        assert struck >= 50
        assert fate.freezes >= 25
        hold_doubts_against_provider(store, provider, tmp_path, most=struck * 2 * BATCH)
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
