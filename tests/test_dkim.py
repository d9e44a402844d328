"""DKIM: what we sign, another program verifies, and nothing that matters can be changed or added afterwards."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from pathlib import Path

import dkim
import pytest
from api_stub import make_outgoing
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from smtp_stub import mail_server

from newsletter import config
from newsletter.dkim import Signer, load_signer
from newsletter.errors import ConfigError
from newsletter.providers import make_provider


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def holds(mail: bytes) -> bool:
    """By dkimpy, which has none of our code."""
    public = key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b64encode(public)
    asked: list[bytes] = []

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    found = dkim.verify(mail, dnsfunc=look_up)
    assert set(asked) <= {b"news._domainkey.example.org."}
    return bool(found)


def a_mail(text: str = "Hello") -> bytes:
    (message,) = make_outgoing(1, text=text).messages()
    return message.content


def signed(mail: bytes) -> bytes:
    return Signer(key(), domain="example.org", selector="news").sign(mail)


@pytest.mark.parametrize(
    "text", ["Hello", "", "\n\n\n", " leading", "a  b\t c  ", "täglich", "\n.dots\n..", "x" * 5000]
)
def test_what_is_signed_another_program_verifies(text: str) -> None:
    """Blanks, empty lines, dots and long lines; the mail itself is as it was."""
    mail = a_mail(text)
    assert signed(mail).endswith(mail)
    assert holds(signed(mail))


@pytest.mark.parametrize(
    "mail",
    [
        b"From: a@example.org\r\nSubject: no body\r\n\r\n",
        b"From: a@example.org\r\nSubject: blank lines\r\n\r\n\r\n\r\n",
        b"From: a@example.org\r\nSubject:   folded\r\n\t here \r\n  and there\r\n\r\nbody \t\r\n \r\n\r\n",
        b"From: a@example.org\r\nDate: one\r\nDate: two\r\n\r\nbody\r\n",
        b"from:a@example.org\r\nSUBJECT:odd case\r\n\r\nno end",
        "From: a@example.org\r\nTo: jörg@example.org\r\n\r\nbody\r\n".encode(),
    ],
)
def test_mails_of_other_shapes_verify_too(mail: bytes) -> None:
    """Without a body, folded, with blanks at the ends, a header twice, in odd case, without an end."""
    assert holds(signed(mail))


def test_the_canonical_forms_forgive_what_servers_do() -> None:
    """Blanks and folding changed on the way break nothing."""
    mail = signed(a_mail("two  words"))
    assert holds(mail.replace(b"two  words", b"two words").replace(b"Subject: ", b"subject:\t "))


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Subject",
        "Date",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "Feedback-ID",
        "Message-ID",
    ],
)
def test_no_header_that_matters_can_be_changed(name: str) -> None:
    """RFC 8058 asks for both List-Unsubscribe headers; Gmail's feedback loop for its own."""
    mail = signed(a_mail())
    found = re.search(rf"^{name}: ".encode(), mail, re.MULTILINE | re.IGNORECASE)
    assert found
    assert not holds(mail[: found.end()] + b"x" + mail[found.end() :])


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Reply-To", "List-Unsubscribe"])
def test_no_second_header_can_be_added(name: str) -> None:
    """Mail programs show one of two: not one that somebody put there on the way."""
    assert not holds(f"{name}: <https://evil.example/>\r\n".encode() + signed(a_mail()))


def test_the_body_cannot_be_changed() -> None:
    """Not a letter, and nothing added at its end."""
    assert not holds(signed(a_mail("Hello")).replace(b"Hello", b"Hallo"))
    assert not holds(signed(a_mail()) + b"more\r\n")


def test_the_same_mail_has_the_same_signature() -> None:
    """No clock, no random: a retry is the same bytes."""
    assert signed(a_mail()) == signed(a_mail())


def test_its_lines_fit_any_server() -> None:
    """At most 78 characters each."""
    head = signed(a_mail()).partition(b"\r\nFrom:")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


# --- by SMTP, from settings ------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "dkim.pem"


def pem(made: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_what_goes_out_by_smtp_is_signed(place: Path) -> None:
    """As it arrives, dots and all."""
    place.write_bytes(pem(key()))
    own = {"dkim_key_file": place.name, "dkim_domain": "example.org", "dkim_selector": "news"}
    with mail_server() as box:
        where = {"name": "smtp", "host": "127.0.0.1", "port": box.port, "security": "none"}
        make_provider(config.Provider.model_validate({**where, **own}), place.parent).send(
            make_outgoing(2, text="\n.dot")
        )
    assert [holds(content) for _, _, content in box.mails] == [True, True]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
        key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
    ],
)
def test_a_key_that_cannot_sign_is_said_at_once(place: Path, content: bytes) -> None:
    """No key, no kind of key that mail knows, a key behind a password: with the file's name."""
    place.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_signer(place, domain="example.org", selector="news")
    assert caught.value.where == str(place)
