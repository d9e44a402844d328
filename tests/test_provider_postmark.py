"""postmark: each mail whole and read for itself, in the stream it belongs to, and its news in our words."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from api_stub import NOW, Answer, Api, Request, incoming, is_as_recorded, make_outgoing, said, serving

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, Rejected, StopSending, WebhookRefused
from newsletter.providers import make_provider
from newsletter.providers.postmark import Postmark
from newsletter.types import EventKind, Receipt


def take_all(request: Request) -> Answer:
    return said(
        [
            {"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{one['To']}", "To": one["To"]}
            for one in request.json()
        ]
    )


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(take_all) as made:
        yield made


@pytest.fixture
def postmark(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Postmark:
    monkeypatch.setenv("NEWSLETTER_API_KEY", "server-token")
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_KEY", "post:mark")
    found = make_provider(config.Provider(name="postmark", api_url=api.url), tmp_path)
    assert isinstance(found, Postmark)
    return found


# --- sending ---------------------------------------------------------------------------------------------


def test_a_call_is_as_recorded(api: Api, postmark: Postmark) -> None:
    """Stream, headers, metadata, links and switched-off tracking of every mail, as checked in."""
    receipts = postmark.send(make_outgoing(2))
    assert receipts == [
        Receipt("7-1", "sent", reference="id-reader1@example.com"),
        Receipt("7-2", "sent", reference="id-reader2@example.com"),
    ]
    assert is_as_recorded(api.requests[0], "postmark", ("x-postmark-server-token",))
    assert api.requests[0].headers["x-postmark-server-token"] == "server-token"


def test_each_reader_has_their_own_links_and_nobody_else_s(api: Api, postmark: Postmark) -> None:
    """Links in text, HTML and headers are the reader's; an ampersand is written as HTML wants it in HTML."""
    postmark.send(make_outgoing(2))
    first, second = api.requests[0].json()
    assert "unsubscribe/t1?a=1&amp;b=2" in first["HtmlBody"]
    assert "unsubscribe/t1?a=1&b=2" in first["TextBody"]
    assert {
        "Name": "List-Unsubscribe",
        "Value": "<https://letters.example.org/unsubscribe/t1?a=1&b=2>",
    } in first["Headers"]
    assert "/t2" not in json.dumps(first)
    assert "/t1" not in json.dumps(second)
    assert "@@" not in json.dumps([first, second])


def test_a_single_mail_goes_by_the_other_stream(api: Api, postmark: Postmark) -> None:
    """A confirmation is not held up behind an issue."""
    postmark.send(make_outgoing(1, single=True))
    assert api.requests[0].json()[0]["MessageStream"] == "outbound"


def test_a_bad_address_fails_alone(api: Api, postmark: Postmark) -> None:
    """Each item of the answer is read: its neighbours are sent."""
    refused = {"ErrorCode": 406, "Message": "inactive"}
    api.answer = lambda request: said([json.loads(take_all(request)[2])[0], refused])
    assert postmark.send(make_outgoing(2))[1] == Receipt("7-2", "refused", reason="406: inactive")


def test_what_the_answer_leaves_out_is_left_open(api: Api, postmark: Postmark) -> None:
    """Nobody is called sent of whom the answer says nothing, or nothing that can be read."""
    api.answer = lambda request: said([{"ErrorCode": 0, "MessageID": "a"}, {"ErrorCode": ["0"]}])
    assert [one.delivery_id for one in postmark.send(make_outgoing(3))] == ["7-1"]


def test_a_sender_nobody_knows_refuses_no_reader(api: Api, postmark: Postmark) -> None:
    """A code that every mail would get stops the run, as an answer and in each item."""
    api.answer = lambda request: said([{"ErrorCode": 400, "Message": "no such sender"}] * 2)
    with pytest.raises(StopSending, match="no such sender"):
        postmark.send(make_outgoing(2))
    api.answer = lambda request: said({"ErrorCode": 412, "Message": "pending"}, 422)
    with pytest.raises(StopSending, match="pending"):
        postmark.send(make_outgoing(2))


