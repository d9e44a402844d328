"""What every provider promises, whoever it is: each in the folder is put through this by a stub of its vendor."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_site import LINKS
from stub_kit import BAD, Answer, HttpStub, Mail, Stub, Told, What

from newsletter import config
from newsletter.config import provider_names
from newsletter.errors import (
    ConfigError,
    MaybeTaken,
    NotTaken,
    ProviderError,
    Rejected,
    StopSending,
    WebhookRefused,
)
from newsletter.providers import call, make_provider, without_addresses
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.types import Edition, Event, EventKind, Incoming, Outgoing, Receipt, Recipient, Topics

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
SLUG = "2026-11-26"
KEY = f"{SLUG}-7-0123456789abcdef"
NOT_YET: set[str] = set()
STUBS = {path.stem for path in (Path(__file__).parent / "provider_stubs").glob("*.py")}


def vendor_of(name: str) -> type[Stub]:
    found: type[Stub] = importlib.import_module(f"provider_stubs.{name}").Vendor
    return found


ALL = sorted(STUBS & set(provider_names()))
SPEAKING_HTTP = [name for name in ALL if issubclass(vendor_of(name), HttpStub)]
TELLING = [name for name in ALL if vendor_of(name).news is not Stub.news]
every = pytest.mark.parametrize("name", ALL)
every_http = pytest.mark.parametrize("name", SPEAKING_HTTP)
every_telling = pytest.mark.parametrize("name", TELLING)


class Peer:
    """A provider, and the stub it calls."""

    def __init__(self, provider: Any, stub: Any) -> None:
        self.provider = provider
        self.stub = stub

    def mails(self) -> list[Mail]:
        taken = getattr(self.stub, "taken", None)
        return taken(self.provider) if taken else self.stub.mails


@pytest.fixture
def peer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    stub = vendor_of(name)()
    for secret, value in stub.secrets.items():
        monkeypatch.setenv(f"NEWSLETTER_{secret.upper()}", value)
    with stub.running() as where:
        settings = config.Provider.model_validate({"name": name, **stub.settings, **where})
        yield Peer(make_provider(settings, tmp_path), stub)


def make_outgoing(count: int = 3, *, bad: int | None = None) -> Outgoing:
    """A call to reader1@example.org and so on; the reader at `bad` has an address that nobody takes."""
    page = (
        "<style>@media print{#top{color:red}}</style><p>Knee &amp; hip, 50 % of täglich {ok} [weblink] -name-</p>"
        '<a href="@@unsubscribe_url@@">leave</a> <a href="@@preferences_url@@">choose</a>\n'
    )
    plain = "Knee & hip, 50 % of täglich\n\nLeave: @@unsubscribe_url@@\nChoose: @@preferences_url@@\n"
    edition = Edition(SLUG, Topics(("news",)), "Pain Weekly: täglich", "This week", page, plain, "ab" * 32)
    readers = tuple(
        Recipient(
            f"7-{n}",
            BAD if n == bad else f"reader{n}@example.org",
            LINKS.unsubscribe(n, 7),
            LINKS.preferences(n, 7),
        )
        for n in range(1, count + 1)
    )
    sender, answers = "Pain Weekly <weekly@example.org>", "Editors <editors@example.org>"
    template = MailTemplate(edition, Envelope(SLUG, sender, NOW, reply_to=answers))
    headers = (
        ("Reply-To", answers),
        ("Message-ID", f"<@@delivery_id@@.{SLUG}@example.org>"),
        ("List-Id", "Pain Weekly <weekly.example.org>"),
        ("List-Unsubscribe", "<@@unsubscribe_url@@>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"{SLUG}:abababab:issue:exampleorg"),
    )
    return Outgoing(
        SLUG, KEY, sender, edition.subject, page, plain, readers, lambda: template.fill_all(readers), headers
    )


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


# --- what readers get ------------------------------------------------------------------------------------


def test_every_provider_in_the_folder_is_put_through_this() -> None:
    """A provider without a stub would pass by not being asked."""
    assert set(provider_names()) - STUBS <= NOT_YET


@every
@pytest.mark.parametrize("count", [1, 3, 50])
def test_each_reader_gets_one_mail_and_a_receipt(peer: Peer, count: int) -> None:
    """One receipt for each delivery, in order, and one mail for each address."""
    outgoing = make_outgoing(min(count, peer.provider.max_batch))
    receipts = peer.provider.send(outgoing)
    assert [(one.delivery_id, "sent") for one in outgoing.recipients] == [
        (one.delivery_id, one.outcome) for one in receipts
    ]
    assert sorted(one.email for one in outgoing.recipients) == sorted(mail.to for mail in peer.mails())


@every
def test_each_mail_is_the_edition_with_this_readers_links(peer: Peer) -> None:
    """Subject, both parts and sender as approved; the reader's own links, and no mark or variable left over."""
    outgoing = make_outgoing(min(3, peer.provider.max_batch))
    peer.provider.send(outgoing)
    mails = {mail.to: mail for mail in peer.mails()}
    for one in outgoing.recipients:
        mail = mails[one.email]
        links = {"@@unsubscribe_url@@": one.unsubscribe_url, "@@preferences_url@@": one.preferences_url}
        page, plain = outgoing.html, outgoing.text
        for mark, url in links.items():
            page, plain = page.replace(mark, url), plain.replace(mark, url)
        assert (outgoing.subject, outgoing.sender) == (mail.subject, mail.sender)
        assert without_blanks(page) == without_blanks(mail.html)
        assert plain.split() == mail.text.split()


