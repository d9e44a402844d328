"""mailgun: Mailgun's HTTP API. One call carries the body once and up to 1,000 readers with their own variables.

Mailgun answers with one id for all, and refuses the whole call for one bad address. Its documentation:
api-reference/send/mailgun (messages, logs), user-manual/sending-messages (batch sending), user-manual/webhooks.
Accounts in Europe set `api_url` to the European address.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter import config
from newsletter.calling import Caller
from newsletter.errors import MaybeTaken, NotTaken, Rejected, StopSending, WebhookRefused
from newsletter.mailbox import plain_address, readable_mailbox
from newsletter.news import find, is_same, key_of, moment, read_object, text
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
from newsletter.variables import check_links, name_marks

API = "https://api.mailgun.net"
VARIABLES = {
    UNSUBSCRIBE_MARK: "%recipient.unsubscribe%",
    PREFERENCES_MARK: "%recipient.preferences%",
    DELIVERY_MARK: "%recipient.delivery%",
}
UNTRACKED = (("o:tracking", "no"), ("o:tracking-clicks", "no"), ("o:tracking-opens", "no"))
MOST_OPTIONS = 16 * 1024
"""Bytes that headers, options and variables may take together."""
PAGE = 300
MOST_PAGES = 100

OLDEST = timedelta(hours=12)
"""Of a webhook: Mailgun tries again for eight hours."""
AHEAD = timedelta(minutes=5)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    domain: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    """The sending domain, as Mailgun knows it: `mail.example.org`."""
    api_key_file: str | None = None
    """A file with the API key; or NEWSLETTER_API_KEY."""
    webhook_key_file: str | None = None
    """A file with the webhook signing key; or NEWSLETTER_WEBHOOK_KEY."""


class Mailgun:
    name = "mailgun"
    max_batch = 1000
    max_bytes = 25_000_000
    settles: Literal["lookup"] = "lookup"

    def __init__(self, domain: str, *, key: str, webhook_key: str | None = None, api: str = API) -> None:
        self._domain = domain
        self._api = api
        self._auth = ("api", key)
        self._webhook_key = webhook_key
        self._tokens = Tokens()
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        check_links(outgoing)
        body, content_type = _multipart(_fields(outgoing), outgoing.key)
        if len(body) > self.max_bytes:
            raise Rejected(f"a call of {len(body):,} bytes is more than Mailgun takes")
        answer = self._caller.post(
            f"{self._api}/v3/{self._domain}/messages",
            data=body,
            headers={"Content-Type": content_type},
            auth=self._auth,
        )
        taken = text(answer.json(), "id").strip("<>")
        if not taken:
            raise MaybeTaken("Mailgun's answer does not name what it took")
        variable = VARIABLES[DELIVERY_MARK]
        return [
            Receipt(one.delivery_id, "sent", reference=taken.replace(variable, one.delivery_id))
            for one in outgoing.recipients
        ]

    # --- asking ------------------------------------------------------------------------------------------

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        """Delivery id → message id of those certainly accepted under this key. Raises NotTaken, StopSending."""
        wanted = {one.delivery_id for one in recipients}
        found: dict[str, str] = {}
        for event in self._log(key, since):
            own = _variables(event)
            delivery = text(own, "delivery")
            if text(own, "batch") == key and delivery in wanted:
                found[delivery] = text(event, "message", "headers", "message-id").strip("<>")
        return found

    def _log(self, key: str, since: datetime) -> Iterator[Any]:
        """Mailgun's log of what it accepted for this batch, page by page."""
        token = ""
        for _ in range(MOST_PAGES):
            page = self._caller.ask_json(
                "POST", f"{self._api}/v1/analytics/logs", json=_question(key, since, token), auth=self._auth
            )
            events = find(page, "items")
            if not isinstance(events, list):
                raise NotTaken("Mailgun's log cannot be read")
            yield from events
            token = text(page, "pagination", "next")
            if not token or len(events) < PAGE:
                return

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """Raises WebhookRefused, never with 406: Mailgun would not come again."""
        said = read_object(incoming.body)
        event = find(said, "event-data")
        if not isinstance(event, dict):
            raise WebhookRefused("the body tells of no event", status=400)
        raw = json.dumps(event)
        self._check(find(said, "signature"), raw, incoming.now)
        kind, permanent = _kind(event)
        return [
            Event(
                provider=self.name,
                key=text(event, "id") or key_of(raw),
                kind=kind,
                at=moment(find(event, "timestamp"), incoming.now),
                email=text(event, "recipient") or None,
                delivery_id=text(_variables(event), "delivery") or None,
                reference=text(event, "message", "headers", "message-id").strip("<>") or None,
                permanent=permanent,
                detail=_detail(event),
                raw=raw,
            )
        ]

    def _check(self, signature: Any, event: str, now: datetime) -> None:
        """The signature covers a time and a token, not the event: so each token vouches for one event only."""
        if not self._webhook_key:
            raise WebhookRefused("the webhook signing key is not set: NEWSLETTER_WEBHOOK_KEY", status=503)
        at, token = text(signature, "timestamp"), text(signature, "token")
        signed = f"{at}{token}".encode()
        expected = hmac.new(self._webhook_key.encode(), signed, hashlib.sha256).hexdigest()
        if not token or not is_same(text(signature, "signature"), expected):
            raise WebhookRefused("the signature is wrong")
        made = moment(at, now - 2 * OLDEST)
        if not now - OLDEST <= made <= now + AHEAD:
            raise WebhookRefused("the signature is too old")
        if not self._tokens.vouches(token, event):
            raise WebhookRefused("the signature was made for another event")


