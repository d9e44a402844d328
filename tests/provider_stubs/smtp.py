"""A mail server that takes everything but one address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from smtp_stub import Mailbox, mail_server
from stub_kit import BAD, Mail, Stub


class Vendor(Stub):
    carries_ids = False
    refuses = "item"
    box: Mailbox

    @contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        def answer(step: str, reader: str) -> str | None:
            return "550 5.1.1 no such user" if step == "RCPT" and reader == BAD else None

        with mail_server(answer) as self.box:
            yield {"host": "127.0.0.1", "port": self.box.port, "security": "none"}

    def taken(self, provider: Any) -> list[Mail]:
        return [Mail.from_bytes(content) for _, _, content in self.box.mails]