@every
def test_each_mail_can_be_left_in_one_click(peer: Peer) -> None:
    """The headers of RFC 8058 and 2919 arrive, with this reader's own link."""
    outgoing = make_outgoing(min(3, peer.provider.max_batch))
    peer.provider.send(outgoing)
    mails = {mail.to: mail for mail in peer.mails()}
    for one in outgoing.recipients:
        wanted = {
            "reply-to": "Editors <editors@example.org>",
            "message-id": f"<{one.delivery_id}.{SLUG}@example.org>",
            "list-id": "Pain Weekly <weekly.example.org>",
            "list-unsubscribe": f"<{one.unsubscribe_url}>",
            "list-unsubscribe-post": "List-Unsubscribe=One-Click",
            "feedback-id": f"{SLUG}:abababab:issue:exampleorg",
        }
        given = mails[one.email].headers
        assert {name: wanted[name] for name in peer.stub.our_headers} == {
            name: given.get(name) for name in peer.stub.our_headers
        }


@every
def test_what_the_provider_tells_later_can_be_matched(peer: Peer) -> None:
    """Delivery and batch travel along; where nothing can travel along, the Message-ID names the delivery."""
    outgoing = make_outgoing(min(3, peer.provider.max_batch))
    peer.provider.send(outgoing)
    for mail, one in zip(sorted(peer.mails(), key=lambda mail: mail.to), outgoing.recipients, strict=True):
        if peer.stub.carries_ids:
            assert mail.metadata == {"delivery": one.delivery_id, "batch": KEY}
        else:
            assert one.delivery_id in mail.headers["message-id"]


@every_http
def test_nothing_watches_the_reader(peer: Peer) -> None:
    """Tracking and the provider's own unsubscribe links are off in the request itself."""
    peer.provider.send(make_outgoing(1))
    assert [peer.stub.watching(asked) for asked in peer.stub.asked] == [[]]


@every_http
def test_the_same_call_is_the_same_bytes(peer: Peer) -> None:
    """What goes out under one key never differs, or a provider that knows keys would refuse the second."""
    peer.provider.send(make_outgoing(min(3, peer.provider.max_batch)))
    peer.provider.send(make_outgoing(min(3, peer.provider.max_batch)))
    first, second = (asked.body for asked in peer.stub.asked)
    assert first == second


# --- when it does not go well ----------------------------------------------------------------------------


