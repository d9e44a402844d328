"""Bounce mails and complaints are read, in whatever form, and act only on whom they can be shown to be about."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from ledger_site import LINKS, NOW, SETTINGS, add_readers, publish_issue

from newsletter.app import App, make_app
from newsletter.bounces.hardness import is_for_good
from newsletter.bounces.mailboxes import iter_mails, split_mbox
from newsletter.bounces.read import read_bounce
from newsletter.cli import cli
from newsletter.storage.database import reading, writing
from newsletter.storage.schema import deliveries, events, suppressions
from newsletter.types import EventKind

KEY = "a-key-for-tests-only-long-enough"


def dsn(
    *recipients: tuple[str, str, str, str],
    message_id: str | None = None,
    token: str | None = None,
    headers_only: bool = False,
    name: str = "<bounce1@mx.example.com>",
) -> bytes:
    """A delivery report: (address, action, status, words) for each recipient, and our mail come back."""
    blocks = "\n\n".join(
        f"Final-Recipient: rfc822; {email}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {words}"
        for email, action, status, words in recipients
    )
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    ours = [f"Message-ID: {message_id}"] if message_id else []
    ours += [f"List-Unsubscribe: <{LINKS._base}/unsubscribe/{token}>"] if token else []
    returned = "\n".join(["From: weekly@example.org", *ours, "Subject: Pain Weekly", "", "Hello"])
    return f"""\
From: MAILER-DAEMON@mx.example.com
To: weekly@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: {name}
Date: Thu, 26 Nov 2026 08:30:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

{blocks}

--b
Content-Type: {kind}

{returned}
--b--
""".encode()


def arf(
    kind: str = "abuse", email: str | None = "reader1@example.org", *, to: str = "", token: str | None = None
) -> bytes:
    rcpt = f"Original-Rcpt-To: {email}\n" if email else ""
    link = f"List-Unsubscribe: <{LINKS._base}/unsubscribe/{token}>\n" if token else ""
    return f"""\
From: fbl@provider.example
Subject: FW: Pain Weekly
Message-ID: <arf-{kind}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Example/1.0
Version: 1
{rcpt}
--b
Content-Type: message/rfc822

From: weekly@example.org
{link}To: {to}
Subject: Pain Weekly

Hello
--b--
""".encode()


QMAIL = b"""\
From: MAILER-DAEMON@old.example.com
To: weekly@example.org
Subject: failure notice
Message-ID: <qmail1@old.example.com>

Hi. This is the qmail-send program at old.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<reader2@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

From: weekly@example.org
Subject: Pain Weekly
"""

VACATION = b"""\
From: reader1@example.org
To: weekly@example.org
Subject: Out of office
Auto-Submitted: auto-replied

