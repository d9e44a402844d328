"""DKIM signatures (RFC 6376) for mail that we hand to a server ourselves: rsa-sha256, which all receivers verify
(Ed25519 most of them do not).

Only what a mail of ours needs: relaxed headers, relaxed body, prebuilt bytes with CRLF. RFC 8058, section 4, asks
that both List-Unsubscribe headers be signed, which the general libraries leave out by default.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "auto-submitted",
)
ONCE = ("from", "to", "subject", "reply-to", "list-unsubscribe", "list-unsubscribe-post")
"""Named once more than they occur: a second one, added on the way, would break the signature (section 8.15)."""

SMALLEST_RSA = 1024
"""Bits: verifiers refuse less (RFC 8301, section 3.2)."""

_BLANKS = re.compile(rb"[ \t]+")


class Signer:
    """Signs as one domain and selector. Safe to share between threads."""

    def __init__(self, key: RSAPrivateKey, *, domain: str, selector: str) -> None:
        self._key = key
        self._place = f"d={domain}; s={selector}"

    def sign(self, mail: bytes) -> bytes:
        """The mail with a signature before it. `mail` has CRLF line ends."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields = _fields(head)
        names = [name for name, _ in fields if name in SIGNED] + list(ONCE)
        unsigned = (
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; {self._place};\r\n"
            f" h={_folded(names)};\r\n bh={_body_hash(body)};\r\n b="
        )
        signed = b"".join(_relaxed(name, value) + b"\r\n" for name, value in _in_order(fields, names))
        signed += _relaxed("dkim-signature", unsigned.encode())
        return f"DKIM-Signature: {unsigned}{self._signature(signed)}\r\n".encode() + mail

    def _signature(self, signed: bytes) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        made = self._key.sign(signed, PKCS1v15(), SHA256())
        coded = base64.b64encode(made).decode()
        return "\r\n ".join(coded[start : start + 72] for start in range(0, len(coded), 72))


def load_signer(path: Path, *, domain: str, selector: str) -> Signer:
    """A private key in a PEM file. Raises ConfigError."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(f"the DKIM key cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, TypeError):
        raise ConfigError("is not a private key in PEM without a password", where=str(path)) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigError("is no RSA key: most receivers verify no other", where=str(path))
    if key.key_size < SMALLEST_RSA:
        raise ConfigError(f"is an RSA key of {key.key_size} bits: receivers refuse it", where=str(path))
    return Signer(key, domain=domain, selector=selector)


# --- canonical forms (RFC 6376, section 3.4) -------------------------------------------------------------


def _fields(head: bytes) -> list[tuple[str, bytes]]:
    """Name in lower case and value of each header, folded lines and all."""
    pairs = [one.partition(b":") for one in re.split(rb"\r\n(?![ \t])", head)]
    return [(name.decode("ascii", "replace").strip().lower(), value) for name, _, value in pairs]


def _in_order(fields: list[tuple[str, bytes]], names: list[str]) -> list[tuple[str, bytes]]:
    """For each name the last of its headers that was not taken yet; none when there are no more."""
    left: dict[str, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    return [(name, left[name].pop()) for name in names if left.get(name)]


def _relaxed(name: str, value: bytes) -> bytes:
    return name.encode() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def _body_hash(body: bytes) -> str:
    """Of the relaxed form. Without regular expressions, which take ten times as long over a whole mail."""
    lines = [line.rstrip(b" \t") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    relaxed = b"\r\n".join([*lines, b""]).replace(b"\t", b" ")
    while b"  " in relaxed:
        relaxed = relaxed.replace(b"  ", b" ")
    return base64.b64encode(hashlib.sha256(relaxed).digest()).decode()


def _folded(names: list[str]) -> str:
    """A colon-separated list in lines of a few names."""
    lines = [":".join(names[start : start + 5]) for start in range(0, len(names), 5)]
    return ":\r\n ".join(lines)