@every_http
def test_a_bad_address_never_costs_its_batch_mates(peer: Peer) -> None:
    """It is refused alone, or nothing of the call is taken and everybody can be sent to in another."""
    if peer.stub.refuses == "never" or (peer.stub.refuses == "item" and peer.provider.max_batch == 1):
        pytest.skip("it takes any address: meant")
    outgoing = make_outgoing(3, bad=2)
    if peer.stub.refuses == "call":
        with pytest.raises(Rejected):
            call(peer.provider, outgoing)
        assert peer.mails() == []
        return
    receipts = call(peer.provider, outgoing)
    assert [one.outcome for one in receipts] == ["sent", "refused", "sent"]
    assert receipts[1].reason
    assert sorted(mail.to for mail in peer.mails()) == ["reader1@example.org", "reader3@example.org"]


@every_http
def test_a_bad_address_alone_is_refused(peer: Peer) -> None:
    """Whichever way it says so: nobody else is there to suffer."""
    if peer.stub.refuses == "never":
        pytest.skip("it takes any address: meant")
    try:
        receipts = call(peer.provider, make_outgoing(1, bad=1))
    except Rejected:
        receipts = [Receipt("7-1", "refused")]
    assert [one.outcome for one in receipts] == ["refused"]
    assert peer.mails() == []


@every_http
@pytest.mark.parametrize("status", [400, 403, 422, 429, 500])
def test_what_it_says_of_a_reader_is_kept_without_their_address(peer: Peer, status: int) -> None:
    """It goes into the ledger and into logs, which outlive the reader's erasure; what it says of us stays."""
    words = "<Reader1@Example.org> (reader1@example.org): unknown to weekly@example.org, or reader1@examp"
    peer.stub.next = [Answer.of({"message": words, "Message": words, "errors": [{"message": words}]}, status)]
    try:
        said = " ".join(one.reason or "" for one in call(peer.provider, make_outgoing(1)))
    except ProviderError as error:
        said = str(error)
    assert "reader1" not in said.lower()
    assert "@" not in said.replace("weekly@example.org", "")


def test_what_a_mail_server_says_of_a_reader_is_kept_without_their_address() -> None:
    """Most repeat it; our own is not hidden from us."""
    said = "550 5.1.1 <Ann.O'Hara@Example.ORG>... mailto:ann@example.org,b\u00fc@example.org. From: weekly@example.org."
    assert without_addresses(said, but="Pain Weekly <weekly@example.org>") == (
        "550 5.1.1 <(address)>... mailto:(address),(address) From: weekly@example.org."
    )


@every_http
def test_a_wrong_key_stops_the_run(peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No other call can do better until a person acts, and the key itself is not told to anybody."""
    for secret in peer.stub.secrets:
        if secret.startswith("api_"):
            monkeypatch.setenv(f"NEWSLETTER_{secret.upper()}", "wrong-key-told-to-nobody")
    with peer.stub.running() as where:
        settings = config.Provider.model_validate({"name": peer.provider.name, **peer.stub.settings, **where})
        with pytest.raises(StopSending) as caught:
            call(make_provider(settings, tmp_path), make_outgoing(1))
    assert "wrong-key" not in str(caught.value)
    assert peer.mails() == []


@every_http
def test_without_a_key_it_is_not_made(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An error of the settings, found before anything is planned; it says what to do."""
    settings = config.Provider.model_validate({"name": name, **vendor_of(name).settings})
    with pytest.raises(ConfigError) as caught:
        make_provider(settings, tmp_path)
    assert "NEWSLETTER_" in caught.value.hint


@every_http
def test_too_much_at_once_is_not_taken_and_waits(peer: Peer) -> None:
    """Certainly nothing went; how long to wait is what the vendor says."""
    answer, seconds = peer.stub.too_much()
    peer.stub.next = [answer]
    with pytest.raises(NotTaken) as caught:
        call(peer.provider, make_outgoing(1))
    assert not isinstance(caught.value, Rejected)
    assert seconds == caught.value.retry_after


@every_http
def test_a_success_that_cannot_be_read_may_have_been_taken(peer: Peer) -> None:
    """Neither sent nor to be sent again: in doubt."""
    peer.stub.next = [peer.stub.garbage()]
    outgoing = make_outgoing(1)
    try:
        receipts = call(peer.provider, outgoing)
    except MaybeTaken:
        receipts = []
    assert [one.outcome for one in receipts if one.outcome != "unknown"] == []


@every_http
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"id": {}}', b"\xff", b'"text"', b"[" * 100_000, b'{"data": [3]}']
)
def test_no_answer_however_odd_is_more_than_a_doubt(peer: Peer, body: bytes) -> None:
    """It names nothing that was taken: nobody was sent to for certain, and nobody is refused or sent to again."""
    peer.stub.next = [Answer(200, body)]
    try:
        receipts = call(peer.provider, make_outgoing(min(2, peer.provider.max_batch)))
    except MaybeTaken:
        receipts = []
    assert [one.outcome for one in receipts if one.outcome != "unknown"] == []


