"""SendGrid, as its documentation describes it: 202 and nothing more, events in signed arrays."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told

from newsletter.types import Incoming

KEY = "SG.0123456789abcdef"
SIGNING = ec.derive_private_key(4711, ec.SECP256R1())
PUBLIC = base64.b64encode(
    SIGNING.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
KINDS: dict[str, dict[str, Any]] = {
    "delivered": {"event": "delivered", "response": "250 OK"},
    "deferred": {"event": "deferred", "response": "421 wait"},
    "hard": {"event": "bounce", "type": "bounce", "reason": "550 no such user", "status": "5.1.1"},
    "soft": {"event": "bounce", "type": "blocked", "reason": "550 not from there", "status": "5.7.1"},
    "complained": {"event": "spamreport"},
    "unsubscribed": {"event": "unsubscribe"},
    "odd": {"event": "teleported"},
}
FORBIDDEN = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
FORBIDDEN |= {"to", "from", "subject", "reply-to", "cc", "bcc"}


class Vendor(HttpStub):
    secrets = {"api_key": KEY, "webhook_key": PUBLIC}  # noqa: RUF012
    refuses = "call"
    batches_news = True

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, str]] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Answer.of({"errors": [{"message": "authorization required", "field": None}]}, 401)
        if asked.path == "/v3/logs":
            return self._logs(asked.json())
        mail, number = asked.json(), len(self.asked)
        wrong = complaints(mail)
        if wrong:
            return Answer.of({"errors": wrong}, 400)
        for person in mail["personalizations"]:
            self.mails.append(_filled(mail, person))
            self.log += [(category, person["to"][0]["email"]) for category in mail["categories"]]
        return Answer(202, b"", {"X-Message-Id": f"call{number}"})

    def _logs(self, question: dict[str, Any]) -> Answer:
        found = [email for category, email in self.log if f"IN ('{category}')" in question["query"]]
        listed = [
            {"to_email": email, "sg_message_id": f"call1.recvd-{n}", "status": "delivered"}
            for n, email in enumerate(found[: question["limit"]])
        ]
        return Answer.of({"messages": listed})

    def watching(self, asked: Asked) -> list[str]:
        mail = asked.json()
        tracking = mail.get("tracking_settings", {})
        names = ("click_tracking", "open_tracking", "subscription_tracking", "ganalytics")
        found = [name for name in names if tracking.get(name, {}).get("enable") is not False]
        found += [name for name in ("asm", "template_id") if name in mail]
        return found + ["text clicks"] * (tracking["click_tracking"].get("enable_text") is not False)

    def too_much(self) -> tuple[Answer, float | None]:
        moment = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}
        return Answer(429, b'{"errors": [{"field": null, "message": "too many requests"}]}', moment), 12.0

    def news(self, told: list[Told], now: datetime) -> Incoming:
        events = [
            {
                "email": one.email,
                "timestamp": int(one.at.timestamp()),
                "sg_event_id": one.id,
                "sg_message_id": "call1.filter0001.16648.5515E0B88.0",
                "newsletter_delivery": one.delivery_id,
                "newsletter_batch": "a batch",
                **KINDS[one.what],
            }
            for one in told
        ]
        return self.signed(json.dumps(events).encode() + b"\r\n", now)

    def signed(self, body: bytes, now: datetime, key: ec.EllipticCurvePrivateKey = SIGNING) -> Incoming:
        stamp = str(int(now.timestamp()))
        signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
        headers = {
            "x-twilio-email-event-webhook-signature": signature,
            "x-twilio-email-event-webhook-timestamp": stamp,
        }
        return Incoming(headers, body, {}, now)

    def stale(self, told: list[Told], now: datetime) -> Incoming:
        return replace(self.news(told, now - timedelta(days=2)), now=now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        later = {**genuine.headers, "x-twilio-email-event-webhook-timestamp": "1795680099"}
        return [
            *super().forgeries(genuine),
            self.signed(genuine.body, genuine.now, ec.derive_private_key(7, ec.SECP256R1())),
            replace(genuine, body=genuine.body.replace(b"reader1", b"victim1")),
            replace(genuine, body=genuine.body.rstrip()),
            replace(genuine, headers=later),
            replace(genuine, headers={**genuine.headers, "x-twilio-email-event-webhook-signature": "%%% ü"}),
        ]


def complaints(mail: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for n, person in enumerate(mail["personalizations"]):
        if person["to"][0]["email"] == BAD:
            field = f"personalizations.{n}.to.0.email"
            found.append({"message": "Does not contain a valid address.", "field": field})
        if FORBIDDEN & {name.lower() for name in person["headers"]}:
            found.append({"message": "The header is reserved", "field": f"personalizations.{n}.headers"})
    if len(mail["personalizations"]) > 1000:
        found.append({"message": "limited to 1000 personalizations", "field": "personalizations"})
    return found


def _filled(mail: dict[str, Any], person: dict[str, Any]) -> Mail:
    def fill(text: str) -> str:
        for tag, value in person["substitutions"].items():
            text = text.replace(tag, value)
        return text

    headers = {name.lower(): value for name, value in person["headers"].items()}
    if "reply_to" in mail:
        headers["reply-to"] = _written(mail["reply_to"])
    plain, page = (fill(part["value"]) for part in mail["content"])
    along = {name.removeprefix("newsletter_"): value for name, value in person["custom_args"].items()}
    to = person["to"][0]["email"]
    return Mail(to, _written(mail["from"]), fill(mail["subject"]), page, plain, headers, along)


def _written(mailbox: dict[str, str]) -> str:
    return f"{mailbox['name']} <{mailbox['email']}>"
