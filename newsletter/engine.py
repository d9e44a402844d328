"""The engine: sends an issue's batches in several threads, at the configured rate, until nothing is due.

It decides nothing about a delivery: pipeline.send does. It counts, waits, and stops: when told to by a person
or a signal, when calls keep failing, when the provider says that nothing can work. Stopping means that calls
under way are finished and recorded.
"""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType

from newsletter.errors import NotTaken
from newsletter.pipeline import send
from newsletter.pipeline.send import Answer, Job
from newsletter.rate import Rate
from newsletter.storage.database import is_busy, reading
from newsletter.storage.ledger import next_due
from newsletter.types import Batch

LONGEST_WAIT = 300.0
"""Seconds a run waits for a provider that asks us to; for longer it ends, and the next run goes on."""
FIRST_WAIT = 1.0
"""Seconds before a failed call is made again; twice as long after each further one in a row."""
LATER = 30.0
"""Seconds until those are tried again that the provider did not take now, of a call that it took."""
TICK = 0.2
CALL_WITHIN = 120.0
"""Seconds between writing an attempt and making its call: then somebody else may believe us dead. pipeline.send's
LEASE and MARGIN are longer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, how many at once, and when to give up: [sending] of the settings."""

    concurrency: int = 4
    rate: float = 0
    stop_after_errors: int = 5
    limit: int | None = None
    """Messages this run sends at most; None: all."""


