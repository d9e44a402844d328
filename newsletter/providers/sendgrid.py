"""sendgrid: Twilio SendGrid's v3 API. One call carries the body once and up to 1,000 readers with their own values.

The marks themselves are its substitution tags, so the body travels just as it was approved. SendGrid answers
with nothing but its status and one id for all. Its documentation: api-reference/mail-send, substitution-tags,
email-logs, tracking-events (the event webhook and its signature). Accounts in Europe set `api_url`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.calling import Caller
from newsletter.errors import MaybeTaken, NotTaken, Rejected, StopSending, WebhookRefused
from newsletter.mailbox import ascii_domain, plain_address, split_mailbox
from newsletter.news import find, key_of, moment, read_json, text
from newsletter.providers import read_api_key, read_settings
from newsletter.types import Event, EventKind, Incoming, Outgoing, Receipt, Recipient
from newsletter.variables import ascii_value, check_links, fill_marks, values

API = "https://api.sendgrid.com"
DELIVERY, BATCH = "newsletter_delivery", "newsletter_batch"
"""What comes back with events, where it stands beside SendGrid's own fields."""
OFF = {"enable": False}
UNTRACKED = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": OFF,
    "subscription_tracking": OFF,
    "ganalytics": OFF,
}
NOTHING_ADDED = {"footer": OFF, "sandbox_mode": OFF}
MOST_FOUND = 1000

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
OLDEST = timedelta(hours=25)
"""Of a webhook: SendGrid tries again for a day."""
AHEAD = timedelta(minutes=5)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key_file: str | None = None
    """A file with the API key; or NEWSLETTER_API_KEY."""
    webhook_key_file: str | None = None
    """A file with the verification key of the signed event webhook; or NEWSLETTER_WEBHOOK_KEY."""


