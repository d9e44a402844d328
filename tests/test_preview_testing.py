"""The test-send box sends by the very path of `newsletter test`, once for each press, and says what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from issue_site import ISSUE, SLUG, make_site, write_issue
from preview_kit import files_in, post, text_of, until

from newsletter.app import make_app
from newsletter.preview.serve import open_studio

ANA = "ana@example.net"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with open_studio(make_app(root), SLUG) as address:
        yield address


def mails(root: Path) -> list[EmailMessage]:
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[misc]
        for path in sorted((root / "outbox").rglob("*.eml"))
    ]


def test_one_press_sends_one_mail(root: Path, address: str) -> None:
    """The issue as it is shown, to the address given; the page says by whom it went, and offers the address again."""
    answer = post(address, "test", {"to": f" {ANA} ", "variant": ""})
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    [mail] = mails(root)
    page = mail.get_body(("html",))
    assert page is not None
    assert (mail["To"], mail["Subject"]) == (ANA, "What a nerve block can and cannot do")
    assert "Walking with sciatica" in page.get_content()
    assert f"Everything went to {ANA} by outbox." in text_of(address)
    assert f'value="{ANA}"' in text_of(address)


def test_it_is_the_very_mail_that_the_command_sends(root: Path, address: str) -> None:
    """Byte for byte, but for what names this one mail."""
    from datetime import UTC, datetime

    post(address, "test", {"to": ANA, "variant": "news"})
    app = make_app(root)
    app.send_test(SLUG, [ANA], "news", datetime.now(UTC))
    app.database.dispose()
    ours, theirs = (mail.get_body(("html",)) for mail in mails(root))
    assert ours is not None
    assert theirs is not None
    assert ours.get_content() == theirs.get_content()


def test_the_variant_that_is_shown_is_the_one_that_is_sent(root: Path, address: str) -> None:
    """And the way back leads to the page as it was."""
    answer = post(
        address, "test", {"to": ANA, "variant": "news", "view": "phone", "look": "dark", "next": "//evil"}
    )
    assert answer.headers["Location"] == "./?view=phone&variant=news&look=dark"
    page = mails(root)[0].get_body(("html",))
    assert page is not None
    assert "Walking with sciatica" not in page.get_content()
    assert f"News went to {ANA} by outbox." in text_of(address)


@pytest.mark.parametrize("to", ["", "nobody", "a b@example.net", "a@example.net\r\nBcc: b@example.net"])
def test_an_address_that_is_none_is_said_in_place(root: Path, address: str, to: str) -> None:
    """Nothing is sent, and the page lives on."""
    assert post(address, "test", {"to": to}).status == 303
    assert "the address cannot stand in a mail" in text_of(address)
    assert mails(root) == []


def test_a_provider_that_fails_is_said_in_place(root: Path, address: str) -> None:
    """What it said, and what to do; another press tries again."""
    (root / "outbox").write_text("in the way")
    post(address, "test", {"to": ANA})
    page = text_of(address)
    assert 'id="tried"' in page
    assert "outbox" in page.partition('id="tried"')[2]
    (root / "outbox").unlink()
    post(address, "test", {"to": ANA})
    assert f"Everything went to {ANA} by outbox." in text_of(address)


def test_a_mistake_must_be_mended_before_a_test_is_sent(root: Path, address: str) -> None:
    """What would go is not what the editor has written."""
    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    until(lambda: 'role="alert"' in text_of(address))
    post(address, "test", {"to": ANA})
    assert "Mend it, then send the test." in text_of(address)
    assert mails(root) == []


def test_the_first_editor_is_offered(tmp_path: Path) -> None:
    """Whom a test most likely goes to."""
    root = make_site(tmp_path)
    settings = (root / "newsletter.toml").read_text()
    (root / "newsletter.toml").write_text(
        settings.replace("timezone", 'editors = ["mira@example.org"]\ntimezone')
    )
    with open_studio(make_app(root), SLUG) as address:
        assert 'value="mira@example.org"' in text_of(address)


def test_looking_at_the_box_sends_nothing(root: Path, address: str) -> None:
    """However often the page is asked for."""
    before = files_in(root)
    for _ in range(3):
        text_of(address)
    assert files_in(root) == before
