"""`python -m tools.mutants [FILE …]`: break each guard in turn, and say of which nobody noticed.

FILE is a module of newsletter/ without its ending, as in `storage/ledger`; left out, all of judges.py. Exit 1 when a
change was not noticed that is not in equivalents.toml, or when a line there is about nothing any more.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tools.mutants.judges import JUDGES, list_judges
from tools.mutants.listing import Mutant, list_mutants

ROOT = Path(__file__).parent.parent.parent
LEFT_BEHIND = (
    ".git",
    ".venv",
    "node_modules",
    "subscribers",
    "outbox",
    "build",
    "dist",
    ".hypothesis",
    ".*_cache",
)

Answer = dict[str, Any]


class Worker:
    """A worker's process, from outside."""

    def __init__(self, folder: Path, tests: list[str]) -> None:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_BEHIND, "__pycache__"))
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.mutants.worker", *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "TMPDIR": str(folder.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **job: Any) -> Answer:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: Answer = (
            json.loads(line) if line else {"broken": (self._folder / "worker.log").read_text()[-3000:]}
        )
        if "broken" in answer:
            raise SystemExit(f"A worker broke on {job.get('file')}:\n{answer['broken']}")
        return answer

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def workers(count: int, tests: list[str]) -> Iterator[list[Worker]]:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # the disk need not be waited for
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=memory) as name, ExitStack() as stack:
        made = [Worker(Path(name) / str(number), tests) for number in range(count)]
        for one in made:
            stack.callback(one.close)
        yield made


def each(made: list[Worker], jobs: list[Any], work: Any) -> None:
    """Every job by whichever worker is free. Raises what a thread raised."""
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    failed: list[BaseException] = []

    def go(worker: Worker) -> None:
        try:
            while not failed:
                work(worker, waiting.get_nowait())
        except queue.Empty:
            pass
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=go, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:  # told to stop
        failed.append(error)
    if failed:
        raise failed[0]


# --- what the tests run ----------------------------------------------------------------------------------


class Reach:
    """Which test runs which lines, and how long it takes."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.times = {test: seconds for test, (seconds, _) in found.items()}
        self._lines = {
            test: {file: set(lines) for file, lines in files.items()} for test, (_, files) in found.items()
        }

    def tests_of(self, mutant: Mutant, judges: list[str]) -> list[str]:
        """Those of the file's judges that may notice, the quickest first. What no test runs may be run on import."""
        mine = [test for test in self._lines if test.partition("::")[0] in judges]
        may = [test for test in mine if self._runs(test, mutant)]
        return sorted(may or mine, key=self.times.__getitem__)

    def _runs(self, test: str, mutant: Mutant) -> bool:
        return not mutant.lines.isdisjoint(self._lines[test].get(mutant.file, ()))


def look(made: list[Worker], files: list[str]) -> Reach:
    """Runs all tests on the program as it is, put in its own place as each mutant will be. Raises SystemExit."""
    found: dict[str, Any] = {}

    def work(worker: Worker, part: int) -> None:
        answer = worker.ask(watch=files, part=[part, len(made)], tests=[], times={})
        if answer["failed"]:
            raise SystemExit(f"The tests fail already: {answer['failed']}\n{answer.get('why', '')}")
        found.update(answer["found"])

    each(made, list(range(len(made))), work)
    return Reach(found)


# --- equivalents -----------------------------------------------------------------------------------------


def read_equivalents(files: list[str]) -> dict[tuple[str, str, str], str]:
    """(file, place, change) → why it makes no difference."""
    listed = tomllib.loads((Path(__file__).parent / "equivalents.toml").read_text(encoding="utf-8"))
    return {
        (f"newsletter/{one['file']}.py", one["place"], one["change"]): one["why"]
        for one in listed.get("equivalent", [])
        if f"newsletter/{one['file']}.py" in files
    }


def name_of(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.file, mutant.place, mutant.change


# --- the run ---------------------------------------------------------------------------------------------


def judge(made: list[Worker], mutants: list[Mutant], reach: Reach) -> list[Mutant]:
    """The mutants that nobody noticed."""
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in {one.file for one in mutants}}
    alive: list[Mutant] = []
    done = itertools.count(1)
    began = time.monotonic()

    def work(worker: Worker, mutant: Mutant) -> None:
        module = mutant.file.removeprefix("newsletter/").removesuffix(".py")
        tests = reach.tests_of(mutant, list_judges([module]))
        changed = mutant.applied(sources[mutant.file])
        if (
            not tests
            or not worker.ask(file=mutant.file, source=changed, tests=tests, times=reach.times)["failed"]
        ):
            alive.append(mutant)
            say(f"{mutant.file}:{mutant.line}  {mutant.place}: {mutant.change}  ({len(tests)} tests)")
        if (number := next(done)) % 50 == 0:
            say(f"… {number} of {len(mutants)} in {time.monotonic() - began:.0f} s, {len(alive)} not noticed")

    each(made, mutants, work)
    return alive


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description="Break each guard in turn.")
    parser.add_argument("file", nargs="*", help=f"left out: all of {', '.join(JUDGES)}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--equivalents", action="store_true", help="try those of equivalents.toml as well")
    args = parser.parse_args()
    if unknown := set(args.file) - set(JUDGES):
        parser.error(f"not in judges.py: {', '.join(sorted(unknown))}")
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # the workers end, and take their servers with them
    chosen = args.file or list(JUDGES)
    files = [f"newsletter/{one}.py" for one in chosen]
    mutants = [one for file in files for one in list_mutants(ROOT, file)]
    known = read_equivalents(files)
    tried = [one for one in mutants if args.equivalents or name_of(one) not in known]
    with workers(args.workers, list_judges(chosen)) as made:
        alive = judge(made, tried, look(made, files))
    missed = [one for one in alive if name_of(one) not in known]
    stale = set(known) - {name_of(one) for one in mutants}
    for file, place, change in sorted(stale):
        say(f"equivalents.toml is about nothing: {file}  {place}: {change}")
    say(
        f"{len(mutants)} changes: {len(tried) - len(alive)} noticed, {len(known)} known to make no difference,"
    )
    say(f"{len(missed)} missed")
    return 1 if missed or stale else 0


if __name__ == "__main__":
    sys.exit(main())
