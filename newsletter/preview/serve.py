"""Putting the studio together: source, memory, server, watcher."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.app import App
from newsletter.preview.server import listen, make_pages, make_server
from newsletter.preview.source import Source
from newsletter.preview.studio import Studio
from newsletter.preview.watch import follow


@contextmanager
def open_studio(app: App, slug: str, *, port: int = 0) -> Iterator[str]:
    """Serve the studio for one issue while the block runs, at the address given. Raises UsageError (port)."""
    token = secrets.token_urlsafe(18)
    with listen(port) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/{token}/"
        source = Source(app, slug, link=f"{address}link")
        studio = Studio(source, app.site.root)
        server = make_server(make_pages(studio, token=token), listening)

    def saved(paths: set[Path]) -> None:
        source.forget(paths)
        studio.refresh()

    studio.refresh()
    stop = follow(app.site, app.site.issues / f"{slug}.md", saved)
    threading.Thread(target=server.serve_forever, name="preview", daemon=True).start()
    try:
        yield address
    finally:
        stop.set()
        studio.close()
        server.shutdown()
        server.server_close()
