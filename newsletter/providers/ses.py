"""ses: Amazon SES by its API version 2, one finished mail a call, and what it publishes to an SNS topic.

SendEmail with raw content: any header, no template of theirs, one answer about one mail. SES rewrites Message-ID
and Date. Requests are signed here (AWS Signature Version 4), for boto3 tries a call again when nobody can know
whether it was taken. AWS's documentation: SES API v2 SendEmail; SNS "Verifying message signatures".
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter import config, sns
from newsletter.calling import Caller
from newsletter.errors import ConfigError, NotTaken, ProviderError, StopSending
from newsletter.news import delivery_of, find, key_of, moment, text
from newsletter.providers import read_settings
from newsletter.sigv4 import Credentials, sign
from newsletter.types import Event, EventKind, Incoming, Message, Outgoing, Receipt

PATH = "/v2/email/outbound-emails"

TOO_MUCH = {"ThrottlingException", "Throttling", "TooManyRequestsException"}
ABOUT_THE_ACCOUNT = {
    "AccountSuspendedException",
    "ConfigurationSetDoesNotExist",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "LimitExceededException",
    "MailFromDomainNotVerifiedException",
    "MissingAuthenticationTokenException",
    "NotFoundException",
    "SendingPausedException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
NO_UNICODE = "SES takes no address with letters outside ASCII before the @"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    region: str = Field(default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")
    api_key_id: str | None = None
    """The access key's id; or NEWSLETTER_API_KEY_ID."""
    api_key_file: str | None = None
    """The secret access key; or NEWSLETTER_API_KEY."""
    configuration_set: str | None = None
    """Where events are published from, and where open and click tracking are switched off."""
    topic: str | None = None
    """The ARN of the SNS topic whose messages are believed, and no other's."""


class Ses:
    name = "ses"
    max_batch = 1
    max_bytes: int | None = None
    settles: Literal["nothing"] = "nothing"

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        *,
        api: str,
        clock: Callable[[], time.struct_time] = time.gmtime,
        fetch: sns.Fetch | None = None,
    ) -> None:
        """`clock`: a signature holds the moment at which it was made, in UTC."""
        self._settings = settings
        self._credentials = credentials
        self._url = api + PATH
        self._clock = clock
        self._topic = sns.Topic(settings.topic, fetch or sns.fetch)
        self._caller = Caller(self.name, known=_known)

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """One mail."""
        (message,) = outgoing.messages()
        if not message.recipient.isascii():
            return [Receipt(message.delivery_id, "refused", reason=NO_UNICODE)]
        body = json.dumps(self._request(outgoing, message)).encode()
        at = time.strftime("%Y%m%dT%H%M%SZ", self._clock())
        headers = {"Content-Type": "application/json"}
        signed = sign("POST", self._url, headers, body, self._credentials, at=at)
        reference = text(self._caller.post(self._url, data=body, headers=signed).json(), "MessageId")
        # A success without an id is no answer that SES gives: nobody knows whose it is.
        return [Receipt(message.delivery_id, "sent", reference=reference)] if reference else []

    def _request(self, outgoing: Outgoing, message: Message) -> dict[str, Any]:
        tags = {"delivery": message.delivery_id, "batch": re.sub(r"[^A-Za-z0-9_-]", "_", outgoing.key)}
        request: dict[str, Any] = {
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(message.content).decode()}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
        }
        if self._settings.configuration_set:
            request["ConfigurationSetName"] = self._settings.configuration_set
        return request

    # --- what it tells later -----------------------------------------------------------------------------

    def read_events(self, incoming: Incoming) -> list[Event]:
        """One for each reader a message names. Raises WebhookRefused."""
        envelope = self._topic.read(incoming.body)
        if envelope["Type"] == "SubscriptionConfirmation":
            return []
        told = _told(envelope)
        at = moment(find(told, "mail", "timestamp"), moment(envelope.get("Timestamp"), incoming.now))
        return [
            Event(
                provider=self.name,
                key=key_of(text(envelope, "MessageId"), one.email),
                kind=one.kind,
                at=moment(one.at, at),
                email=one.email or None,
                delivery_id=_delivery(told),
                reference=text(told, "mail", "messageId") or None,
                permanent=one.permanent,
                detail=one.detail,
                raw=json.dumps(envelope),
            )
            for one in _news(told)
        ]


