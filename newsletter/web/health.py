"""Is the service there, can it work, and how much has it to do."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from newsletter.errors import NewsletterError
from newsletter.web.desk import desk

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> Response:
    """The store answers. Says nothing of what is wrong: that stands in the log."""
    try:
        waiting = desk().worker.waiting()
    except NewsletterError:
        answer = jsonify(status="store unavailable")
        answer.status_code = 503
        return answer
    return jsonify(status="ok", waiting=waiting)
