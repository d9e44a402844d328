"""`newsletter serve`: the readers' web service."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

import click

from newsletter.cli import Context
from newsletter.cli.common import pass_context
from newsletter.errors import UsageError

THREADS = 8
"""A process. What several of them want to write goes in one transaction: see storage.together."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@pass_context
def command(context: Context, host: str, port: int, workers: int) -> None:
    """Serve the readers' pages: subscribe, confirm, preferences, leave, past issues.

    Put a web server with HTTPS before it, and tell it so: [web] proxies = 1.

    \b
    Example:
      newsletter serve --port 8000 --workers 2
    """
    app = context.app()
    app.database.dispose()  # opened, and so found to be there and of this version, before any worker starts
    _ = app.keys, app.provider
    os.environ["NEWSLETTER_SITE"] = str(app.site.root)
    click.echo(f"Serving {app.config.newsletter.public_url} on http://{host}:{port} (stop with Ctrl-C)")
    if sys.stdout.isatty() and (hint := how_to_look(app.config.newsletter.public_url, host, port)):
        click.echo(hint)
    try:
        _granian(host, port, workers)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", hint="Choose another --port."
        ) from None


def how_to_look(public_url: str, host: str, port: int) -> str | None:
    """For who tries it on their own machine: under another name than its own the service does not answer, and its
    forms and mails lead to that name. None where it can be looked at as it is."""
    here = f"http://{host}:{port}"
    if urlsplit(public_url).netloc == f"{host}:{port}":
        return None
    return f'To look at it on this machine, set public_url = "{here}" in newsletter.toml and open {here}/.'


def _granian(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "newsletter.web.serve:make",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        factory=True,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    server.serve()