# --- what its errors say ---------------------------------------------------------------------------------


def _known(_status: int, headers: Mapping[str, str], body: bytes) -> type[ProviderError] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = {}
    named = headers.get("x-amzn-ErrorType") or text(said, "__type")
    name = named.partition(":")[0].rpartition("#")[2]
    words = (text(said, "message") or text(said, "Message")).lower()
    if any(one in words for one in ("not verified", "daily message quota")):
        return StopSending  # the sender, an account in the sandbox, a day's allowance
    if name in TOO_MUCH:
        return NotTaken
    return StopSending if name in ABOUT_THE_ACCOUNT else None


# --- what it publishes -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _One:
    """What a message says of one of its readers."""

    email: str
    kind: EventKind
    at: Any = None
    permanent: bool = False
    detail: str = ""


_KINDS: dict[str, tuple[EventKind, str, str]] = {
    "Bounce": (EventKind.BOUNCED, "bounce", "bouncedRecipients"),
    "Complaint": (EventKind.COMPLAINED, "complaint", "complainedRecipients"),
    "Delivery": (EventKind.DELIVERED, "delivery", "recipients"),
    "DeliveryDelay": (EventKind.DEFERRED, "deliveryDelay", "delayedRecipients"),
    "Reject": (EventKind.BOUNCED, "reject", ""),
    "Subscription": (EventKind.UNSUBSCRIBED, "subscription", ""),
}
"""By name: what it is, where it stands, and where the readers stand in there."""


def _told(envelope: dict[str, Any]) -> dict[str, Any]:
    """What SES said inside what SNS said; empty when it was somebody else who published."""
    try:
        found = json.loads(text(envelope, "Message"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _news(told: dict[str, Any]) -> list[_One]:
    name = text(told, "eventType") or text(told, "notificationType")
    kind, place, readers = _KINDS.get(name, (EventKind.UNKNOWN, "", ""))
    said = find(told, place) or {}
    if _is_other(name, said):
        kind = EventKind.UNKNOWN
    listed = find(said, readers) or find(told, "mail", "destination")
    return [
        _One(
            parseaddr(text(one, "emailAddress") or text(one))[1],
            kind,
            find(said, "timestamp"),
            permanent=kind is EventKind.BOUNCED and find(said, "bounceType") == "Permanent",
            detail=text(one, "diagnosticCode") or text(said, "smtpResponse") or text(said, "reason"),
        )
        for one in (listed if isinstance(listed, list) and listed else [""])
    ]


def _is_other(name: str, said: Any) -> bool:
    """Names that say one thing, and what comes with them another."""
    if name == "Complaint":
        return text(said, "complaintFeedbackType") == "not-spam"
    return name == "Subscription" and find(said, "newTopicPreferences", "unsubscribeAll") is not True


def _delivery(told: dict[str, Any]) -> str | None:
    """As a tag; or from the Message-ID that we wrote, where the notifications carry headers."""
    if tag := text(told, "mail", "tags", "delivery", 0):
        return tag
    headers = find(told, "mail", "headers")
    ours = [text(one, "value") for one in headers or [] if text(one, "name").lower() == "message-id"]
    return delivery_of(ours[0]) if ours else None


# --- settings --------------------------------------------------------------------------------------------


def make(settings: config.Provider, root: Path) -> Ses:
    own = read_settings(Settings, settings)
    key_id = config.secret("api_key_id", root=root) or own.api_key_id
    secret = config.secret("api_key", root=root, file=own.api_key_file)
    if not key_id or not secret:
        raise ConfigError(
            "SES needs an access key" if not key_id else "SES needs the access key's secret",
            where="newsletter.toml: [provider]",
            hint="Set NEWSLETTER_API_KEY_ID and NEWSLETTER_API_KEY, or api_key_id and api_key_file.",
        )
    token = config.secret("api_token", root=root)
    api = (settings.api_url or f"https://email.{own.region}.amazonaws.com").rstrip("/")
    return Ses(own, Credentials(key_id, secret, own.region, "ses", token), api=api)
