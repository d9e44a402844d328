"""Importing a list of a million subscribers into SQLite: rows a second, memory, and how long writers wait.

The baseline, in the same run: the same file by the standard library alone (csv, a staging table, one sorted
INSERT … SELECT), without reading addresses as addresses, without consent, without a report. ROWS=100000 makes it
short.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = int(os.environ.get("ROWS", "1000000"))
TARGET = 60_000
MEMORY = 250
NAMES = ("Ann", "Bob", "Carla", "Dário", "Eve", "Frank", "Grace", "Heidi")

SETTINGS = """
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@pain.example>"
site_url = "https://pain.example"
public_url = "https://news.pain.example"
postal_address = "1 Main Street, Springfield"
"""

IMPORT = """
import resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from newsletter.app import make_app

readers = make_app(Path(sys.argv[1])).readers
began = time.perf_counter()
locked = []
def progress(what, done, total):
    if what == "merging" and not locked:
        locked.append(time.perf_counter())
done = readers.import_list(Path(sys.argv[2]), "double opt-in elsewhere", datetime.now(UTC), progress=progress)
ended = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(ended - began, ended - locked[0], peak, done.counts["added"])
"""


def main() -> int:
    """0 when the import is quick and small enough."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write_list(path)
        (Path(folder) / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
        raw = baseline(path, Path(folder) / "raw.db")
        answer = subprocess.run(
            [sys.executable, "-c", IMPORT, folder, str(path)], check=True, capture_output=True, text=True
        ).stdout.split()
    seconds, held, peak, added = float(answer[0]), float(answer[1]), int(answer[2]), int(answer[3])
    rate = ROWS / seconds
    print(f"{ROWS:,} rows, {added:,} of them new readers")
    print(f"  raw sqlite3     {ROWS / raw:10,.0f} rows/s")
    print(f"  import          {rate:10,.0f} rows/s   {rate / (ROWS / raw):.2f} of raw, target {TARGET:,}")
    print(f"  memory          {peak:10,} MB       at most {MEMORY}")
    print(f"  writers wait    {held:10.1f} s        once, while the list is merged")
    return int(rate < TARGET or peak > MEMORY)


def write_list(path: Path) -> None:
    """One row in a hundred is about an address that was there before."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("Email Address", "First Name", "Tags"))
        for row in range(ROWS):
            one = row * 7919 % ROWS if row % 100 else (row // 2) * 7919 % ROWS
            table.writerow((f"Reader{one:07d}@mail{one % 53}.example", NAMES[row % 8], "news,vip"))


def baseline(path: Path, store: Path) -> float:
    """Seconds for the least that can be done."""
    began = time.perf_counter()
    conn = sqlite3.connect(store, isolation_level=None)
    conn.executescript(
        """PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        CREATE TEMP TABLE staged (email TEXT, key TEXT, name TEXT);
        CREATE TABLE subscribers (id INTEGER PRIMARY KEY, email TEXT, key TEXT UNIQUE, name TEXT, state TEXT);"""
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        conn.execute("BEGIN")
        conn.executemany("INSERT INTO staged VALUES (?, ?, ?)", ((a, a.lower(), n) for a, n, _ in rows))
        conn.execute(
            "INSERT INTO subscribers (email, key, name, state) SELECT email, key, name, 'active' FROM staged "
            "WHERE true ORDER BY key ON CONFLICT DO NOTHING"
        )
        conn.execute("COMMIT")
    conn.close()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
