"""Where the studio's editions come from: the very code that sends, kept warm between saves."""

from __future__ import annotations

import threading
from pathlib import Path

from newsletter.app import App, make_app
from newsletter.preview.views import Shown, show


class Source:
    """One issue of one site. Templates stay compiled, the store open, until settings or templates change."""

    def __init__(self, app: App, slug: str, *, link: str) -> None:
        self._app: App | None = app
        self._root = app.site.root
        self._slug = slug
        self._link = link
        self._lock = threading.Lock()

    def __call__(self) -> Shown:
        """The issue as its files say now. Raises ConfigError, ContentError, TemplateError."""
        with self._lock:
            if self._app is None:
                self._app = make_app(self._root)
            _, _, editions = self._app.editions(self._slug)
            return show(self._app.config, self._slug, editions, link=self._link)

    def forget(self, saved: set[Path]) -> None:
        """Called with the paths saved: after anything but the issue itself, begin anew."""
        with self._lock:
            if all(path.suffix == ".md" for path in saved) or self._app is None:
                return
            if "database" in vars(self._app):
                self._app.database.dispose()
            self._app = None
