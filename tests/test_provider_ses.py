"""ses: each request signed as Amazon wants it, each error read for what it is, and one topic believed alone."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from api_stub import NOW, Api, incoming, is_as_recorded, make_outgoing, said, serving
from peers import free_port, node_peer, running
from sns_signer import CERTIFICATE, SUBSCRIBE, TOPIC, certificate, notification, subscription

from newsletter import config, sns
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, Rejected, StopSending, WebhookRefused
from newsletter.providers import make_provider
from newsletter.providers.ses import Ses, Settings
from newsletter.sigv4 import Credentials, sign
from newsletter.types import Event, EventKind, Receipt

OWN = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "iam")
MOMENT = time.struct_time((2026, 11, 26, 8, 0, 0, 3, 330, 0))


# --- signing ---------------------------------------------------------------------------------------------


def test_a_request_is_signed_as_amazon_s_own_example() -> None:
    """The worked example of its documentation: ListUsers, 30 August 2015."""
    url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    signed = sign("GET", url, headers, b"", OWN, at="20150830T123600Z")
    assert signed["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_post_is_signed_as_in_amazon_s_test_suite() -> None:
    """`post-vanilla` of the Signature Version 4 test suite."""
    own = Credentials(OWN.key_id, OWN.secret, OWN.region, "service")
    signed = sign("POST", "https://example.amazonaws.com/", {}, b"", own, at="20150830T123600Z")
    assert signed["Authorization"].endswith(
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


def test_the_order_of_a_query_signs_the_same() -> None:
    """Amazon sorts it before it looks."""
    one, two = (
        sign("GET", f"https://a.example/?{query}", {}, b"", OWN, at="20150830T123600Z")
        for query in ("a=1&b=%2F", "b=%2F&a=1")
    )
    assert one == two


def test_the_body_and_a_session_s_token_are_signed() -> None:
    """Another body, another signature; temporary credentials bring a token that is signed with the rest."""
    own = Credentials(OWN.key_id, OWN.secret, OWN.region, "ses", token="session")
    one, two = (
        sign("POST", "https://a.example/", {}, body, own, at="20150830T123600Z") for body in (b"1", b"2")
    )
    assert one["Authorization"] != two["Authorization"]
    assert one["X-Amz-Security-Token"] == "session"
    assert "host;x-amz-date;x-amz-security-token" in one["Authorization"]


# --- sending ---------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(lambda request: said({"MessageId": "0100-abc"})) as made:
        yield made


def make(url: str, *, topic: str | None = TOPIC, fetch: sns.Fetch | None = None) -> Ses:
    settings = Settings(region="eu-west-1", configuration_set="newsletter", topic=topic)
    own = Credentials("AKIDEXAMPLE", "secret", "eu-west-1", "ses")
    return Ses(settings, own, api=url, clock=lambda: MOMENT, fetch=fetch)


def test_a_call_is_as_recorded(api: Api) -> None:
    """The mail, its reader and its tags, as checked in; the signature is another for every port."""
    make(api.url).send(make_outgoing(1))
    assert is_as_recorded(api.requests[0], "ses", ("authorization",))


def test_a_finished_mail_travels_as_it_is(api: Api) -> None:
    """The very bytes; its reader, its tags and the configuration set beside it."""
    outgoing = make_outgoing(1)
    assert make(api.url).send(outgoing) == [Receipt("7-1", "sent", reference="0100-abc")]
    (request,) = api.requests
    assert (request.method, request.path) == ("POST", "/v2/email/outbound-emails")
    asked = request.json()
    (message,) = outgoing.messages()
    assert base64.b64decode(asked.pop("Content")["Raw"]["Data"]) == message.content
    assert asked == {
        "Destination": {"ToAddresses": ["reader1@example.com"]},
        "EmailTags": [
            {"Name": "delivery", "Value": "7-1"},
            {"Name": "batch", "Value": "2026-11-26-12-0123456789abcdef"},
        ],
        "ConfigurationSetName": "newsletter",
    }
    assert request.headers["x-amz-date"] == "20261126T080000Z"
    assert "/20261126/eu-west-1/ses/aws4_request" in request.headers["authorization"]


@pytest.mark.parametrize(
    ("status", "name", "words", "known"),
    [
        (400, "ThrottlingException", "Maximum sending rate exceeded.", NotTaken),
        (429, "TooManyRequestsException", "", NotTaken),
        (400, "ThrottlingException", "Daily message quota exceeded.", StopSending),
        (400, "MessageRejected", "Email address is not verified.", StopSending),
        (400, "MailFromDomainNotVerifiedException", "", StopSending),
        (400, "SendingPausedException", "", StopSending),
        (404, "NotFoundException", "no such configuration set", StopSending),
        (403, "SignatureDoesNotMatch", "", StopSending),
        (400, "BadRequestException", "Illegal address", Rejected),
        (400, "MessageRejected", "a virus", Rejected),
        (500, "InternalFailure", "", MaybeTaken),
    ],
)
@pytest.mark.parametrize("place", ["header", "body"])
def test_its_errors_say_what_is_known(
    api: Api, status: int, name: str, words: str, known: type[Exception], place: str
) -> None:
    """Named in a header or in the body; a whole account's trouble never refuses a reader."""
    headers = {"x_amzn_ErrorType": f"{name}:http://internal.amazon.com/"} if place == "header" else {}
    body = {"message": words} if headers else {"__type": f"com.amazonaws.ses#{name}", "message": words}
    api.answer = lambda request: said(body, status, **headers)
    with pytest.raises(known) as caught:
        make(api.url).send(make_outgoing(1))
    assert type(caught.value) is known


