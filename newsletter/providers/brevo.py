"""brevo: Brevo's transactional API. One call carries the body once and up to 1,000 versions with their own values.

A call has a key, under which Brevo takes it once: a call made again is answered that it was taken before. Its
documentation: reference/send-transac-email, docs/batch-send-transactional-emails, docs/heterogenous-versions-
batch-emails (the key), docs/limit-headers, docs/transactional-webhooks. What it counts (opens, clicks) is set in
the account alone: no call can switch it off.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.calling import Caller
from newsletter.errors import MaybeTaken, ProviderError, Rejected, StopSending, WebhookRefused
from newsletter.mailbox import ascii_domain, plain_address, split_mailbox
from newsletter.news import check_basic_auth, find, is_same, key_of, moment, read_json, text
from newsletter.providers import read_api_key, read_settings
from newsletter.types import (
    DELIVERY_MARK,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Event,
    EventKind,
    Incoming,
    Outgoing,
    Receipt,
    Recipient,
)
from newsletter.variables import ascii_value, check_links, fill_marks, name_marks

API = "https://api.brevo.com"
VARIABLES = {
    UNSUBSCRIBE_MARK: "{{params.unsubscribe}}",
    PREFERENCES_MARK: "{{params.preferences}}",
    DELIVERY_MARK: "{{params.delivery}}",
}
ITS_OWN = ("Reply-To", "Message-ID")
"""Headers that Brevo writes itself, the first of them from a field."""
TRAVELS = "X-Mailin-custom"
"""The header that comes back with webhooks. The reader's mail shows it: it holds our ids only."""
MOST_VALUES = 1_000_000
"""Bytes of all versions' values together."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key_file: str | None = None
    """A file with the API key; or NEWSLETTER_API_KEY."""
    webhook_key_file: str | None = None
    """A file with `user:password`, or the token, that Brevo sends along with webhooks; or NEWSLETTER_WEBHOOK_KEY."""


class TakenBefore(MaybeTaken):
    """A call under this key came before, and was accepted."""


class Brevo:
    name = "brevo"
    max_batch = 1000
    max_bytes = 15_000_000
    settles: Literal["key"] = "key"
    key_lives = timedelta(minutes=15)
    """Its pages say 15 minutes in one place and 30 in another."""

    def __init__(self, *, key: str, webhook_key: str | None = None, api: str = API) -> None:
        self._api = api
        self._headers = {"api-key": key, "Content-Type": "application/json", "Accept": "application/json"}
        self._webhook_key = webhook_key
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """The same key for the same batch, whenever it is called."""
        check_links(outgoing)
        mail = _mail(outgoing)
        body = json.dumps(mail, ensure_ascii=False, separators=(",", ":")).encode()
        held = sum(len(json.dumps(one["params"])) for one in mail["messageVersions"])
        if len(body) > self.max_bytes or held > MOST_VALUES:
            raise Rejected(f"a call of {len(body):,} bytes is more than Brevo takes")
        try:
            answer = self._caller.post(f"{self._api}/v3/smtp/email", data=body, headers=self._headers)
        except TakenBefore:
            return [Receipt(one.delivery_id, "sent") for one in outgoing.recipients]
        return _receipts(outgoing.recipients, answer.json())

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """Raises WebhookRefused. Without a `webhook_key` the secret in the address is all that is asked for."""
        if self._webhook_key:
            self._check(incoming, self._webhook_key)
        said = read_json(incoming.body)
        listed = said if isinstance(said, list) else [said]
        return [_event(one, incoming.now) for one in listed if isinstance(one, dict) and one]

    def _check(self, incoming: Incoming, expected: str) -> None:
        if ":" in expected:
            return check_basic_auth(incoming, expected)
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_same(token.strip(), expected):
            raise WebhookRefused("the token is wrong")
        return None


# --- what it is given ------------------------------------------------------------------------------------


def _mail(outgoing: Outgoing) -> dict[str, Any]:
    headers = [(name, value) for name, value in outgoing.headers if name not in ITS_OWN]
    mail: dict[str, Any] = {
        "sender": _mailbox(outgoing.sender),
        "subject": _template(outgoing.subject),
        "htmlContent": _template(outgoing.html),
        "textContent": _template(outgoing.text),
        "headers": {"idempotencyKey": call_key(outgoing)},
        "messageVersions": [_version(one, headers, outgoing.key) for one in outgoing.recipients],
    }
    if reply_to := dict(outgoing.headers).get("Reply-To"):
        mail["replyTo"] = _mailbox(reply_to)
    return mail


def _version(reader: Recipient, headers: Sequence[tuple[str, str]], key: str) -> dict[str, Any]:
    filled = {name: ascii_value(fill_marks(value, reader)) for name, value in headers}
    return {
        "to": [{"email": plain_address(reader.email)}],
        "params": {
            "delivery": reader.delivery_id,
            "unsubscribe": reader.unsubscribe_url,
            "preferences": reader.preferences_url,
        },
        "headers": {**filled, TRAVELS: f"delivery:{reader.delivery_id}|batch:{key}"},
    }


def _template(shared: str) -> str:
    """As its template language reads it: only our own variables may open a brace. A style sheet's `{#top` would
    begin a comment; a blank after the brace changes nothing else."""
    return name_marks(re.sub(r"\{(?=[{%#])", "{ ", shared), VARIABLES)


def _mailbox(value: str) -> dict[str, str]:
    name, address = split_mailbox(value)
    return {"email": ascii_domain(address), **({"name": name} if name else {})}


def call_key(outgoing: Outgoing) -> str:
    """A UUID of the batch, and of the site: two sites with one account must not take each other's for their own.
    Nothing that a person could change meanwhile is in it."""
    site = urlsplit(outgoing.recipients[0].unsubscribe_url).netloc if outgoing.recipients else ""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{site} {outgoing.sender} {outgoing.kind} {outgoing.key}"))


# --- what it says ----------------------------------------------------------------------------------------


def _receipts(recipients: Sequence[Recipient], said: Any) -> list[Receipt]:
    """One for each id, in order. What is missing from the answer is left out: nobody knows."""
    ids = find(said, "messageIds")
    if not isinstance(ids, list):
        ids = [find(said, "messageId")]
    named = [text(one).strip("<>") for one in ids]
    found = [
        Receipt(one.delivery_id, "sent", reference=reference)
        for one, reference in zip(recipients, named, strict=False)
        if reference
    ]
    if not found:
        raise MaybeTaken("Brevo's answer does not name what it took")
    return found


ABOUT_THE_ACCOUNT = {
    "not_enough_credits",
    "unauthorized",
    "permission_denied",
    "account_under_validation",
    "method_not_allowed",
    "missing_parameter",
    "reseller_permission_denied",
}
_ABOUT_US = re.compile(r"\b(sender|replyTo|subject|htmlContent|textContent|idempotencyKey)\b", re.IGNORECASE)


def _known(_status: int, _headers: Mapping[str, str], body: bytes) -> type[ProviderError] | None:
    """A complaint about anything but the readers would be the same for every call."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = text(said, "code")
    if code == "duplicate_parameter":
        return TakenBefore
    if code in ABOUT_THE_ACCOUNT or (code == "invalid_parameter" and _ABOUT_US.search(text(said, "message"))):
        return StopSending
    return None


