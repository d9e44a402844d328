"""smtp: what is known of each mail at every step, over connections that are kept, by servers that others wrote."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from api_stub import is_text_as_recorded, make_outgoing
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from ledger_site import SLUG, add_readers, publish_issue, sending, states
from peers import free_port
from smtp_stub import HANG_UP, SAY_NOTHING, Mailbox, mail_server

from newsletter import config, engine
from newsletter.errors import ConfigError, NotTaken, Rejected, StopSending
from newsletter.providers import call, make_provider
from newsletter.providers.smtp import Smtp
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.storage.database import open_database
from newsletter.types import Edition, Outgoing, Receipt, Recipient, Topics

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def make(port: int, folder: Path = Path(), **more: Any) -> Smtp:
    own = {"name": "smtp", "host": "127.0.0.1", "port": port, "security": "none", **more}
    found = make_provider(config.Provider.model_validate(own), folder)
    assert isinstance(found, Smtp)
    return found


def outcomes(receipts: list[Receipt]) -> list[str]:
    return [one.outcome for one in receipts]


def at(step: str, said: str, *readers: int) -> Callable[[str, str], str | None]:
    """`said` at this step for these readers (or all), the usual for others."""
    addresses = {f"reader{n}@example.com" for n in readers}
    return lambda now, reader: said if now == step and (not readers or reader in addresses) else None


def number_of(reader: str) -> int:
    return int(reader.removeprefix("reader").partition("@")[0] or 0)


both = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])


# --- what is taken ---------------------------------------------------------------------------------------


def test_a_call_is_as_recorded() -> None:
    """Every command and the mail, as checked in."""
    with mail_server() as box:
        make(box.port, hello="us.example.org").send(make_outgoing(1))
    said = [*box.commands[:4], "", box.mails[0][2].decode().replace("\r\n", "\n")]
    assert is_text_as_recorded("\n".join(said), "smtp.txt")


@both
def test_each_reader_gets_their_mail_byte_for_byte(pipelining: bool) -> None:
    """Over one connection; lines that begin with a dot arrive as they were."""
    outgoing = make_outgoing(3, text="\n.hidden\n..two\n.")
    with mail_server(pipelining=pipelining) as box:
        receipts = make(box.port).send(outgoing)
    assert outcomes(receipts) == ["sent"] * 3
    assert receipts[1].reference == "2.0.0 Ok: queued as 2"
    assert box.mails == [
        ("weekly@example.org", f"reader{n}@example.com", one.content)
        for n, one in enumerate(outgoing.messages(), 1)
    ]
    assert b"\r\n.hidden" in box.mails[0][2]
    assert box.connections == 1


def test_a_connection_is_used_again_by_the_next_call_and_left_in_time() -> None:
    """Servers take only so many mails over one."""
    with mail_server() as box:
        provider = make(box.port, per_connection=4)
        for _ in range(3):
            provider.send(make_outgoing(2))
    assert len(box.mails) == 6
    assert box.connections == 2


def test_calls_at_once_have_connections_of_their_own() -> None:
    """As many as there are threads, and no more, however many calls."""
    with mail_server() as box:
        provider = make(box.port)
        gate = threading.Barrier(4)

        def work() -> None:
            gate.wait()
            for _ in range(5):
                assert outcomes(provider.send(make_outgoing(5))) == ["sent"] * 5

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(box.mails) == 100
    assert box.connections <= 4


def test_bounces_go_where_they_are_read() -> None:
    """The envelope's sender is return_path, where it is set; the From header stays."""
    with mail_server() as box:
        make(box.port, return_path="bounces@example.org").send(make_outgoing(1))
    assert box.mails[0][0] == "bounces@example.org"
    assert b"<weekly@example.org>" in box.mails[0][2]


# --- what is refused, or not yet taken -------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("step", "said", "outcome"),
    [
        ("RCPT", "550 5.1.1 no such user", "refused"),
        ("RCPT", "552 mailbox full", "refused"),
        ("RCPT", "450 4.2.0 greylisted", "later"),
        ("DATA", "451 4.3.0 not now", "later"),
        ("DATA", "554 5.5.1 no valid recipients", "refused"),
        (".", "451 4.3.0 queue is full", "later"),
        (".", "554 5.7.1 looks like spam", "refused"),
        (".", "550-5.7.1 two\r\n550 5.7.1 lines", "refused"),
    ],
)
def test_a_reader_s_trouble_is_theirs_alone(pipelining: bool, step: str, said: str, outcome: str) -> None:
    """One is refused or put off, with what the server said; those before and after are sent, on one connection."""
    with mail_server(at(step, said, 2), pipelining=pipelining) as box:
        receipts = make(box.port).send(make_outgoing(3))
    assert outcomes(receipts) == ["sent", outcome, "sent"]
    assert (receipts[1].reason or "").startswith(said[:3])
    assert [reader for _, reader, _ in box.mails] == ["reader1@example.com", "reader3@example.com"]
    assert box.connections == 1


