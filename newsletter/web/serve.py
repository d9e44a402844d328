"""The service as WSGI servers find it: `newsletter.web.serve:make()`, the site from NEWSLETTER_SITE or the folder."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from newsletter.app import make_app
from newsletter.config import find_site
from newsletter.web import journal, make_web


def make() -> Flask:
    """Raises ConfigError, StorageError."""
    journal.configure()
    named = os.environ.get("NEWSLETTER_SITE")
    return make_web(make_app(find_site(Path.cwd(), site=Path(named) if named else None)))
