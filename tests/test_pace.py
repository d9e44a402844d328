"""A sender keeps to its rate, ends in good order, and knows which process is alive."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_site import NOW, SLUG, add_readers, publish_issue, sending, settings
from sqlalchemy import Engine

from newsletter import engine
from newsletter.errors import NotTaken, StopSending
from newsletter.pipeline import send
from newsletter.process import Life, life_of, this_process
from newsletter.providers.memory import Memory
from newsletter.rate import Rate
from newsletter.sending import batch_size
from newsletter.storage.database import open_database
from newsletter.types import Outgoing, Receipt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'readers.db'}")
    yield engine
    engine.dispose()


# --- rate ------------------------------------------------------------------------------------------------


def test_what_was_sent_is_waited_for() -> None:
    """Fifty at ten a second: the next call comes five seconds later, and time that passed unused is not saved up."""
    rate = Rate(10)
    assert rate.delay(100) == 0
    rate.spend(50)
    assert rate.delay(102) == 3
    assert rate.delay(200) == 0
    rate.spend(10)
    assert rate.delay(200) == 1


def test_without_a_rate_only_a_hold_waits() -> None:
    """A provider's wish is kept even where the settings have no limit."""
    rate = Rate(0)
    rate.delay(100)
    rate.spend(1_000_000)
    assert rate.delay(100) == 0
    rate.hold(107)
    assert rate.delay(100) == 7


def test_a_run_keeps_to_its_rate(store: Engine) -> None:
    """Thirty mails at twenty a second, in calls of five, by four threads: not under a second."""
    add_readers(store, 30)
    publish_issue(store, batch_size=5)
    report = sending(store, Memory(), "rate = 20").send(SLUG, NOW)
    assert report.sent == 30
    assert report.seconds >= 1.2


@pytest.mark.parametrize(
    ("lines", "most", "wanted"),
    [("batch = 500", 1000, 500), ("batch = 500", 100, 100), ("rate = 14", 1000, 14), ("rate = 0.5", 1000, 1)],
)
def test_a_call_is_no_larger_than_all_allow(lines: str, most: int, wanted: int) -> None:
    """The setting, the provider's own limit, and a second's worth of the rate."""
    provider = Memory()
    provider.max_batch = most
    assert wanted == batch_size(settings(lines), provider)


