"""Taken, certainly not, or nobody knows: the verdict on a call to a provider, against real faults on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Mapping
from datetime import timedelta

import pytest
import requests
from scripted_server import Script, answer, drip, read_request, reset, scripted, silence

from newsletter import calling
from newsletter.calling import Caller, retry_after
from newsletter.engine import CALL_WITHIN
from newsletter.errors import MaybeTaken, NotTaken, ProviderError, Rejected, StopSending
from newsletter.pipeline.send import LEASE, MARGIN


def caller() -> Caller:
    return Caller("stub", connect_within=1, answer_within=0.5)


def patient() -> Caller:
    return Caller("stub", connect_within=1, answer_within=20)


@pytest.mark.parametrize(
    ("script", "known"),
    [
        pytest.param(answer("401 Unauthorized", b"bad key"), StopSending, id="wrong key"),
        pytest.param(answer("403 Forbidden"), StopSending, id="forbidden"),
        pytest.param(answer("402 Payment Required"), StopSending, id="unpaid"),
        pytest.param(answer("404 Not Found"), StopSending, id="no such address"),
        pytest.param(answer("405 Method Not Allowed"), StopSending, id="another address"),
        pytest.param(answer("407 Proxy Authentication Required"), StopSending, id="a proxy's password"),
        pytest.param(answer("408 Request Timeout"), NotTaken, id="too slow for it"),
        pytest.param(answer("400 Bad Request", b'{"message": "bad address"}'), Rejected, id="bad request"),
        pytest.param(answer("422 Unprocessable Content"), Rejected, id="unprocessable"),
        pytest.param(answer("425 Too Early"), NotTaken, id="too early"),
        pytest.param(answer("429 Too Many Requests"), NotTaken, id="too many"),
        pytest.param(
            answer("301 Moved Permanently", b"", "Location: http://127.0.0.1:9/"), StopSending, id="moved"
        ),
        pytest.param(answer("500 Internal Server Error"), MaybeTaken, id="server error"),
        pytest.param(answer("503 Service Unavailable", b"", "Retry-After: 5"), MaybeTaken, id="unavailable"),
        pytest.param(answer("200 OK", b'{"id": "12', length=100), MaybeTaken, id="cut off"),
        pytest.param(reset, MaybeTaken, id="reset"),
        pytest.param(silence, MaybeTaken, id="silence"),
        pytest.param(drip, MaybeTaken, id="slow drip"),
    ],
)
def test_each_fault_has_one_verdict(script: Script, known: type[ProviderError]) -> None:
    """What a call came to is exactly one of what can be known, and the body went out once."""
    with scripted(script) as server, pytest.raises(ProviderError) as caught:
        caller().post(server.url, data=b"body")
    assert type(caught.value) is known
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "known"),
    [
        (199, MaybeTaken),
        (300, StopSending),
        (399, StopSending),
        (400, Rejected),
        (499, Rejected),
        (500, MaybeTaken),
        (600, MaybeTaken),
    ],
)
def test_a_status_is_judged_by_its_hundred(status: int, known: type[ProviderError]) -> None:
    """From the first to the last of each, and what is none at all may have been anything."""
    with scripted(answer(f"{status} Whatever")) as server, pytest.raises(ProviderError) as caught:
        caller().post(server.url, data=b"body")
    assert type(caught.value) is known


@pytest.mark.parametrize("status", [200, 202, 299])
def test_any_success_is_one(status: int) -> None:
    """And its body is there, as it was sent."""
    with scripted(answer(f"{status} Fine", b"taken")) as server:
        answered = caller().post(server.url, data=b"body")
    assert (answered.status, answered.body) == (status, b"taken")


@pytest.mark.parametrize("known", [StopSending, NotTaken, MaybeTaken, Rejected])
def test_a_provider_s_own_code_says_more_than_a_status(known: type[ProviderError]) -> None:
    """Of a 4xx only, and of every one: what is not one is judged by what it is."""

    def read(status: int, headers: Mapping[str, str], body: bytes) -> type[ProviderError] | None:
        return known if body == b"code 7" else None

    all_4xx = [(f"{status} No", known) for status in (400, 402, 422, 429, 499)]
    for status, verdict in [*all_4xx, ("500 Internal Server Error", MaybeTaken), ("199 Odd", MaybeTaken)]:
        with scripted(answer(status, b"code 7")) as server, pytest.raises(ProviderError) as caught:
            Caller("stub", known=read).post(server.url, data=b"body")
        assert type(caught.value) is verdict


def test_what_a_provider_s_own_code_tells_comes_with_what_to_do() -> None:
    """How long to wait, or that it is the account: as if the status had told it."""
    busy = answer("400 Bad Request", b"", "Retry-After: 17")
    with scripted(busy) as server, pytest.raises(NotTaken) as later:
        Caller("stub", known=lambda *_: NotTaken).post(server.url, data=b"body")
    with scripted(busy) as server, pytest.raises(StopSending) as never:
        Caller("stub", known=lambda *_: StopSending).post(server.url, data=b"body")
    assert later.value.retry_after == 17
    assert "the account" in str(never.value)


def test_a_packed_answer_is_unpacked() -> None:
    """As a web server in front of the provider may send it."""
    packed = answer("200 OK", gzip.compress(b'{"id": 7}'), "Content-Encoding: gzip")
    with scripted(packed) as server:
        assert caller().post(server.url, data=b"body").json() == {"id": 7}


def test_a_question_that_finds_no_answer_is_not_taken_for_one() -> None:
    """Asking changes nothing: whatever breaks, nothing was taken by it."""
    with scripted(answer("500 Internal Server Error")) as server, pytest.raises(NotTaken):
        caller().ask(server.url)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000], ids=["no JSON", "endless JSON"])
def test_an_answer_to_a_question_that_cannot_be_read_is_none(body: bytes) -> None:
    """Nor is one that never comes."""
    with scripted(answer("200 OK", body)) as server, pytest.raises(NotTaken):
        caller().ask_json("GET", server.url)
    with scripted(answer("503 Service Unavailable")) as server, pytest.raises(NotTaken):
        caller().ask_json("POST", server.url)


def test_a_question_is_answered() -> None:
    """As it is, or read as JSON, by whichever method it is asked."""
    with scripted(answer("200 OK", b'{"found": 7}')) as server:
        assert caller().ask(server.url).body == b'{"found": 7}'
        assert caller().ask_json("POST", server.url) == {"found": 7}
    assert [one.split()[0] for one in server.requests] == [b"GET", b"POST"]


def test_no_connection_is_certainly_not_taken() -> None:
    """Nobody listens: not one byte of the call went out."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotTaken) as caught:
        caller().post(f"http://127.0.0.1:{port}/send", data=b"body")
    assert not isinstance(caught.value, Rejected)
    assert caught.value.what.endswith("Connection refused")


