"""resend: Resend's batch API, each mail whole, each call under a key that it takes once in 24 hours.

Its permissive mode refuses a bad address alone. Open and click tracking are switches of the domain there, not of a
call. Resend's documentation: api-reference/emails/send-batch-emails, api-reference/errors, webhooks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.calling import Caller
from newsletter.errors import ConfigError, MaybeTaken, ProviderError, StopSending, WebhookRefused
from newsletter.filling import TO_MARK, Form, in_html
from newsletter.mailbox import readable_mailbox
from newsletter.news import find, is_same, moment, read_object, text
from newsletter.providers import read_settings
from newsletter.types import DELIVERY_MARK, Event, EventKind, Incoming, Outgoing, Receipt, Recipient

API = "https://api.resend.com"
WEBHOOK_LASTS = timedelta(minutes=5)

ABOUT_THE_ACCOUNT = {
    "daily_quota_exceeded",
    "monthly_quota_exceeded",
    "invalid_access",
    "invalid_from_address",
    "invalid_region",
    "security_error",
}
KEY_WAS_USED = {"invalid_idempotent_request", "concurrent_idempotent_requests"}
"""Another call with this key came before, or is under way: it may have been taken."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key_file: str | None = None
    """The API key, sending access is enough; or NEWSLETTER_API_KEY."""
    webhook_key_file: str | None = None
    """The webhook's signing secret, `whsec_…`; or NEWSLETTER_WEBHOOK_KEY."""


