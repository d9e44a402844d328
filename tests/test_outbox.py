"""The outbox: whole files or none, the same however often they are written; and providers found by their file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ledger_site import LINKS, make_editions

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, StopSending
from newsletter.providers import call, make_provider
from newsletter.providers.memory import Memory
from newsletter.providers.outbox import UNFINISHED, Outbox
from newsletter.render.personalise import Envelope, MailTemplate
from newsletter.types import Outgoing, Receipt, Recipient


def outgoing(count: int = 3, key: str = "key") -> Outgoing:
    from datetime import UTC, datetime

    edition = make_editions()[0]
    template = MailTemplate(
        edition, Envelope("2026-11-26", "weekly@example.org", datetime(2026, 11, 26, tzinfo=UTC))
    )
    readers = tuple(
        Recipient(f"1-{n}", f"reader{n}@example.org", LINKS.unsubscribe(n, 1), LINKS.preferences(n, 1))
        for n in range(1, count + 1)
    )
    return Outgoing(
        "2026-11-26", key, "weekly@example.org", "s", "h", "t", readers, lambda: template.fill_all(readers)
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_call_writes_one_file_a_mail(tmp_path: Path) -> None:
    """outbox/<issue>/<delivery id>.eml, each a whole mail, and nothing else is left lying about."""
    receipts = Outbox(tmp_path).send(outgoing())
    assert receipts == [Receipt(f"1-{n}", "sent") for n in (1, 2, 3)]
    wanted = {f"2026-11-26/{one.delivery_id}.eml": one.content for one in outgoing().messages()}
    assert wanted == files(tmp_path)


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    """The same call once more, also after one that broke off half way, leaves the same files."""
    outbox = Outbox(tmp_path)
    outbox.send(outgoing())
    before = files(tmp_path)
    left = tmp_path / UNFINISHED / "key.4711"
    left.mkdir(parents=True)
    (left / "1-1").write_bytes(b"half a ma")
    outbox.send(outgoing())
    assert before == files(tmp_path)


def test_a_folder_that_cannot_be_written_stops_sending(tmp_path: Path) -> None:
    """Nothing was written, and no other call can do better until somebody acts."""
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(StopSending, match="cannot be written"):
        Outbox(tmp_path / "outbox").send(outgoing())


def test_a_disk_that_fills_up_leaves_no_mail_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All mails are written aside first: when the third fails, the first two were not delivered either."""
    real, left = os.fsync, [2]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StopSending, match="No space left"):
        Outbox(tmp_path).send(outgoing())
    assert files(tmp_path) == {}


def test_memory_keeps_or_counts(tmp_path: Path) -> None:
    """Mails in a list, or only their number."""
    keeping, counting = Memory(), Memory(keep=False)
    keeping.send(outgoing())
    counting.send(outgoing())
    assert [one.delivery_id for one in keeping.messages] == ["1-1", "1-2", "1-3"]
    assert (counting.count, counting.messages) == (3, [])


@pytest.mark.parametrize("error", [NotTaken("x"), MaybeTaken("x"), StopSending("x")])
def test_what_a_provider_says_is_passed_on(error: Exception) -> None:
    """One of the three verdicts stays what it is."""

    class Saying(Memory):
        def send(self, outgoing: Outgoing) -> list[Receipt]:
            raise error

    with pytest.raises(type(error)):
        call(Saying(), outgoing())


def test_a_provider_is_found_by_its_file(tmp_path: Path) -> None:
    """Every file of the folder makes a provider of its name; its settings are its own."""
    for name in config.provider_names():
        if name in ("outbox", "memory"):
            assert make_provider(config.Provider(name=name), tmp_path).name == name
    found = make_provider(config.Provider.model_validate({"name": "outbox", "folder": "mails"}), tmp_path)
    assert isinstance(found, Outbox)
    assert found.folder == tmp_path / "mails"


def test_an_unknown_setting_of_a_provider_names_the_nearest(tmp_path: Path) -> None:
    """A slip of the finger costs a glance."""
    with pytest.raises(ConfigError, match="'folder'"):
        make_provider(config.Provider.model_validate({"name": "outbox", "foldr": "x"}), tmp_path)