def test_a_server_that_lets_nobody_in_has_certainly_taken_nothing() -> None:
    """It is there, and connecting to it takes for ever."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(NotTaken):
            caller().post(f"http://127.0.0.1:{full.getsockname()[1]}/send", data=b"body")
        for one in waiting:
            one.close()


def test_an_error_that_says_nothing_may_have_struck_late() -> None:
    """Only one that says that no connection was made is known to be early."""
    assert not calling._never_connected(requests.ConnectionError())
    assert calling._cause(requests.ConnectionError()) == "ConnectionError"


def test_a_slow_drip_is_left_when_the_time_is_up() -> None:
    """However often a byte comes: the time is for the whole answer, and the connection is given up with it."""
    left = threading.Event()

    def drips(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            for _ in range(400):
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            left.set()

    with scripted(drips) as server, pytest.raises(MaybeTaken) as caught:
        caller().post(server.url, data=b"body")
    assert left.wait(10)
    assert "too slowly" in caught.value.what


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    """Eight megabytes are more than any provider says."""
    long = b"x" * (8 * 1024 * 1024)
    with scripted(answer("200 OK", long)) as server:
        assert patient().post(server.url, data=b"body").body == long
    with scripted(answer("200 OK", long + b"x")) as server, pytest.raises(MaybeTaken, match="too much"):
        patient().post(server.url, data=b"body")


def test_a_connection_is_used_again_and_closed_when_it_broke() -> None:
    """A handshake a call would cost more than the call."""
    end = answer("200 OK", b"{}")

    def twice(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        calls.append(read_request(connection))
        end(connection, request)

    calls: list[bytes] = []
    with scripted(twice) as server:
        one = caller()
        one.post(server.url, data=b"first")
        one.post(server.url, data=b"second")
    assert (len(server.requests), len(calls)) == (1, 1)


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server may be closing it: a call that is made on it just then may have been taken, and nobody knows."""
    monkeypatch.setattr(calling, "IDLE", -1.0)

    def keep(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.recv(1)

    with scripted(keep) as server:
        one = caller()
        one.post(server.url, data=b"first")
        one.post(server.url, data=b"second")
    assert len(server.requests) == 2


def test_without_being_told_otherwise_a_call_ends_in_time() -> None:
    """Connecting and answering together, long before its sender counts as dead; but not at once."""
    assert timedelta(seconds=5) < timedelta(seconds=calling.CONNECT_WITHIN)
    assert timedelta(seconds=30) < timedelta(seconds=calling.ANSWER_WITHIN)
    assert 1 < calling.IDLE < 5
    longest = calling.CONNECT_WITHIN + 2 * calling.ANSWER_WITHIN
    assert timedelta(seconds=CALL_WITHIN + longest) < min(LEASE, MARGIN)


def test_a_name_that_is_not_found_is_certainly_not_taken() -> None:
    """No address, no connection, nothing sent."""
    with pytest.raises(NotTaken):
        caller().post("http://no-such-host.invalid/send", data=b"body")


def test_a_success_that_cannot_be_read_may_have_been_taken() -> None:
    """2xx with something that is not JSON: it worked, but what worked is not known."""
    with scripted(answer("200 OK", b"<html>")) as server:
        answered = caller().post(server.url, data=b"body")
    with pytest.raises(MaybeTaken):
        answered.json()


def test_a_refusal_for_now_says_how_long_to_wait() -> None:
    """429 with Retry-After."""
    with (
        scripted(answer("429 Too Many Requests", b"", "Retry-After: 17")) as server,
        pytest.raises(NotTaken) as caught,
    ):
        caller().post(server.url, data=b"body")
    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("²", None),
        ("9999999999", 86_400.0),
        ("-3", None),
    ],
)
def test_how_long_to_wait_is_read_in_seconds(value: str, seconds: float | None) -> None:
    """A number, or nothing; never more than a day."""
    assert retry_after({"RETRY-AFTER": value}) == seconds