# --- ending ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_in_good_order(store: Engine, number: signal.Signals) -> None:
    """The call under way is finished and recorded, no other is begun, and what was before handles signals again."""
    add_readers(store, 10)
    publish_issue(store)
    before = signal.getsignal(number)

    class Slow(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            os.kill(os.getpid(), number)
            time.sleep(0.3)
            return super().send(outgoing)

    report = sending(store, Slow()).send(SLUG, NOW)
    status = sending(store, Memory()).status(SLUG, NOW)
    assert report.stopped == f"stopped by {number.name}"
    assert (status.tally.sent, status.tally.queued) == (2, 8)
    assert signal.getsignal(number) is before


def test_a_run_that_slept_makes_no_call(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is frozen between writing an attempt and making its call may have been taken for dead meanwhile."""
    monkeypatch.setattr("newsletter.engine.CALL_WITHIN", 0.0)
    add_readers(store, 2)
    publish_issue(store)
    provider = Memory()
    report = sending(store, provider, "stop_after_errors = 1").send(SLUG, NOW)
    assert provider.messages == []
    assert report.stopped
    assert "slept too long" in report.stopped
    assert sending(store, provider).status(SLUG, NOW).tally.queued == 2


def test_a_run_does_not_wait_for_hours(store: Engine) -> None:
    """The provider takes nothing until the afternoon: the run ends at once, says so, and so does the next one."""
    add_readers(store, 4)
    publish_issue(store, batch_size=4)
    calls: list[str] = []

    class UsedUp(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            calls.append(outgoing.key)
            raise NotTaken("the day's mails are used up", retry_after=3 * 3600)

    until = f"the provider asks us to wait until {NOW + timedelta(hours=3):%H:%M} UTC"
    assert sending(store, UsedUp()).send(SLUG, NOW).stopped == until
    assert sending(store, UsedUp()).send(SLUG, NOW + timedelta(minutes=5)).stopped == until
    assert len(calls) == 1
    assert sending(store, Memory()).send(SLUG, NOW + timedelta(hours=4)).sent == 4


def test_the_first_reason_to_end_is_the_one_told(store: Engine) -> None:
    """A person ended the run; what came of the last call is not why."""
    add_readers(store, 4)
    publish_issue(store)

    class Refusing(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.3)
            raise StopSending("the key is wrong")

    assert sending(store, Refusing()).send(SLUG, NOW).stopped == "stopped by SIGTERM"


def test_when_one_thread_fails_the_others_begin_nothing(store: Engine) -> None:
    """What nobody foresaw is told; calls under way are finished, and the rest waits."""
    add_readers(store, 40)
    publish_issue(store)
    failing = threading.Lock()

    class Breaking(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            if failing.acquire(blocking=False):
                raise SystemExit("broken")
            time.sleep(0.1)
            return super().send(outgoing)

    provider = Breaking()
    with pytest.raises(SystemExit, match="broken"):
        sending(store, provider, "concurrency = 2").send(SLUG, NOW)
    assert len(provider.messages) <= 4


def test_whoever_watches_sees_a_run_grow(store: Engine) -> None:
    """Some times a second, from the thread that asked for it."""
    add_readers(store, 6)
    publish_issue(store)
    seen: list[tuple[int, float]] = []

    class Slow(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            time.sleep(0.3)
            return super().send(outgoing)

    report = sending(store, Slow()).send(
        SLUG, NOW, watch=lambda found: seen.append((found.sent, found.seconds))
    )
    assert {2, 4, 6} <= {sent for sent, _ in seen}
    assert [moment for _, moment in seen] == sorted(moment for _, moment in seen)
    assert 0.9 <= report.seconds < 20
    assert report.rate == report.sent / report.seconds
    assert engine.Report().rate == 0


# --- clocks ----------------------------------------------------------------------------------------------


def test_a_call_is_made_while_nobody_can_take_us_for_dead() -> None:
    """Before the lease of its attempt is over, and before its key may be forgotten."""
    assert timedelta() < timedelta(seconds=engine.CALL_WITHIN) < min(send.LEASE, send.MARGIN)


def test_the_time_a_machine_sleeps_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the system's clock that goes on meanwhile; where it has none, by the one that there is."""
    monkeypatch.setattr(time, "clock_gettime", {time.CLOCK_BOOTTIME: 4711.0}.__getitem__)
    assert engine.clock() == 4711.0
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    before = time.monotonic()
    assert before <= engine.clock() <= time.monotonic()


def test_a_run_can_be_made_outside_the_main_thread(store: Engine) -> None:
    """Where signals cannot be asked for, sending works all the same."""
    add_readers(store, 2)
    publish_issue(store)
    provider = Memory()
    thread = threading.Thread(target=lambda: sending(store, provider).send(SLUG, NOW))
    thread.start()
    thread.join()
    assert len(provider.messages) == 2


# --- processes -------------------------------------------------------------------------------------------


def test_this_process_is_alive() -> None:
    """Its own name says so."""
    assert life_of(this_process()) is Life.ALIVE


def test_a_process_that_ended_is_dead_even_before_it_is_fetched() -> None:
    """A killed child that still waits for its parent is dead, and after it is gone it is, too."""
    code = "import newsletter.process as p; print(p.this_process(), flush=True); import time; time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    name = child.stdout.readline().strip()
    assert life_of(name) is Life.ALIVE
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert life_of(name) is Life.DEAD
    child.communicate()
    assert life_of(name) is Life.DEAD


def test_a_later_process_with_the_same_number_is_another() -> None:
    """The start time tells them apart; so does another boot."""
    host, boot, namespace, pid, started = this_process().split()
    assert life_of(f"{host} {boot} {namespace} {pid} 1") is Life.DEAD
    assert life_of(f"{host} another-boot {namespace} {pid} {started}") is Life.DEAD


def test_of_another_host_or_container_nothing_is_known() -> None:
    """And of a system that does not tell its boot neither."""
    host, boot, namespace, pid, started = this_process().split()
    assert host == socket.gethostname()
    assert life_of(f"elsewhere {boot} {namespace} {pid} {started}") is Life.UNKNOWN
    assert life_of(f"{host} {boot} pid:[1] {pid} {started}") is Life.UNKNOWN
    assert life_of(f"{host} - {namespace} {pid} {started}") is Life.UNKNOWN
    assert life_of("a name of another form") is Life.UNKNOWN
    assert life_of("") is Life.UNKNOWN


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A system that does not have these files, or does not show them to us."""
    read_text, readlink = Path.read_text, Path.readlink

    def hidden(real: Callable[[Path], Any], path: Path) -> Any:
        if str(path) in names:
            raise PermissionError(13, "hidden", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_text", lambda path, *_: hidden(read_text, path))
    monkeypatch.setattr(Path, "readlink", lambda path: hidden(readlink, path))


def test_of_a_system_that_does_not_tell_its_boot_nothing_is_concluded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither by a name that was made before, nor by one that is made there."""
    before = this_process()
    hide(monkeypatch, "/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid")
    assert this_process().split()[1:3] == ["-", "-"]
    assert life_of(before) is Life.UNKNOWN
    assert life_of(this_process()) is Life.UNKNOWN


def test_where_processes_are_hidden_a_signal_still_tells_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is there may be a later one with the same number, so of them nothing is known."""
    host, boot, namespace, pid, started = this_process().split()
    gone = "4194303"
    hide(monkeypatch, f"/proc/{pid}/stat", f"/proc/{gone}/stat")
    assert life_of(f"{host} {boot} {namespace} {pid} {started}") is Life.UNKNOWN
    assert life_of(f"{host} {boot} {namespace} {gone} {started}") is Life.DEAD

    def refuse(*_: int) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(os, "kill", refuse)
    assert life_of(f"{host} {boot} {namespace} {gone} {started}") is Life.UNKNOWN
