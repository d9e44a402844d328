"""The providers' door: what they tell later, kept before they are thanked.

    POST /webhooks/<provider>/<secret>

The secret in the address is made from the site's key; the request itself is verified by the provider's own file, on the
bytes as they came. Answers are bare: a machine reads them, and some read only the status.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import structlog
from flask import Blueprint, Response, abort, request

from newsletter.errors import WebhookRefused
from newsletter.keys import keyed_hash
from newsletter.pipeline.feedback import Taken, take_in
from newsletter.storage.database import is_busy
from newsletter.types import Event, Incoming
from newsletter.web.desk import Desk, desk

if TYPE_CHECKING:
    from newsletter.app import App

pages = Blueprint("webhooks", __name__)
log = structlog.get_logger("newsletter.webhooks")
MAX_BODY = 5 * 1024 * 1024
"""Bytes at most: some providers tell a thousand events at once."""
PURPOSE = "webhook address"
LENGTH = 32
AGAIN = 429
"""All six come again after it. Not all do after a 503, and each has one that it never forgives: 403, 406."""

ReadEvents = Callable[[Incoming], list[Event]]


@pages.post("/webhooks/<provider>/<secret>")
def take(provider: str, secret: str) -> Response:
    here = desk()
    read = reader_of(here.app, provider)
    if read is None or not is_secret(here.app.keys, provider, secret):
        abort(404)
    request.max_content_length = MAX_BODY
    incoming = Incoming(
        headers={name.lower(): value for name, value in request.headers},
        body=request.get_data(cache=False),
        query=request.args.to_dict(),
        now=here.clock(),
    )
    try:
        events = _read(read, incoming, provider)
    except WebhookRefused as refused:
        log.warning("webhook refused", provider=provider, status=refused.status, reason=refused.what)
        return _answer(refused.status)
    return _keep(here, events, incoming, provider)


def _read(read: ReadEvents, incoming: Incoming, provider: str) -> list[Event]:
    """Raises WebhookRefused, and nothing else: what trips a provider's reading is no news of ours."""
    try:
        return read(incoming)
    except WebhookRefused:
        raise
    except Exception as error:
        log.error("webhook not understood", provider=provider, error=type(error).__name__)
        raise WebhookRefused("cannot be read", status=400) from None


def _keep(here: Desk, events: list[Event], incoming: Incoming, provider: str) -> Response:
    try:
        taken = take_in(here.app.feedback, events, incoming.now)
    except Exception as error:
        if not is_busy(error):
            raise
        log.error("webhook put off", provider=provider, reason="the store is busy")
        return _answer(AGAIN)
    log.info("webhook", provider=provider, **told(taken))
    return _answer(200)


def told(taken: Taken) -> dict[str, Any]:
    """In numbers, without what is nought; no address, no id of a reader."""
    counts = {kind.value: number for kind, number in taken.new.items()}
    counts |= {"known": taken.known, "suppressed": taken.suppressed, "left": taken.left}
    return {name: number for name, number in counts.items() if number}


def _answer(status: int) -> Response:
    headers = {"Retry-After": "60"} if status == AGAIN else {}
    return Response(status=status, headers=headers, mimetype="text/plain")


# --- the address -----------------------------------------------------------------------------------------


def reader_of(app: App, provider: str) -> ReadEvents | None:
    """How the configured provider's news is read; None for any other, and for one that tells nothing."""
    if provider != app.config.provider.name:
        return None
    return cast("ReadEvents | None", getattr(app.provider, "read_events", None))


def secret_of(key: str, provider: str) -> str:
    return keyed_hash(key, PURPOSE, provider).partition(":")[2][:LENGTH]


def is_secret(keys: Sequence[str], provider: str, given: str) -> bool:
    """Of any of the site's keys: the address goes on working while a key is being changed."""
    offered = given.encode("utf-8", "replace")
    return any(hmac.compare_digest(secret_of(key, provider).encode(), offered) for key in keys)


def address(app: App) -> str | None:
    """What to enter at the configured provider; None when it tells nothing later."""
    name = app.config.provider.name
    if reader_of(app, name) is None:
        return None
    return f"{app.config.newsletter.public_url}/webhooks/{name}/{secret_of(app.keys[0], name)}"
