"""Taken, certainly not, or nobody knows: the verdict on a call to a provider, against real faults on loopback."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest
from scripted_server import Script, answer, drip, reset, scripted, silence

from newsletter.calling import Caller, retry_after
from newsletter.errors import MaybeTaken, NotTaken, ProviderError, Rejected, StopSending


def caller() -> Caller:
    return Caller("stub", connect_within=1, answer_within=0.5)


@pytest.mark.parametrize(
    ("script", "known"),
    [
        pytest.param(answer("401 Unauthorized", b"bad key"), StopSending, id="wrong key"),
        pytest.param(answer("403 Forbidden"), StopSending, id="forbidden"),
        pytest.param(answer("402 Payment Required"), StopSending, id="unpaid"),
        pytest.param(answer("404 Not Found"), StopSending, id="no such address"),
        pytest.param(answer("405 Method Not Allowed"), StopSending, id="another address"),
        pytest.param(answer("408 Request Timeout"), NotTaken, id="too slow for it"),
        pytest.param(answer("400 Bad Request", b'{"message": "bad address"}'), Rejected, id="bad request"),
        pytest.param(answer("422 Unprocessable Content"), Rejected, id="unprocessable"),
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


@pytest.mark.parametrize("known", [StopSending, NotTaken, MaybeTaken, Rejected])
def test_a_provider_s_own_code_says_more_than_a_status(known: type[ProviderError]) -> None:
    """Of a 4xx only: what is not one is judged by what it is."""

    def read(status: int, headers: Mapping[str, str], body: bytes) -> type[ProviderError] | None:
        return known if body == b"code 7" else None

    for status, verdict in [("422 Unprocessable Content", known), ("500 Internal Server Error", MaybeTaken)]:
        with scripted(answer(status, b"code 7")) as server, pytest.raises(ProviderError) as caught:
            Caller("stub", known=read).post(server.url, data=b"body")
        assert type(caught.value) is verdict


def test_a_question_that_finds_no_answer_is_not_taken_for_one() -> None:
    """Asking changes nothing: whatever breaks, nothing was taken by it."""
    with scripted(answer("500 Internal Server Error")) as server, pytest.raises(NotTaken):
        caller().ask(server.url)


def test_no_connection_is_certainly_not_taken() -> None:
    """Nobody listens: not one byte of the call went out."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotTaken) as caught:
        caller().post(f"http://127.0.0.1:{port}/send", data=b"body")
    assert not isinstance(caught.value, Rejected)


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
    [("17", 17.0), ("0", 0.0), ("", None), ("soon", None), ("9999999999", 86_400.0), ("-3", None)],
)
def test_how_long_to_wait_is_read_in_seconds(value: str, seconds: float | None) -> None:
    """A number, or nothing; never more than a day."""
    assert retry_after({"RETRY-AFTER": value}) == seconds


def test_how_long_to_wait_is_read_from_a_date() -> None:
    """A moment, seen from the server's own clock; without that it says nothing."""
    until = {"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"}
    assert retry_after(until | {"Date": "Thu, 01 Jan 1970 00:00:40 GMT"}) == 60.0
    assert retry_after(until) is None


@pytest.mark.parametrize(
    ("headers", "said", "seconds"),
    [
        pytest.param({"x-sib-ratelimit-reset": "12"}, b"", 12.0, id="seconds to the reset"),
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
