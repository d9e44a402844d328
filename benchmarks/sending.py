"""How fast an issue goes out through an HTTP API that takes 50 ms a call and 1,000 readers a call, 8 calls at once.

The ceiling is what such an API can take: 160,000 readers a second. The ledger is the real one, on disk and durable:
each attempt is written before its call. The API is a process of its own that reads each call whole. Beside it stands a
bare loop of the same calls with bodies made beforehand: what HTTP alone costs here. Memory is the sender's peak.

What bounds it is one Python process: the last lines say where its time goes. SQLite's single writer comes next.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from benchmarks.ledger import NOW, SETTINGS, SLUG, _line, _peak, add_readers, publish_issue
from newsletter.calling import Caller
from newsletter.config import parse_config
from newsletter.links import Links
from newsletter.pipeline import send
from newsletter.sending import Sending
from newsletter.storage.database import open_database
from newsletter.types import Outgoing, Receipt

CALL_SECONDS, CALL_READERS, AT_ONCE = 0.05, 1000, 8
CEILING = AT_ONCE * CALL_READERS / CALL_SECONDS
SHARE = 0.7
READERS = 400_000
FEW, MANY = 10_000, 1_000_000
Work = Callable[[Path, int, str], dict[str, float]]
MORE_MEGABYTES = 20
"""How much more memory a hundred times as many readers may take."""


PARTS = {
    "next_batch": "claiming: asking again who may be written to, the attempt",
    "_outgoing": "two signed links a reader, and the call's values",
    "call": "the provider: JSON and HTTP",
    "record": "recording the answer",
}


class Bulk:
    """Carries the body once a call, and beside it what differs between readers: as Mailgun, SendGrid, Brevo want it."""

    name = "bulk"
    max_batch = CALL_READERS
    settles: Literal["nothing"] = "nothing"

    def __init__(self, url: str) -> None:
        self._url = url
        self._caller = Caller(self.name)

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        mail = {
            "key": outgoing.key,
            "html": outgoing.html,
            "text": outgoing.text,
            "headers": outgoing.headers,
        }
        readers = {
            one.email: (one.delivery_id, one.unsubscribe_url, one.preferences_url)
            for one in outgoing.recipients
        }
        body = json.dumps({**mail, "readers": readers}).encode()
        reference = self._caller.post(self._url, data=body).json()["id"]
        return [Receipt(one.delivery_id, "sent", reference) for one in outgoing.recipients]


def main() -> int:
    print(f"{'':<34}{'measured':>12}{'target':>12}{'bare calls':>16}{'ratio':>8}")
    with api() as url:
        speed = _apart(sending, READERS, url)
        bare = _apart(bare_calls, READERS, url)
        few, many = (_apart(sending, count, url) for count in (FEW, MANY))
    held = (
        _line("readers/s of 160,000", speed["rate"], SHARE * CEILING, "/s", bare["rate"], least=True),
        _line("  memory at 10,000 readers", few["peak"], 150, "MB"),
        _line("  more of it at 1,000,000", many["peak"] - few["peak"], MORE_MEGABYTES, "MB"),
    )
    print(
        f"  share of the ceiling: {speed['rate'] / CEILING:.2f}, of the bare calls {bare['rate'] / CEILING:.2f}"
    )
    print(f"  CPU per 1,000 readers: {speed['cpu']:.1f} ms, of the bare calls {bare['cpu']:.1f} ms; of which")
    for part, words in PARTS.items():
        print(f"    {words:<60}{speed[part]:>6.1f} ms")
    return int(not all(held))


def _apart(work: Work, count: int, url: str) -> dict[str, float]:
    """In a process of its own: its peak of memory is its own, too, without what planning took."""
    with tempfile.TemporaryDirectory() as folder:
        for step in (plan, work):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found = pool.apply(step, (Path(folder), count, url))
        return found


def plan(folder: Path, count: int, url: str) -> dict[str, float]:
    store = open_database(f"sqlite:///{folder / 'readers.db'}")
    add_readers(store, count)
    publish_issue(store)
    store.dispose()
    return {}


def sending(folder: Path, count: int, url: str) -> dict[str, float]:
    """Send what is planned; CPU is of this process, microseconds a reader."""
    store = open_database(f"sqlite:///{folder / 'readers.db'}")
    links = Links(["a key for the benchmark only"], "https://letters.example.org")
    settings = parse_config(f"{SETTINGS}\n[sending]\nconcurrency = {AT_ONCE}\n")
    desk = Sending(store, settings, lambda: links, lambda: Bulk(url))
    spent = {part: _watched(part) for part in PARTS}
    wall, cpu = time.perf_counter(), time.process_time()
    report = desk.send(SLUG, NOW)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert report.sent == count, report
    store.dispose()
    parts = {part: sum(seconds) / count * 1_000_000 for part, seconds in spent.items()}
    return {"rate": count / wall, "cpu": cpu / count * 1_000_000, "peak": _peak(), **parts}


def _watched(part: str) -> list[float]:
    """What each call of this step of pipeline.send takes, in CPU seconds of its thread."""
    step, spent = getattr(send, part), []

    def watched(*args: object, **more: object) -> object:
        begun = time.thread_time()
        try:
            return step(*args, **more)
        finally:
            spent.append(time.thread_time() - begun)

    setattr(send, part, watched)
    return spent


def bare_calls(folder: Path, count: int, url: str) -> dict[str, float]:
    """As many calls of the same size, eight at once, with nothing decided and nothing written down."""
    caller, body = Caller("bare"), b"x" * 420_000
    left = iter(range(count // CALL_READERS))
    taking = threading.Lock()

    def work() -> None:
        while True:
            with taking:
                if next(left, None) is None:
                    return
            caller.post(url, data=body).json()

    wall, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"rate": count / wall, "cpu": cpu / count * 1_000_000, "peak": _peak()}


# --- the API ---------------------------------------------------------------------------------------------


@contextmanager
def api() -> Iterator[str]:
    """Its address, while it runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        server = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
        server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/send"
        finally:
            server.terminate()
            server.join()


def _serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    """Each call takes its time from when it was read to its end."""
    room = bytearray(1 << 20)
    with connection:
        while head := _head(connection):
            length, already = head
            while already < length:
                already += connection.recv_into(room)
            time.sleep(CALL_SECONDS)
            said = b'{"id": "<call@bulk.example>"}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)


def _head(connection: socket.socket) -> tuple[int, int] | None:
    """How long the body is, and how much of it came with the head; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, begun = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    return length, len(begun)


if __name__ == "__main__":
    sys.exit(main())
