"""brevo: what is its own, beside what every provider is put through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from ledger_site import LINKS
from provider_stubs.brevo import KEY, PASSWORD, Vendor
from stub_kit import Answer, Told, is_as_recorded
from test_providers_contract import NOW, make_outgoing

from newsletter import config
from newsletter.errors import MaybeTaken, Rejected, StopSending, WebhookRefused
from newsletter.links import Links
from newsletter.providers import call, make_provider
from newsletter.providers.brevo import Brevo, call_key
from newsletter.types import EventKind, Incoming, Receipt


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def brevo(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brevo]:
    for name, value in vendor.secrets.items():
        monkeypatch.setenv(f"NEWSLETTER_{name.upper()}", value)
    with vendor.running() as where:
        made = make_provider(config.Provider.model_validate({"name": "brevo", **where}), tmp_path)
        assert isinstance(made, Brevo)
        yield made


def test_a_call_is_as_recorded(vendor: Vendor, brevo: Brevo) -> None:
    """Versions, values, headers and the key, as checked in."""
    brevo.send(make_outgoing(2))
    names = ("api-key", "content-type")
    assert is_as_recorded(vendor.asked[0], "brevo", names, {"api_key": KEY})


def test_the_body_travels_once_for_all(vendor: Vendor, brevo: Brevo) -> None:
    """A thousand readers take a call; each version has values and headers only."""
    receipts = brevo.send(make_outgoing(1000))
    mail = vendor.asked[0].json()
    assert len(mail["messageVersions"]) == len(vendor.mails) == len(receipts) == 1000
    assert {"to", "params", "headers"} == set(mail["messageVersions"][0])
    assert len({one.reference for one in receipts}) == 1000


def test_the_same_call_again_is_taken_once_and_said_to_be_sent(vendor: Vendor, brevo: Brevo) -> None:
    """Brevo refuses a key it took: that is the proof that nobody has to be sent to again."""
    brevo.send(make_outgoing(3))
    assert brevo.send(make_outgoing(3)) == [Receipt(f"7-{n}", "sent") for n in (1, 2, 3)]
    assert len(vendor.mails) == 3


def test_a_key_is_of_one_batch_of_one_site() -> None:
    """A UUID, the same whenever it is made; not that of another batch, or of a site that shares the account."""
    outgoing = make_outgoing(2)
    assert UUID(call_key(outgoing)).version == 5
    assert call_key(outgoing) == call_key(make_outgoing(2))
    moved = tuple(one._replace(email="other@example.org") for one in outgoing.recipients)
    assert call_key(outgoing) == call_key(replace(outgoing, recipients=moved))
    elsewhere = Links(["a key for tests only, long enough"], "https://other.example.net")
    theirs = tuple(one._replace(unsubscribe_url=elsewhere.unsubscribe(1)) for one in outgoing.recipients)
    others = [replace(outgoing, key="another"), replace(outgoing, recipients=theirs)]
    assert call_key(outgoing) not in [call_key(one) for one in others]
    newer = Links(["a newer key, also long enough"], "https://letters.example.org")
    rotated = tuple(one._replace(unsubscribe_url=newer.unsubscribe(1)) for one in outgoing.recipients)
    assert call_key(outgoing) == call_key(replace(outgoing, recipients=rotated))
    assert LINKS.unsubscribe(1) != newer.unsubscribe(1)


def test_nothing_but_our_variables_is_read_by_its_template_language(vendor: Vendor, brevo: Brevo) -> None:
    """Braces of a style sheet, and whatever else looks like its language, arrive as they are."""
    outgoing = make_outgoing(1)
    page = "<style>@media x{#a{top:0}}</style>{{ contact.EMAIL }}{% if x %}" + outgoing.html
    brevo.send(replace(outgoing, html=page))
    found = vendor.mails[0].html
    assert "@media x{ #a{top:0}}" in found
    assert "{ { contact.EMAIL }}{ % if x %}" in found


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (Answer.of({"code": "not_enough_credits", "message": "no"}, 402), StopSending),
        (Answer.of({"code": "not_enough_credits", "message": "no"}, 400), StopSending),
        (Answer.of({"code": "missing_parameter", "message": "x is missing"}, 400), StopSending),
        (
            Answer.of({"code": "invalid_parameter", "message": "the sender you used is not valid"}, 400),
            StopSending,
        ),
        (Answer.of({"code": "invalid_parameter", "message": "email is not valid in to"}, 400), Rejected),
        (Answer(400, b"<html>"), Rejected),
    ],
)
def test_what_every_call_would_be_told_refuses_no_reader(
    vendor: Vendor, brevo: Brevo, answer: Answer, known: type[Exception]
) -> None:
    """The sender, the form and the bill are not a reader's fault."""
    vendor.next = [answer]
    with pytest.raises(known):
        call(brevo, make_outgoing(2))


