"""Brevo, as its documentation describes it: versions of one body, a key that is taken once, events by basic auth."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told

from newsletter.types import Incoming

KEY, PASSWORD = "xkeysib-0123456789abcdef", "brevo:0123456789"
VARIABLE = re.compile(r"\{\{\s*params\.(\w+)\s*\}\}|\{[{%#].*?[}%#]\}", re.DOTALL)
KINDS = {
    "delivered": "delivered",
    "deferred": "deferred",
    "hard": "hard_bounce",
    "soft": "soft_bounce",
    "complained": "spam",
    "unsubscribed": "unsubscribed",
    "odd": "teleported",
}


class Vendor(HttpStub):
    secrets = {"api_key": KEY, "webhook_key": PASSWORD}  # noqa: RUF012
    refuses = "call"
    batches_news = True
    our_headers = HttpStub.our_headers - {"message-id"}

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("api-key") != KEY:
            return Answer.of({"code": "unauthorized", "message": "Key not found"}, 401)
        mail = asked.json()
        key = str(UUID(mail["headers"]["idempotencyKey"]))
        if key in self.keys:
            return Answer.of({"code": "duplicate_parameter", "message": "the key was used"}, 400)
        if any(one["to"][0]["email"] == BAD for one in mail["messageVersions"]):
            return Answer.of({"code": "invalid_parameter", "message": "email is not valid in to"}, 400)
        self.keys.add(key)
        taken = [_filled(mail, version) for version in mail["messageVersions"]]
        self.mails += taken
        ids = [f"<{n}.{key}@smtp-relay.example.net>" for n, _ in enumerate(taken)]
        return Answer.of({"messageIds": ids}, 201)

    def watching(self, asked: Asked) -> list[str]:
        """No call can switch its counting of opens and clicks on or off: the account's settings do."""
        return []

    def too_much(self) -> tuple[Answer, float | None]:
        limits = {"x-sib-ratelimit-limit": "100", "x-sib-ratelimit-remaining": "0"}
        body = b'{"code": "too_many_requests", "message": "slow down"}'
        return Answer(429, body, {**limits, "x-sib-ratelimit-reset": "41"}), 41.0

    def news(self, told: list[Told], now: datetime) -> Incoming:
        events = [
            {
                "event": KINDS[one.what],
                "email": one.email,
                "id": 17,
                "date": "2026-11-26 09:00:00",
                "ts_event": int(one.at.timestamp()),
                "ts_epoch": int(one.at.timestamp() * 1000),
                "message-id": "<1.key@smtp-relay.example.net>",
                "X-Mailin-custom": f"delivery:{one.delivery_id}|batch:a batch",
                "reason": "550 no such user" if one.what == "hard" else "",
            }
            for one in told
        ]
        return self.signed(json.dumps(events if len(events) > 1 else events[0]).encode(), now)

    def signed(self, body: bytes, now: datetime) -> Incoming:
        basic = b64encode(PASSWORD.encode()).decode()
        return Incoming({"authorization": f"Basic {basic}"}, body, {}, now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        others = ["Basic " + b64encode(b"brevo:wrong").decode(), f"Bearer {PASSWORD}", "Basic %%%", "ü"]
        return [
            *super().forgeries(genuine),
            *(replace(genuine, headers={"authorization": one}) for one in others),
        ]


def _filled(mail: dict[str, Any], version: dict[str, Any]) -> Mail:
    def fill(text: str) -> str:
        # Its template language escapes what it fills in; whatever else looks like it is filled with nothing.
        return VARIABLE.sub(lambda found: html.escape(version["params"].get(found[1], "")), text)

    headers = {name.lower(): value for name, value in version["headers"].items()}
    along = dict(one.split(":") for one in headers.pop("x-mailin-custom").split("|"))
    if "replyTo" in mail:
        headers["reply-to"] = _written(mail["replyTo"])
    return Mail(
        version["to"][0]["email"],
        _written(mail["sender"]),
        fill(mail["subject"]),
        fill(mail["htmlContent"]),
        fill(mail["textContent"]),
        headers,
        along,
    )


def _written(mailbox: dict[str, str]) -> str:
    return f"{mailbox['name']} <{mailbox['email']}>"