I am away. <reader1@example.org>: Sorry, no mailbox here by that name. (#5.1.1)
"""

FAILED = ("reader1@example.org", "failed", "5.1.1", "550 5.1.1 User unknown")


def only(content: bytes) -> tuple[str, str | None, bool]:
    (found,) = read_bounce(content, NOW)
    return found.event.kind.value, found.event.email, found.event.permanent


# --- hardness ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "", True),
        ("5.1.1", "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown", True),
        ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.", True),
        ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account", True),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", True),
        (
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            True,
        ),
        ("5.4.4", "Host or domain name not found. Name service error for name=nowhere.example", True),
        ("", "Sorry, no mailbox here by that name. (#5.1.1)", True),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", True),
        ("5.2.2", "552 5.2.2 mailbox full", False),
        ("5.1.1", "552 5.1.1 over quota", False),
        ("5.7.1", "550 5.7.1 Message rejected as spam by content filter", False),
        ("5.7.1", "554 5.7.1 Service unavailable; Client host blocked using zen.example", False),
        ("5.7.26", "550 5.7.26 This mail is unauthenticated", False),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", False),
        ("5.4.7", "delivery time expired", False),
        ("5.1.8", "553 5.1.8 Sender address rejected: Domain not found", False),
        ("4.1.1", "450 4.1.1 user unknown", False),
        ("4.2.2", "452 4.2.2 over quota", False),
        ("5.7.1", "550 5.7.1 Recipient address rejected: Greylisted, try again later", False),
        ("5.0.0", "554 something odd", False),
        ("", "", False),
    ],
)
def test_whether_it_is_for_good_stands_in_code_and_words(status: str, words: str, expected: bool) -> None:
    """What nothing speaks for is not for good."""
    assert is_for_good(status, words) is expected


# --- reading ----------------------------------------------------------------------------------------------


def test_a_delivery_report_is_read(tmp_path: Path) -> None:
    """RFC 3464: address, action, status, and the moment it was written."""
    (found,) = read_bounce(dsn(FAILED, message_id="<7-3.2026-11-26@example.org>"), NOW)
    event = found.event
    assert (event.kind, event.email, event.permanent) == (EventKind.BOUNCED, "reader1@example.org", True)
    assert (event.delivery_id, found.proven, f"{event.at:%H:%M}") == ("7-3", False, "08:30")
    assert "5.1.1" in event.detail


@pytest.mark.parametrize("headers_only", [False, True])
def test_the_signed_link_proves_which_delivery_it_was(headers_only: bool) -> None:
    """Whether the whole mail comes back or its headers alone."""
    token = LINKS.unsubscribe(3, 7).rpartition("/")[2]
    (found,) = read_bounce(dsn(FAILED, token=token, headers_only=headers_only), NOW, LINKS.delivery_of)
    assert (found.event.delivery_id, found.proven) == ("7-3", True)
    (forged,) = read_bounce(dsn(FAILED, token=token[:-3] + "abc"), NOW, LINKS.delivery_of)
    assert (forged.event.delivery_id, forged.proven) == (None, False)


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "4.4.1", ("bounced", "reader1@example.org", False)),
        ("delayed", "4.4.1", ("deferred", "reader1@example.org", False)),
        ("delivered", "2.0.0", ("delivered", "reader1@example.org", False)),
        ("Failed (fatal)", "5.1.1", ("bounced", "reader1@example.org", True)),
    ],
)
def test_an_action_is_its_kind(action: str, status: str, expected: tuple[str, str, bool]) -> None:
    """RFC 3464, section 2.3.3."""
    assert only(dsn(("reader1@example.org", action, status, "250 fine"))) == expected


def test_what_was_only_passed_on_tells_nothing() -> None:
    """Relayed or expanded: nobody knows the end."""
    assert read_bounce(dsn(("reader1@example.org", "relayed", "2.0.0", "")), NOW) == []


def test_each_recipient_of_a_report_is_told_apart() -> None:
    """And then nobody can say whose the returned mail was."""
    second = ("reader2@example.org", "failed", "5.2.2", "mailbox full")
    found = read_bounce(dsn(FAILED, second, message_id="<7-3.x@example.org>"), NOW)
    assert [(one.event.email, one.event.permanent) for one in found] == [
        ("reader1@example.org", True),
        ("reader2@example.org", False),
    ]
    assert {one.event.delivery_id for one in found} == {None}
    assert len({one.event.key for one in found}) == 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("abuse", ["complained"]),
        ("fraud", ["complained"]),
        ("opt-out", ["unsubscribed"]),
        ("not-spam", []),
        ("virus", []),
    ],
)
def test_a_complaint_is_read(kind: str, expected: list[str]) -> None:
    """RFC 5965: what is a reader's wish, and what is not."""
    assert [one.event.kind.value for one in read_bounce(arf(kind), NOW)] == expected


def test_a_complaint_that_hides_the_address_is_known_by_its_link() -> None:
    """Most providers take the address out of what they pass on; the link in the returned mail is the reader's own."""
    token = LINKS.unsubscribe(1, 1).rpartition("/")[2]
    (found,) = read_bounce(arf(email=None, to="redacted", token=token), NOW, LINKS.delivery_of)
    assert (found.event.delivery_id, found.proven) == ("1-1", True)


def test_an_old_servers_own_form_is_read() -> None:
    """qmail writes no report; the address and the words are in its text."""
    assert only(QMAIL) == ("bounced", "reader2@example.org", True)


def test_an_answering_machine_is_no_bounce() -> None:
    """Whatever it quotes."""
    assert read_bounce(VACATION, NOW) == []


def test_an_ordinary_mail_is_no_bounce() -> None:
    """A reader's answer with our mail below it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "reader1@example.org", "weekly@example.org", "Re: Pain Weekly"
    mail.set_content("Thank you! Is reader2@example.org on the list?\n\n> Hello")
    assert read_bounce(mail.as_bytes(), NOW) == []


@given(st.binary(max_size=2000))
def test_no_bytes_are_an_error(content: bytes) -> None:
    """Whatever comes into the mailbox."""
    read_bounce(content, NOW)


@given(st.integers(0, 1400), st.binary(min_size=1, max_size=30))
def test_no_broken_report_is_an_error(place: int, junk: bytes) -> None:
    """Bytes put into the midst of one."""
    whole = dsn(FAILED, message_id="<7-3.x@example.org>")
    for broken in (whole[:place], whole[:place] + junk + whole[place:], arf()[:place] + junk):
        for found in read_bounce(broken, NOW):
            assert found.event.key


# --- where they are ---------------------------------------------------------------------------------------


def test_every_kind_of_mailbox_is_read(tmp_path: Path) -> None:
    """One mail, an mbox, a Maildir, a folder."""
    one, two = dsn(FAILED), QMAIL
    (tmp_path / "one.eml").write_bytes(one)
    (tmp_path / "box").write_bytes(b"From a@b Thu\n" + one + b"\nFrom a@b Thu\n" + two)
    for place in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / place).mkdir(parents=True)
    (tmp_path / "maildir" / "new" / "1").write_bytes(one)
    (tmp_path / "maildir" / "cur" / "2:2,S").write_bytes(two)
    (tmp_path / "maildir" / "tmp" / "3").write_bytes(two)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.eml").write_bytes(two)
    (tmp_path / "folder" / ".hidden").write_bytes(two)
    counted = {
        name: len(list(iter_mails(tmp_path / name))) for name in ("one.eml", "box", "maildir", "folder")
    }
    assert counted == {"one.eml": 1, "box": 2, "maildir": 2, "folder": 1}


def test_a_line_that_begins_with_from_is_not_always_a_mail() -> None:
    """Only after an empty line, and not in what an mbox writer has quoted."""
    mails = list(
        split_mbox(
            io.BytesIO(b"From a\nSubject: x\n\nhello\nFrom here on\n\n>From there\n\nFrom b\nSubject: y\n")
        )
    )
    assert [message_from_bytes(one)["Subject"] for one in mails] == ["x", "y"]
    assert list(split_mbox(io.BytesIO(b"\n\n"))) == []


# --- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", KEY)
    (tmp_path / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
    found = make_app(tmp_path)
    add_readers(found.database, 3)
    publish_issue(found.database)
    with writing(found.database) as conn:
        conn.execute(deliveries.update().values(state="sent"))
    yield found
    found.database.dispose()


def run(app: App, *args: str, **more: object) -> Result:
    return CliRunner().invoke(
        cli, ["--site", str(app.site.root), "bounces", *args], catch_exceptions=False, **more
    )


def suppressed(app: App) -> dict[str, str]:
    with reading(app.database) as conn:
        return {row.email_key: row.reason for row in conn.execute(suppressions.select())}


def test_bounce_mails_suppress_and_reading_them_again_changes_nothing(app: App, tmp_path: Path) -> None:
    """Counts for a person or a script, and nothing new the second time."""
    box = tmp_path / "box"
    box.write_bytes(b"From a@b\n" + dsn(FAILED) + b"\nFrom a@b\n" + QMAIL + b"\nFrom a@b\n" + VACATION)
    first = json.loads(run(app, str(box), "--json").output)
    assert (first["mails"], first["bounced"], first["suppressed"], first["no_bounce"]) == (3, 2, 2, 1)
    assert suppressed(app) == {"reader1@example.org": "bounced", "reader2@example.org": "bounced"}
    again = json.loads(run(app, str(box), "--json").output)
    assert (again["mails"], again["known"], again["suppressed"]) == (3, 2, 0)
    assert box.read_bytes().count(b"From a@b") == 3


def test_a_bounce_mail_can_come_through_a_pipe(app: App) -> None:
    """As mail servers hand it over."""
    said = run(app, "-", input=dsn(FAILED))
    assert (said.exit_code, suppressed(app)) == (0, {"reader1@example.org": "bounced"})
    assert "1 suppressed" in said.output


def test_a_mail_about_somebody_else_is_counted_and_forgotten(app: App) -> None:
    """Nobody signs a bounce mail: only readers' own addresses count, and no stranger's is kept."""
    stranger = dsn(
        ("stranger@elsewhere.example", "failed", "5.1.1", "user unknown"), message_id="<1-1.x@example.org>"
    )
    said = json.loads(run(app, "-", "--json", input=stranger).output)
    assert (said["not_readers"], said["suppressed"], suppressed(app)) == (1, 0, {})
    with reading(app.database) as conn:
        assert conn.execute(events.select()).all() == []


def test_nobody_can_suppress_a_reader_by_counting_through_message_ids(app: App) -> None:
    """A forged report that names a delivery and another reader's address is about that address alone."""
    run(app, "-", input=dsn(FAILED, message_id="<1-2.x@example.org>"))
    assert suppressed(app) == {"reader1@example.org": "bounced"}
    with reading(app.database) as conn:
        assert [row.news for row in conn.execute(deliveries.select())] == [None, None, None]


def test_a_mail_with_the_readers_own_link_counts_wherever_it_was_forwarded(app: App) -> None:
    """The link was in no other mail."""
    token = app.links.unsubscribe(2, 1).rpartition("/")[2]
    run(app, "-", input=dsn(("forwarded@elsewhere.example", "failed", "5.1.1", "user unknown"), token=token))
    assert suppressed(app) == {"reader2@example.org": "bounced"}


def test_a_mailbox_that_is_not_there_is_a_mistake(app: App, tmp_path: Path) -> None:
    """Exit 2, in words."""
    assert run(app, str(tmp_path / "nowhere")).exit_code == 2
