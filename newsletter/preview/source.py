"""Where the studio's editions come from: the very code that sends, kept warm between saves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.app import App, make_app
from newsletter.composer import Composed
from newsletter.gallery.shown import Shown, show, variant


@dataclass(frozen=True)
class Made:
    """An issue as its files said at one moment."""

    app: App
    text: bytes
    """The issue file's."""
    composed: Composed
    shown: Shown

    @property
    def slug(self) -> str:
        return self.shown.slug


class Source:
    """One issue of one site. Templates stay compiled, the store open, until settings or templates change."""

    def __init__(self, app: App, slug: str, *, links: Sequence[str]) -> None:
        self._app: App | None = app
        self._root = app.site.root
        self._slug = slug
        self._links = links
        self._lock = threading.Lock()

    def make(self) -> Made:
        """The issue as its files say now. Raises ConfigError, ContentError, TemplateError."""
        with self._lock:
            app = self._open()
            path = app.composer.path(self._slug)
            text = path.read_bytes() if path.is_file() else b""
            composed = app.composer.compose(self._slug)
            return Made(app, text, composed, show(app.config, self._slug, composed.editions, self._links))

    def glimpse(self, before: Shown, key: str) -> Shown | None:
        """What was shown before, with one variant as the files say now: a site of six topics has 63 of them, and an
        editor looks at one. None when the variants are others now. Raises what `make` does."""
        with self._lock:
            app = self._open()
            _, _, layout = app.composer.lay_out(self._slug)
            renderer, known = app.composer.renderer, [one.key for one in before.variants]
            topics = {str(one): one for one in renderer.variants(layout)}
            if set(topics) != set(known):
                return None
            edition = renderer.edition(layout, topics[key])
            fresh = variant(edition, app.config, self._links, whole=key == known[0])
            return replace(
                before, variants=tuple(fresh if one.key == key else one for one in before.variants)
            )

    def _open(self) -> App:
        if self._app is None:
            self._app = make_app(self._root)
        return self._app

    def forget(self, saved: set[Path]) -> None:
        """Called with the paths saved: after anything but the issue itself, begin anew."""
        with self._lock:
            if all(path.suffix in (".md", ".json") for path in saved) or self._app is None:
                return
            if "database" in vars(self._app):
                self._app.database.dispose()
            self._app = None