class Tokens:
    """Which event each signature came with, of the latest ones: one seen on its way cannot be used for another."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._seen: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def vouches(self, token: str, event: str) -> bool:
        known = key_of(event)
        with self._lock:
            seen = self._seen.setdefault(token, known)
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
        return seen == known


# --- what it is given ------------------------------------------------------------------------------------


def _fields(outgoing: Outgoing) -> list[tuple[str, str]]:
    to = [(plain_address(one.email), one) for one in outgoing.recipients]
    options = [
        *((f"h:{name}", name_marks(value, VARIABLES)) for name, value in outgoing.headers),
        *UNTRACKED,
        ("v:delivery", VARIABLES[DELIVERY_MARK]),
        ("v:batch", outgoing.key),
    ]
    if sum(len(name) + len(value.encode()) for name, value in options) > MOST_OPTIONS:
        raise StopSending("the headers of the mail are longer than Mailgun takes")
    return [
        ("from", readable_mailbox(outgoing.sender)),
        *(("to", address) for address, _ in to),
        ("subject", name_marks(outgoing.subject, VARIABLES)),
        ("text", name_marks(outgoing.text, VARIABLES)),
        ("html", name_marks(outgoing.html, VARIABLES)),
        ("recipient-variables", json.dumps({address: _own(one) for address, one in to})),
        *options,
    ]


def _own(reader: Recipient) -> dict[str, str]:
    return {
        "delivery": reader.delivery_id,
        "unsubscribe": reader.unsubscribe_url,
        "preferences": reader.preferences_url,
    }


def _multipart(fields: list[tuple[str, str]], key: str) -> tuple[bytes, str]:
    """The same bytes for the same call, so no boundary by chance."""
    from urllib3.filepost import encode_multipart_formdata

    return encode_multipart_formdata(fields, boundary=hashlib.sha256(key.encode()).hexdigest()[:40])


def _question(key: str, since: datetime, token: str) -> dict[str, Any]:
    return {
        "start": format_datetime(since - timedelta(minutes=10)),
        "events": ["accepted"],
        "filter": {
            "AND": [
                {
                    "attribute": "user_variables",
                    "comparator": "contains",
                    "values": [{"label": key, "value": key}],
                }
            ]
        },
        "pagination": {"sort": "timestamp:asc", "limit": PAGE, **({"token": token} if token else {})},
    }


# --- what it says ----------------------------------------------------------------------------------------


_ABOUT_US = re.compile(rb'"message":\s*"\'?from\b')
"""`'from' parameter is not a valid address`: what every call would be told."""


def _known(_status: int, _headers: Mapping[str, str], body: bytes) -> type[StopSending] | None:
    return StopSending if _ABOUT_US.search(body) else None


def _variables(event: Any) -> Any:
    """What we gave along: an object in webhooks, JSON in a string in the log."""
    found = find(event, "user-variables")
    if not isinstance(found, str):
        return found
    try:
        return json.loads(found)
    except (ValueError, RecursionError):
        return None


_KINDS = {
    "delivered": (EventKind.DELIVERED, False),
    "complained": (EventKind.COMPLAINED, False),
    "unsubscribed": (EventKind.UNSUBSCRIBED, False),
    "rejected": (EventKind.BOUNCED, False),
}
_FAILED = {
    "suppress-complaint": (EventKind.COMPLAINED, False),
    "suppress-unsubscribe": (EventKind.UNSUBSCRIBED, False),
    "espblock": (EventKind.BOUNCED, False),
    "old": (EventKind.BOUNCED, False),
}
"""By reason, of failures for good: what they say of the address. A mail that was given up on after days, or that
a receiver did not want from Mailgun, says nothing; any other reason says that there is no such address."""


def _kind(event: Mapping[str, Any]) -> tuple[EventKind, bool]:
    """What it is about, and whether a bounce is for good."""
    name = text(event, "event")
    if name != "failed":
        return _KINDS.get(name, (EventKind.UNKNOWN, False))
    severity = text(event, "severity")
    if severity == "temporary":
        return EventKind.DEFERRED, False
    if severity != "permanent":
        return EventKind.UNKNOWN, False
    return _FAILED.get(text(event, "reason"), (EventKind.BOUNCED, True))


def _detail(event: Mapping[str, Any]) -> str:
    status = find(event, "delivery-status")
    words = text(status, "message") or text(status, "description") or text(event, "reason")
    return f"{text(status, 'code')} {words}".strip()


def make(settings: config.Provider, root: Path) -> Mailgun:
    own = read_settings(Settings, settings)
    return Mailgun(
        own.domain,
        key=read_api_key(settings, root, own.api_key_file),
        webhook_key=config.secret("webhook_key", root=root, file=own.webhook_key_file),
        api=(settings.api_url or API).rstrip("/"),
    )
