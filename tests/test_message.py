"""A finished mail says what the edition says, to one reader, in the form the standards ask for."""

from __future__ import annotations

import email
import email.policy
import html
import re
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import AddressError
from newsletter.render.personalise import Envelope, MailTemplate, list_id
from newsletter.types import (
    DELIVERY_MARK,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Edition,
    Message,
    Recipient,
    Topics,
)

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    "2026-11-26", "Pain Weekly <weekly@example.org>", NOW, reply_to="Editors <ed@example.org>"
)
LEAVE = f"https://letters.example.org/unsubscribe/7-3.{'A' * 24}"
CHOOSE = f"https://letters.example.org/preferences/7-3.{'B' * 24}"
READER = Recipient("3-7", "ada@example.org", LEAVE, CHOOSE)
# What render.clean lets through: no control characters but tab and newline.
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\t\n"), max_size=300)
BODY = st.lists(WORDS | st.sampled_from([UNSUBSCRIBE_MARK, PREFERENCES_MARK]), max_size=6).map("".join)


def edition(subject: str = "A subject", page: str = "<p>x</p>\n", plain: str = "x\n") -> Edition:
    return Edition("2026-11-26", Topics(("news",)), subject, "pre", page, plain, "ab" * 32)


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    assert part.defects == []
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def filled(text: str, leave: str = LEAVE, choose: str = CHOOSE) -> str:
    return text.replace(UNSUBSCRIBE_MARK, leave).replace(PREFERENCES_MARK, choose)


def fill(one: Edition, reader: Recipient = READER, envelope: Envelope = ENVELOPE) -> Message:
    return MailTemplate(one, envelope).fill(reader)


# --- parts -----------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(BODY, BODY)
def test_both_parts_come_back_as_they_were(page: str, plain: str) -> None:
    """A mail program decodes exactly the edition's html and text, with the reader's links at the marks."""
    mail = parsed(fill(edition(page=page, plain=plain)))
    assert filled(plain) == body(mail, "plain")
    assert filled(page) == body(mail, "html")


@settings(max_examples=300, deadline=None)
@given(BODY)
@example("000" + "\xa0" * 4 + "\U00010000" * 4 + "0" + UNSUBSCRIBE_MARK)
@example("=\xa00" + "\U00010000" * 2 + "\xa0\U00010000é =\U00010000 \nmore")
def test_lines_are_short_and_end_in_crlf(page: str) -> None:
    """At most 76 characters in the parts and 998 anywhere, no bare CR or LF, and nothing but ASCII."""
    content = fill(edition(page=page, plain=page)).content
    head, _, parts = content.partition(b"\r\n\r\n")
    assert max(map(len, parts.split(b"\r\n"))) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    assert content.isascii()


def test_a_link_is_escaped_for_the_page_it_stands_in() -> None:
    """An ampersand in a link is &amp; in the html and itself in the text."""
    reader = Recipient("3-7", "ada@example.org", LEAVE + "?a=1&b=2", CHOOSE)
    text = f"leave: {UNSUBSCRIBE_MARK}"
    mail = parsed(fill(edition(page=text, plain=text), reader))
    assert f"leave: {LEAVE}?a=1&b=2" == body(mail, "plain")
    assert html.escape(f"leave: {LEAVE}?a=1&b=2") == body(mail, "html")


def test_the_text_comes_first() -> None:
    """multipart/alternative: the plainest first, the richest last (RFC 2046, section 5.1.4)."""
    mail = parsed(fill(edition()))
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    assert {one["Content-Transfer-Encoding"] for one in mail.iter_parts()} == {"quoted-printable"}


def test_every_attempt_makes_the_same_bytes() -> None:
    """Two templates of one edition, built apart, fill a reader's mail alike; another reader's differs."""
    other = Recipient("3-8", "bob@example.org", LEAVE, CHOOSE)
    assert fill(edition()).content == fill(edition()).content
    assert fill(edition()).content != fill(edition(), other).content


# --- headers ---------------------------------------------------------------------------------------------


def test_an_issue_carries_the_headers_that_receivers_ask_for() -> None:
    """From, To, Subject, Date, Message-ID, Reply-To, List-Id, one-click leaving, Feedback-ID."""
    message = fill(edition("What a nerve block can do"))
    mail = parsed(message)
    assert mail["From"] == "Pain Weekly <weekly@example.org>"
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"] == "What a nerve block can do"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == "<3-7.2026-11-26@example.org>"
    assert mail["Reply-To"] == "Editors <ed@example.org>"
    assert mail["List-Id"] == "Pain Weekly <weekly.example.org>"
    assert f"List-Unsubscribe: <{LEAVE}>\r\n".encode() in message.content
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Feedback-ID"] == "2026-11-26:abababab:issue:exampleorg"
    assert mail["MIME-Version"] == "1.0"
    assert mail["Auto-Submitted"] is None
    assert (message.sender, message.recipient, message.kind) == (
        "weekly@example.org",
        "ada@example.org",
        "2026-11-26",
    )


