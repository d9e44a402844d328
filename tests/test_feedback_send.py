"""A run of `send` that is badly received stops by itself, says so, and goes on only when a person says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from feedback_kit import KEYS, told
from ledger_site import LINKS, SETTINGS, SLUG, add_readers, publish_issue, settings

from newsletter.app import make_app
from newsletter.cli import cli
from newsletter.pipeline.feedback import Feedback, take_in
from newsletter.pipeline.subscribe import leave
from newsletter.providers.memory import Memory
from newsletter.sending import Sending
from newsletter.storage.consent import Log
from newsletter.storage.database import open_database
from newsletter.types import Outgoing, Receipt

LATE = "2026-11-26T09:00:00+00:00"


class Bad(Memory):
    """Takes every mail, and tells of bounces while the next call is under way."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()
        self.tell = tell

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        found = super().send(outgoing)
        for one in outgoing.recipients:
            self.tell(int(one.delivery_id.split("-")[1]))
        return found


def test_a_run_ends_when_too_much_bounces(tmp_path: Path) -> None:
    """The calls under way are recorded; what is queued stays queued, and the run says why it stopped."""
    from ledger_site import NOW

    engine = open_database(f"sqlite:///{tmp_path / 'readers.db'}")
    config = settings("concurrency = 1\nmax_bounce_rate = 0.2")
    add_readers(engine, 100)
    publish_issue(engine, batch_size=10)
    feedback = Feedback(engine, Log(KEYS), config.sending, leave)
    provider = Bad(lambda reader: reader % 3 or take_in(feedback, [told("hard", reader)], NOW))  # type: ignore[arg-type, return-value]
    sending = Sending(engine, config, lambda: LINKS, lambda: provider)
    report = sending.send(SLUG, NOW)
    status = sending.status(SLUG, NOW)
    assert report.stopped == f"the issue was paused: {status.issue.note}"
    assert "bounced" in str(report.stopped)
    assert (status.issue.state, status.tally.sent, status.tally.sending, status.tally.in_doubt) == (
        "paused",
        20,
        0,
        0,
    )
    assert sum(status.news.values()) == 6
    engine.dispose()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", "a-key-for-tests-only-long-enough")
    (tmp_path / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def test_status_says_what_came_back_and_why_it_was_paused(site: Path) -> None:
    """And `send` refuses to go on until a person has looked."""
    app = make_app(site)
    add_readers(app.database, 40)
    publish_issue(app.database, batch_size=20, provider="outbox")
    run = CliRunner().invoke
    args = ["--site", str(site), "--now", LATE]
    first = run(cli, [*args, "send", SLUG, "--limit", "20"])
    assert first.exit_code == 1  # half of it is left
    from ledger_site import NOW

    take_in(app.feedback, [told("hard", reader) for reader in range(1, 21) if reader % 2], NOW)
    said = run(cli, [*args, "status", SLUG]).output
    assert "feedback  10 bounced" in said
    assert "10 of 20 mails bounced (50.0%; the limit is 5.0%)" in said
    assert run(cli, [*args, "send", SLUG]).exit_code == 1
    assert run(cli, [*args, "resume", SLUG]).exit_code == 0
    assert run(cli, [*args, "send", SLUG]).exit_code == 0
    app.database.dispose()
