"""Resend, as its documentation describes it: an array of whole mails in, ids and errors out, a key taken once."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told

from newsletter.types import Incoming

SIGNING = b"a signing secret"
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "delivered": ("email.delivered", {}),
    "deferred": ("email.delivery_delayed", {}),
    "hard": ("email.bounced", {"bounce": {"type": "Permanent", "message": "no such user"}}),
    "soft": ("email.bounced", {"bounce": {"type": "Transient"}}),
    "complained": ("email.complained", {}),
    "unsubscribed": ("contact.updated", {"unsubscribed": True}),
    "odd": ("email.teleported", {}),
}


class Vendor(HttpStub):
    secrets = {  # noqa: RUF012
        "api_key": "re_0123456789",
        "webhook_key": "whsec_" + b64encode(SIGNING).decode(),
    }
    refuses = "item"
    records = ("content-type", "authorization", "idempotency-key", "x-batch-validation")

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, tuple[bytes, Answer]] = {}

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {self.secrets['api_key']}":
            return Answer.of({"statusCode": 403, "name": "invalid_api_key", "message": "invalid"}, 403)
        key = asked.headers["idempotency-key"]
        if key not in self._known:
            self._known[key] = asked.body, self._take(asked)
        body, answer = self._known[key]
        used = {"statusCode": 409, "name": "invalid_idempotent_request", "message": "used"}
        return answer if body == asked.body else Answer.of(used, 409)

    def _take(self, asked: Asked) -> Answer:
        mails = asked.json()
        bad = [place for place, mail in enumerate(mails) if mail["to"] == [BAD]]
        if bad and asked.headers.get("x-batch-validation") != "permissive":
            return Answer.of({"statusCode": 422, "name": "validation_error", "message": "bad `to`"}, 422)
        good = [mail for mail in mails if mail["to"] != [BAD]]
        self.mails += [_mail(mail) for mail in good]
        errors = [{"index": place, "message": "bad `to`"} for place in bad]
        return Answer.of({"data": [{"id": f"id-{mail['to'][0]}"} for mail in good], "errors": errors})

    def watching(self, asked: Asked) -> list[str]:
        return []  # a switch of the domain, not of a request

    def too_much(self) -> tuple[Answer, float | None]:
        said = {"statusCode": 429, "name": "rate_limit_exceeded", "message": "slow down"}
        return Answer.of(said, 429, retry_after="2"), 2.0

    def news(self, told: list[Told], now: datetime) -> Incoming:
        (one,) = told
        name, more = KINDS[one.what]
        data = {
            "email_id": f"id-{one.email}",
            "to": [one.email],
            "tags": {"delivery": one.delivery_id, "batch": "a_batch"},
            **more,
        }
        said = {"type": name, "created_at": one.at.isoformat(), "data": data}
        return self.signed(json.dumps(said).encode(), now, one.id)

    def stale(self, told: list[Told], now: datetime) -> Incoming:
        return replace(self.news(told, now - timedelta(minutes=6)), now=now)

    def signed(self, body: bytes, now: datetime, id: str = "msg_1", key: bytes = SIGNING) -> Incoming:
        stamp = str(int(now.timestamp()))
        signature = b64encode(hmac.digest(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256)).decode()
        headers = {"svix-id": id, "svix-timestamp": stamp, "svix-signature": f"v1,{signature}"}
        return Incoming(headers, body, {}, now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        return [
            self.signed(genuine.body, genuine.now, key=b"another"),
            replace(genuine, body=genuine.body + b" "),
            replace(genuine, headers={**genuine.headers, "svix-id": "msg_2"}),
            replace(genuine, headers={}),
        ]


def _mail(mail: dict[str, Any]) -> Mail:
    headers = {name.lower(): value for name, value in mail["headers"].items()}
    headers["reply-to"] = mail["reply_to"]
    tags = {one["name"]: one["value"] for one in mail["tags"]}
    return Mail(mail["to"][0], mail["from"], mail["subject"], mail["html"], mail["text"], headers, tags)
