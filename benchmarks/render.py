"""One issue of twelve stories, warm, all steps: templates, MJML, styles into the elements, text part, hash.

The baseline is Node's `mjml` command as a process on the same MJML, in the same run; it does the second step alone.
It is looked for in benchmarks/node_modules (`npm install --prefix benchmarks --no-save mjml` puts it there) and on
the PATH; without it only the first target is held.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from sample_layout import sample_config, sample_layout  # noqa: E402 - shared with the tests

from newsletter.render import Renderer  # noqa: E402

MOST = 10.0
"""Milliseconds an edition may take."""
LEAST = 20.0
"""Times it must be quicker than the command."""


def quickest(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of the quickest round: whatever else the machine does only adds to the others."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times) * 1000


def node_mjml() -> str | None:
    """The command, or None. It must answer: a Node that is too old leaves one that cannot start."""
    for command in (HERE / "node_modules/.bin/mjml", shutil.which("mjml")):
        if command and Path(command).exists():
            asked = subprocess.run([str(command), "--version"], capture_output=True, check=False)
            return str(command) if asked.returncode == 0 else None
    return None


def command_time(command: str, mjml: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "issue.mjml"), Path(folder, "issue.html")
        source.write_text(mjml, encoding="utf-8")
        call = [command, str(source), "-o", str(made)]
        time = quickest(lambda: subprocess.run(call, check=True, capture_output=True), 5)
        assert made.stat().st_size > 10_000, "the command made no page"
    return time


def main() -> int:
    renderer, layout = Renderer(sample_config()), sample_layout()
    edition = renderer.edition(layout)
    ours = quickest(lambda: renderer.edition(layout), 100)
    print(
        f"an edition of 12 stories, {len(edition.html.encode()) / 1000:.0f} KB: {ours:.1f} ms (at most {MOST:.0f})"
    )
    command = node_mjml()
    if command is None:
        print("Node's mjml command is not here: no baseline (npm install --prefix benchmarks --no-save mjml)")
        return int(ours > MOST)
    theirs = command_time(command, edition.mjml)
    print(
        f"Node's mjml command on the same MJML: {theirs:.0f} ms, {theirs / ours:.0f} times (at least {LEAST:.0f})"
    )
    return int(ours > MOST or theirs / ours < LEAST)


if __name__ == "__main__":
    sys.exit(main())