@every_http
def test_a_server_error_may_have_been_taken_and_is_not_repeated(peer: Peer) -> None:
    """It may have struck after the mails were taken: one request went out, no second."""
    peer.stub.next = [Answer(500, b"oops")]
    with pytest.raises(MaybeTaken):
        call(peer.provider, make_outgoing(1))
    assert len(peer.stub.asked) == 1


# --- settling a doubt ------------------------------------------------------------------------------------


@every_http
def test_what_can_be_asked_says_who_was_sent_to(peer: Peer) -> None:
    """Those certainly accepted under this key, by their delivery ids; of the others nothing is said."""
    if peer.provider.settles != "lookup":
        pytest.skip("it cannot be asked: meant")
    outgoing = make_outgoing(3)
    peer.provider.send(outgoing)
    others = (Recipient("7-99", "stranger@example.org", "u", "p"),)
    found = peer.provider.look_up(KEY, outgoing.recipients + others, NOW)
    assert {"7-1", "7-2", "7-3"} == set(found)
    assert all(found.values())
    assert peer.provider.look_up("another-key", outgoing.recipients, NOW) == {}


@every_http
def test_a_question_without_an_answer_says_so(peer: Peer) -> None:
    """It cannot be asked now, or never: never "nobody was sent to"."""
    if peer.provider.settles != "lookup":
        pytest.skip("it cannot be asked: meant")
    outgoing = make_outgoing(1)
    for answer in (Answer(500, b"oops"), Answer(200, b"<html>"), Answer(200, b"{}"), Answer(200, b"[]")):
        peer.stub.next = [answer]
        with pytest.raises(NotTaken):
            peer.provider.look_up(KEY, outgoing.recipients, NOW)


# --- what it tells later ---------------------------------------------------------------------------------


def told(what: What = "delivered", *, number: int = 1, at: datetime = NOW, id: str = "event-1") -> Told:
    return Told(what, f"reader{number}@example.org", f"7-{number}", at, id)


def read(peer: Peer, *several: Told) -> list[Event]:
    events: list[Event] = peer.provider.read_events(peer.stub.news(list(several), NOW))
    return events


@every_telling
@pytest.mark.parametrize(
    ("what", "kind", "permanent"),
    [
        ("delivered", EventKind.DELIVERED, False),
        ("deferred", EventKind.DEFERRED, False),
        ("hard", EventKind.BOUNCED, True),
        ("soft", EventKind.BOUNCED, False),
        ("complained", EventKind.COMPLAINED, False),
        ("unsubscribed", EventKind.UNSUBSCRIBED, False),
        ("odd", EventKind.UNKNOWN, False),
    ],
)
def test_news_is_told_in_our_words(peer: Peer, what: What, kind: EventKind, permanent: bool) -> None:
    """Kind, address, delivery and moment; what we never heard of is kept as unknown, with all it said."""
    try:
        (event,) = read(peer, told(what))
    except NotImplementedError:
        pytest.skip("it does not tell of this: meant")
    assert (kind, permanent) == (event.kind, event.permanent)
    assert (event.provider, event.email) == (peer.provider.name, "reader1@example.org")
    assert event.delivery_id in ("7-1", None if what == "unsubscribed" else "7-1")
    assert abs(event.at - NOW) < timedelta(seconds=1)
    assert "reader1@example.org" in event.raw


