"""sendgrid: what is its own, beside what every provider is put through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from provider_stubs.sendgrid import KEY, Vendor
from stub_kit import Answer, Told, is_as_recorded
from test_providers_contract import NOW, make_outgoing

from newsletter import config
from newsletter.errors import Rejected, StopSending, WebhookRefused
from newsletter.providers import call, make_provider
from newsletter.providers.sendgrid import SendGrid
from newsletter.types import EventKind


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def sendgrid(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendGrid]:
    for name, value in vendor.secrets.items():
        monkeypatch.setenv(f"NEWSLETTER_{name.upper()}", value)
    with vendor.running() as where:
        made = make_provider(config.Provider.model_validate({"name": "sendgrid", **where}), tmp_path)
        assert isinstance(made, SendGrid)
        yield made


def test_a_call_is_as_recorded(vendor: Vendor, sendgrid: SendGrid) -> None:
    """Personalizations, headers, tags and switches, as checked in."""
    sendgrid.send(make_outgoing(2))
    names = ("authorization", "content-type")
    assert is_as_recorded(vendor.asked[0], "sendgrid", names, {"api_key": KEY})


def test_the_body_travels_once_and_just_as_it_was_approved(vendor: Vendor, sendgrid: SendGrid) -> None:
    """The marks are the substitution tags, so nothing in it is changed."""
    outgoing = make_outgoing(1000)
    sendgrid.send(outgoing)
    (asked,) = vendor.asked
    mail = asked.json()
    assert [part["value"] for part in mail["content"]] == [outgoing.text, outgoing.html]
    assert len(mail["personalizations"]) == len(vendor.mails) == 1000
    assert max(len(json.dumps(one["substitutions"])) for one in mail["personalizations"]) < 10_000


def test_each_receipt_names_the_call(sendgrid: SendGrid) -> None:
    """SendGrid gives one id for all."""
    assert [one.reference for one in sendgrid.send(make_outgoing(2))] == ["call1", "call1"]


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        (["from.email"], StopSending),
        (["content.0.value"], StopSending),
        (["personalizations.0.to.0.email", "subject"], StopSending),
        (["personalizations.0.to.0.email"], Rejected),
        ([None], Rejected),
    ],
)
def test_what_every_call_would_be_told_refuses_no_reader(
    vendor: Vendor, sendgrid: SendGrid, fields: list[str], known: type[Exception]
) -> None:
    """Only a complaint about personalizations can be about a reader."""
    vendor.next = [Answer.of({"errors": [{"field": one, "message": "no"} for one in fields]}, 400)]
    with pytest.raises(known):
        call(sendgrid, make_outgoing(2))


def test_headers_in_other_scripts_are_encoded(vendor: Vendor, sendgrid: SendGrid) -> None:
    """SendGrid passes them on as they are: encoded words (RFC 2047), and the id of the list stays readable."""
    outgoing = make_outgoing(1)
    sendgrid.send(replace(outgoing, headers=(("List-Id", "Schmerz täglich <weekly.example.org>"),)))
    (person,) = vendor.asked[0].json()["personalizations"]
    assert person["headers"] == {"List-Id": "=?utf-8?q?Schmerz_t=C3=A4glich?= <weekly.example.org>"}


def test_strangers_in_its_log_are_passed_over(vendor: Vendor, sendgrid: SendGrid) -> None:
    """It knows addresses only, and may know more of them than this batch has."""
    outgoing = make_outgoing(2)
    sendgrid.send(outgoing)
    vendor.log.append((outgoing.key, "stranger@example.org"))
    assert {"7-1", "7-2"} == set(sendgrid.look_up(outgoing.key, outgoing.recipients, NOW))


def test_what_is_no_event_is_passed_over(vendor: Vendor, sendgrid: SendGrid) -> None:
    """The others of its batch are read."""
    body = json.dumps([7, {}, None, {"event": "delivered"}]).encode()
    assert [one.kind for one in sendgrid.read_events(vendor.signed(body, NOW))] == [EventKind.DELIVERED]


def test_a_day_of_retries_is_taken(vendor: Vendor, sendgrid: SendGrid) -> None:
    """What was signed when it was first tried is still genuine."""
    news = vendor.news([Told("delivered", "a@example.org", "7-1", NOW)], NOW - timedelta(hours=23))
    assert sendgrid.read_events(replace(news, now=NOW))


@pytest.mark.parametrize("key", [None, "bm8ga2V5", "ü"])
def test_without_its_verification_key_no_news_is_believed(vendor: Vendor, key: str | None) -> None:
    """503: SendGrid comes again, when the key is set."""
    news = vendor.news([Told("delivered", "a@example.org", "7-1", NOW)], NOW)
    with pytest.raises(WebhookRefused, match="NEWSLETTER_WEBHOOK_KEY") as caught:
        SendGrid(key=KEY, webhook_key=key).read_events(news)
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("said", "kind", "permanent"),
    [
        ({"event": "dropped", "reason": "Bounced Address"}, EventKind.BOUNCED, True),
        ({"event": "dropped", "reason": "Invalid"}, EventKind.BOUNCED, True),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, EventKind.UNSUBSCRIBED, False),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, EventKind.COMPLAINED, False),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, EventKind.BOUNCED, False),
        ({"event": "bounce", "type": "bounce"}, EventKind.BOUNCED, True),
        (
            {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"},
            EventKind.BOUNCED,
            True,
        ),
        (
            {"event": "bounce", "type": "bounce", "bounce_classification": "Reputation"},
            EventKind.BOUNCED,
            False,
        ),
        ({"event": "group_unsubscribe"}, EventKind.UNSUBSCRIBED, False),
        ({"event": "open"}, EventKind.UNKNOWN, False),
    ],
)
def test_why_a_mail_failed_says_what_becomes_of_the_address(
    vendor: Vendor, sendgrid: SendGrid, said: dict[str, str], kind: EventKind, permanent: bool
) -> None:
    """Blocked for its content, or beyond the quota, is not "no such address"."""
    (found,) = sendgrid.read_events(vendor.signed(json.dumps([said]).encode(), NOW))
    assert (found.kind, found.permanent) == (kind, permanent)