_KINDS = {
    "delivered": (EventKind.DELIVERED, False),
    "deferred": (EventKind.DEFERRED, False),
    "hard_bounce": (EventKind.BOUNCED, True),
    "invalid_email": (EventKind.BOUNCED, True),
    "soft_bounce": (EventKind.BOUNCED, False),
    "blocked": (EventKind.BOUNCED, False),
    "error": (EventKind.BOUNCED, False),
    "spam": (EventKind.COMPLAINED, False),
    "complaint": (EventKind.COMPLAINED, False),
    "unsubscribed": (EventKind.UNSUBSCRIBED, False),
}


def _event(said: dict[str, Any], now: datetime) -> Event:
    """Its `date` is in the account's own time zone: only the others are of use."""
    name, email = text(said, "event"), text(said, "email")
    reference = text(said, "message-id").strip("<>")
    at = next((text(said, field) for field in ("ts_event", "ts") if text(said, field)), "")
    kind, permanent = _KINDS.get(name, (EventKind.UNKNOWN, False))
    return Event(
        provider=Brevo.name,
        key=key_of(name, email, reference, at, text(said, "ts_epoch")),
        kind=kind,
        at=moment(at, now),
        email=email or None,
        delivery_id=_travelled(said).get("delivery") or None,
        reference=reference or None,
        permanent=permanent,
        detail=text(said, "reason"),
        raw=json.dumps(said),
    )


def _travelled(said: dict[str, Any]) -> dict[str, str]:
    parts = (one.partition(":") for one in text(said, TRAVELS).split("|"))
    return {name: value for name, _, value in parts}


def make(settings: config.Provider, root: Path) -> Brevo:
    own = read_settings(Settings, settings)
    return Brevo(
        key=read_api_key(settings, root, own.api_key_file),
        webhook_key=config.secret("webhook_key", root=root, file=own.webhook_key_file),
        api=(settings.api_url or API).rstrip("/"),
    )