class SendGrid:
    name = "sendgrid"
    max_batch = 1000
    max_bytes = 20_000_000
    settles: Literal["lookup"] = "lookup"

    def __init__(self, *, key: str, webhook_key: str | None = None, api: str = API) -> None:
        self._api = api
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._webhook_key = webhook_key
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        check_links(outgoing)
        body = json.dumps(_mail(outgoing), ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > self.max_bytes:
            raise Rejected(f"a call of {len(body):,} bytes is more than SendGrid takes")
        answer = self._caller.post(f"{self._api}/v3/mail/send", data=body, headers=self._headers)
        if answer.status != 202:  # something else answered in its place
            raise MaybeTaken(f"SendGrid answered {answer.status}, which says nothing")
        reference = answer.headers.get("X-Message-Id")
        return [Receipt(one.delivery_id, "sent", reference=reference) for one in outgoing.recipients]

    # --- asking ------------------------------------------------------------------------------------------

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        """Delivery id → message id of those certainly accepted under this key, which was their category: the log
        knows addresses, not our ids. Raises NotTaken, StopSending."""
        wanted = {plain_address(one.email).lower(): one.delivery_id for one in recipients}
        answer = self._caller.ask_json(
            "POST", f"{self._api}/v3/logs", json=_question(key, since), headers=self._headers
        )
        messages = find(answer, "messages")
        if not isinstance(messages, list):
            raise NotTaken("SendGrid's log cannot be read")
        found = {text(one, "to_email").lower(): text(one, "sg_message_id") for one in messages}
        return {wanted[email]: _short(reference) for email, reference in found.items() if email in wanted}

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """Raises WebhookRefused. SendGrid tells most things several times, each under the same id."""
        self._check(incoming)
        said = read_json(incoming.body)
        listed = said if isinstance(said, list) else [said]
        return [_event(one, incoming.now) for one in listed if isinstance(one, dict) and one]

    def _check(self, incoming: Incoming) -> None:
        """Signed are the time and the body's very bytes: ECDSA on P-256 with SHA-256."""
        if not self._webhook_key:
            raise WebhookRefused(
                "the webhook verification key is not set: NEWSLETTER_WEBHOOK_KEY", status=503
            )
        at = incoming.headers.get(TIMESTAMP, "")
        signed = at.encode("utf-8", "replace") + incoming.body
        if not _is_signed(self._webhook_key, incoming.headers.get(SIGNATURE, ""), signed):
            raise WebhookRefused("the signature is wrong")
        made = moment(at, incoming.now - 2 * OLDEST)
        if not incoming.now - OLDEST <= made <= incoming.now + AHEAD:
            raise WebhookRefused("the signature is too old")


# --- what it is given ------------------------------------------------------------------------------------


def _mail(outgoing: Outgoing) -> dict[str, Any]:
    headers = [(name, value) for name, value in outgoing.headers if name != "Reply-To"]
    mail: dict[str, Any] = {
        "personalizations": [_person(one, headers, outgoing.key) for one in outgoing.recipients],
        "from": _mailbox(outgoing.sender),
        "subject": outgoing.subject,
        "content": [
            {"type": "text/plain", "value": outgoing.text},
            {"type": "text/html", "value": outgoing.html},
        ],
        "categories": [outgoing.key],
        "tracking_settings": UNTRACKED,
        "mail_settings": NOTHING_ADDED,
    }
    if reply_to := dict(outgoing.headers).get("Reply-To"):
        mail["reply_to"] = _mailbox(reply_to)
    return mail


def _person(reader: Recipient, headers: Sequence[tuple[str, str]], key: str) -> dict[str, Any]:
    """All headers stand here, for what stands here may replace what stands above."""
    return {
        "to": [{"email": plain_address(reader.email)}],
        "headers": {name: ascii_value(fill_marks(value, reader)) for name, value in headers},
        "substitutions": values(reader),
        "custom_args": {DELIVERY: reader.delivery_id, BATCH: key},
    }


def _mailbox(value: str) -> dict[str, str]:
    name, address = split_mailbox(value)
    return {"email": ascii_domain(address), **({"name": name} if name else {})}


def _question(key: str, since: datetime) -> dict[str, Any]:
    start = (since - timedelta(minutes=10)).astimezone(UTC)
    category = key.replace("'", "''")
    return {
        "query": f"categories IN ('{category}')"
        f' AND sg_message_id_created_at > TIMESTAMP "{start:%Y-%m-%dT%H:%M:%SZ}"',
        "limit": MOST_FOUND,
    }


# --- what it says ----------------------------------------------------------------------------------------


def _known(status: int, _headers: Mapping[str, str], body: bytes) -> type[StopSending] | None:
    """A complaint about anything but the readers would be the same for every call."""
    try:
        errors = find(json.loads(body), "errors")
    except (ValueError, RecursionError):
        return None
    if status != 400 or not isinstance(errors, list):
        return None
    fields = [text(one, "field") for one in errors]
    return StopSending if any(one and not one.startswith("personalizations") for one in fields) else None


def _is_signed(key: str, signature: str, signed: bytes) -> bool:
    """Late, for they take 50 ms to load: only who serves webhooks needs them."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(base64.b64decode(key))
    except ValueError:
        public = None
    if not isinstance(public, EllipticCurvePublicKey):
        raise WebhookRefused("NEWSLETTER_WEBHOOK_KEY is not SendGrid's verification key", status=503)
    try:
        public.verify(base64.b64decode(signature), signed, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


_KINDS = {
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
_DROPPED = {
    "bounced address": (EventKind.BOUNCED, True),
    "invalid": (EventKind.BOUNCED, True),
    "spam reporting address": (EventKind.COMPLAINED, False),
    "unsubscribed address": (EventKind.UNSUBSCRIBED, False),
}
"""By reason, of what SendGrid did not even try; any other reason says nothing about the address."""
_ABOUT_THE_ADDRESS = {"", "invalid address", "unclassified"}
"""Classifications of bounces that say that there is no such address."""


def _event(said: dict[str, Any], now: datetime) -> Event:
    raw = json.dumps(said)
    kind, permanent = _kind(said)
    own = text(said, "sg_event_id")
    return Event(
        provider=SendGrid.name,
        key=own if 0 < len(own) <= 200 else key_of(raw),
        kind=kind,
        at=moment(find(said, "timestamp"), now),
        email=text(said, "email") or None,
        delivery_id=text(said, DELIVERY) or None,
        reference=_short(text(said, "sg_message_id")) or None,
        permanent=permanent,
        detail=text(said, "reason") or text(said, "response"),
        raw=raw,
    )


def _kind(said: dict[str, Any]) -> tuple[EventKind, bool]:
    """What it is about, and whether a bounce is for good."""
    name = text(said, "event")
    if name == "dropped":
        return _DROPPED.get(text(said, "reason").lower(), (EventKind.BOUNCED, False))
    kind = _KINDS.get(name, EventKind.UNKNOWN)
    about_the_address = text(said, "bounce_classification").lower() in _ABOUT_THE_ADDRESS
    return kind, kind is EventKind.BOUNCED and text(said, "type") == "bounce" and about_the_address


def _short(reference: str) -> str:
    """An event's message id begins with the id of the call: `14c5d75ce93.filter0001.16648.5515E0B88.0`."""
    return re.split(r"\.(?:filter|recvd)", reference)[0]


def make(settings: config.Provider, root: Path) -> SendGrid:
    own = read_settings(Settings, settings)
    return SendGrid(
        key=read_api_key(settings, root, own.api_key_file),
        webhook_key=config.secret("webhook_key", root=root, file=own.webhook_key_file),
        api=(settings.api_url or API).rstrip("/"),
    )