def test_credit_that_ends_in_the_middle_leaves_the_rest_for_later(api: Api, postmark: Postmark) -> None:
    """Those before are sent; those after are certainly not, and no fault of theirs."""
    broke = {"ErrorCode": 405, "Message": "out of credits"}
    api.answer = lambda request: said([{"ErrorCode": 0, "MessageID": "a"}, broke])
    assert [one.outcome for one in postmark.send(make_outgoing(2))] == ["sent", "later"]


def test_a_call_it_does_not_understand_is_rejected(api: Api, postmark: Postmark) -> None:
    """Any other 422 is about this call."""
    api.answer = lambda request: said({"ErrorCode": 300, "Message": "bad"}, 422)
    with pytest.raises(Rejected):
        postmark.send(make_outgoing(2))


def test_too_much_at_once_waits(api: Api, postmark: Postmark) -> None:
    """429 as a status, and as a code."""
    api.answer = lambda request: said({"ErrorCode": 429, "Message": "slow down"}, 422)
    with pytest.raises(NotTaken) as caught:
        postmark.send(make_outgoing(2))
    assert not isinstance(caught.value, Rejected)


def test_an_answer_that_cannot_be_read_may_mean_taken(api: Api, postmark: Postmark) -> None:
    """200 with a page of somebody's proxy."""
    api.answer = lambda request: (200, {}, b"<html>")
    with pytest.raises(MaybeTaken):
        postmark.send(make_outgoing(2))


def test_a_call_too_large_is_not_made(api: Api, postmark: Postmark) -> None:
    """Over the API's limit: halves are tried."""
    with pytest.raises(Rejected):
        postmark.send(make_outgoing(60, text="x" * 900_000))
    assert api.requests == []


def test_without_a_token_it_is_not_made(tmp_path: Path) -> None:
    """What is missing, and where it goes."""
    with pytest.raises(ConfigError, match="NEWSLETTER_API_KEY"):
        make_provider(config.Provider(name="postmark"), tmp_path)


# --- asking ----------------------------------------------------------------------------------------------


def test_what_was_taken_can_be_asked(api: Api, postmark: Postmark) -> None:
    """All pages of both streams, by the batch's key; a stranger's mail is not ours."""
    taken = [
        {"MessageID": f"id-{n}", "Recipients": [f"Reader{n}@example.com"], "Metadata": {}}
        for n in range(1, 700)
    ]
    taken += [{"MessageID": "x", "Recipients": ["stranger@example.com"], "Metadata": {"delivery": "9-9"}}]

    def search(request: Request) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        assert query["metadata_batch"] == "key"
        assert query["fromdate"] == "2026-11-25"
        offset = int(query["offset"])
        found = taken[offset : offset + int(query["count"])] if query["messagestream"] == "broadcast" else []
        return said({"TotalCount": len(taken), "Messages": found})

    api.answer = search
    recipients = make_outgoing(701).recipients
    found = postmark.look_up("key", recipients, NOW)
    assert found == {f"7-{n}": f"id-{n}" for n in range(1, 700)}
    assert {request.method for request in api.requests} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "known"),
    [((500, {}, b""), NotTaken), ((200, {}, b"[]"), NotTaken), ((401, {}, b"{}"), StopSending)],
)
def test_a_question_without_an_answer_says_nothing(
    api: Api, postmark: Postmark, answer: Answer, known: type[Exception]
) -> None:
    """It is never the answer that nothing was taken."""
    api.answer = lambda request: answer
    with pytest.raises(known):
        postmark.look_up("key", make_outgoing(1).recipients, NOW)


# --- what it tells later ---------------------------------------------------------------------------------

AUTH = "Basic " + base64.b64encode(b"post:mark").decode()
BOUNCE = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "MessageID": "883953f4",
    "Details": "550 5.1.1 no such user",
    "Email": "reader1@example.com",
    "BouncedAt": "2026-11-26T03:05:10.2735393-05:00",
    "Metadata": {"delivery": "7-1", "batch": "key"},
}


