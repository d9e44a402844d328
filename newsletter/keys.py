"""The site's secret keys: the newest makes, all are tried when something made earlier is read.

They sign readers' links and the consent log's head, and make keyed hashes: of network addresses, and of
erased readers' addresses, so that those can be recognised and not read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from newsletter.config import secret
from newsletter.errors import ConfigError
from newsletter.whole import make_file

KEY_FILE = "subscribers/secret.key"
MIN_LENGTH = 16


def load_keys(root: Path, *, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The site's keys, newest first: from NEWSLETTER_SECRET_KEY (separated by commas), else from the file in
    `subscribers/`, which is made when there is none.

    Raises ConfigError for a key that is too short to be one, and for a file that cannot be read or made.
    """
    if not environ.get("NEWSLETTER_SECRET_KEY"):
        make_key_file(root / KEY_FILE)
    text = secret("secret_key", root=root, file=KEY_FILE, environ=environ) or ""
    keys = tuple(key.strip() for key in text.replace("\n", ",").split(",") if key.strip())
    if not keys or any(len(key) < MIN_LENGTH for key in keys):
        raise ConfigError(
            f"the secret key must have at least {MIN_LENGTH} characters",
            where="NEWSLETTER_SECRET_KEY" if environ.get("NEWSLETTER_SECRET_KEY") else str(root / KEY_FILE),
            hint="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return keys


def make_key_file(path: Path) -> bool:
    """Write a new key there, for its owner's eyes alone. False, and nothing changed, when there is a file."""
    if path.exists():
        return False
    try:
        # Of two that start at once, both read the same key.
        return make_file(path, secrets.token_urlsafe(32) + "\n", mode=0o600)
    except OSError as error:
        raise ConfigError(f"the secret key cannot be made: {error.strerror}", where=str(path)) from None


def fingerprint(key: str) -> str:
    """Names a key without giving it away: tells which one a hash was made with."""
    return hashlib.sha256(b"newsletter key\n" + key.encode()).hexdigest()[:8]


def keyed_hash(key: str, purpose: str, value: str) -> str:
    """`<fingerprint>:<HMAC-SHA-256, hex>`. Hashes of one purpose tell nothing about those of another."""
    return f"{fingerprint(key)}:{_digest(key, purpose, value)}"


def matches(keys: Sequence[str], purpose: str, value: str, found: str) -> bool:
    """Was `found` made of `value` with one of these keys?"""
    return any(hmac.compare_digest(keyed_hash(key, purpose, value), found) for key in keys)


def _digest(key: str, purpose: str, value: str) -> str:
    return hmac.digest(key.encode(), f"{purpose}\n{value}".encode(), "sha256").hex()