@both
def test_a_sender_that_is_not_let_in_refuses_no_reader(pipelining: bool) -> None:
    """MAIL says nothing about a reader: the run stops, or waits."""
    with (
        mail_server(at("MAIL", "550 5.7.1 not yours"), pipelining=pipelining) as box,
        pytest.raises(StopSending, match="not yours"),
    ):
        make(box.port).send(make_outgoing(3))
    with (
        mail_server(at("MAIL", "452 4.3.1 no room"), pipelining=pipelining) as box,
        pytest.raises(NotTaken, match="no room"),
    ):
        make(box.port).send(make_outgoing(3))


def test_an_allowance_that_ends_in_the_middle_leaves_the_rest_for_later() -> None:
    """Those before are sent; those after are not written off; the next call stops the run."""
    count = iter(range(100))
    with mail_server(
        lambda step, reader: "550 5.4.5 daily limit" if step == "MAIL" and next(count) > 1 else None
    ) as box:
        provider = make(box.port)
        assert outcomes(provider.send(make_outgoing(4))) == ["sent", "sent", "later", "later"]
        with pytest.raises(StopSending, match="daily limit"):
            provider.send(make_outgoing(2))


def test_a_server_that_relays_nothing_writes_nobody_off() -> None:
    """A whole call refused for no fault of its addresses, by one that never took anything."""
    with mail_server(at("RCPT", "554 5.7.1 relay access denied")) as box:
        with pytest.raises(StopSending, match="relay access denied"):
            make(box.port).send(make_outgoing(1))
        with pytest.raises(StopSending, match="relay access denied"):
            make(box.port).send(make_outgoing(20))


def test_an_allowance_told_reader_by_reader_writes_nobody_off() -> None:
    """A server that took others, and then a whole call of several refused alike: the day is over, not the readers."""
    with mail_server() as box:
        provider = make(box.port)
        assert outcomes(provider.send(make_outgoing(2))) == ["sent", "sent"]
        box.answer = at("RCPT", "550 5.4.5 daily limit exceeded")
        with pytest.raises(StopSending, match="daily limit"):
            provider.send(make_outgoing(5))
        assert outcomes(provider.send(make_outgoing(1))) == ["refused"]


def test_unknown_addresses_alone_do_not_stop_a_run() -> None:
    """Even when they are the first: that is what a list looks like."""
    with mail_server(at("RCPT", "550 5.1.1 no such user")) as box:
        assert outcomes(make(box.port).send(make_outgoing(3))) == ["refused"] * 3


def test_a_server_that_took_others_may_refuse_one() -> None:
    """A policy of the reader's own side."""
    with mail_server(at("RCPT", "550 5.7.1 no newsletters", 2)) as box:
        provider = make(box.port)
        assert outcomes(provider.send(make_outgoing(2))) == ["sent", "refused"]


# --- when the connection ends ----------------------------------------------------------------------------


@both
@pytest.mark.parametrize("step", ["RCPT", "DATA", "+"])
def test_a_connection_lost_before_the_dot_took_nothing(pipelining: bool, step: str) -> None:
    """Those before are sent, this one and those after it wait: the used connection may just have been old, so a
    new one is tried, once."""
    with mail_server(at(step, HANG_UP, 2), pipelining=pipelining) as box:
        # Longer than what waits on the way between two machines: the dot was never handed to the network.
        receipts = make(box.port).send(make_outgoing(4, text="x" * 8_000_000 if step == "+" else "x"))
    assert outcomes(receipts) == ["sent", "later", "later", "later"]
    assert len(box.mails) == 1
    assert box.connections == 2


