"""An issue's page in the archive: the very bytes that were sent, less the readers' own links.

What the archive adds (facts for other sites, corrections) stands in the page between two remarks, so that anybody
can take it out again and hold the rest against what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

import jinja2
from markupsafe import Markup, escape

from newsletter.config import Config
from newsletter.render import templates as look
from newsletter.render.markdown import line_html
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Correction, Edition

_OPEN, _CLOSE = "<!-- added by the archive -->", "<!-- end of what was added -->"
_ADDED = re.compile(f"{_OPEN}.*?{_CLOSE}", re.DOTALL)
_BODY = re.compile(r"""<body\b(?:[^"'<>]|"[^"]*"|'[^']*')*>""", re.IGNORECASE)


def whole_edition(editions: Iterable[Edition]) -> Edition:
    """The one with the most sections: what a reader of everything got."""
    return max(editions, key=lambda one: (len(one.topics.ids), str(one.topics)))


def archive_page(config: Config, edition: Edition, published_at: datetime, note: Markup | None = None) -> str:
    """The page of an issue; `note` tells of its corrections and stands above it."""
    head = _added(_facts(config, edition, published_at))
    return with_note(as_sent(config, edition), note).replace("</head>", f"{head}</head>", 1)


def as_sent(config: Config, edition: Edition) -> str:
    """The HTML that was sent, the readers' own links turned to the first page."""
    home = str(escape(f"{config.newsletter.public_url}/"))
    return edition.html.replace(UNSUBSCRIBE_MARK, home).replace(PREFERENCES_MARK, home)


def with_note(page: str, note: Markup | None) -> str:
    if not note:
        return page
    body = _BODY.search(page)
    at = body.end() if body else 0
    return page[:at] + _added(note) + page[at:]


def without_additions(page: str) -> str:
    """An archive page less what the archive added: what `as_sent` gives, when nothing else was changed."""
    return _ADDED.sub("", page)


def correction_note(
    environment: jinja2.Environment, config: Config, corrections: Sequence[Correction] | None
) -> Markup | None:
    """What stands above an issue that was corrected, the newest first; None when it was not.

    `corrections` None: there are some, and they cannot be read now. Raises TemplateError.
    """
    if corrections == ():
        return None
    zone = config.newsletter.zone
    shown = [
        {"date": one.at.astimezone(zone).date(), "html": line_html(one.text)}
        for one in reversed(corrections or ())
    ]
    context = {"brand": config.brand, "corrections": shown, "readable": corrections is not None}
    return Markup(look.render(environment, "web/corrections.html.j2", context))  # noqa: S704 - it escapes


def _facts(config: Config, edition: Edition, published_at: datetime) -> str:
    """What search engines and other sites like to know."""
    address = f"{config.newsletter.public_url}/issues/{edition.issue}"
    facts = {
        "og:type": "article",
        "og:title": edition.subject,
        "og:description": edition.preheader,
        "og:url": address,
        "og:site_name": config.newsletter.name,
        "article:published_time": published_at.isoformat(),
    }
    return f'<link rel="canonical" href="{escape(address)}">' + "".join(
        f'<meta property="{name}" content="{escape(value)}">' for name, value in facts.items()
    )


def _added(text: str) -> str:
    return f"{_OPEN}{text}{_CLOSE}"
