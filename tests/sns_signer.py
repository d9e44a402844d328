"""A topic of our own: messages signed as Amazon signs them, with a certificate made for the tests."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:123456789012:newsletter"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"


@cache
def key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate() -> bytes:
    """Of key 0, as a PEM file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key(0).public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key(0), hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def notification(message: Any, *, version: str = "2", by: int = 0, **more: str) -> dict[str, str]:
    """A signed message of the topic; `more` is in it when it is signed. `message` is made JSON."""
    said = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps(message),
        "Timestamp": "2026-11-26T08:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **more,
    }
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    hashed = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = key(by).sign(signed.encode(), padding.PKCS1v15(), hashed)
    return {**said, "Signature": base64.b64encode(signature).decode()}


def subscription(**more: str) -> dict[str, str]:
    own = {"Type": "SubscriptionConfirmation", "SubscribeURL": SUBSCRIBE, "Token": "abc"}
    return notification("Visit", **{**own, **more})
