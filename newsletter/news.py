"""What every webhook needs to read a request that anybody may have sent: nothing here can fail but by refusing it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

from newsletter.errors import WebhookRefused
from newsletter.types import Incoming


def read_json(body: bytes) -> Any:
    """Raises WebhookRefused with status 400."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookRefused("the body is not JSON", status=400) from None


def read_object(body: bytes) -> dict[str, Any]:
    """Raises WebhookRefused with status 400."""
    found = read_json(body)
    if not isinstance(found, dict):
        raise WebhookRefused("the body is not a JSON object", status=400)
    return found


def find(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and positions; None when there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """The string or number at a path, as text that any store takes; empty when there is none."""
    found = find(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    # Half of a surrogate pair and NUL are possible in JSON, and in no database.
    return str(found).encode("utf-8", "replace").decode().replace("\x00", "")


def moment(value: Any, otherwise: datetime) -> datetime:
    """A time as ISO 8601 or in seconds since 1970, in UTC; `otherwise` when it is neither."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return otherwise


def key_of(*parts: str) -> str:
    """A name for an event that has none of its own: the same for the same parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def delivery_of(message_id: str) -> str | None:
    """The delivery that a Message-ID of ours names: `<7-12.2026-11-26@example.org>` → `7-12`."""
    found = re.fullmatch(r"\s*<?([a-z]*-?[0-9]+(?:-[0-9]+)?)\.[^@\s]+@[^@\s>]+>?\s*", message_id)
    return found[1] if found else None


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def check_basic_auth(incoming: Incoming, expected: str) -> None:
    """`expected` is `user:password`. Raises WebhookRefused with status 401."""
    scheme, _, coded = incoming.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(coded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        given = ""
    if scheme.lower() != "basic" or not is_same(given, expected):
        raise WebhookRefused("the user name or the password is wrong", status=401)
