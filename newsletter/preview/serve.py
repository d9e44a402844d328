"""Putting the studio together: source, memory, inspector, server, watcher."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from newsletter.app import App
from newsletter.preview.inspection import Inspector
from newsletter.preview.pages import make_pages
from newsletter.preview.server import listen, make_server
from newsletter.preview.source import Source
from newsletter.preview.studio import Studio
from newsletter.preview.watch import follow


@contextmanager
def open_studio(
    app: App, slug: str, *, port: int = 0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[str]:
    """Serve the studio for one issue while the block runs, at the address given. Raises UsageError (port)."""
    token = secrets.token_urlsafe(18)
    with listen(port) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/{token}/"
        links = (f"{address}link/unsubscribe", f"{address}link/preferences")
        source = Source(app, slug, links=links)
        studio = Studio(source, app.site.root)
        studio.refresh()
        inspector = Inspector(studio, clock)
        server = make_server(make_pages(studio, inspector, token=token, clock=clock), listening)

    def saved(paths: set[Path]) -> None:
        if any(path.suffix != ".json" for path in paths):  # a seal is not shown in the mail
            source.forget(paths)
            studio.refresh()
        inspector.look()

    inspector.look()
    stop = follow(app.site, app.composer.path(slug), app.approvals.path(slug), saved)
    serve = partial(server.serve_forever, poll_interval=0.05)  # also how long its end is waited for
    threading.Thread(target=serve, name="preview", daemon=True).start()
    try:
        yield address
    finally:
        stop.set()
        inspector.close()
        studio.close()
        server.shutdown()
        server.server_close()
