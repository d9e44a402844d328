"""mailgun: what is its own, beside what every provider is put through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from provider_stubs.mailgun import KEY, Vendor, form, signed
from stub_kit import Answer, is_as_recorded
from test_providers_contract import NOW, make_outgoing

from newsletter import config
from newsletter.errors import ConfigError, Rejected, StopSending, WebhookRefused
from newsletter.providers import call, make_provider
from newsletter.providers.mailgun import Mailgun
from newsletter.types import EventKind


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def mailgun(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailgun]:
    for name, value in vendor.secrets.items():
        monkeypatch.setenv(f"NEWSLETTER_{name.upper()}", value)
    with vendor.running() as where:
        settings = config.Provider.model_validate({"name": "mailgun", **vendor.settings, **where})
        made = make_provider(settings, tmp_path)
        assert isinstance(made, Mailgun)
        yield made


def test_a_call_is_as_recorded(vendor: Vendor, mailgun: Mailgun) -> None:
    """Fields, variables, headers and switches, as checked in."""
    mailgun.send(make_outgoing(2))
    assert is_as_recorded(vendor.asked[0], "mailgun", ("content-type",), vendor.secrets)


def test_the_body_travels_once_for_all(vendor: Vendor, mailgun: Mailgun) -> None:
    """A thousand readers take a call, in which the page stands once and each reader has three values."""
    mailgun.send(make_outgoing(1000))
    (asked,) = vendor.asked
    fields = form(asked)
    assert len(fields["to"]) == 1000
    assert len(fields["html"]) == 1
    assert len(json.loads(fields["recipient-variables"][0])) == 1000
    assert len(vendor.mails) == 1000


def test_each_receipt_names_its_own_message(mailgun: Mailgun) -> None:
    """Mailgun gives one id for all, in which the variable of the Message-ID still stands."""
    assert [one.reference for one in mailgun.send(make_outgoing(2))] == [
        "7-1.2026-11-26@example.org",
        "7-2.2026-11-26@example.org",
    ]


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (Answer.of({"message": "'from' parameter is not a valid address. please check"}, 400), StopSending),
        (Answer.of({"message": "Domain not found: mail.example.org"}, 404), StopSending),
        (Answer.of({"message": "Payment required"}, 402), StopSending),
        (Answer.of({"message": "'to' parameter is not a valid address. please check"}, 400), Rejected),
    ],
)
def test_what_every_call_would_be_told_refuses_no_reader(
    vendor: Vendor, mailgun: Mailgun, answer: Answer, known: type[Exception]
) -> None:
    """The sender, the domain and the bill are not a reader's fault."""
    vendor.next = [answer]
    with pytest.raises(known):
        call(mailgun, make_outgoing(2))


def test_a_link_that_html_would_write_otherwise_is_not_sent(vendor: Vendor, mailgun: Mailgun) -> None:
    """One value stands in the page and in the text: with an ampersand it would be wrong in one of them."""
    outgoing = make_outgoing(1)
    reader = outgoing.recipients[0]._replace(unsubscribe_url="https://letters.example.org/?a=1&b=2")
    with pytest.raises(StopSending, match="public_url"):
        call(mailgun, replace(outgoing, recipients=(reader,)))
    assert vendor.asked == []


def test_headers_longer_than_mailgun_takes_stop_the_run(vendor: Vendor, mailgun: Mailgun) -> None:
    """16 KB for headers, options and variables together."""
    outgoing = make_outgoing(1)
    with pytest.raises(StopSending, match="headers"):
        call(mailgun, replace(outgoing, headers=(*outgoing.headers, ("X-Long", "x" * 17_000))))
    assert vendor.asked == []


def test_its_log_is_read_to_the_end(vendor: Vendor, mailgun: Mailgun) -> None:
    """Page by page."""
    outgoing = make_outgoing(650)
    mailgun.send(outgoing)
    assert len(mailgun.look_up(outgoing.key, outgoing.recipients, NOW)) == 650
    assert [asked.path for asked in vendor.asked[1:]] == ["/v1/analytics/logs"] * 3


def test_what_its_log_says_of_another_batch_is_passed_over(vendor: Vendor, mailgun: Mailgun) -> None:
    """Whatever its filter lets through: a reader is sent to under this key, or nothing is said of them."""
    outgoing = make_outgoing(1)
    mailgun.send(replace(outgoing, key=f"{outgoing.key}0"))
    assert vendor.log
    assert mailgun.look_up(outgoing.key, outgoing.recipients, NOW) == {}


def test_a_signature_vouches_for_one_event_only(mailgun: Mailgun) -> None:
    """It covers neither event nor reader: who caught one on its way cannot tell of another reader with it."""
    event = {"id": "a", "event": "complained", "recipient": "reader1@example.org"}
    mailgun.read_events(signed(event, NOW, "token"))
    mailgun.read_events(signed(event, NOW, "token"))
    with pytest.raises(WebhookRefused, match="another event"):
        mailgun.read_events(signed({**event, "recipient": "reader2@example.org"}, NOW, "token"))


@pytest.mark.parametrize("late", [timedelta(hours=9), timedelta(minutes=-4)])
def test_mailgun_tries_again_for_hours(mailgun: Mailgun, late: timedelta) -> None:
    """What was signed when it was first tried is still taken; clocks may differ a little."""
    event = {"id": "a", "event": "delivered", "recipient": "reader1@example.org"}
    assert mailgun.read_events(replace(signed(event, NOW - late, "token"), now=NOW))


def test_without_a_signing_key_no_news_is_believed(vendor: Vendor) -> None:
    """503: Mailgun comes again, when the key is set."""
    bare = Mailgun("mail.example.org", key=KEY)
    with pytest.raises(WebhookRefused, match="NEWSLETTER_WEBHOOK_KEY") as caught:
        bare.read_events(signed({"event": "delivered"}, NOW, "token"))
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("reason", "kind", "permanent"),
    [
        ("bounce", EventKind.BOUNCED, True),
        ("suppress-bounce", EventKind.BOUNCED, True),
        ("suppress-complaint", EventKind.COMPLAINED, False),
        ("suppress-unsubscribe", EventKind.UNSUBSCRIBED, False),
        ("espblock", EventKind.BOUNCED, False),
        ("old", EventKind.BOUNCED, False),
    ],
)
def test_why_a_mail_failed_says_what_becomes_of_the_address(
    mailgun: Mailgun, reason: str, kind: EventKind, permanent: bool
) -> None:
    """Blocked or given up on is not "no such address"."""
    event = {"id": reason, "event": "failed", "severity": "permanent", "reason": reason}
    (found,) = mailgun.read_events(signed(event, NOW, reason))
    assert (found.kind, found.permanent) == (kind, permanent)


def test_without_a_domain_it_is_not_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The setting is named."""
    monkeypatch.setenv("NEWSLETTER_API_KEY", KEY)
    with pytest.raises(ConfigError) as caught:
        make_provider(config.Provider(name="mailgun"), tmp_path)
    assert "[provider] domain" in caught.value.where
