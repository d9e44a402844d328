"""postmark: Postmark's batch API, each mail whole, and what it posts to us later.

A batch answers 200 even when mails in it failed: each has an ErrorCode of its own. Issues go by a broadcast
stream, single mails by a transactional one. Postmark's documentation: developer/api/email-api, messages-api,
webhooks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from newsletter import config
from newsletter.calling import Caller
from newsletter.errors import ConfigError, NotTaken, Rejected, StopSending
from newsletter.filling import TO_MARK, Form, in_html
from newsletter.mailbox import readable_mailbox
from newsletter.news import check_basic_auth, find, key_of, moment, read_object, text
from newsletter.providers import read_settings
from newsletter.types import DELIVERY_MARK, Event, EventKind, Incoming, Outgoing, Receipt, Recipient

API = "https://api.postmarkapp.com"
PAGE = 500
FURTHEST = 10_000
"""Search results beyond this one are not given."""

ABOUT_THE_ACCOUNT = {10, 100, 400, 401, 405, 411, 412, 413, 1221, 1222, 1223, 1224, 1226, 1235, 1236}
"""Error codes that every mail would get: the token, the sender, the account's standing, the stream."""
TOO_MUCH = {429}


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key_file: str | None = None
    """The server's token; or NEWSLETTER_API_KEY."""
    webhook_key_file: str | None = None
    """`user:password` that Postmark sends along with webhooks; or NEWSLETTER_WEBHOOK_KEY."""
    stream: str = "broadcast"
    """The message stream of issues."""
    single_stream: str = "outbound"
    """The message stream of confirmations and other single mails."""


class Postmark:
    name = "postmark"
    max_batch = 500
    max_bytes = 50_000_000
    settles: Literal["lookup"] = "lookup"

    def __init__(self, settings: Settings, *, token: str, webhook_key: str | None, api: str = API) -> None:
        self._settings = settings
        self._webhook_key = webhook_key
        self._api = api
        self._headers = {"X-Postmark-Server-Token": token, "Accept": "application/json"}
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        body = Form(self._mail(outgoing)).fill_all(outgoing.recipients)
        if len(body) > self.max_bytes:
            raise Rejected(f"a call of {len(body):,} bytes is more than Postmark takes")
        answer = self._caller.post(
            f"{self._api}/email/batch",
            data=body,
            headers={**self._headers, "Content-Type": "application/json"},
        )
        return _receipts(outgoing.recipients, answer.json())

    def _mail(self, outgoing: Outgoing) -> dict[str, Any]:
        stream = self._settings.single_stream if outgoing.single else self._settings.stream
        own = dict(outgoing.headers)
        mail = {
            "From": readable_mailbox(outgoing.sender),
            "To": TO_MARK,
            "Subject": outgoing.subject,
            "HtmlBody": in_html(outgoing.html),
            "TextBody": outgoing.text,
            "MessageStream": stream,
            "TrackOpens": False,
            "TrackLinks": "None",
            "Metadata": {"delivery": DELIVERY_MARK, "batch": outgoing.key},
        }
        if reply_to := own.pop("Reply-To", None):
            mail["ReplyTo"] = readable_mailbox(reply_to)
        if "Message-ID" in own:
            own["X-PM-KeepID"] = "true"
        if own:
            mail["Headers"] = [{"Name": name, "Value": value} for name, value in own.items()]
        return mail

    # --- asking ------------------------------------------------------------------------------------------

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        """Delivery id → MessageID of those certainly accepted under this key. Raises NotTaken, StopSending."""
        wanted = {one.delivery_id for one in recipients}
        by_address = {one.email.lower(): one.delivery_id for one in recipients}
        found: dict[str, str] = {}
        for stream in dict.fromkeys((self._settings.stream, self._settings.single_stream)):
            for message in self._search(stream, key, since):
                to = text(message, "Recipients", 0).lower()
                delivery = text(message, "Metadata", "delivery") or by_address.get(to, "")
                if delivery in wanted:
                    found[delivery] = text(message, "MessageID")
        return found

    def _search(self, stream: str, key: str, since: datetime) -> list[Any]:
        found: list[Any] = []
        while True:
            query = {
                "messagestream": stream,
                "metadata_batch": key,
                "fromdate": f"{since - timedelta(days=1):%Y-%m-%d}",  # its days are those of New York
                "count": str(PAGE),
                "offset": str(len(found)),
            }
            answer = self._caller.ask(f"{self._api}/messages/outbound", headers=self._headers, params=query)
            page = _of(answer.body, "Messages")
            found += page
            if len(page) < PAGE or len(found) + PAGE > FURTHEST:
                return found

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """Raises WebhookRefused: 401, for at 403 Postmark never comes again. Without a `webhook_key` the secret
        in the address is all that is asked for."""
        if self._webhook_key:
            check_basic_auth(incoming, self._webhook_key)
        said = read_object(incoming.body)
        email = text(said, "Recipient") or text(said, "Email")
        kind, permanent = _kind(said)
        at = next((said[name] for name in _MOMENTS if said.get(name)), None)
        own = text(said, "ID")
        record = text(said, "RecordType")
        return [
            Event(
                provider=self.name,
                key=f"{record}-{own}"
                if own
                else key_of(record, text(said, "MessageID"), email, text(said, "SuppressionReason"), str(at)),
                kind=kind,
                at=moment(at, incoming.now),
                email=email or None,
                delivery_id=text(said, "Metadata", "delivery") or None,
                reference=text(said, "MessageID") or None,
                permanent=permanent,
                detail=text(said, "Details") or text(said, "Description") or text(said, "SuppressionReason"),
                raw=json.dumps(said),
            )
        ]