@both
@pytest.mark.parametrize("said", [HANG_UP, SAY_NOTHING, "421 4.3.2 shutting down", "what?", "354 again"])
def test_a_dot_without_an_answer_is_the_only_doubt(
    monkeypatch: pytest.MonkeyPatch, pipelining: bool, said: str
) -> None:
    """Those before are sent, this one may be, those after were never begun."""
    with mail_server(at(".", said, 2), pipelining=pipelining) as box:
        provider = make(box.port)
        provider._server = replace(provider._server, taken_within=0.3)
        receipts = provider.send(make_outgoing(4))
        assert outcomes(receipts) == ["sent", "unknown", "later", "later"]
        assert receipts[1].reason
        assert outcomes(provider.send(make_outgoing(1))) == ["sent"]
    assert box.connections == 2


def test_the_next_mail_s_steps_go_along_with_the_content_before_them() -> None:
    """A server that allows it is not waited for twice a mail: it has the next mail's steps before it says of the one
    before that it is taken."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        talk = pool.submit(_a_server_that_waits_for_more, listener, heard)
        receipts = make(listener.getsockname()[1]).send(make_outgoing(3))
        talk.result(10)
    assert outcomes(receipts) == ["sent", "sent", "sent"]
    assert [one.count(b"MAIL FROM") for one in heard] == [1, 1, 1, 0]
    assert all(b"\r\n.\r\nMAIL FROM" in one for one in heard[1:3])


def _a_server_that_waits_for_more(listener: socket.socket, heard: list[bytes]) -> None:
    """Answers a dot only when all that is to come with it has come."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(10)
        connection.sendall(b"220 hello\r\n")
        assert connection.recv(1000).upper().startswith(b"EHLO")
        connection.sendall(b"250-hello\r\n250 PIPELINING\r\n")
        steps = b"250 ok\r\n250 ok\r\n354 go\r\n"
        taken = b"250 taken\r\n"
        turns = [(b"DATA\r\n", steps), *[(b"DATA\r\n", taken + steps)] * 2, (b"\r\n.\r\n", taken)]
        for end, answer in turns:
            data = b""
            while not data.endswith(end):
                data += connection.recv(65536)
            heard.append(data)
            connection.sendall(answer)


def test_a_mail_whose_steps_went_ahead_and_that_is_not_sent_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The call ends, and the server, which waits for content, is left: a dot would be an empty mail to a reader."""
    monkeypatch.setattr("newsletter.providers.smtp.CALL_WITHIN", 0.0)
    with mail_server() as box:
        provider = make(box.port)
        assert outcomes(provider.send(make_outgoing(3))) == ["sent", "later", "later"]
        monkeypatch.undo()
        assert outcomes(provider.send(make_outgoing(1))) == ["sent"]
    assert [command.split(":")[0] for command in box.commands].count("MAIL FROM") == 3
    assert len(box.mails) == 2
    assert all(content for _, _, content in box.mails)
    assert box.connections == 2


@pytest.mark.parametrize(
    "data", [None, "503 5.5.1 no valid recipients"], ids=["asked for content", "not asked"]
)
def test_a_reader_refused_after_their_steps_went_ahead_is_refused_alone(data: str | None) -> None:
    """Whether the server then asks for the content all the same, or not."""
    answers = {("RCPT", 2): "550 5.1.1 unknown", ("DATA", 2): data}
    with mail_server(lambda step, reader: answers.get((step, number_of(reader)))) as box:
        receipts = make(box.port).send(make_outgoing(4))
    assert outcomes(receipts) == ["sent", "refused", "sent", "sent"]
    assert [number_of(reader) for _, reader, _ in box.mails] == [1, 3, 4]


def test_a_connection_lost_after_steps_went_ahead_took_none_of_that_mail() -> None:
    """It goes by another connection; the one before it was taken, and is not sent again."""
    lost = []

    def answer(step: str, reader: str) -> str | None:
        if step == "MAIL" and len(box.mails) == 1 and not lost:
            lost.append(step)
            return HANG_UP
        return None

    with mail_server(answer) as box:
        assert outcomes(make(box.port).send(make_outgoing(3))) == ["sent", "sent", "sent"]
    assert len({reader for _, reader, _ in box.mails}) == len(box.mails) == 3
    assert box.connections == 2


def test_a_server_that_never_answers_is_not_fed_on() -> None:
    """After three mails in a row that it took without a word the run stops."""
    with mail_server(at(".", HANG_UP)) as box:
        provider = make(box.port)
        for _ in range(3):
            assert outcomes(provider.send(make_outgoing(2))) == ["unknown", "later"]
        with pytest.raises(StopSending, match="never answered"):
            provider.send(make_outgoing(2))


def test_a_slow_server_is_not_waited_for_mail_after_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call ends in time to be recorded; what was not begun by then is sent by the next."""
    monkeypatch.setattr("newsletter.providers.smtp.CALL_WITHIN", 0.0)
    with mail_server() as box:
        assert outcomes(make(box.port).send(make_outgoing(3))) == ["sent", "later", "later"]
    assert len(box.mails) == 1