@every_telling
def test_the_same_news_twice_has_one_name(peer: Peer) -> None:
    """Vendors tell things several times; other news never has the same name."""
    first, again = read(peer, told()), read(peer, told())
    assert [one.key for one in first] == [one.key for one in again]
    others = [
        *read(peer, told(number=2, id="event-2")),
        *read(peer, told("hard", id="event-3")),
        *read(peer, told("deferred", id="event-4")),
        *read(peer, told("deferred", at=NOW + timedelta(seconds=90), id="event-5")),
    ]
    assert len({one.key for one in [*first, *others]}) == 5
    assert all(0 < len(one.key) <= 200 for one in [*first, *others])


@every_telling
def test_news_comes_singly_or_in_batches(peer: Peer) -> None:
    """Each is read, in the order in which they stand."""
    if not peer.stub.batches_news:
        pytest.skip("it tells one thing at a time: meant")
    several = [told(number=n, id=f"event-{n}") for n in range(1, 6)]
    assert [f"7-{n}" for n in range(1, 6)] == [one.delivery_id for one in read(peer, *several)]


@every_telling
def test_what_is_forged_is_refused(peer: Peer) -> None:
    """Another key, another body, another topic, nothing signed: 401, after the genuine one was taken."""
    genuine = peer.stub.news([told()], NOW)
    assert peer.provider.read_events(genuine)
    for forged in peer.stub.forgeries(genuine):
        with pytest.raises(WebhookRefused) as caught:
            peer.provider.read_events(forged)
        assert caught.value.status in (400, 401)


@every_telling
def test_what_is_too_old_is_refused(peer: Peer) -> None:
    """A request that somebody kept cannot be used later, where its signature holds a time."""
    stale = peer.stub.stale([told()], NOW)
    if stale is None:
        pytest.skip("its requests hold no time: meant")
    with pytest.raises(WebhookRefused):
        peer.provider.read_events(stale)


ODD = [
    b"",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b"{}",
    b"[7]",
    b"[[]]",
    b"[null, {}]",
    b"\xff\xfe",
    b"<html>",
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"9" * 10_000,
    b'{"event-data": 7, "signature": [], "Type": {}, "RecordType": 7, "type": []}',
    b'{"event-data": {"timestamp": 1e999, "user-variables": "[["}, "signature": {"timestamp": NaN}}',
    b'{"email": "\\ud800", "event": {"a": []}, "timestamp": "soon"}',
    b'{"x": "' + b"y" * 3_000_000 + b'"}',
]


@every_telling
@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("signed", [True, False])
def test_no_body_however_odd_is_more_than_refused(peer: Peer, body: bytes, signed: bool) -> None:
    """Cut off, too deep, too long, of another shape: events, or WebhookRefused, and nothing else."""
    genuine = peer.stub.news([told()], NOW)
    incoming: Incoming = peer.stub.signed(body, NOW) if signed else replace(genuine, body=body)
    status = 200
    try:
        events = peer.provider.read_events(incoming)
    except WebhookRefused as refused:
        status, events = refused.status, []
    assert status not in (403, 406, 500)
    assert all(isinstance(one, Event) for one in events)


@every_telling
def test_news_of_odd_parts_is_still_read(peer: Peer) -> None:
    """Every value of a genuine event replaced by something else, one after the other: read, or refused."""
    whole = json.loads(peer.stub.news([told("hard")], NOW).body)
    for path in _paths(whole):
        for value in (None, 7, -1e300, "", "\x00\ud800", [], {}, [[]], {"a": 1}, True):
            body = json.dumps(_with(whole, path, value)).encode()
            try:
                events = peer.provider.read_events(peer.stub.signed(body, NOW))
            except WebhookRefused:
                continue
            for one in events:
                assert isinstance(one.kind, EventKind)
                assert "\x00" not in f"{one.email}{one.delivery_id}{one.detail}{one.reference}{one.key}"


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _paths(part, (*path, key))


def _with(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[path[0]] = _with(whole[path[0]], path[1:], value)
    return copy
