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
from pathlib import Path
from typing import Any

import pytest
from ledger_site import NOW, SLUG, add_readers, publish_issue, sending, settings
from sqlalchemy import Engine

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