def test_a_first_mail_that_finds_no_way_in_is_the_whole_call_s() -> None:
    """Certainly nothing was taken: the call waits, and is not rejected."""
    with mail_server(at("RCPT", "421 4.7.0 too many")) as box, pytest.raises(NotTaken) as caught:
        make(box.port).send(make_outgoing(2))
    assert not isinstance(caught.value, Rejected)
    assert box.mails == []


def test_an_old_connection_is_replaced_without_a_word() -> None:
    """A server that gave up an idle connection lost no mail by it."""
    gone = threading.Event()
    with mail_server(lambda step, reader: HANG_UP if step == "MAIL" and gone.is_set() else None) as box:
        provider = make(box.port)
        provider.send(make_outgoing(1))
        gone.set()
        box.answer = lambda step, reader: HANG_UP if step == "MAIL" and box.connections < 2 else None
        assert outcomes(provider.send(make_outgoing(2))) == ["sent", "sent"]
    assert len(box.mails) == 3


def test_nobody_at_home_is_not_taken() -> None:
    """No server, no name, a greeting that sends us away for now or for good."""
    with pytest.raises(NotTaken):
        make(free_port()).send(make_outgoing(1))
    with pytest.raises(NotTaken):
        make(25, host="no-such-host.invalid").send(make_outgoing(1))


def test_a_reply_that_drips_ends_in_time() -> None:
    """The time is for the whole reply, not for each of its bytes; before the dot nothing was taken."""
    with mail_server(at("RCPT", SAY_NOTHING)) as box:
        provider = make(box.port)
        provider._server = replace(provider._server, reply_within=0.3)
        with pytest.raises(NotTaken, match="broke off"):
            provider.send(make_outgoing(1))


# --- with a server that others wrote ---------------------------------------------------------------------


class Keeping:
    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's
        self.envelopes.append((envelope, bool(session.ssl), session.authenticated))
        return "250 2.0.0 kept"


@contextmanager
def aiosmtpd(**options: Any) -> Iterator[tuple[int, Keeping]]:
    keeping, port = Keeping(), free_port()
    controller = Controller(
        keeping, hostname="127.0.0.1", port=port, loop=asyncio.new_event_loop(), **options
    )
    controller.start()
    try:
        yield port, keeping
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself: its file, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place.write_bytes(pem + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return place, context


def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"us", b"right")
    return AuthResult(success=right, handled=False)


def test_starttls_and_a_password(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    """The mail goes over TLS, after we said who we are."""
    monkeypatch.setenv("NEWSLETTER_SMTP_PASSWORD", "right")
    place, context = certificate
    options = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": check,
        "auth_required": True,
    }
    with aiosmtpd(**options) as (port, keeping):
        provider = make(port, security="starttls", username="us", ca_file=str(place))
        assert outcomes(provider.send(make_outgoing(2))) == ["sent", "sent"]
        monkeypatch.setenv("NEWSLETTER_SMTP_PASSWORD", "wrong")
        with pytest.raises(StopSending, match="535") as caught:
            make(port, security="starttls", username="us", ca_file=str(place)).send(make_outgoing(1))
        provider._idle.get().close()
    assert [(over_tls, known) for _, over_tls, known in keeping.envelopes] == [(True, True)] * 2
    assert "wrong" not in str(caught.value)


