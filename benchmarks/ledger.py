"""What the ledger costs: planning a million deliveries on SQLite, and sending a hundred thousand to `memory`.

Beside each stands a baseline of the same run: a bare INSERT … SELECT of as many lines into a table of the same
form, and a bare loop that joins as many mails from the same bytes. Memory is the whole process's peak.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from newsletter.config import parse_config
from newsletter.links import Links
from newsletter.pipeline.publish import publish
from newsletter.providers.memory import Memory
from newsletter.sending import Sending
from newsletter.storage.database import open_database, writing
from newsletter.storage.schema import subscribers
from newsletter.types import Edition, Topics, edition_hash

PLANNED, PLANNING_SECONDS = 1_000_000, 10
SENT, SENT_A_SECOND, SENDING_MEGABYTES = 100_000, 20_000, 150
PAGE_BYTES = 37_000
"""Of HTML, as of a real issue."""
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
SLUG = "2026-11-26"
SECTIONS = ("conditions", "news", "treatments")
TOPICS = (
    "*",
    "*",
    "*",
    "conditions",
    "news,treatments",
    "treatments",
    "conditions,news",
    "conditions,treatments",
)
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://example.org"
public_url = "https://letters.example.org"
postal_address = "12 Harbour Road, Springfield"
"""


def main() -> int:
    print(f"{'':<34}{'measured':>12}{'target':>12}{'baseline':>16}{'ratio':>8}")
    planned = _apart(planning)
    sent = _apart(sending)
    return int(not all((*planned, *sent)))


def _apart(work: Callable[[Path], tuple[bool, ...]]) -> tuple[bool, ...]:
    """In a process of its own: its peak of memory is its own, too."""
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (Path(folder),))


def planning(folder: Path) -> tuple[bool, ...]:
    store = open_database(f"sqlite:///{folder / 'readers.db'}")
    add_readers(store, PLANNED)
    before = _peak()
    seconds = _timed(lambda: publish_issue(store))
    store.dispose()
    bare = _timed(lambda: _bare_insert(folder / "readers.db"))
    return (
        _line("planning 1,000,000 deliveries", seconds, PLANNING_SECONDS, "s", bare),
        _line("  memory above what was there", _peak() - before, 100, "MB"),
    )


def sending(folder: Path) -> tuple[bool, ...]:
    store = open_database(f"sqlite:///{folder / 'readers.db'}")
    add_readers(store, SENT)
    publish_issue(store)
    links, provider = (
        Links(["a key for the benchmark only"], "https://letters.example.org"),
        Memory(keep=False),
    )
    desk = Sending(store, parse_config(SETTINGS), lambda: links, lambda: provider)
    seconds = _timed(lambda: desk.send(SLUG, NOW))
    status = desk.status(SLUG, NOW)
    assert status.tally.sent == provider.count == SENT
    store.dispose()
    bare = SENT / _timed(_bare_loop)
    return (
        _line("sending 100,000 to memory", SENT / seconds, SENT_A_SECOND, "/s", bare, least=True),
        _line("  memory of the process", _peak(), SENDING_MEGABYTES, "MB"),
    )


# --- baselines -------------------------------------------------------------------------------------------


def _bare_insert(path: Path) -> None:
    """As many lines into as narrow a table with the same indexes, without deciding anything."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("BEGIN IMMEDIATE")
    conn.execute(
        "CREATE TABLE bare (issue_id INTEGER, subscriber_id INTEGER, edition_id INTEGER, batch_id INTEGER, "
        "state TEXT, reference TEXT, reason TEXT, PRIMARY KEY (issue_id, subscriber_id)) WITHOUT ROWID"
    )
    conn.execute("CREATE INDEX ix_bare ON bare (batch_id)")
    conn.execute("INSERT INTO bare SELECT 1, id, 1, id / 1000, 'queued', NULL, NULL FROM subscribers")
    conn.execute("COMMIT")
    conn.close()


def _bare_loop() -> None:
    """Mails of the same size from two pieces and an address each: the least that personalising can cost."""
    head, tail = b"x" * 400, b"x" * len(_edition(SECTIONS).html)
    for number in range(SENT):
        b"".join((head, b"reader%d@example.org" % number, tail))


# --- what is measured ------------------------------------------------------------------------------------


def add_readers(store: Any, count: int) -> None:
    for start in range(0, count, 10_000):
        rows = [
            {
                "email": f"reader{number}@example.org",
                "email_key": f"reader{number}@example.org",
                "state": "active",
                "topics": TOPICS[number % len(TOPICS)],
                "source": "benchmark",
                "created_at": NOW,
                "confirmed_at": NOW,
            }
            for number in range(start, start + 10_000)
        ]
        with writing(store) as conn:
            conn.execute(insert(subscribers), rows)


def publish_issue(store: Any, *, page: int = PAGE_BYTES, batch: int = 1000) -> None:
    sets = [one for length in (3, 2, 1) for one in combinations(SECTIONS, length)]
    editions = [_edition(one, page) for one in sets]
    publish(store, SLUG, editions, [], provider="memory", batch_size=batch, now=NOW)


def _edition(topics: tuple[str, ...], page: int = PAGE_BYTES) -> Edition:
    line = "<p>What a nerve block can do for a knee, and what it cannot: three studies.</p>\n"
    page = (
        line * (page // len(line))
        + '<a href="@@unsubscribe_url@@">leave</a> <a href="@@preferences_url@@">x</a>'
    )
    plain = "What a nerve block can do.\n" * 150 + "@@unsubscribe_url@@\n@@preferences_url@@\n"
    hash = edition_hash("A subject", "A preheader", page, plain)
    return Edition(SLUG, Topics(topics), "A subject", "A preheader", page, plain, hash)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak() -> float:
    """MB; ru_maxrss is in KB on Linux, in bytes on macOS."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1_000_000 if sys.platform == "darwin" else 1000)


def _line(
    what: str,
    measured: float,
    target: float,
    unit: str,
    baseline: float | None = None,
    *,
    least: bool = False,
) -> bool:
    beside = f"{baseline:>13,.1f} {unit:<2}{measured / baseline:>8.2f}" if baseline else ""
    print(f"{what:<34}{measured:>9,.1f} {unit:<2}{target:>9,.0f} {unit:<2}{beside}", flush=True)
    return measured >= target if least else measured <= target


if __name__ == "__main__":
    sys.exit(main())
