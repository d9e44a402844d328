"""What a command costs as a process, start-up and all, which is nearly all of it.

`newsletter --help` against `python -c pass`, and `newsletter build --offline` of this repository's example issue
(every variant, in a copy of the site without a store) against Node's `mjml` command on the MJML of its largest
variant alone. For the command see `benchmarks.render`; without it that target is not held.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.render import node_mjml

ROOT = Path(__file__).parent.parent
SLUG = "2026-11-26"
HELP_AT_MOST = 7.0
BUILD_AT_MOST = 0.6
ROUNDS = 15


def race(*commands: list[str]) -> list[float]:
    """Milliseconds of each command's quickest run, taking turns: a busy moment then meets them all."""
    best = [float("inf")] * len(commands)
    for _ in range(ROUNDS):
        for number, command in enumerate(commands):
            start = perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            best[number] = min(best[number], (perf_counter() - start) * 1000)
    return best


def newsletter(*args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("newsletter")), *args]


def copy_of_the_site(folder: Path) -> Path:
    """This repository as a fresh clone has it: settings, look and example issue, no store."""
    shutil.copy(ROOT / "newsletter.toml", folder)
    shutil.copytree(ROOT / "templates", folder / "templates")
    (folder / "content/issues").mkdir(parents=True)
    shutil.copy(ROOT / f"content/issues/{SLUG}.md", folder / "content/issues")
    return folder


def help_ratio() -> float:
    bare, ours = race([sys.executable, "-c", "pass"], newsletter("--help"))
    print(f"python -c pass: {bare:.0f} ms; newsletter --help: {ours:.0f} ms,", end=" ")
    print(f"{ours / bare:.1f} times (at most {HELP_AT_MOST:.0f})")
    return ours / bare


def build_ratio() -> float | None:
    with tempfile.TemporaryDirectory() as name:
        site = copy_of_the_site(Path(name))
        build = newsletter("--site", str(site), "build", SLUG, "--offline")
        subprocess.run(build, check=True, capture_output=True)
        command = node_mjml()
        if command is None:
            print(f"newsletter build --offline: {race(build)[0]:.0f} ms")
            print(
                "Node's mjml command is not here: no baseline (npm install --prefix benchmarks --no-save mjml)"
            )
            return None
        made = site / f"build/{SLUG}/all.mjml"
        theirs, ours = race([command, str(made), "-o", str(site / "made.html")], build)
    print(f"Node's mjml command: {theirs:.0f} ms; newsletter build --offline: {ours:.0f} ms,", end=" ")
    print(f"{ours / theirs:.2f} times (at most {BUILD_AT_MOST})")
    return ours / theirs


def main() -> int:
    to_help, to_build = help_ratio(), build_ratio()
    return int(to_help > HELP_AT_MOST or (to_build is not None and to_build > BUILD_AT_MOST))


if __name__ == "__main__":
    sys.exit(main())
