"""Postmark, as its documentation describes it: an array of whole mails in, an array of answers out."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any

from stub_kit import BAD, Answer, Asked, HttpStub, Mail, Told

from newsletter.types import Incoming

KINDS: dict[str, dict[str, Any]] = {
    "delivered": {"RecordType": "Delivery", "Details": "250 OK"},
    "deferred": {"RecordType": "Bounce", "Type": "Transient"},
    "hard": {"RecordType": "Bounce", "Type": "HardBounce", "Details": "550 5.1.1"},
    "soft": {"RecordType": "Bounce", "Type": "SoftBounce"},
    "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
    "unsubscribed": {
        "RecordType": "SubscriptionChange",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "Origin": "Recipient",
    },
    "odd": {"RecordType": "Teleported"},
}
MOMENTS = {"Delivery": "DeliveredAt", "SubscriptionChange": "ChangedAt", "Teleported": "ReceivedAt"}


def basic(user: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(user.encode()).decode()}


class Vendor(HttpStub):
    secrets = {"api_key": "token-0123456789", "webhook_key": "post:mark"}  # noqa: RUF012
    refuses = "item"
    records = ("content-type", "accept", "x-postmark-server-token")

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("x-postmark-server-token") != self.secrets["api_key"]:
            return Answer.of({"ErrorCode": 10, "Message": "Bad or missing token"}, 401)
        if asked.path == "/email/batch":
            return Answer.of([self._take(mail) for mail in asked.json()])
        return self._search(asked.query)

    def _take(self, mail: dict[str, Any]) -> dict[str, Any]:
        if mail["To"] == BAD:
            return {"ErrorCode": 406, "Message": "You tried to send to a recipient that is inactive."}
        headers = {one["Name"].lower(): one["Value"] for one in mail["Headers"]}
        headers["reply-to"] = mail["ReplyTo"]
        if headers.get("x-pm-keepid") != "true":
            headers["message-id"] = "<theirs@mtasv.net>"
        taken = Mail(
            mail["To"],
            mail["From"],
            mail["Subject"],
            mail["HtmlBody"],
            mail["TextBody"],
            headers,
            mail["Metadata"],
        )
        self.mails.append(taken)
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{mail['To']}", "To": mail["To"]}

    def _search(self, query: dict[str, str]) -> Answer:
        ours = query["messagestream"] == "broadcast"
        found = [
            {"MessageID": f"id-{mail.to}", "Recipients": [mail.to], "Metadata": mail.metadata}
            for mail in self.mails
            if ours and mail.metadata["batch"] == query["metadata_batch"]
        ]
        start = int(query["offset"])
        return Answer.of({"TotalCount": len(found), "Messages": found[start : start + int(query["count"])]})

    def watching(self, asked: Asked) -> list[str]:
        wanted = {"TrackOpens": False, "TrackLinks": "None"}
        return [name for mail in asked.json() for name, value in wanted.items() if mail.get(name) != value]

    def too_much(self) -> tuple[Answer, float | None]:
        return Answer.of({"ErrorCode": 429, "Message": "Rate limit exceeded"}, 429), None

    def news(self, told: list[Told], now: datetime) -> Incoming:
        (one,) = told
        said = {
            **KINDS[one.what],
            "MessageID": f"id-{one.email}",
            "Metadata": {"delivery": one.delivery_id, "batch": "a batch"},
        }
        bounced = said["RecordType"] in ("Bounce", "SpamComplaint")
        said["Email" if bounced else "Recipient"] = one.email
        said[MOMENTS.get(said["RecordType"], "BouncedAt")] = one.at.isoformat()
        if bounced:
            said["ID"] = one.id
        return self.signed(json.dumps(said).encode(), now)

    def signed(self, body: bytes, now: datetime) -> Incoming:
        return Incoming(basic(self.secrets["webhook_key"]), body, {}, now)

    def forgeries(self, genuine: Incoming) -> list[Incoming]:
        others = ["post:other", "post", "", ":mark", "post:mark "]
        return [replace(genuine, headers={}), *(replace(genuine, headers=basic(one)) for one in others)]