def test_what_the_answer_leaves_out_is_left_open(vendor: Vendor, brevo: Brevo) -> None:
    """Fewer ids than readers: of the last nobody knows. One reader alone gets an answer of another form."""
    vendor.next = [Answer.of({"messageIds": ["<a@b>", "", "<c@d>"]}, 201)]
    assert brevo.send(make_outgoing(4)) == [
        Receipt("7-1", "sent", reference="a@b"),
        Receipt("7-3", "sent", reference="c@d"),
    ]
    vendor.next = [Answer.of({"messageId": "<a@b>"}, 201)]
    assert brevo.send(make_outgoing(1)) == [Receipt("7-1", "sent", reference="a@b")]
    vendor.next = [Answer.of({}, 201)]
    with pytest.raises(MaybeTaken):
        brevo.send(make_outgoing(1))


def test_values_beyond_what_brevo_takes_are_not_sent(vendor: Vendor, brevo: Brevo) -> None:
    """A megabyte for all versions together: the batch is made smaller."""
    outgoing = make_outgoing(1000)
    long = tuple(
        one._replace(preferences_url="https://e.example/" + "p" * 900) for one in outgoing.recipients
    )
    with pytest.raises(Rejected):
        call(brevo, replace(outgoing, recipients=long))
    assert vendor.asked == []


def test_headers_in_other_scripts_are_encoded(vendor: Vendor, brevo: Brevo) -> None:
    """Brevo breaks what is not ASCII: encoded words (RFC 2047), and the id of the list stays readable."""
    outgoing = make_outgoing(1)
    brevo.send(replace(outgoing, headers=(("List-Id", "Schmerz täglich <weekly.example.org>"),)))
    (version,) = vendor.asked[0].json()["messageVersions"]
    assert version["headers"]["List-Id"] == "=?utf-8?q?Schmerz_t=C3=A4glich?= <weekly.example.org>"


def test_a_token_vouches_like_a_password(vendor: Vendor) -> None:
    """Brevo can send either along; nothing is asked for where neither is set but the address."""
    news = vendor.news([Told("delivered", "a@example.org", "7-1", NOW)], NOW)
    tokened = Brevo(key=KEY, webhook_key="a-token")
    assert tokened.read_events(replace(news, headers={"authorization": "Bearer a-token"}))
    for wrong in ("Bearer another", "a-token", "Basic a-token", ""):
        with pytest.raises(WebhookRefused):
            tokened.read_events(replace(news, headers={"authorization": wrong}))
    assert Brevo(key=KEY).read_events(replace(news, headers={}))
    assert ":" in PASSWORD


def test_what_is_no_event_is_passed_over() -> None:
    """The others of its batch are read."""
    body = json.dumps([7, {}, None, {"event": "delivered"}]).encode()
    found = Brevo(key=KEY).read_events(Incoming({}, body, {}, NOW))
    assert [one.kind for one in found] == [EventKind.DELIVERED]


@pytest.mark.parametrize(
    ("name", "kind", "permanent"),
    [
        ("invalid_email", EventKind.BOUNCED, True),
        ("blocked", EventKind.BOUNCED, False),
        ("error", EventKind.BOUNCED, False),
        ("request", EventKind.UNKNOWN, False),
        ("unique_opened", EventKind.UNKNOWN, False),
    ],
)
def test_its_words_become_ours(name: str, kind: EventKind, permanent: bool) -> None:
    """By a table; what says nothing about an address is kept as unknown."""
    body = json.dumps({"event": name, "email": "a@example.org"}).encode()
    (found,) = Brevo(key=KEY).read_events(Incoming({}, body, {}, NOW))
    assert (found.kind, found.permanent) == (kind, permanent)