@dataclass
class Report:
    """What a run did; it grows while the run goes on."""

    sent: int = 0
    refused: int = 0
    in_doubt: int = 0
    calls: int = 0
    seconds: float = 0
    stopped: str | None = None
    """Why it ended before the work did, in words for a person; None: nothing more was due."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return (self.sent + self.refused) / self.seconds if self.seconds > 0 else 0.0


Watch = Callable[[Report], None]


def moments(now: datetime) -> Callable[[], datetime]:
    """A clock that starts at `now` and cannot be set back."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def clock() -> float:
    """Seconds that go on also while the machine sleeps, on systems that have such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def run(job: Job, pace: Pace, now: datetime, watch: Watch = lambda _: None) -> Report:
    """Send what is due of one issue. `watch` is called from this thread, some times a second.

    Raises what a thread raised unforeseen, after all have ended.
    """
    work = _Run(job, pace, moments(now))
    threads = [threading.Thread(target=work.worker, name=f"sender {n}") for n in range(pace.concurrency)]
    began = time.monotonic()
    with _stopped_by_signals(work), _looking_for_garbage_rarely():
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(TICK)
                work.report.seconds = time.monotonic() - began
                watch(work.report)
    if work.failure:
        raise work.failure
    return work.report


@dataclass
class _Run:
    job: Job
    pace: Pace
    moment: Callable[[], datetime]
    report: Report = field(default_factory=Report)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self._rate = Rate(self.pace.rate)
        self._left = self.pace.limit
        self._errors = 0
        self._rejected = 0
        self._largest = 0
        self._stop = threading.Event()
        # Rate and limit are counted by one thread at a time; without them, several claim in one transaction.
        counted = self.pace.rate or self.pace.limit is not None
        self._claiming = threading.Lock() if counted else nullcontext()
        self._counting = threading.Lock()

    def stop(self, why: str) -> None:
        """End the run when the calls under way are recorded. The first reason stays."""
        self.report.stopped = self.report.stopped or why
        self._stop.set()

    def worker(self) -> None:
        try:
            while not self._stop.is_set() and self._turn():
                pass
        except BaseException as error:
            self.failure = self.failure or error
            self.stop(f"failed: {error}")

    def _turn(self) -> bool:
        """One batch, from claim to record, or a wait for one. False when there is nothing more to do."""
        batch, since = self._claim()
        if batch is None:
            return not self._stop.is_set() and self._left != 0 and self._wait_for_later()
        answer = send.deliver(self.job, batch, in_time=lambda: clock() - since < CALL_WITHIN)
        delay = self._note_errors(answer, len(batch.deliveries))
        not_before = self.moment() + timedelta(seconds=delay) if delay else None
        if self._record(batch, answer, not_before):
            self._count(batch, answer)
        if answer.outcome == "stop" and answer.error:
            self.stop(str(answer.error))
        return True

    def _claim(self) -> tuple[Batch | None, float]:
        """And since when it is ours, by `clock`."""
        with self._claiming:
            while (delay := self._rate.delay(time.monotonic())) > 0 and not self._stop.wait(min(delay, TICK)):
                pass
            if self._stop.is_set() or self._left == 0:
                return None, 0
            most = min(self._left or self.job.provider.max_batch, self.job.provider.max_batch)
            since = clock()
            batch = send.next_batch(self.job, self.moment(), most=most)
            if batch:
                self._rate.spend(len(batch.deliveries))
                if self._left is not None:
                    self._left = max(0, self._left - len(batch.deliveries))
            return batch, since

    def _record(self, batch: Batch, answer: Answer, not_before: datetime | None) -> bool:
        """Insist: what the provider said is known to nobody else."""
        for patience in (1, 2, 4, 8, None):
            try:
                return send.record(self.job, batch, answer, self.moment(), not_before=not_before)
            except Exception as error:
                if patience is None or not is_busy(error):
                    raise
                time.sleep(patience)
        return False

    def _note_errors(self, answer: Answer, size: int) -> float:
        """Count failed calls in a row; seconds until what is left of this batch may be tried again."""
        with self._counting:
            if answer.outcome == "taken" and _got_through(answer):
                self._errors = self._rejected = 0
                return LATER if any(one.outcome == "later" for one in answer.receipts) else 0
            if answer.outcome == "rejected":
                self._note_rejected(answer, size)
                return 0
            self._errors += 1
            if self._errors >= self.pace.stop_after_errors:
                self.stop(f"{self._errors} calls in a row failed; the last: {_said(answer)}")
            if answer.outcome == "stop":
                return 0
            delay = min(FIRST_WAIT * 2.0 ** (self._errors - 1), 60.0)
            if not isinstance(answer.error, NotTaken):
                return delay
            delay = answer.error.retry_after or delay
            self._rate.hold(time.monotonic() + delay)
            self._ends_before(self.moment() + timedelta(seconds=delay))
            return delay

    def _note_rejected(self, answer: Answer, size: int) -> None:
        """One bad address is found by halving; when it takes much longer than that, it is not about addresses."""
        self._rejected += 1
        halvings = self._largest = max(size.bit_length(), self._largest)
        if self._rejected >= self.pace.stop_after_errors + 2 * halvings * self.pace.concurrency:
            self.stop(f"{self._rejected} calls in a row were rejected; the last: {_said(answer)}")

    def _count(self, batch: Batch, answer: Answer) -> None:
        with self._counting:
            self.report.calls += 1
            outcomes = Counter(one.outcome for one in answer.receipts)
            self.report.sent += outcomes["sent"]
            self.report.refused += outcomes["refused"]
            if answer.outcome == "rejected" and len(batch.deliveries) == 1 and self.report.sent:
                self.report.refused += 1  # before anything was sent, it waits: see storage.ledger
            if answer.outcome == "taken":
                self.report.in_doubt += len(batch.deliveries) - outcomes.total() + outcomes["unknown"]
            elif answer.outcome == "maybe_taken" and self.job.provider.settles != "key":
                self.report.in_doubt += len(batch.deliveries)

    def _wait_for_later(self) -> bool:
        """Whether something is due later on that is worth waiting for; waits a little."""
        with reading(self.job.store.engine) as conn:
            due = next_due(conn, self.job.issue.id)
        if due is None:
            return False
        if self._ends_before(due):
            return False
        wait = (due - self.moment()).total_seconds()
        self._stop.wait(min(max(wait, 0.01), 1.0))
        return True

    def _ends_before(self, due: datetime) -> bool:
        """Whether nothing may be sent for longer than a run waits: then it ends."""
        if due - self.moment() <= timedelta(seconds=LONGEST_WAIT):
            return False
        self.stop(f"the provider asks us to wait until {due:%H:%M} UTC")
        return True


def _got_through(answer: Answer) -> bool:
    """Whether the provider settled anything: all "later" is as good as not taken."""
    return any(one.outcome != "later" for one in answer.receipts)


def _said(answer: Answer) -> str:
    later = [one.reason for one in answer.receipts if one.reason]
    return str(answer.error or (later or ["no reason was given"])[0])


@contextmanager
def _looking_for_garbage_rarely() -> Iterator[None]:
    """A batch is thousands of small values, none of them in a circle: looking for circles is a sixth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _stopped_by_signals(work: _Run) -> Iterator[None]:
    """SIGINT and SIGTERM end the run in good order; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        work.stop(f"stopped by {signal.Signals(number).name}")

    for one in before:
        signal.signal(one, stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
