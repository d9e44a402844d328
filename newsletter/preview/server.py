"""The socket and the server behind the studio: 127.0.0.1 alone, a thread for each request."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from flask import Flask

from newsletter.errors import UsageError

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer


def listen(port: int) -> socket.socket:
    """A socket on 127.0.0.1 alone. Port 0: any free one. Raises UsageError when it is taken."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise UsageError(
            f"port {port} cannot be used: {reason}", hint="Leave --port out to take any free one."
        ) from None


def make_server(pages: Flask, listening: socket.socket) -> BaseWSGIServer:
    """A server that answers each request in a thread of its own."""
    from werkzeug.serving import WSGIRequestHandler
    from werkzeug.serving import make_server as make

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """A line for each request would bury what the editor should read, and hold the token."""

    host, port = listening.getsockname()
    server = make(host, port, pages, threaded=True, request_handler=Quiet, fd=listening.fileno())
    server.daemon_threads = True  # type: ignore[attr-defined]  # pages left open must not hold up the end
    return server
