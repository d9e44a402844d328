"""Amazon SES and the topic that its events are published to, as AWS's documentation describes them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sns_signer import CERTIFICATE, TOPIC, certificate, notification
from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told

from newsletter import sns
from newsletter.errors import NotTaken
from newsletter.types import Incoming

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "delivered": ("Delivery", "delivery", {}),
    "deferred": ("DeliveryDelay", "deliveryDelay", {}),
    "hard": ("Bounce", "bounce", {"bounceType": "Permanent"}),
    "soft": ("Bounce", "bounce", {"bounceType": "Transient"}),
    "complained": ("Complaint", "complaint", {}),
    "unsubscribed": ("Subscription", "subscription", {"newTopicPreferences": {"unsubscribeAll": True}}),
    "odd": ("Teleportation", "teleportation", {}),
}


def fetch(url: str) -> bytes:
    if url != CERTIFICATE:
        raise NotTaken("there is no such address")
    return certificate()


class Vendor(HttpStub):
    settings = {"region": "eu-west-1", "topic": TOPIC, "configuration_set": "newsletter"}  # noqa: RUF012
    secrets = {"api_key_id": "AKIDEXAMPLE", "api_key": "secret-0123456789"}  # noqa: RUF012
    refuses = "item"
    our_headers = HttpStub.our_headers - {"message-id"}
    records = ("content-type",)

    @contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        """Amazon's certificates are fetched from Amazon alone: here from ourselves."""
        before, sns.fetch = sns.fetch, fetch
        try:
            with super().running() as where:
                yield where
        finally:
            sns.fetch = before

    def answer(self, asked: Asked) -> Answer:
        if f"Credential={self.secrets['api_key_id']}/" not in asked.headers.get("authorization", ""):
            return error(403, "UnrecognizedClientException", "The security token is invalid.")
        said = asked.json()
        (to,) = said["Destination"]["ToAddresses"]
        if to == BAD:
            return error(400, "BadRequestException", "Illegal address")
        tags = {one["Name"]: one["Value"] for one in said["EmailTags"]}
        mail = Mail.from_bytes(b64decode(said["Content"]["Raw"]["Data"]), **tags)
        assert mail.to == to
        self.mails.append(replace(mail, headers={**mail.headers, "message-id": "<theirs@amazonses.com>"}))
        return Answer.of({"MessageId": f"id-{to}"})

    def watching(self, asked: Asked) -> list[str]:
        return [] if asked.json().get("ConfigurationSetName") else ["no configuration set to switch it off"]

    def too_much(self) -> tuple[Answer, float | None]:
        return error(429, "TooManyRequestsException", "Too many requests"), None

    def news(self, told: list[Told], now: datetime) -> Incoming:
        (one,) = told
        name, place, more = KINDS[one.what]
        mail = {
            "timestamp": one.at.isoformat(),
            "messageId": f"id-{one.email}",
            "destination": [one.email],
            "tags": {"delivery": [one.delivery_id]},
        }
        said = {"eventType": name, "mail": mail, place: {"timestamp": one.at.isoformat(), **more}}
        return self.envelope(said, now, MessageId=one.id)

    def envelope(self, said: Any, now: datetime, **more: Any) -> Incoming:
        return Incoming(
            {"content-type": "text/plain"}, json.dumps(notification(said, **more)).encode(), {}, now
        )

    def signed(self, body: bytes, now: datetime) -> Incoming:
        """This body as it is, when it could be a message; else inside one."""
        try:
            said = json.loads(body)
            if isinstance(said, dict) and said.keys() >= {"Message", "MessageId", "TopicArn"}:
                again = {name: value for name, value in said.items() if name != "Signature"}
                return self.envelope(json.loads(said["Message"]), now, **again)
            return self.envelope(said, now)
        except (ValueError, TypeError, RecursionError):
            return Incoming({}, body, {}, now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        said = json.loads(genuine.body)
        forged = [
            notification({}, by=1),
            notification({}, TopicArn=TOPIC + "-of-somebody-else"),
            {**said, "Message": said["Message"].replace("reader1", "victim")},
            {**said, "SigningCertURL": CERTIFICATE.replace("amazonaws.com", "example.com")},
            {name: value for name, value in said.items() if name != "Signature"},
        ]
        return [replace(genuine, body=json.dumps(one).encode()) for one in forged]


def error(status: int, name: str, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode(), {"x-amzn-ErrorType": name})