class Resend:
    name = "resend"
    max_batch = 100
    max_bytes: int | None = None
    settles: Literal["key"] = "key"
    key_lives = timedelta(hours=24)

    def __init__(self, *, api_key: str, webhook_key: bytes | None, api: str = API) -> None:
        self._api = api
        self._webhook_key = webhook_key
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "x-batch-validation": "permissive",
        }
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """The same bytes for the same key, or Resend refuses the call."""
        answer = self._caller.post(
            f"{self._api}/emails/batch",
            data=Form(_mail(outgoing)).fill_all(outgoing.recipients),
            headers={**self._headers, "Idempotency-Key": outgoing.key},
        )
        return _receipts(outgoing.recipients, answer.json())

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """Raises WebhookRefused: 401 for what is not signed with our secret in the last minutes."""
        self._verify(incoming)
        said = read_object(incoming.body)
        kind, permanent = _kind(said)
        return [
            Event(
                provider=self.name,
                key=incoming.headers["svix-id"],
                kind=kind,
                at=moment(said.get("created_at"), incoming.now),
                email=text(said, "data", "to", 0) or text(said, "data", "email") or None,
                delivery_id=_tag(said, "delivery"),
                reference=text(said, "data", "email_id") or None,
                permanent=permanent,
                detail=_detail(said),
                raw=json.dumps(said),
            )
        ]

    def _verify(self, incoming: Incoming) -> None:
        """As Svix signs (docs.svix.com, "Verifying payloads manually"): HMAC-SHA256 over id, time and raw body;
        several signatures while a secret is being changed."""
        if self._webhook_key is None:
            raise WebhookRefused("there is no signing secret: set NEWSLETTER_WEBHOOK_KEY")
        given = {name: incoming.headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")}
        signed = f"{given['id']}.{given['timestamp']}.".encode("utf-8", "replace") + incoming.body
        made = base64.b64encode(hmac.digest(self._webhook_key, signed, hashlib.sha256)).decode()
        listed = [one.partition(",") for one in given["signature"].split(" ")]
        if not given["id"] or not any(version == "v1" and is_same(one, made) for version, _, one in listed):
            raise WebhookRefused("the signature is not Resend's")
        stamp = given["timestamp"]
        age = incoming.now.timestamp() - (int(stamp) if re.fullmatch(r"[0-9]{1,12}", stamp) else 0)
        if abs(age) > WEBHOOK_LASTS.total_seconds():
            raise WebhookRefused("the signature is too old")


# --- writing and reading its JSON ------------------------------------------------------------------------


def _mail(outgoing: Outgoing) -> dict[str, Any]:
    own = dict(outgoing.headers)
    mail: dict[str, Any] = {
        "from": readable_mailbox(outgoing.sender),
        "to": [TO_MARK],
        "subject": outgoing.subject,
        "html": in_html(outgoing.html),
        "text": outgoing.text,
        "tags": [
            {"name": "delivery", "value": DELIVERY_MARK},
            {"name": "batch", "value": re.sub(r"[^A-Za-z0-9_-]", "_", outgoing.key)},
        ],
    }
    if reply_to := own.pop("Reply-To", None):
        mail["reply_to"] = readable_mailbox(reply_to)
    if own:
        mail["headers"] = own
    return mail


def _known(_status: int, _headers: Mapping[str, str], body: bytes) -> type[ProviderError] | None:
    try:
        name = text(json.loads(body), "name")
    except (ValueError, RecursionError):
        return None
    if name in KEY_WAS_USED:
        return MaybeTaken
    return StopSending if name in ABOUT_THE_ACCOUNT else None


def _receipts(recipients: Sequence[Recipient], said: Any) -> list[Receipt]:
    """`errors` name places in the call; `data` has an id for each of the others, in order. Numbers that do not
    add up tell nothing of anybody but of those in `errors`."""
    errors = find(said, "errors")
    told = {find(one, "index"): text(one, "message") for one in (errors if isinstance(errors, list) else [])}
    bad = {place: told[place] for place in range(len(recipients)) if place in told}
    listed = find(said, "data")
    ids = [text(one, "id") for one in listed] if isinstance(listed, list) else []
    given = iter(ids if len(ids) + len(bad) == len(recipients) else ())
    receipts = []
    for place, one in enumerate(recipients):
        if place in bad:
            receipts.append(Receipt(one.delivery_id, "refused", reason=bad[place]))
        elif reference := next(given, ""):
            receipts.append(Receipt(one.delivery_id, "sent", reference=reference))
    return receipts


_KINDS: dict[str, EventKind] = {
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DEFERRED,
    "email.bounced": EventKind.BOUNCED,
    "email.suppressed": EventKind.BOUNCED,
    "email.failed": EventKind.BOUNCED,
    "email.complained": EventKind.COMPLAINED,
}


def _kind(said: dict[str, Any]) -> tuple[EventKind, bool]:
    """What it is about, and whether a bounce is for good."""
    name = text(said, "type")
    if name == "contact.updated" and find(said, "data", "unsubscribed") is True:
        return EventKind.UNSUBSCRIBED, False
    for_good = name == "email.suppressed" or (
        name == "email.bounced" and text(said, "data", "bounce", "type") == "Permanent"
    )
    return _KINDS.get(name, EventKind.UNKNOWN), for_good


def _tag(said: dict[str, Any], name: str) -> str | None:
    """They come back as an object, whatever they were sent as."""
    tags = find(said, "data", "tags")
    if isinstance(tags, list):
        tags = {text(one, "name"): text(one, "value") for one in tags}
    return text(tags, name) or None


def _detail(said: dict[str, Any]) -> str:
    for place in (("bounce", "message"), ("suppressed", "message"), ("failed", "reason")):
        if found := text(said, "data", *place):
            return found
    return ""


# --- settings --------------------------------------------------------------------------------------------


def make(settings: config.Provider, root: Path) -> Resend:
    own = read_settings(Settings, settings)
    api_key = config.secret("api_key", root=root, file=own.api_key_file)
    if not api_key:
        raise ConfigError(
            "Resend needs an API key",
            where="newsletter.toml: [provider]",
            hint="Set NEWSLETTER_API_KEY, or name a file that holds it with api_key_file.",
        )
    secret = config.secret("webhook_key", root=root, file=own.webhook_key_file)
    api = (settings.api_url or API).rstrip("/")
    return Resend(api_key=api_key, webhook_key=_signing_key(secret) if secret else None, api=api)


def _signing_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(
            "the webhook's signing secret is not one",
            where="NEWSLETTER_WEBHOOK_KEY",
            hint="Copy it whole from Resend: it begins with whsec_.",
        ) from None
