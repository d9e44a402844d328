"""AWS Signature Version 4: the headers that prove a request to be ours.

AWS's documentation: "Create a signed AWS API request". Every header given is signed, beside host and date.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True, slots=True)
class Credentials:
    key_id: str
    secret: str
    region: str
    service: str
    token: str | None = None
    """Of temporary credentials."""


def sign(
    method: str, url: str, headers: Mapping[str, str], body: bytes, own: Credentials, *, at: str
) -> dict[str, str]:
    """`headers` with those that sign the request; `at` is the moment as `20150830T123600Z`."""
    parts = urlsplit(url)
    signed = {**headers, "X-Amz-Date": at}
    if own.token:
        signed["X-Amz-Security-Token"] = own.token
    named = {
        name.lower(): " ".join(value.split()) for name, value in {**signed, "Host": parts.netloc}.items()
    }
    names = ";".join(sorted(named))
    query = sorted((_encode(name), _encode(value)) for name, value in parse_qsl(parts.query, True))
    request = [method, quote(parts.path or "/", safe="/-_.~"), "&".join(f"{one}={two}" for one, two in query)]
    request += [
        *(f"{name}:{named[name]}" for name in sorted(named)),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    ]
    scope = f"{at[:8]}/{own.region}/{own.service}/aws4_request"
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    signature = _hmac(_signing_key(own, at[:8]), f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}").hex()
    proof = f"Credential={own.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "Authorization": f"AWS4-HMAC-SHA256 {proof}"}


def _signing_key(own: Credentials, day: str) -> bytes:
    key = f"AWS4{own.secret}".encode()
    for step in (day, own.region, own.service, "aws4_request"):
        key = _hmac(key, step)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
