"""Which other sites' scripts may read an answer: those configured, and only what their form needs."""

from __future__ import annotations

from flask import Response, request

from newsletter.web.desk import desk
from newsletter.web.names import origin_of

SHARED = ("/subscribe", "/challenge")


def is_configured(origin: str) -> bool:
    """May a page of `origin`, which is not ours, send this request and read its answer?"""
    return request.path in SHARED and origin_of(origin) in desk().guests


def add_cors(response: Response) -> Response:
    """Also to refusals: a page's script should be able to say what was wrong."""
    if request.path not in SHARED:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if is_configured(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = "3600"
    return response
