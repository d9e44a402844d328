"""What a person sees when something is not so: plain words, a way on, and nothing of our insides.

What went wrong inside stands in the log, by its kind and place alone: words and paths can hold a reader's
address or link.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import structlog
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from newsletter.errors import LinkExpired, LinkInvalid, StorageError, TemplateError
from newsletter.storage.database import is_busy
from newsletter.web.desk import desk

log = structlog.get_logger("newsletter.web")
HOME = "To the first page"
SORRY = ("Something went wrong", "It is not your fault. Please try again later.")
WORDS = {
    400: (
        "That did not work",
        "Something in the request was not as it should be. Please go back and try again.",
    ),
    403: (
        "This form is not ours",
        "It was sent from a page that we do not know. Please use the form on our own site.",
    ),
    404: ("There is no such page", "The address may be mistyped, or the link was cut off on its way to you."),
    405: ("That cannot be done here", "Please go back and use the button on the page."),
    410: ("There is nothing here any more", "Your data has been erased."),
    413: ("That was too much", "The request was larger than any of our forms."),
    421: ("Not our address", "This service does not answer under that name."),
    429: ("Please wait a little", "There were very many requests from your network. Try again in a minute."),
    503: ("We are busy", "Please try again in a minute."),
}
WAIT = {429: "60", 503: "10"}
"""Seconds, for Retry-After."""


def explain(web: Flask) -> None:
    web.register_error_handler(HTTPException, _page)
    web.register_error_handler(LinkInvalid, _broken_link)
    web.register_error_handler(LinkExpired, _old_link)
    web.register_error_handler(Exception, _failure)


def wants_json() -> bool:
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def _page(error: HTTPException) -> Response:
    answer = _tell(error.code or 500)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _tell(status: int) -> Response:
    heading, words = WORDS.get(status, SORRY)
    if wants_json():
        answer = jsonify(error=words)
        answer.status_code = status
    else:
        answer = _shown(heading, words, status)
    if status in WAIT:
        answer.headers["Retry-After"] = WAIT[status]
    return answer


def _shown(heading: str, words: str, status: int) -> Response:
    try:
        return desk().message(heading, words, status=status, link=desk().home(HOME))
    except TemplateError:  # the page that broke may be the one that all are built on
        return Response(f"{heading}. {words}\n", status, mimetype="text/plain")


def _broken_link(_error: LinkInvalid) -> Response:
    return desk().message(
        "This link does not work",
        "It may have been cut off on its way. Open it from the e-mail again, or copy the whole of it.",
        status=404,
        link=desk().home(HOME),
    )


def _old_link(_error: LinkExpired) -> Response:
    return desk().message(
        "This link is too old",
        "For your safety it worked for a while only. Ask for a new one on the page of your preferences, which is "
        "linked at the end of each issue.",
        status=410,
        link=desk().home(HOME),
    )


def _failure(error: Exception) -> Response:
    """A store that is busy or away is for a moment; anything else is a mistake of ours."""
    if is_busy(error) or isinstance(error, StorageError):
        log.warning("the store is busy", kind=type(error).__name__, route=route())
        return _tell(503)
    log.error("a request failed", kind=type(error).__name__, route=route(), at=places(error))
    return _tell(500)


def route() -> str:
    """The pattern, never the path: a path can hold a reader's link."""
    return request.url_rule.rule if request.url_rule else "-"


def places(error: BaseException) -> str:
    """Where it happened, the innermost last, without a word of what was being handled."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
