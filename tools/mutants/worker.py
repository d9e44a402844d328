"""A pytest session that has collected all tests and never ends: for each job a fork of it runs some of them.

Run as a script in a copy of the repository: jobs come in, one JSON line each, and an answer goes out for each.
A fork changes the module it holds in memory, which costs milliseconds; the file is changed as well, for the processes
that tests start.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any, NoReturn, TextIO

import pytest

HERE = str(Path.cwd())
SLOWEST = 20.0
"""Seconds more than usual that a test may take before it counts as hanging."""


class Session:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, jobs: TextIO, answers: TextIO) -> None:
        self._jobs, self._answers = jobs, answers
        self._number = 0

    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        # The same examples each time, and no search for smaller ones.
        quick = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", derandomize=True, database=None, phases=quick)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = {item.nodeid: item for item in session.items}
        start_stores(tests)
        for line in self._jobs:
            self._number += 1
            job = json.loads(line)
            with _changed_file(job):
                answer = self._run(job, tests)
            self._answers.write(json.dumps(answer) + "\n")
            self._answers.flush()
        return True

    def _run(self, job: dict[str, Any], tests: dict[str, pytest.Item]) -> dict[str, Any]:
        inward, outward = os.pipe()
        child = os.fork()
        if not child:
            os.setsid()
            os.close(inward)
            try:
                Run(outward, job, self._number).go(tests)
            except KeyboardInterrupt:  # a signal that a test sends, and that the change lets through
                os.write(outward, json.dumps({"failed": "it is interrupted"}).encode())
            except BaseException:
                os.write(outward, json.dumps({"broken": traceback.format_exc()}).encode())
            os._exit(0)
        os.close(outward)
        with os.fdopen(inward) as said:
            text = said.read()
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        drop_databases()
        if text:
            return dict(json.loads(text))
        return {"failed": "a test hangs" if os.WTERMSIG(status) == signal.SIGALRM else f"it dies ({status})"}


@contextmanager
def _changed_file(job: dict[str, Any]) -> Iterator[None]:
    if "source" not in job:
        yield
        return
    path = Path(job["file"])
    old = path.read_text(encoding="utf-8")
    path.write_text(job["source"], encoding="utf-8")
    yield
    path.write_text(old, encoding="utf-8")


# --- the fork --------------------------------------------------------------------------------------------


class Run:
    """One fork's life: change the code, run the tests, end at the first that fails."""

    def __init__(self, outward: int, job: dict[str, Any], number: int) -> None:
        self._outward, self._job, self._number = outward, job, number
        self._lines: dict[str, set[int]] = {}
        self._found: dict[str, Any] = {}
        self._files = {f"{HERE}/{file}" for file in job.get("watch", ())}

    def go(self, tests: dict[str, pytest.Item]) -> None:
        if postgres := sys.modules.get("postgres"):
            postgres._numbers = itertools.count(self._number * 1000)
        part, parts = self._job.get("part", (0, 1))
        chosen = [tests[name] for name in self._job["tests"] or list(tests)[part::parts]]
        for file in self._job.get("watch", ()):
            change_module(file, Path(file).read_text(encoding="utf-8"))
        if "source" in self._job:
            try:
                change_module(self._job["file"], self._job["source"])
            except Exception as error:
                self._fail(f"it cannot be imported: {error}")
        chosen[0].config.pluginmanager.register(self)
        self._loop(chosen)
        os.write(self._outward, json.dumps({"failed": None, "found": self._found}).encode())

    def _loop(self, chosen: Sequence[pytest.Item]) -> None:
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            signal.alarm(ceil(SLOWEST + 3 * self._job["times"].get(item.nodeid, 60)))
            began = time.monotonic()
            with self._watching():
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            self._found[item.nodeid] = [
                time.monotonic() - began,
                {file.removeprefix(f"{HERE}/"): sorted(lines) for file, lines in self._lines.items()},
            ]
        signal.alarm(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._fail(report.nodeid, str(report.longrepr)[-2000:])

    def _fail(self, what: str, why: str = "") -> NoReturn:
        os.write(self._outward, json.dumps({"failed": what, "why": why}).encode())
        os._exit(0)

    # --- watching which lines a test runs ---

    @contextmanager
    def _watching(self) -> Iterator[None]:
        self._lines = defaultdict(set)
        if not self._files:
            yield
            return
        forget_answers(self._job["watch"])
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        self._lines[frame.f_code.co_filename].add(frame.f_lineno)
        return self._line


# --- the change ------------------------------------------------------------------------------------------


def module_of(file: str) -> ModuleType:
    return sys.modules[file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")]


def change_module(file: str, source: str) -> None:
    """Run this source in the place of a module. Its functions and classes, which others hold, stay the same objects
    with new code; constants that others have taken from it are given to them anew, and those that its neighbours
    have made with its help are made again."""
    module = module_of(file)
    _run_in_place(module, file, source)
    for neighbour in sorted(Path(file).parent.glob("*.py")) if Path(file).parent.name != "newsletter" else ():
        text = neighbour.read_text(encoding="utf-8")
        if f"from {module.__name__} import" in text and str(neighbour) != file:
            with suppress(KeyError):  # nobody has imported it
                _run_in_place(module_of(str(neighbour)), str(neighbour), text)


def _run_in_place(module: ModuleType, file: str, source: str) -> None:
    old = dict(vars(module))
    exec(compile(source, f"{HERE}/{file}", "exec"), vars(module))
    for name, new in list(vars(module).items()):
        before = old.get(name)
        if before is new or name.startswith("__"):
            continue
        if isinstance(before, FunctionType | type) and before.__module__ == module.__name__:
            _renew(before, new)
            setattr(module, name, before)
        elif name in old:
            _hand_out(name, before, new)


def _renew(old: Any, new: Any) -> None:
    """A function, a class with all its functions, or what a decorator, a property or a static method made of one."""
    if isinstance(old, type):
        for name, inner in vars(new).items():
            if name in vars(old) and not isinstance(inner, type):
                _renew(vars(old)[name], inner)
    elif hasattr(old, "__wrapped__"):
        _renew(old.__wrapped__, new.__wrapped__)
    elif isinstance(old, FunctionType):
        old.__code__, old.__defaults__, old.__kwdefaults__ = (
            new.__code__,
            new.__defaults__,
            new.__kwdefaults__,
        )
    elif isinstance(old, property):
        _renew(old.fget, new.fget)


def forget_answers(files: Sequence[str]) -> None:
    """A function that remembers its answers runs for the first test that asks, and not for the next."""
    for file in files:
        for one in vars(module_of(file)).values():
            if hasattr(one, "cache_clear"):
                one.cache_clear()


def _hand_out(name: str, old: Any, new: Any) -> None:
    for other in list(sys.modules.values()):
        file = getattr(other, "__file__", None) or ""
        if file.startswith(f"{HERE}/") and vars(other).get(name) is old:
            setattr(other, name, new)


# --- stores ----------------------------------------------------------------------------------------------


def start_stores(tests: dict[str, pytest.Item]) -> None:
    """What all forks copy: a blank file, and a server with its template."""
    import postgres

    postgres._blank()
    if any(item.get_closest_marker("postgresql") for item in tests.values()):
        postgres._template()
    if lively := sys.modules.get("lively_ledger"):
        lively._made("sqlite")
        lively._made("postgresql")


def drop_databases() -> None:
    """What a fork left: it ended without cleaning up. Its numbers begin at a thousand: see Run.go."""
    if not (postgres := sys.modules.get("postgres")) or not postgres._server.cache_info().currsize:
        return
    from sqlalchemy import text

    engine = postgres.connect(postgres._url("postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for name in conn.execute(text("SELECT datname FROM pg_database")).scalars():
            if re.fullmatch(r"test_\d{4,}", name):
                conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "--basetemp=t"]


def main() -> None:
    jobs, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open("worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, to in ((0, nothing), (1, log), (2, log)):
        os.dup2(to, number)
    sys.exit(pytest.main([*OPTIONS, *sys.argv[1:]], plugins=[Session(jobs, answers)]))


if __name__ == "__main__":
    main()