# --- reading what it answers -----------------------------------------------------------------------------


def _known(
    _status: int, _headers: Mapping[str, str], body: bytes
) -> type[NotTaken] | type[StopSending] | None:
    """Its codes look like HTTP's and are not: 406 is an inactive recipient."""
    try:
        code = _code(json.loads(body))
    except (ValueError, RecursionError):
        return None
    if code in TOO_MUCH:
        return NotTaken
    return StopSending if code in ABOUT_THE_ACCOUNT else None


def _code(said: Any) -> int | None:
    code = find(said, "ErrorCode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _receipts(recipients: Sequence[Recipient], answers: Any) -> list[Receipt]:
    """One for each in order. What is missing from the answer is left out: nobody knows."""
    listed = answers if isinstance(answers, list) else []
    pairs = list(zip(recipients, listed, strict=False))
    held = [said for _, said in pairs if _code(said) in ABOUT_THE_ACCOUNT | TOO_MUCH]
    if held and len(held) == len(recipients):
        _all_held(held[0])
    return [receipt for one, said in pairs if (receipt := _receipt(one, said))]


def _all_held(said: Any) -> None:
    what = f"Postmark takes nothing: {text(said, 'ErrorCode')} {text(said, 'Message')}"
    if _code(said) in TOO_MUCH:
        raise NotTaken(what)
    raise StopSending(what, hint="It is about the account, the sender or the stream, not about a reader.")


def _receipt(one: Recipient, said: Any) -> Receipt | None:
    code = _code(said)
    if code is None:
        return None
    if code == 0:
        return Receipt(one.delivery_id, "sent", reference=text(said, "MessageID") or None)
    reason = f"{code}: {text(said, 'Message')}"
    later = code in ABOUT_THE_ACCOUNT | TOO_MUCH
    return Receipt(one.delivery_id, "later" if later else "refused", reason=reason)


def _of(body: bytes, name: str) -> list[Any]:
    try:
        found = find(json.loads(body), name)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise NotTaken("Postmark's answer to a question cannot be read")
    return found


_MOMENTS = ("BouncedAt", "DeliveredAt", "ChangedAt", "ReceivedAt")
_BOUNCES: dict[str, tuple[EventKind, bool]] = {
    "HardBounce": (EventKind.BOUNCED, True),
    "BadEmailAddress": (EventKind.BOUNCED, True),
    "ManuallyDeactivated": (EventKind.BOUNCED, True),
    "SoftBounce": (EventKind.BOUNCED, False),
    "DnsError": (EventKind.BOUNCED, False),
    "Blocked": (EventKind.BOUNCED, False),
    "SpamNotification": (EventKind.BOUNCED, False),
    "VirusNotification": (EventKind.BOUNCED, False),
    "DMARCPolicy": (EventKind.BOUNCED, False),
    "SMTPApiError": (EventKind.BOUNCED, False),
    "Transient": (EventKind.DEFERRED, False),
    "SpamComplaint": (EventKind.COMPLAINED, False),
    "Unsubscribe": (EventKind.UNSUBSCRIBED, False),
}
"""By Type. Others (answering machines, challenges, subscriptions) say nothing about an address."""
_SUPPRESSED: dict[str, tuple[EventKind, bool]] = {
    "HardBounce": (EventKind.BOUNCED, True),
    "SpamComplaint": (EventKind.COMPLAINED, False),
    "ManualSuppression": (EventKind.UNSUBSCRIBED, False),
}


def _kind(said: dict[str, Any]) -> tuple[EventKind, bool]:
    """What it is about, and whether a bounce is for good."""
    unknown = (EventKind.UNKNOWN, False)
    record = text(said, "RecordType")
    if record == "Delivery":
        return EventKind.DELIVERED, False
    if record == "SpamComplaint":
        return EventKind.COMPLAINED, False
    if record == "Bounce":
        return _BOUNCES.get(text(said, "Type"), unknown)
    if record == "SubscriptionChange" and said.get("SuppressSending") is True:
        reason, origin = text(said, "SuppressionReason"), text(said, "Origin")
        by_us = reason == "ManualSuppression" and origin != "Recipient"
        return unknown if by_us else _SUPPRESSED.get(reason, unknown)
    return unknown


def make(settings: config.Provider, root: Path) -> Postmark:
    own = read_settings(Settings, settings)
    token = config.secret("api_key", root=root, file=own.api_key_file)
    if not token:
        raise ConfigError(
            "Postmark needs the server's API token",
            where="newsletter.toml: [provider]",
            hint="Set NEWSLETTER_API_KEY, or name a file that holds it with api_key_file.",
        )
    webhook_key = config.secret("webhook_key", root=root, file=own.webhook_key_file)
    api = (settings.api_url or API).rstrip("/")
    return Postmark(own, token=token, webhook_key=webhook_key, api=api)