@pytest.mark.parametrize("missing", ["API_KEY", "API_KEY_ID"])
def test_without_a_key_it_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """What is missing, and where it goes."""
    for name in {"API_KEY", "API_KEY_ID"} - {missing}:
        monkeypatch.setenv(f"NEWSLETTER_{name}", "x")
    with pytest.raises(ConfigError, match="NEWSLETTER_API_KEY_ID"):
        make_provider(config.Provider(name="ses"), tmp_path)


def test_an_emulator_keeps_the_mail_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """aws-ses-v2-local takes the call and shows who got what, with our headers."""
    place, port = node_peer("aws-ses-v2-local", "2.10.2"), free_port()
    monkeypatch.setenv("NEWSLETTER_API_KEY", "any")
    monkeypatch.setenv("NEWSLETTER_API_KEY_ID", "any")
    with running("node", str(place / "dist" / "cli.js"), "--port", str(port), port=port) as url:
        ses = make_provider(config.Provider(name="ses", api_url=url), tmp_path)
        (receipt,) = ses.send(make_outgoing(1))
        assert receipt.outcome == "sent"
        (kept,) = requests.get(f"{url}/store", timeout=10).json()["emails"]
    assert kept["messageId"] == receipt.reference
    assert kept["subject"] == "Nerve pain & more — „news“"
    assert "reader1@example.com" in json.dumps(kept["destination"])
    assert "unsubscribe/t1?a=1&amp;b=2" in kept["body"]["html"]


# --- what it tells later ---------------------------------------------------------------------------------

MAIL = {
    "timestamp": "2026-11-26T07:00:00.000Z",
    "messageId": "0100-abc",
    "destination": ["reader1@example.com"],
    "tags": {"delivery": ["7-1"]},
}
BOUNCE = {
    "eventType": "Bounce",
    "mail": MAIL,
    "bounce": {
        "bounceType": "Permanent",
        "timestamp": "2026-11-26T07:59:00.000Z",
        "bouncedRecipients": [{"emailAddress": "reader1@example.com", "diagnosticCode": "smtp; 550 5.1.1"}],
    },
}


class Amazon:
    """Keeps what was fetched from it."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.fetched.append(url)
        return certificate() if url.endswith(".pem") else b"<ok/>"


@pytest.fixture
def amazon() -> Amazon:
    return Amazon()


@pytest.fixture
def ses(amazon: Amazon) -> Ses:
    return make("http://127.0.0.1", fetch=amazon)


def read(ses: Ses, body: Any) -> list[Event]:
    return ses.read_events(incoming(body, content_type="text/plain; charset=UTF-8"))


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_bounce_names_its_delivery(ses: Ses, amazon: Amazon, version: str) -> None:
    """With either signature: who, which mail, when, for good or not, and why."""
    envelope = notification(BOUNCE, version=version, Subject="Amazon SES")
    (event,) = read(ses, envelope)
    assert (event.kind, event.permanent, event.detail) == (EventKind.BOUNCED, True, "smtp; 550 5.1.1")
    assert (event.email, event.delivery_id, event.reference) == ("reader1@example.com", "7-1", "0100-abc")
    assert event.at == NOW.replace(hour=7, minute=59)
    assert json.loads(event.raw) == envelope
    assert read(ses, envelope)[0].key == event.key
    assert amazon.fetched == [CERTIFICATE]


@pytest.mark.parametrize(
    ("told", "kind", "permanent"),
    [
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient"}}, EventKind.BOUNCED, False),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Undetermined"}}, EventKind.BOUNCED, False),
        ({"notificationType": "Bounce", "bounce": {"bounceType": "Permanent"}}, EventKind.BOUNCED, True),
        ({"eventType": "Complaint", "complaint": {}}, EventKind.COMPLAINED, False),
        (
            {"eventType": "Complaint", "complaint": {"complaintFeedbackType": "not-spam"}},
            EventKind.UNKNOWN,
            False,
        ),
        (
            {"eventType": "Delivery", "delivery": {"recipients": ["a@example.com"]}},
            EventKind.DELIVERED,
            False,
        ),
        ({"eventType": "DeliveryDelay"}, EventKind.DEFERRED, False),
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}}, EventKind.BOUNCED, False),
        (
            {"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": True}}},
            EventKind.UNSUBSCRIBED,
            False,
        ),
        ({"eventType": "Subscription", "subscription": {}}, EventKind.UNKNOWN, False),
        (
            {"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": False}}},
            EventKind.UNKNOWN,
            False,
        ),
        ({"eventType": "Send"}, EventKind.UNKNOWN, False),
        ({"eventType": ["Bounce"], "bounce": 7}, EventKind.UNKNOWN, False),
        ([1, 2], EventKind.UNKNOWN, False),
    ],
)
def test_its_words_become_ours(ses: Ses, told: Any, kind: EventKind, permanent: bool) -> None:
    """By a table; what is not in it is unknown, with all it said kept."""
    (event,) = read(ses, notification({**told, "mail": MAIL} if isinstance(told, dict) else told))
    assert (event.kind, event.permanent) == (kind, permanent)


def test_each_reader_of_a_message_is_an_event(ses: Ses) -> None:
    """SES does not promise one message a reader."""
    bounced = [{"emailAddress": f"Reader <reader{n}@example.com>"} for n in (1, 2)]
    events = read(ses, notification({**BOUNCE, "bounce": {"bouncedRecipients": bounced}}))
    assert [one.email for one in events] == ["reader1@example.com", "reader2@example.com"]
    assert len({one.key for one in events}) == 2


def test_without_tags_the_message_id_names_the_delivery(ses: Ses) -> None:
    """Notifications that come without a configuration set may carry the headers."""
    headers = [{"name": "Message-ID", "value": "<7-12.2026-11-26@example.org>"}]
    (event,) = read(ses, notification({"notificationType": "Delivery", "mail": {"headers": headers}}))
    assert event.delivery_id == "7-12"


def test_a_subscription_is_confirmed_for_the_pinned_topic_alone(ses: Ses, amazon: Amazon) -> None:
    """Genuine or not: another topic's is not answered."""
    assert read(ses, subscription()) == []
    assert amazon.fetched == [CERTIFICATE, SUBSCRIBE]
    with pytest.raises(WebhookRefused):
        read(ses, subscription(TopicArn=TOPIC + "2"))
    with pytest.raises(WebhookRefused):
        read(ses, subscription(SubscribeURL="https://sns.eu-west-1.amazonaws.com.example/"))
    assert amazon.fetched == [CERTIFICATE, SUBSCRIBE]


