"""What happens to each reader when the provider fails is what docs/faults.md says, line by line."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from ledger_site import NOW, SLUG, add_readers, publish_issue, sending
from scripted_server import Script, answer, drip, reset, scripted, silence
from sqlalchemy import text

from newsletter import engine
from newsletter.calling import Caller
from newsletter.storage.database import open_database, reading
from newsletter.types import Outgoing, Receipt, Recipient

PAGE = Path(__file__).parent.parent / "docs" / "faults.md"
KINDS = ("nothing", "key", "lookup")
BAD = "1-700"

# --- a vendor, and the provider for it -------------------------------------------------------------------


@dataclass
class Vendor:
    """Takes mails, each call's key once if it is of that kind, and answers the first call, or each that looks bad
    to `always`, as the fault says."""

    knows_keys: bool
    fault: Script | None
    takes_it: bool
    """Whether the call that fails is taken all the same."""
    always: Callable[[dict[str, list[str]]], Script | None] | None = None
    taken: list[tuple[str, str]] = field(default_factory=list)
    """Key and delivery id."""

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        target = head.split(b" ")[1].decode()
        if head.startswith(b"GET"):
            asked = parse_qs(urlsplit(target).query)["key"][0]
            known = {one: f"<{one}>" for key, one in self.taken if key == asked}
            return answer("200 OK", json.dumps(known).encode())(connection, request)
        call = json.loads(body)
        fault = self._next_fault(call)
        if fault is None or self.takes_it:
            self._take(call)
        said = {one: f"<{one}>" for one in call["to"]}
        return (fault or answer("200 OK", json.dumps(said).encode()))(connection, request)

    def _next_fault(self, call: dict[str, list[str]]) -> Script | None:
        if self.always:
            return self.always(call)
        fault, self.fault = self.fault, None
        return fault

    def _take(self, call: dict[str, object]) -> None:
        if not (self.knows_keys and any(key == call["key"] for key, _ in self.taken)):
            self.taken += [(str(call["key"]), one) for one in call["to"]]  # type: ignore[attr-defined]


class Api:
    """The provider for it. Its first call goes to `first`, where that is given."""

    name = "api"
    max_batch = 1000
    log_lag = timedelta(minutes=5)

    def __init__(self, settles: Literal["key", "lookup", "nothing"], url: str, first: str | None) -> None:
        self.settles = settles
        self.calls = 0
        self._url, self._first = url, first
        self._caller = Caller(self.name, connect_within=1, answer_within=1.5)
        self._asking = Caller(self.name)

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        self.calls += 1
        url, self._first = self._first or self._url, None
        call = {"key": outgoing.key, "to": [one.delivery_id for one in outgoing.recipients]}
        said = self._caller.post(url, data=json.dumps(call).encode()).json()
        return [Receipt(one, "sent", reference=said[one]) for one in call["to"] if one in said]

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        found: dict[str, str] = self._asking.ask(self._url, params={"key": key}).json()
        return found


# --- the faults ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    script: Script | None = None
    taken: bool = False
    first: Callable[[], str] | None = None
    readers: int = 4
    always: Callable[[dict[str, list[str]]], Script | None] | None = None
    """A fault of every call that it looks bad to."""


def refused() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/send"


def rejected(call: dict[str, list[str]]) -> Script | None:
    return answer("400 Bad Request", b"one of these addresses is wrong") if BAD in call["to"] else None


def some(connection: socket.socket, request: bytes) -> None:
    """It took all of them and names the first half."""
    call = json.loads(request.partition(b"\r\n\r\n")[2])
    half = {one: f"<{one}>" for one in call["to"][: len(call["to"]) // 2]}
    answer("200 OK", json.dumps(half).encode())(connection, request)


TOO_MANY = "429 Too Many Requests"
WRONG = answer("401 Unauthorized", b"no such key")
FAULTS = {
    "connection refused": Fault(first=refused),
    "host name not found": Fault(first=lambda: "http://no-such-host.invalid/send"),
    "no answer, and nothing was taken": Fault(silence),
    "no answer, and all was taken": Fault(silence, taken=True),
    "connection reset, and nothing was taken": Fault(reset),
    "connection reset, and all was taken": Fault(reset, taken=True),
    "answer cut off in the middle": Fault(answer("200 OK", b'{"1-1": "<1', length=500), taken=True),
    "success that is not JSON": Fault(answer("200 OK", b"<html>It works!</html>"), taken=True),
    "success that names only some of the mails": Fault(some, taken=True),
    "500, and nothing was taken": Fault(answer("500 Internal Server Error")),
    "500, and all was taken": Fault(answer("500 Internal Server Error"), taken=True),
    "slow drip of an answer": Fault(drip, taken=True),
    "429 with Retry-After": Fault(answer(TOO_MANY, b"", "Retry-After: 1")),
    "429 without Retry-After": Fault(answer(TOO_MANY)),
    "one bad address in a thousand": Fault(readers=1000, always=rejected),
    "every call rejected": Fault(always=lambda _: answer("400 Bad Request", b"unknown sender")),
    "wrong key": Fault(always=lambda _: WRONG),
}


def table() -> dict[str, dict[str, str]]:
    """Fault → kind of provider → what becomes of its readers."""
    rows = [
        line.strip("| \n").split(" | ")
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if "|" in line
    ]
    return {row[0]: dict(zip(KINDS, row[1:4], strict=True)) for row in rows[2:]}


def test_every_line_of_the_table_is_tried_and_every_fault_is_in_the_table() -> None:
    """Neither says more than the other."""
    assert list(table()) == list(FAULTS)


@pytest.mark.parametrize("settles", KINDS)
@pytest.mark.parametrize("name", FAULTS)
def test_what_happens_to_each_reader(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    settles: Literal["key", "lookup", "nothing"],
) -> None:
    """After the run, and for a provider that can be asked another one later: exactly what the table says, and
    whoever counts as sent has one mail, whoever does not has none unless in doubt."""
    monkeypatch.setattr(engine, "FIRST_WAIT", 0.05)
    fault = FAULTS[name]
    store = open_database(f"sqlite:///{tmp_path / 'readers.db'}")
    add_readers(store, fault.readers)
    publish_issue(store, provider="api", batch_size=fault.readers)
    vendor = Vendor(settles == "key", fault.script, takes_it=fault.taken, always=fault.always)
    with scripted(vendor) as server:
        api = Api(settles, server.url, fault.first() if fault.first else None)
        desk = sending(store, api)
        report = desk.send(SLUG, NOW)
        if settles == "lookup" and desk.doubts():
            desk.send(SLUG, NOW + timedelta(minutes=10))
    with reading(store) as conn:
        rows = conn.execute(text("SELECT subscriber_id, state FROM deliveries")).all()
    store.dispose()
    states = {f"1-{row[0]}": row[1] for row in rows}
    got = Counter(one for _, one in vendor.taken)
    assert {one: times for one, times in got.items() if times > 1} == {}
    assert {one for one, state in states.items() if state == "sent"} <= set(got)
    assert {states[one] for one in got} <= {"sent", "in_doubt"}
    said = table()[name][settles]
    others = set(states.values()) - {said.replace(" ", "_")}
    assert said.replace(" ", "_") in states.values()
    assert others <= {"sent"}
    if said == "refused":
        assert (states[BAD], list(states.values()).count("refused")) == ("refused", 1)
        assert api.calls <= 22
    elif "only some" not in name:
        assert others == set()
    assert bool(report.stopped) == (said == "queued")
    if name == "wrong key":
        assert api.calls == 1
    if name == "429 with Retry-After":
        assert report.seconds >= 1