def test_tls_from_the_first_byte(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """Port 465's way."""
    place, context = certificate
    with aiosmtpd(ssl_context=context) as (port, keeping):
        provider = make(port, security="tls", ca_file=str(place))
        assert outcomes(provider.send(make_outgoing(1))) == ["sent"]
        provider._idle.get().close()
    assert len(keeping.envelopes) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_the_run(
    certificate: tuple[Path, ssl.SSLContext], security: str
) -> None:
    """No mail is handed to somebody who only says who they are."""
    _, context = certificate
    option = "tls_context" if security == "starttls" else "ssl_context"
    with aiosmtpd(**{option: context}) as (port, keeping), pytest.raises(StopSending, match="certificate"):
        make(port, security=security).send(make_outgoing(1))
    assert keeping.envelopes == []


def test_a_server_without_starttls_gets_no_mail() -> None:
    """Asked for TLS, nothing goes in the clear."""
    with aiosmtpd() as (port, keeping), pytest.raises(StopSending, match="STARTTLS"):
        make(port, security="starttls").send(make_outgoing(1))
    assert keeping.envelopes == []


def unicode_reader() -> Outgoing:
    reader = Recipient("7-1", "jörg@exämple.com", "https://a.example/u", "https://a.example/p")
    edition = Edition("2026-11-26", Topics(), "Hello", "", "<p>a</p>", "a", "ab" * 32)
    template = MailTemplate(edition, Envelope("2026-11-26", "weekly@example.org", NOW))
    return replace(make_outgoing(1), recipients=(reader,), messages=lambda: template.fill_all([reader]))


@pytest.mark.parametrize("offered", [True, False])
def test_letters_outside_ascii_go_where_they_are_taken(offered: bool) -> None:
    """Before the @ only with SMTPUTF8; behind it as punycode everywhere."""
    with aiosmtpd(enable_SMTPUTF8=offered) as (port, keeping):
        provider = make(port)
        receipts = provider.send(unicode_reader())
        provider._idle.get().close()
    assert outcomes(receipts) == ["sent" if offered else "refused"]
    assert [one.rcpt_tos for one, _, _ in keeping.envelopes] == (
        [["jörg@xn--exmple-cua.com"]] if offered else []
    )


# --- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"host": None}, "host"),
        ({"username": "us"}, "NEWSLETTER_SMTP_PASSWORD"),
        ({"security": "tls", "ca_file": "nowhere.pem"}, "nowhere.pem"),
        ({"security": "ssl"}, "security"),
        ({"dkim_key_file": "nowhere.pem"}, "domain"),
        ({"dkim_domain": "example.org"}, "dkim_key_file"),
        (
            {"dkim_key_file": "nowhere.pem", "dkim_domain": "example.org", "dkim_selector": "a"},
            "nowhere.pem",
        ),
        ({"hots": "mail.example.org"}, "host"),
    ],
)
def test_settings_that_cannot_work_are_said_at_once(tmp_path: Path, own: dict[str, Any], said: str) -> None:
    """What is missing or wrong, before anything is planned."""
    with pytest.raises(ConfigError) as caught:
        make(25, tmp_path, **own)
    assert said in str(caught.value)


def test_the_outcomes_reach_the_pipeline_as_they_are() -> None:
    """Nothing between turns one verdict into another."""
    with mail_server(at("RCPT", "550 5.1.1 no such user", 1)) as box:
        assert outcomes(call(make(box.port), make_outgoing(2))) == ["refused", "sent"]


def test_a_mailbox_s_type_is_known(tmp_path: Path) -> None:
    """`api_url` works as with any provider."""
    with mail_server() as box:
        found = make_provider(
            config.Provider.model_validate(
                {"name": "smtp", "api_url": f"smtp://127.0.0.1:{box.port}", "security": "none"}
            ),
            tmp_path,
        )
        assert outcomes(found.send(make_outgoing(1))) == ["sent"]
        assert isinstance(box, Mailbox)


# --- with the ledger -------------------------------------------------------------------------------------


def test_a_server_that_breaks_off_costs_one_doubt_and_nobody_a_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an issue to 60 readers, one is at the dot when the server dies, one is unknown there, one must wait: each is
    known for what it is, all others are sent once."""
    monkeypatch.setattr(engine, "LATER", 0.1)
    greylisted = iter([True])
    unlucky = {
        ".": ("reader7@example.org", HANG_UP),
        "RCPT": ("reader30@example.org", "550 5.1.1 no such user"),
    }

    def answer(step: str, reader: str) -> str | None:
        if (step, reader) == ("RCPT", "reader41@example.org") and next(greylisted, False):
            return "450 4.2.0 greylisted"
        address, said = unlucky.get(step, ("", ""))
        return said if reader == address else None

    store = open_database(f"sqlite:///{tmp_path / 'readers.db'}")
    add_readers(store, 60)
    publish_issue(store, batch_size=20, provider="smtp")
    with mail_server(answer) as box:
        report = sending(store, make(box.port), "concurrency = 3").send(SLUG, NOW)
        found = states(store)
    store.dispose()
    assert report.stopped is None
    assert Counter(found.values()) == {"sent": 58, "in_doubt": 1, "refused": 1}
    assert (found[7], found[30]) == ("in_doubt", "refused")
    assert Counter(reader for _, reader, _ in box.mails) == {
        f"reader{n}@example.org": 1 for n in range(1, 61) if n not in (7, 30)
    }