def test_a_bounce_names_its_delivery(postmark: Postmark) -> None:
    """Who, which mail, when in UTC, for good or not, and what the receiving server said."""
    (event,) = postmark.read_events(incoming(BOUNCE, Authorization=AUTH))
    assert (event.kind, event.permanent) == (EventKind.BOUNCED, True)
    assert (event.email, event.delivery_id, event.reference) == ("reader1@example.com", "7-1", "883953f4")
    assert event.at.replace(microsecond=0) == NOW + timedelta(minutes=5, seconds=10)
    assert event.detail == "550 5.1.1 no such user"
    assert json.loads(event.raw) == BOUNCE


@pytest.mark.parametrize(
    ("more", "kind", "permanent"),
    [
        ({"Type": "SoftBounce"}, EventKind.BOUNCED, False),
        ({"Type": "Transient"}, EventKind.DEFERRED, False),
        ({"Type": "AutoResponder"}, EventKind.UNKNOWN, False),
        ({"Type": "SomethingNew"}, EventKind.UNKNOWN, False),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, EventKind.COMPLAINED, False),
        ({"RecordType": "Delivery", "Recipient": "a@example.com"}, EventKind.DELIVERED, False),
        ({"RecordType": "Open"}, EventKind.UNKNOWN, False),
        (
            {
                "RecordType": "SubscriptionChange",
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Recipient",
            },
            EventKind.UNSUBSCRIBED,
            False,
        ),
        (
            {
                "RecordType": "SubscriptionChange",
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Customer",
            },
            EventKind.UNKNOWN,
            False,
        ),
        ({"RecordType": "SubscriptionChange", "SuppressSending": False}, EventKind.UNKNOWN, False),
    ],
)
def test_its_words_become_ours(
    postmark: Postmark, more: dict[str, Any], kind: EventKind, permanent: bool
) -> None:
    """By a table; what is not in it is unknown, with all it said kept."""
    (event,) = postmark.read_events(incoming({**BOUNCE, **more}, Authorization=AUTH))
    assert (event.kind, event.permanent) == (kind, permanent)


def test_the_same_news_has_the_same_name(postmark: Postmark) -> None:
    """Told twice it is one event; another is another."""
    told = {
        "RecordType": "Delivery",
        "MessageID": "a",
        "Recipient": "a@example.com",
        "DeliveredAt": "2026-11-26",
    }
    names = [
        postmark.read_events(incoming(one, Authorization=AUTH))[0].key
        for one in (told, told, {**told, "MessageID": "b"}, BOUNCE)
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 3


@pytest.mark.parametrize("header", ["", "Basic", "Basic ????", "Bearer x", AUTH[:-4], "Basic cG9zdDptYXJ4"])
def test_a_stranger_is_told_401(postmark: Postmark, header: str) -> None:
    """Never 403, at which Postmark never comes again."""
    with pytest.raises(WebhookRefused) as caught:
        postmark.read_events(incoming(BOUNCE, Authorization=header))
    assert caught.value.status == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_news_is_refused(postmark: Postmark, body: bytes) -> None:
    """400, and never an error of our own."""
    with pytest.raises(WebhookRefused) as caught:
        postmark.read_events(incoming(body, Authorization=AUTH))
    assert caught.value.status == 400


def test_news_of_another_shape_is_unknown(postmark: Postmark) -> None:
    """Numbers for texts, lists for objects, times that are none, letters that are none."""
    odd = {
        "RecordType": "Bounce",
        "Type": ["x"],
        "Email": "a\ud800\x00b",
        "BouncedAt": 10**400,
        "Metadata": 7,
    }
    (event,) = postmark.read_events(incoming(odd, Authorization=AUTH))
    assert (event.kind, event.email, event.at) == (EventKind.UNKNOWN, "a?b", NOW)
