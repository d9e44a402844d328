"""resend: one call a key however often it comes, a bad address alone refused, and only what Svix signed believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_stub import NOW, Answer, Api, Request, incoming, is_as_recorded, make_outgoing, said, serving
from peers import free_port, node_peer, running

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, Rejected, StopSending, WebhookRefused
from newsletter.providers import make_provider
from newsletter.providers.resend import Resend
from newsletter.types import EventKind, Incoming, Receipt

KEY = b"a signing secret for tests"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def take_all(request: Request) -> Answer:
    return said({"data": [{"id": f"id-{one['to'][0]}"} for one in request.json()]})


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(take_all) as made:
        yield made


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_API_KEY", "re_test")
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_KEY", SECRET)


def make(url: str, folder: Path) -> Resend:
    found = make_provider(config.Provider(name="resend", api_url=url), folder)
    assert isinstance(found, Resend)
    return found


@pytest.fixture
def resend(api: Api, tmp_path: Path) -> Resend:
    return make(api.url, tmp_path)


# --- sending ---------------------------------------------------------------------------------------------


def test_a_call_is_as_recorded(api: Api, resend: Resend) -> None:
    """Key, mails, headers and tags, as checked in."""
    resend.send(make_outgoing(2))
    assert is_as_recorded(api.requests[0], "resend", ("authorization",))


def test_each_mail_is_whole(api: Api, resend: Resend) -> None:
    """Sender, reader, words, links, headers and tags of each; nothing of another's."""
    assert resend.send(make_outgoing(2))[1] == Receipt("7-2", "sent", reference="id-reader2@example.com")
    (request,) = api.requests
    assert (request.method, request.path) == ("POST", "/emails/batch")
    assert request.headers["authorization"] == "Bearer re_test"
    first = request.json()[0]
    assert first["from"] == '"Pain Weekly, the letter" <weekly@example.org>'
    assert first["to"] == ["reader1@example.com"]
    assert first["reply_to"] == '"Editors, all" <editors@example.org>'
    assert first["headers"]["List-Unsubscribe"] == "<https://letters.example.org/unsubscribe/t1?a=1&b=2>"
    assert first["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {one["name"]: one["value"] for one in first["tags"]} == {
        "delivery": "7-1",
        "batch": "2026-11-26-12-0123456789abcdef",
    }
    assert "a=1&amp;b=2" in first["html"]
    assert "/t2" not in json.dumps(first)


def test_the_same_call_again_is_the_same_bytes_under_the_same_key(api: Api, resend: Resend) -> None:
    """Else Resend refuses it, and nobody knows what became of the first."""
    resend.send(make_outgoing(3))
    resend.send(make_outgoing(3))
    first, second = api.requests
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == make_outgoing(3).key


def test_a_bad_address_fails_alone(api: Api, resend: Resend) -> None:
    """`errors` names places; the ids are those of the others, in order."""
    api.answer = lambda request: said(
        {"data": [{"id": "a"}, {"id": "c"}], "errors": [{"index": 1, "message": "bad `to`"}]}
    )
    assert sorted(resend.send(make_outgoing(3)), key=lambda one: one.delivery_id) == [
        Receipt("7-1", "sent", reference="a"),
        Receipt("7-2", "refused", reason="bad `to`"),
        Receipt("7-3", "sent", reference="c"),
    ]
    assert api.requests[0].headers["x-batch-validation"] == "permissive"


@pytest.mark.parametrize("data", [None, [], [{"id": "a"}], [{"id": 1}] * 3, "abc", [{}, {}]])
def test_numbers_that_do_not_add_up_leave_all_open(api: Api, resend: Resend, data: Any) -> None:
    """An id is never given to the wrong reader."""
    api.answer = lambda request: said({"data": data})
    assert resend.send(make_outgoing(2)) == []


@pytest.mark.parametrize(
    ("status", "name", "known"),
    [
        (409, "invalid_idempotent_request", MaybeTaken),
        (409, "concurrent_idempotent_requests", MaybeTaken),
        (429, "rate_limit_exceeded", NotTaken),
        (429, "daily_quota_exceeded", StopSending),
        (422, "invalid_from_address", StopSending),
        (403, "validation_error", StopSending),
        (422, "validation_error", Rejected),
        (500, "internal_server_error", MaybeTaken),
    ],
)
def test_its_codes_say_what_is_known(
    api: Api, resend: Resend, status: int, name: str, known: type[Exception]
) -> None:
    """A key that was used may have been taken; a quota stops the run; only the rest is about the call."""
    api.answer = lambda request: said({"statusCode": status, "name": name, "message": "…"}, status)
    with pytest.raises(known) as caught:
        resend.send(make_outgoing(2))
    assert type(caught.value) is known


