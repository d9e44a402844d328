"""Mailgun, as its documentation describes it: multipart forms in, one id for all out."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from newsletter.types import Incoming

KEY, SIGNING = "key-0123456789abcdef", "signing-0123456789"
VARIABLE = re.compile(r"%recipient\.([\w-]+)%")
KINDS: dict[str, dict[str, Any]] = {
    "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}},
    "deferred": {
        "event": "failed",
        "severity": "temporary",
        "delivery-status": {"code": 421, "message": "wait"},
    },
    "hard": {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "delivery-status": {"code": 550},
    },
    "soft": {"event": "failed", "severity": "permanent", "reason": "old", "delivery-status": {"code": 602}},
    "complained": {"event": "complained"},
    "unsubscribed": {"event": "unsubscribed"},
    "odd": {"event": "teleported"},
}


def form(asked: Asked) -> dict[str, list[str]]:
    kind, options = parse_options_header(asked.headers["content-type"])
    parser = FormDataParser(max_form_parts=None)
    _, fields, _ = parser.parse(io.BytesIO(asked.body), kind, len(asked.body), options)
    return {name: fields.getlist(name) for name in fields}


class Vendor(HttpStub):
    settings = {"domain": "mail.example.org"}  # noqa: RUF012
    secrets = {"api_key": KEY, "webhook_key": SIGNING}  # noqa: RUF012
    refuses = "call"

    def __init__(self) -> None:
        super().__init__()
        self.log: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Basic " + b64encode(f"api:{KEY}".encode()).decode():
            return Answer(401, b"Forbidden", {"Content-Type": "text/html"})
        if asked.path == "/v1/analytics/logs":
            return self._logs(asked.json())
        if asked.path != "/v3/mail.example.org/messages":
            return Answer.of({"message": "Domain not found"}, 404)
        fields = form(asked)
        if BAD in fields["to"]:
            return Answer.of(
                {"message": "to parameter is not a valid address. please check documentation"}, 400
            )
        taken = [self._mail(fields, to) for to in fields["to"]]
        self.mails += taken
        self.log += [_accepted(mail) for mail in taken]
        given = fields.get("h:Message-ID", ["<20261126080000.1@mail.example.org>"])[0]
        return Answer.of({"id": given, "message": "Queued. Thank you."})

    def _mail(self, fields: dict[str, list[str]], to: str) -> Mail:
        own = json.loads(fields["recipient-variables"][0])[to]
        filled = {
            name: VARIABLE.sub(lambda found: own[found[1]], values[0]) for name, values in fields.items()
        }
        headers = {name[2:].lower(): value for name, value in filled.items() if name.startswith("h:")}
        along = {name[2:]: value for name, value in filled.items() if name.startswith("v:")}
        return Mail(to, filled["from"], filled["subject"], filled["html"], filled["text"], headers, along)

    def _logs(self, question: dict[str, Any]) -> Answer:
        wanted = question["filter"]["AND"][0]["values"][0]["value"]
        found = [one for one in self.log if wanted in one["user-variables"]]
        start = int(question["pagination"].get("token") or 0)
        page = found[start : start + question["pagination"]["limit"]]
        following = {"next": str(start + len(page))} if start + len(page) < len(found) else {}
        return Answer.of({"items": page, "pagination": following})

    def watching(self, asked: Asked) -> list[str]:
        fields = form(asked)
        switches = ("o:tracking", "o:tracking-clicks", "o:tracking-opens")
        return [name for name in switches if fields.get(name) != ["no"]]

    def too_much(self) -> tuple[Answer, float | None]:
        return Answer.of({"message": "Too many requests, please try again after 9 seconds"}, 429), 9.0

    def news(self, told: list[Told], now: datetime) -> Incoming:
        (one,) = told
        event = {
            "id": one.id,
            "timestamp": one.at.timestamp(),
            "recipient": one.email,
            "user-variables": {"delivery": one.delivery_id, "batch": "a batch"},
            "message": {"headers": {"message-id": f"{one.delivery_id}@example.org"}},
            **KINDS[one.what],
        }
        return signed(event, now, one.id)

    def stale(self, told: list[Told], now: datetime) -> Incoming:
        return replace(self.news(told, now - timedelta(days=2)), now=now)

    def signed(self, body: bytes, now: datetime) -> Incoming:
        """This body with a signature of its own, if it can hold one."""
        try:
            said = json.loads(body)
            return signed(said["event-data"], now, hashlib.sha256(body).hexdigest())
        except (ValueError, TypeError, KeyError, RecursionError):
            return Incoming({}, body, {}, now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        said = json.loads(genuine.body)
        event, signature = said["event-data"], said["signature"]
        other = {**event, "id": "another", "recipient": "victim@example.org"}
        return [
            signed(event, genuine.now, "token", key="another key"),
            replace(genuine, body=json.dumps({"event-data": event}).encode()),
            replace(genuine, body=json.dumps({**said, "event-data": other}).encode()),
            replace(genuine, body=json.dumps({**said, "signature": {**signature, "token": ""}}).encode()),
        ]


def signed(event: dict[str, Any], now: datetime, token: str, *, key: str = SIGNING) -> Incoming:
    stamp = str(int(now.timestamp()))
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": stamp, "token": token, "signature": digest}
    body = json.dumps({"signature": signature, "event-data": event}).encode()
    return Incoming({"content-type": "application/json"}, body, {}, now)


def _accepted(mail: Mail) -> dict[str, Any]:
    return {
        "event": "accepted",
        "recipient": mail.to,
        "user-variables": json.dumps(mail.metadata),
        "message": {"headers": {"message-id": mail.headers["message-id"].strip("<>")}},
    }
