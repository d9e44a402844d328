"""The readers' service under load: `newsletter serve --workers 2` on loopback, asked by `wrk` from its own process.

`POST /subscribe`, each for another address, and one-click unsubscribing, each with another reader's link, beside a
bare Flask handler that does one INSERT (`_bare.py`) on the same server with the same settings and pragmas. The three
take turns. The target: half the bare handler's requests a second or more, no 5xx, and no write lost.

A wish is written, and answered, before anybody looks at it; then it goes, and of one that no mail may be sent for
nothing stays. So the store itself counts what is written, by a trigger: that is work the bare handler does not have.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

RATIO = 0.5
ROUNDS = 3
SECONDS = 5
CONNECTIONS = 16
READERS = 90_000
ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://www.example.org"
public_url = "http://127.0.0.1:{port}"
postal_address = "12 Harbour Road, Springfield"

[web]
requests_per_minute = 100000000
"""
DONE = """
done = function(summary, latency, requests)
  print(string.format('RESULT {"requests": %d, "refused": %d, "broken": %d, "seconds": %f, "p50": %f, "p99": %f}',
    summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
SUBSCRIBE = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
request = function()
  n = n + 1
  return wrk.format(nil, "/subscribe", nil, "email=reader%s-" .. n .. "%%40example.org&topic=news")
end
"""
UNSUBSCRIBE = """
local lines, n = {}, %d
for line in io.lines("%s") do lines[#lines + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
request = function()
  n = n + 1
  return wrk.format(nil, lines[n], nil, "List-Unsubscribe=One-Click")
end
"""


@dataclass(frozen=True)
class Load:
    requests: int
    refused: int
    """Answers other than 2xx."""
    broken: int
    """Connections."""
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def load(port: int, script: str, folder: Path) -> Load:
    path = folder / "load.lua"
    path.write_text(script + DONE)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(path), f"http://127.0.0.1:{port}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found = next(line for line in run.stdout.splitlines() if line.startswith("RESULT "))
    return Load(**json.loads(found.removeprefix("RESULT ")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **environ: str) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **environ}, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_for(url: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


@contextmanager
def bare(folder: Path) -> Iterator[int]:
    port, database = free_port(), folder / "bare.db"
    with sqlite3.connect(database) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("CREATE TABLE wishes (id INTEGER PRIMARY KEY, email TEXT NOT NULL)")
    command = [
        str(BIN / "granian"),
        "benchmarks._bare:make",
        "--factory",
        "--interface",
        "wsgi",
        "--workers",
        "2",
    ]
    command += ["--blocking-threads", "2", "--port", str(port), "--log-level", "warning"]
    with running(command, port, BARE_DB=str(database)):
        yield port


@contextmanager
def ours(folder: Path) -> Iterator[int]:
    port = free_port()
    folder.mkdir()
    (folder / "newsletter.toml").write_text(SETTINGS.format(port=port))
    (folder / "paths.txt").write_text("\n".join(add_readers(folder)) + "\n")
    command = [str(BIN / "newsletter"), "--site", str(folder), "serve", "--port", str(port), "--workers", "2"]
    with running(command, port):
        yield port


def add_readers(folder: Path) -> Iterator[str]:
    """Active readers, and the path of each one's link."""
    from newsletter.app import make_app

    app = make_app(folder)
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    rows = ((n, f"active{n}@example.org", f"active{n}@example.org", at, at) for n in range(1, READERS + 1))
    app.database.dispose()
    with sqlite3.connect(folder / "subscribers/newsletter.db") as conn:
        columns = "id, email, email_key, created_at, confirmed_at, state, topics, source"
        conn.executemany(
            f"INSERT INTO subscribers ({columns}) VALUES (?, ?, ?, ?, ?, 'active', '*', 'bench')", rows
        )
        conn.executescript(COUNT_WISHES)
    for reader in range(1, READERS + 1):
        yield f"/unsubscribe/{app.links.token('unsubscribe', reader, 7)}"


def count(database: Path, query: str) -> int:
    with sqlite3.connect(database) as conn:
        return int(conn.execute(query).fetchone()[0])


COUNT_WISHES = """\
CREATE TABLE written (wishes INTEGER NOT NULL);
INSERT INTO written VALUES (0);
CREATE TRIGGER count_wishes AFTER INSERT ON wishes BEGIN UPDATE written SET wishes = wishes + 1; END;
"""
WISHED = "SELECT wishes FROM written"
LEFT = "SELECT count(*) FROM subscribers WHERE state = 'unsubscribed'"


def compare(folder: Path) -> bool:
    site = folder / "site"
    database = site / "subscribers/newsletter.db"
    results: dict[str, list[Load]] = {"bare INSERT": [], "POST /subscribe": [], "one-click": []}
    asked = 0
    with bare(folder) as bare_port, ours(site) as port:
        for number in range(ROUNDS):
            results["bare INSERT"].append(load(bare_port, SUBSCRIBE % f"first{number}", folder))
            results["one-click"].append(load(port, UNSUBSCRIBE % (asked, site / "paths.txt"), folder))
            asked += results["one-click"][-1].requests + 2 * CONNECTIONS
        for number in range(ROUNDS):  # afterwards, because the service goes on looking at wishes for a while
            results["bare INSERT"].append(load(bare_port, SUBSCRIBE % f"then{number}", folder))
            results["POST /subscribe"].append(load(port, SUBSCRIBE % number, folder))
        wishes = (count(database, WISHED), sum(one.requests for one in results["POST /subscribe"]))
        left = (count(database, LEFT), sum(one.requests for one in results["one-click"]))
    return report(results, wishes, left)


def report(results: dict[str, list[Load]], wishes: tuple[int, int], left: tuple[int, int]) -> bool:
    whole = True
    base = median(one.rate for one in results["bare INSERT"])
    for name, loads in results.items():
        rate, p99 = median(one.rate for one in loads), median(one.p99 for one in loads)
        wrong = sum(one.refused + one.broken for one in loads)
        print(f"{name:16} {rate:6.0f} requests/s  p99 {p99:6.1f} ms  {wrong} failed  ratio {rate / base:.2f}")
        whole = whole and (name == "bare INSERT" or (not wrong and rate / base >= RATIO))
    for name, (kept, answered) in (("wishes", wishes), ("readers who left", left)):
        # A request under way when its load ended may be written and not counted; the other way round is a loss.
        lost = max(0, answered - kept)
        print(f"{answered} answered, {kept} {name} written: {lost} lost")
        whole = whole and not lost and kept - answered <= ROUNDS * CONNECTIONS
    print(f"target: ratio {RATIO} or more, nothing lost, nothing failed")
    return whole


def main() -> int:
    if shutil.which("wrk") is None:
        print("wrk is not here (apt-get install wrk): nothing was measured")
        return 0
    with tempfile.TemporaryDirectory() as name:
        return 0 if compare(Path(name)) else 1


if __name__ == "__main__":
    sys.exit(main())
