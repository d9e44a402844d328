"""Does the time that `POST /subscribe` takes tell whether an address is known? A statistical test.

A real `newsletter serve` on loopback is asked one request after another, each for an address of a kind drawn at random:
unknown, pending, active, left, suppressed. Every known kind is compared with unknown by a permutation test on the
difference of medians and by the probability that one of it takes longer than one unknown (0.5: no difference; it
is the Mann-Whitney U over the number of pairs). With several comparisons, each p-value is held against 0.01 divided
by their number. What can be told must also be worth telling: an effect under 0.02 from 0.5 needs thousands of
requests for one address, which the budgets do not allow.

Said beside it: the time of the request that follows, because the service goes on working after it has answered.
"""

from __future__ import annotations

import http.client
import random
import sqlite3
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist, median
from urllib.parse import quote

from benchmarks.web import free_port, running

REQUESTS = 4000
WARM = 200
SIGNIFICANT = 0.01
SMALL = 0.02
KINDS = ("unknown", "pending", "active", "left", "suppressed")
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


def make_site(folder: Path, port: int) -> None:
    """A thousand readers of each known kind."""
    from newsletter.app import make_app

    (folder / "newsletter.toml").write_text(SETTINGS.format(port=port))
    app = make_app(folder)
    app.database.dispose()
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    states = {"pending": "pending", "active": "active", "left": "unsubscribed"}
    with sqlite3.connect(folder / "subscribers/newsletter.db") as conn:
        for kind, state in states.items():
            confirmed = None if kind == "pending" else at
            conn.executemany(
                "INSERT INTO subscribers (email, email_key, state, topics, source, created_at, confirmed_at)"
                " VALUES (?, ?, ?, '*', 'bench', ?, ?)",
                [(address(kind, n), address(kind, n), state, at, confirmed) for n in range(1000)],
            )
        conn.executemany(
            "INSERT INTO suppressions (email_key, reason, at) VALUES (?, 'bounced', ?)",
            [(address("suppressed", n), at) for n in range(1000)],
        )


def address(kind: str, number: int) -> str:
    """All of one length."""
    return f"{kind:x<10}{number:06d}@example.org"


def measure(port: int) -> list[tuple[str, float]]:
    """(kind, milliseconds) in the order asked."""
    draw, taken = random.Random(7), []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(REQUESTS + WARM):
        kind = draw.choice(KINDS)
        which = number if kind == "unknown" else draw.randrange(1000)
        body = f"email={quote(address(kind, which))}&topic=news"
        start = time.perf_counter()
        connection.request("POST", "/subscribe", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        spent = (time.perf_counter() - start) * 1000
        assert answer.status == 200
        if number >= WARM:
            taken.append((kind, spent))
    return taken


def longer(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The probability that one of ours takes longer than one of theirs; equal ones count half."""
    ranked = sorted(theirs)
    wins = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in ours) / 2
    return wins / (len(ours) * len(theirs))


def p_value(effect: float, ours: int, theirs: int) -> float:
    """Mann and Whitney's: how likely an effect this large is by chance (normal approximation, two-sided)."""
    spread = ((ours + theirs + 1) / (12 * ours * theirs)) ** 0.5
    return 2 * (1 - NormalDist().cdf(abs(effect - 0.5) / spread))


def permuted(ours: list[float], theirs: list[float], rounds: int = 1000) -> float:
    """How often medians differ as much when the labels are dealt out anew."""
    draw, both = random.Random(11), ours + theirs
    seen = abs(median(ours) - median(theirs))
    as_much = 0
    for _ in range(rounds):
        draw.shuffle(both)
        as_much += abs(median(both[: len(ours)]) - median(both[len(ours) :])) >= seen
    return (as_much + 1) / (rounds + 1)


def compare(title: str, taken: list[tuple[str, float]]) -> bool:
    """Prints a line a kind; whether any of them can be told from unknown."""
    times = {kind: [spent for one, spent in taken if one == kind] for kind in KINDS}
    base, told = times["unknown"], False
    print(f"{title}\n  {'unknown':11}{median(base):7.3f} ms  n {len(base)}")
    for kind in KINDS[1:]:
        ours = times[kind]
        effect = longer(ours, base)
        rank, shuffled = p_value(effect, len(ours), len(base)), permuted(ours, base)
        significant = min(rank, shuffled) < SIGNIFICANT / (len(KINDS) - 1) and abs(effect - 0.5) > SMALL
        told = told or significant
        print(
            f"  {kind:11}{median(ours):7.3f} ms  n {len(ours)}  longer than unknown {effect:.3f}"
            f"  p {rank:.3f} (ranks) {shuffled:.3f} (permutation){'  CAN BE TOLD' if significant else ''}"
        )
    return told


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        make_site(folder, port)
        command = [str(Path(sys.executable).with_name("newsletter")), "--site", name, "serve"]
        with running([*command, "--port", str(port), "--workers", "2"], port):
            taken = measure(port)
    told = compare("the request itself", taken)
    following = [(kind, spent) for (kind, _), (_, spent) in pairwise(taken)]
    told = compare("the one that follows", following) or told
    print("target: none of them can be told")
    return int(told)


if __name__ == "__main__":
    sys.exit(main())
