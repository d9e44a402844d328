"""A process that makes processes which kill themselves with SIGKILL. Run as a script: commands in, answers out.

It imports the program once; every child is a fork of it, so that a kill costs milliseconds. A child that is
told to `hunt` dies at the first line of the watched files that none of its forerunners died at: one after the
other, each line that is ever executed is the last one once. Without `hunt` it lives until somebody kills it.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import signal
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import ledger_site
from ledger_stubs import make_stub

import newsletter
from newsletter import engine, process, sending  # noqa: F401
from newsletter.errors import AlreadyPublished
from newsletter.pipeline import doubts, publish, send  # noqa: F401
from newsletter.storage import database, issues, ledger, planning  # noqa: F401

ROOT = str(Path(newsletter.__file__).parent)
HERE = str(Path(__file__).parent)
COMPILED: dict[Any, Any] = {}
"""Statements compiled before the forks, for all children."""


@cache
def statements(path: str) -> frozenset[int]:
    """The lines at which a statement begins: between two lines of one expression nothing can happen."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return frozenset(node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt))


class Hunt:
    """Ends the process at the first line nobody has died at."""

    def __init__(self, watched: list[str], died_at: set[str], report: int) -> None:
        self._watched, self._died_at, self._report = tuple(watched), died_at, report
        self._files: dict[str, bool] = {}

    def start(self) -> None:
        threading.settrace(self._call)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in self._files:
            self._files[name] = name.startswith((ROOT, HERE)) and name.endswith(self._watched)
        return self._line if self._files[name] else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        name, line = frame.f_code.co_filename, frame.f_lineno
        if event == "line" and line in statements(name) and f"{name}:{line}" not in self._died_at:
            os.write(self._report, f"{name}:{line}".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def work(order: dict[str, Any]) -> None:
    """One sender's or publisher's life."""
    store = database.open_database(order["url"]).execution_options(compiled_cache=COMPILED)
    provider = make_stub(order["provider"], Path(order["folder"]), slow=order.get("slow", False))
    if order.get("host"):  # nobody here can know whether such a process lives
        sending.this_process = lambda: f"{order['host']} 1 pid:[1] {os.getpid()} 1"
    send.LEASE = timedelta(seconds=order["lease"]) if order.get("lease") else send.LEASE
    if order["do"] == "publish":
        try:
            ledger_site.publish_issue(store, provider=provider.name, batch_size=order["batch"])
        except AlreadyPublished:
            raise SystemExit(3) from None
    else:
        lines = f"concurrency = {order['concurrency']}"
        ledger_site.sending(store, provider, lines).send(ledger_site.SLUG, datetime.now(UTC))
    store.dispose()


def begin(order: dict[str, Any], died_at: set[str]) -> tuple[int, int]:
    """A child's number, and where it says at which line it dies."""
    inward, outward = os.pipe()
    child = os.fork()
    if child:
        os.close(outward)
        return child, inward
    code = 1
    try:
        if order.get("hunt"):
            Hunt(order["hunt"], died_at, outward).start()
        work(order)
        code = 0
    except SystemExit as error:
        code = int(str(error.code))
    except BaseException:
        sys.settrace(None)
        import traceback

        traceback.print_exc()
    os._exit(code)


def end(child: int, inward: int, died_at: set[str]) -> dict[str, Any]:
    place = os.read(inward, 1000).decode()
    os.close(inward)
    _, status = os.waitpid(child, 0)
    if place:
        died_at.add(place)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, "place": place, "code": None if killed else os.waitstatus_to_exitcode(status)}


def serve() -> None:
    died_at: set[str] = set()
    children: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "wait":
            answer = end(order["pid"], children.pop(order["pid"]), died_at)
        else:
            child, inward = begin(order, died_at)
            children[child] = inward
            answer = {"pid": child}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def warm_up() -> None:
    """Do once what every child would otherwise do again: late imports, compiling statements."""
    with tempfile.TemporaryDirectory() as name:
        order = {"url": f"sqlite:///{name}/warm.db", "folder": name, "provider": "mute", "batch": 2}
        store = database.open_database(order["url"])
        ledger_site.add_readers(store, 5)
        store.dispose()
        work({**order, "do": "publish"})
        work({**order, "do": "send", "concurrency": 1})


if __name__ == "__main__":
    warm_up()
    gc.freeze()
    serve()
