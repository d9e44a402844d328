"""What a person sees when something is not so: plain words, a way on, and nothing of our insides."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from newsletter.errors import LinkExpired, LinkInvalid
from newsletter.web.desk import desk

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
    413: ("That was too much", "The request was larger than any of our forms."),
    421: ("Not our address", "This service does not answer under that name."),
    429: ("Please wait a little", "There were very many requests from your network. Try again in a minute."),
    503: ("We are busy", "Please try again in a minute. Nothing was lost."),
}


def explain(web: Flask) -> None:
    web.register_error_handler(HTTPException, _page)
    web.register_error_handler(LinkInvalid, _broken_link)
    web.register_error_handler(LinkExpired, _old_link)


def wants_json() -> bool:
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def _page(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]
    heading, words = WORDS.get(
        status, ("Something went wrong", "It is not your fault. Please try again later.")
    )
    if wants_json():
        answer = jsonify(error=words)
        answer.status_code = status
    else:
        answer = desk().message(heading, words, status=status, link=_home())
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _broken_link(_error: LinkInvalid) -> Response:
    return desk().message(
        "This link does not work",
        "It may have been cut off on its way. Open it from the mail again, or copy the whole of it.",
        status=404,
        link=_home(),
    )


def _old_link(_error: LinkExpired) -> Response:
    return desk().message(
        "This link is too old",
        "For your safety it worked for a while only. Ask for a new one on the page of your preferences, which is "
        "linked at the end of each issue.",
        status=410,
        link=_home(),
    )


def _home() -> dict[str, str]:
    return {"url": f"{desk().config.newsletter.public_url}/", "label": "To the first page"}
