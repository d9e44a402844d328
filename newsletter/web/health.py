"""Is the service there, can it work, and how much has it to do."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from flask import Blueprint, Response, abort, jsonify, request

from newsletter.config import secret
from newsletter.storage import mails, subscribers, wishes
from newsletter.storage.database import reading
from newsletter.web.desk import Desk, desk

pages = Blueprint("health", __name__)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format, https://prometheus.io/docs/instrumenting/exposition_formats/."""


@pages.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> Response:
    """The store answers and the post is at work. No numbers: who asked to join and then saw whether a mail waits
    would know more than `POST /subscribe` told. What is wrong stands in the log."""
    here = desk()
    with reading(here.app.database) as conn:
        mails.count_waiting(conn)
    if not here.worker.works:
        abort(503)
    return jsonify(status="ok")


@pages.get("/metrics")
def metrics() -> Response:
    """For who has NEWSLETTER_METRICS_TOKEN; without one there is no such page. All numbers come from the store, so
    that every process of the service tells the same."""
    here = desk()
    token = secret("metrics_token", root=here.app.site.root)
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)
    return Response("\n".join(_lines(here)) + "\n", content_type=TEXT)


def _lines(here: Desk) -> Iterator[str]:
    with reading(here.app.database) as conn:
        states = subscribers.count_by_state(conn)
        wishing, waiting = wishes.count_wishes(conn), mails.count_waiting(conn)
        oldest = mails.oldest_waiting(conn)
    age = max(0.0, (here.clock() - oldest).total_seconds()) if oldest else 0.0
    yield from _gauge("newsletter_subscribers", "Readers by state.")
    yield from (f'newsletter_subscribers{{state="{state}"}} {count}' for state, count in states.items())
    yield from _gauge("newsletter_wishes_waiting", "Requests to join that nobody has looked at yet.")
    yield f"newsletter_wishes_waiting {wishing}"
    yield from _gauge("newsletter_mails_waiting", "Single mails that are still to be sent.")
    yield f"newsletter_mails_waiting {waiting}"
    yield from _gauge("newsletter_mails_oldest_seconds", "How long the oldest of them has been waiting.")
    yield f"newsletter_mails_oldest_seconds {age:.0f}"


def _gauge(name: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} gauge"