def test_how_long_to_wait_is_read_from_a_date() -> None:
    """A moment, seen from the server's own clock; without that it says nothing."""
    until = {"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"}
    clock = {"Date": "Thu, 01 Jan 1970 00:00:40 GMT"}
    assert retry_after(until | clock) == 60.0
    assert retry_after(until) is None
    assert retry_after({"Retry-After": "soon"} | clock) is None
    assert retry_after({"Retry-After": "Thu, 01 Jan 1970 00:00:10 GMT"} | clock) == 0.0


@pytest.mark.parametrize(
    ("headers", "said", "seconds"),
    [
        pytest.param({"x-sib-ratelimit-reset": "12"}, b"", 12.0, id="seconds to the reset"),
        pytest.param({"ratelimit-reset": "100000000"}, b"", 86_400.0, id="too many seconds"),
        pytest.param({"ratelimit-reset": "soon"}, b"", None, id="no number"),
        pytest.param({"ratelimit-reset": "²"}, b"", None, id="nearly a number"),
        pytest.param(
            {"X-RateLimit-Reset": "1795680030", "Date": "Thu, 26 Nov 2026 08:00:00 GMT"},
            b"",
            30.0,
            id="a moment",
        ),
        pytest.param({"X-RateLimit-Reset": "1795680030"}, b"", None, id="a moment by an unknown clock"),
        pytest.param({}, b'{"message": "Too many requests, try again after 9 seconds"}', 9.0, id="in words"),
        pytest.param(
            {"Retry-After": "5", "ratelimit-reset": "50"}, b"after 500 seconds", 5.0, id="asked first"
        ),
    ],
)
def test_providers_say_in_their_own_ways_how_long_to_wait(
    headers: dict[str, str], said: bytes, seconds: float | None
) -> None:
    """Retry-After, else when the allowance is renewed, else the sentence in the answer."""
    assert seconds == retry_after(headers, said)
