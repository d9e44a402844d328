"""Messages of one Amazon SNS topic, told from everybody else's.

Anybody can have a topic whose messages carry Amazon's signature: only the pinned one is believed. AWS's
documentation: "Verifying the signatures of Amazon SNS messages", "HTTP/HTTPS notification JSON format".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from newsletter.calling import Caller
from newsletter.errors import ProviderError, WebhookRefused
from newsletter.news import is_same, read_object, text

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]

_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
LONGEST_CERTIFICATE = 32 * 1024
MOST_KEPT = 16

Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Raises ProviderError. A few seconds at most: SNS itself waits no longer than 15 for us."""
    return Caller("Amazon SNS", connect_within=3, answer_within=5).ask(url).body


class Topic:
    """The one topic that is believed. Safe to share between threads."""

    def __init__(self, arn: str | None, fetch: Fetch = fetch) -> None:
        self._arn = arn
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        """Public keys by the address of their certificate: AWS changes it about once a year."""

    def read(self, body: bytes) -> dict[str, Any]:
        """A genuine message of this topic; its subscription is confirmed on the way.

        Raises WebhookRefused: 401 for what is not genuine, 400 for what is no message, 503 for come again.
        """
        said = read_object(body)
        if not self._arn or not is_same(text(said, "TopicArn"), self._arn):
            raise WebhookRefused("it is not of the topic in [provider] topic")
        self._verify(said)
        if said["Type"] == "SubscriptionConfirmation":
            self._get(_amazon(text(said, "SubscribeURL")))
        return said

    def _verify(self, said: dict[str, Any]) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        version = text(said, "SignatureVersion")
        names = _SIGNED.get(text(said, "Type"), ())
        if version not in ("1", "2") or not names:
            raise WebhookRefused("it is not signed in a way that is known")
        signed = "".join(f"{name}\n{text(said, name)}\n" for name in names if name in said)
        hashed = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - theirs, by default
        try:
            signature = base64.b64decode(text(said, "Signature"), validate=True)
            self._key(text(said, "SigningCertURL")).verify(signature, signed.encode(), PKCS1v15(), hashed)
        except (InvalidSignature, binascii.Error, ValueError):
            raise WebhookRefused("the signature is not Amazon's") from None

    def _key(self, url: str) -> Any:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.x509 import load_pem_x509_certificate

        if not _CERTIFICATE.fullmatch(_amazon(url).partition(".amazonaws.com")[2].removeprefix(".cn")):
            raise WebhookRefused("the certificate is not where Amazon keeps its own")
        if url not in self._keys:
            pem = self._get(url)
            key = load_pem_x509_certificate(pem[:LONGEST_CERTIFICATE]).public_key()
            if not isinstance(key, RSAPublicKey):
                raise WebhookRefused("the certificate holds no RSA key")
            if len(self._keys) >= MOST_KEPT:
                self._keys.clear()
            self._keys[url] = key
        return self._keys[url]

    def _get(self, url: str) -> bytes:
        try:
            return self._fetch(url)
        except ProviderError as error:
            raise WebhookRefused(error.what, status=503) from None


def _amazon(url: str) -> str:
    """`url`, when it is an address of SNS itself over https; else raises WebhookRefused."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.netloc == (parts.hostname or "")
    except ValueError:
        plain = False
    if not plain or not _HOST.fullmatch(parts.netloc) or re.search(r"[\s\\@]", url):
        raise WebhookRefused("it names an address that is not Amazon's")
    return url
