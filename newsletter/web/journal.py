"""The service's log: one line of JSON a request, with nothing in it that tells of a reader.

No path (it holds the reader's link), no query, no network address, no user agent: method, route, status, time.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, g, request

from newsletter.web.errors import route

log = structlog.get_logger("newsletter.access")
METHODS = ("GET", "HEAD", "POST", "OPTIONS")


def keep(web: Flask) -> None:
    web.before_request(_begin)
    web.after_request(_end)


def configure() -> None:
    """One line of JSON an event, to stdout: for the process of the service itself, not for who only uses its pages."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def _line(event: Any, **_: Any) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _begin() -> None:
    g.began = perf_counter()


def _end(response: Response) -> Response:
    method = request.method if request.method in METHODS else "other"
    ms = round((perf_counter() - g.get("began", perf_counter())) * 1000, 1)
    log.info("request", method=method, route=route(), status=response.status_code, ms=ms)
    return response
