"""What a command costs as a process, start-up and all, which is nearly all of it; and the demo as a whole.

`newsletter --help` against `python -c pass`, and `newsletter build --offline` of this repository's example issue
(every variant and their gallery, in a copy of the site without a store) against Node's `mjml` command on the MJML of
the same variants, one process for all of them. That against the largest variant alone is printed beside it: the
command does a seventh of the work then. For the command see `benchmarks.render`; without it that target is not held.
The program is measured as pip leaves it, compiled: where Python may write no bytecode, each run would compile anew.
"""

from __future__ import annotations

import compileall
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
DEMO_AT_MOST = 20.0
"""Seconds; a person who tries the program out does not wait longer."""
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
        variants = sorted(str(path) for path in (site / f"build/{SLUG}").glob("*.mjml"))
        made = site / "made"
        made.mkdir()
        one, all_of_them, ours = race(
            [command, str(site / f"build/{SLUG}/all.mjml"), "-o", str(site / "made.html")],
            [command, *variants, "-o", f"{made}/"],
            build,
        )
    print(f"newsletter build --offline: {ours:.0f} ms for {len(variants)} variants, HTML and text")
    print(f"Node's mjml command: {all_of_them:.0f} ms for their HTML, {one:.0f} ms for one of them:", end=" ")
    print(f"{ours / all_of_them:.2f} (at most {BUILD_AT_MOST}) and {ours / one:.2f} times")
    return ours / all_of_them


def demo_seconds() -> float:
    """The whole story, for which a person sits and waits."""
    start = perf_counter()
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(newsletter("demo", "--keep", f"{name}/site"), check=True, capture_output=True)
    seconds = perf_counter() - start
    print(f"newsletter demo: {seconds:.1f} s (at most {DEMO_AT_MOST:.0f})")
    return seconds


def main() -> int:
    compileall.compile_dir(ROOT / "newsletter", quiet=1)
    to_help, to_build, demo = help_ratio(), build_ratio(), demo_seconds()
    missed = to_help > HELP_AT_MOST or (to_build is not None and to_build > BUILD_AT_MOST)
    return int(missed or demo > DEMO_AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