def test_a_confirmation_mail_is_automatic_and_no_list() -> None:
    """Auto-Submitted (RFC 3834) and none of the list's headers."""
    mail = parsed(
        fill(edition(), envelope=Envelope("confirm", "weekly@example.org", NOW, listed=False, automatic=True))
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [name for name in mail if name.startswith(("List-", "Feedback"))] == []


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200))
def test_any_subject_comes_back_and_breaks_nothing(subject: str) -> None:
    """Encoded words of at most 75 characters (RFC 2047), in lines of at most 78; blanks as one."""
    content = fill(edition(subject)).content
    mail = parsed(fill(edition(subject)))
    assert " ".join(subject.split()) == " ".join(str(mail["Subject"]).split())
    lines = re.findall(rb"Subject: .*?\r\n(?:[ \t].*?\r\n)*", content)[0].split(b"\r\n")
    assert all(len(word) <= 75 for line in lines for word in re.findall(rb"=\?.*?\?=", line))
    assert subject.isascii() or max(map(len, lines)) <= 78


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_can_be_brought_in(subject: str, name: str) -> None:
    """Line breaks and whatever else in a subject or a sender's name never begin a header of their own."""
    evil = f"{subject}\r\nBcc: eve@example.org\n\nX: {name}"
    name = re.sub(r"[<>]", "", evil)
    envelope = Envelope("2026-11-26", f"{name} <weekly@example.org>", NOW)
    head = fill(edition(evil), envelope=envelope).content.partition(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert set(names) <= {
        *(b"From", b"Subject", b"Date", b"List-Id", b"Feedback-ID", b"To", b"Message-ID", b"MIME-Version"),
        *(b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Content-Type"),
    }


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b\r\nBcc: c@d",
        "a@b, c@d",
        "a b@c",
        "A <a@b>",
        "a@b\n",
        "a@b\x00",
        "a;b@c",
    ],
)
def test_an_address_that_is_not_exactly_one_is_refused(address: str) -> None:
    """It would reach somebody else, or break the headers."""
    with pytest.raises(AddressError):
        fill(edition(), Recipient("3-7", address, LEAVE, CHOOSE))


def test_a_domain_in_another_script_travels_in_punycode() -> None:
    """In To, From, Message-ID and the envelope (RFC 5890)."""
    envelope = Envelope("2026-11-26", "Müller, die Woche <woche@bücher.example>", NOW)
    message = fill(edition(), Recipient("3-7", "ada@grün.example", LEAVE, CHOOSE), envelope)
    mail = parsed(message)
    assert mail["To"] == message.recipient == "ada@xn--grn-ioa.example"
    assert message.sender == "woche@xn--bcher-kva.example"
    assert mail["From"].addresses[0].display_name == "Müller, die Woche"
    assert mail["Message-ID"] == "<3-7.2026-11-26@xn--bcher-kva.example>"


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("weekly@example.org", "weekly.example.org"),
        ("pain.weekly+x@example.org", "pain-weekly-x.example.org"),
        ("!@example.org", "newsletter.example.org"),
    ],
)
def test_a_list_is_named_after_its_sender(address: str, wanted: str) -> None:
    """A label and the domain (RFC 2919, section 2)."""
    assert wanted == list_id(address)


# --- for providers that write them themselves ------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False])
def test_a_call_names_the_headers_that_the_mail_has(listed: bool) -> None:
    """One place decides: with the marks filled, each is what the finished mail says; none is missing but From, To,
    Subject, Date and those of the parts."""
    sender = "Die Wöchentliche, mit Komma <weekly@example.org>"
    reply_to = "Die Müllers <ed@bücher.example>"
    envelope = Envelope("2026-11-26", sender, NOW, reply_to=reply_to, listed=listed, automatic=not listed)
    template = MailTemplate(edition(), envelope)
    mail = parsed(template.fill(READER))
    own = dict(template.headers)
    others = {"From", "To", "Subject", "Date", "MIME-Version", "Content-Type"}
    assert set(mail) - others == set(own)
    assert all("\n" not in value for value in own.values())
    assert all(value.isascii() for name, value in own.items() if name != "Reply-To")
    assert own.pop("Reply-To") == "Die Müllers <ed@xn--bcher-kva.example>"
    for name, value in own.items():
        value = value.replace(DELIVERY_MARK, READER.delivery_id).replace(UNSUBSCRIBE_MARK, LEAVE)
        assert (
            email.message_from_string(f"{name}: {value}\n\n", policy=email.policy.default)[name] == mail[name]
        )