def test_a_secret_that_is_none_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the first webhook comes."""
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_KEY", "whsec_???")
    with pytest.raises(ConfigError, match="whsec_"):
        make("http://127.0.0.1", tmp_path)


# --- against an emulator that others wrote ---------------------------------------------------------------


def test_an_emulator_takes_a_call_once(tmp_path: Path) -> None:
    """Again under the same key it answers with the same ids; with other words it is not called refused."""
    place, port = node_peer("emulate", "0.12.2", node=24), free_port()
    command = ("node", str(place / "dist" / "index.js"), "start", "--service", "resend", "--port", str(port))
    with running(*command, port=port) as url:
        resend, outgoing = make(url, tmp_path), make_outgoing(100)
        first = resend.send(outgoing)
        assert [one.outcome for one in first] == ["sent"] * 100
        assert resend.send(outgoing) == first
        with pytest.raises(MaybeTaken):
            resend.send(replace(outgoing, subject="Another"))
        with pytest.raises(Rejected):
            resend.send(replace(make_outgoing(101), key="another"))


# --- what it tells later ---------------------------------------------------------------------------------

TOLD = {
    "type": "email.bounced",
    "created_at": "2026-11-26T07:59:00.000Z",
    "data": {
        "email_id": "56761188",
        "to": ["reader1@example.com"],
        "tags": {"delivery": "7-1", "batch": "key"},
        "bounce": {"type": "Permanent", "subType": "Suppressed", "message": "no such user"},
    },
}


def signed(body: Any, *, key: bytes = KEY, age: int = 0, also: str = "") -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int((NOW - timedelta(seconds=age)).timestamp()))
    digest = hmac.digest(key, f"msg_1.{stamp}.".encode() + raw, hashlib.sha256)
    signature = f"{also}v1,{base64.b64encode(digest).decode()}"
    return incoming(raw, svix_id="msg_1", svix_timestamp=stamp, svix_signature=signature)


def test_a_bounce_names_its_delivery(resend: Resend) -> None:
    """Who, which mail, when, for good or not, and why; told twice it has the same name."""
    (event,) = resend.read_events(signed(TOLD))
    assert (event.kind, event.permanent, event.detail) == (EventKind.BOUNCED, True, "no such user")
    assert (event.email, event.delivery_id, event.reference) == ("reader1@example.com", "7-1", "56761188")
    assert event.at == NOW - timedelta(minutes=1)
    assert event.key == "msg_1"
    assert json.loads(event.raw) == TOLD


@pytest.mark.parametrize(
    ("name", "data", "kind", "permanent"),
    [
        ("email.bounced", {"bounce": {"type": "Transient"}}, EventKind.BOUNCED, False),
        ("email.bounced", {"bounce": {"type": "Undetermined"}}, EventKind.BOUNCED, False),
        ("email.bounced", {}, EventKind.BOUNCED, False),
        ("email.suppressed", {}, EventKind.BOUNCED, True),
        ("email.complained", {}, EventKind.COMPLAINED, False),
        ("email.delivered", {}, EventKind.DELIVERED, False),
        ("email.delivery_delayed", {}, EventKind.DEFERRED, False),
        ("email.opened", {}, EventKind.UNKNOWN, False),
        ("contact.updated", {"email": "a@example.com", "unsubscribed": True}, EventKind.UNSUBSCRIBED, False),
        ("contact.updated", {"email": "a@example.com", "unsubscribed": False}, EventKind.UNKNOWN, False),
        ("something.new", [], EventKind.UNKNOWN, False),
    ],
)
def test_its_words_become_ours(
    resend: Resend, name: str, data: Any, kind: EventKind, permanent: bool
) -> None:
    """By a table; what is not in it is unknown, with all it said kept."""
    (event,) = resend.read_events(signed({"type": name, "data": data}))
    assert (event.kind, event.permanent) == (kind, permanent)


def test_tags_are_read_as_a_list_too(resend: Resend) -> None:
    """As they were sent."""
    (event,) = resend.read_events(signed({"data": {"tags": [{"name": "delivery", "value": "7-1"}]}}))
    assert event.delivery_id == "7-1"


def test_one_good_signature_of_several_is_enough(resend: Resend) -> None:
    """While the secret is being changed there are two."""
    assert resend.read_events(signed(TOLD, also="v1,bm9uZQ== v1a,xx "))


@pytest.mark.parametrize(
    "forged",
    [
        signed(TOLD, key=b"another secret"),
        signed(TOLD, age=301),
        signed(TOLD, age=-301),
        replace(signed(TOLD), body=b"{}"),
        replace(signed(TOLD), headers={}),
        replace(signed(TOLD), headers={**signed(TOLD).headers, "svix-id": "msg_2"}),
        replace(signed(TOLD), headers={**signed(TOLD).headers, "svix-timestamp": "soon"}),
        replace(signed(TOLD), headers={**signed(TOLD).headers, "svix-signature": "ü"}),
    ],
)
def test_what_is_not_signed_is_refused(resend: Resend, forged: Incoming) -> None:
    """Another key, too old or too new, a changed body, id or time, nothing at all."""
    with pytest.raises(WebhookRefused) as caught:
        resend.read_events(forged)
    assert caught.value.status == 401


def test_without_a_secret_nothing_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resend signs everything: there is no reason to take anything unsigned."""
    monkeypatch.delenv("NEWSLETTER_WEBHOOK_KEY")
    with pytest.raises(WebhookRefused):
        make("http://127.0.0.1", tmp_path).read_events(signed(TOLD))


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff"])
def test_what_is_no_news_is_refused(resend: Resend, body: bytes) -> None:
    """Signed, and yet not readable: 400."""
    with pytest.raises(WebhookRefused) as caught:
        resend.read_events(signed(body))
    assert caught.value.status == 400
