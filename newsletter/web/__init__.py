"""The readers' and providers' door: pages that work without script, in which only a pressed button changes anything.

make_web(app) -> Flask      any WSGI server can serve it; `newsletter serve` does with Granian
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Flask

from newsletter.web import (
    archive,
    data,
    embed,
    errors,
    health,
    joining,
    journal,
    leaving,
    preferences,
    safety,
    webhooks,
)
from newsletter.web.desk import Desk

if TYPE_CHECKING:
    from newsletter.app import App

MAX_BODY = 64 * 1024
"""Bytes of a request at most: the longest form has a few hundred."""


def make_web(app: App, *, clock: Callable[[], datetime] | None = None, work: bool = True) -> Flask:
    """The web service of one site. `work`: also handle what comes in, in a thread of this process; without it
    somebody else must (`desk.worker.run_once`). Raises ConfigError, StorageError."""
    web = Flask("newsletter.web", static_folder=None, template_folder=None)
    web.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY, MAX_FORM_PARTS=50)
    web.json.sort_keys = True  # type: ignore[attr-defined]
    desk = Desk(app, clock or (lambda: datetime.now(UTC)))
    # All that can fail, and all that threads would otherwise make twice, before the first request.
    _ = app.links, app.self_service, app.budget, desk.wording, desk.style_url, desk.worker
    web.extensions["desk"] = desk
    web.before_request(desk.worker.after_fork)
    journal.keep(web)
    safety.protect(web, desk)
    errors.explain(web)
    for part in (joining, leaving, preferences, data, archive, embed, health, webhooks):
        web.register_blueprint(part.pages)
    if work:
        desk.worker.start()
    return web