GENUINE = notification(BOUNCE)


@pytest.mark.parametrize(
    "forged",
    [
        notification(BOUNCE, by=1),
        notification(BOUNCE, TopicArn=TOPIC + "2"),
        {**GENUINE, "Message": "{}"},
        {**GENUINE, "Subject": "added"},
        {**GENUINE, "Signature": "????"},
        {**GENUINE, "Signature": ""},
        {**GENUINE, "SignatureVersion": "1"},
        {**GENUINE, "SignatureVersion": "3"},
        {**GENUINE, "Type": "Other"},
        {name: value for name, value in GENUINE.items() if name != "TopicArn"},
    ],
)
def test_what_is_not_the_topic_s_is_refused(ses: Ses, forged: dict[str, str]) -> None:
    """Another key, another topic, anything changed, added or left out."""
    with pytest.raises(WebhookRefused) as caught:
        read(ses, forged)
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("sns.", "evil-sns."),
        CERTIFICATE.replace("sns.eu-west-1", "s3"),
        CERTIFICATE.replace("https://", "https://sns.eu-west-1.amazonaws.com@evil.example/"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace(".pem", ".pem?x=.pem#"),
        "https://sns.eu-west-1.amazonaws.com/?Action=Publish&x=/SimpleNotificationService-1.pem/../x",
        "https://[::1",
        "",
    ],
)
def test_a_certificate_is_fetched_from_amazon_alone(ses: Ses, amazon: Amazon, url: str) -> None:
    """Nobody has us fetch another address, not even to find that the signature is wrong."""
    with pytest.raises(WebhookRefused):
        read(ses, notification(BOUNCE, SigningCertURL=url))
    assert [one for one in amazon.fetched if one != CERTIFICATE] == []


def test_when_amazon_cannot_be_asked_it_is_told_to_come_again() -> None:
    """503, and SNS tries again; what cannot be a certificate is 401."""

    def closed(url: str) -> bytes:
        raise NotTaken("closed")

    with pytest.raises(WebhookRefused) as caught:
        read(make("http://127.0.0.1", fetch=closed), GENUINE)
    assert caught.value.status == 503
    with pytest.raises(WebhookRefused) as caught:
        read(make("http://127.0.0.1", fetch=lambda url: b"<html>"), GENUINE)
    assert caught.value.status == 401


def test_a_fetch_is_one_get(api: Api) -> None:
    """And no answer is no certificate."""
    assert json.loads(sns.fetch(api.url)) == {"MessageId": "0100-abc"}
    api.answer = lambda request: (500, {}, b"")
    with pytest.raises(NotTaken):
        sns.fetch(api.url)


def test_without_a_topic_nothing_is_believed(amazon: Amazon) -> None:
    """A site that has not set one hears nobody."""
    with pytest.raises(WebhookRefused, match="topic"):
        read(make("http://127.0.0.1", topic=None, fetch=amazon), GENUINE)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff"])
def test_what_is_no_news_is_refused(ses: Ses, body: bytes) -> None:
    """400, and never an error of our own."""
    with pytest.raises(WebhookRefused) as caught:
        read(ses, body)
    assert caught.value.status == 400
