"""`newsletter demo`: the whole story on one machine."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import Context
from newsletter.cli.common import console, pass_context

if TYPE_CHECKING:
    from rich.text import Text

    from newsletter.demo.story import Step


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Make the site in DIR and leave it there; otherwise it is in a temporary folder.",
)
@click.option(
    "--serve",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Serve the sample site again, for a site that the demo made in DIR.",
)
@pass_context
def command(context: Context, keep: Path | None, serve: Path | None) -> None:
    """Run the whole story on one machine, with a sample feed: collect, build, approve, subscribe, send.

    Nothing leaves the machine: the sample site is on 127.0.0.1, and the mails go to a folder. With --keep you
    get a site to go on with: edit its issue, build --offline, preview. Pictures in its mails and new pulls need
    the sample site, which --serve brings back until you press Ctrl-C.

    \b
    newsletter demo
    newsletter demo --keep try-it
    newsletter demo --serve try-it
    """
    if keep and serve:
        raise click.UsageError("--keep makes a site, --serve goes on with one: give one of the two.")
    if serve:
        _serve(serve.resolve())
    else:
        folder = keep or Path(tempfile.mkdtemp(prefix="newsletter-demo-"))
        _run(folder.resolve(), context.now)


def _run(folder: Path, now: datetime) -> None:
    from newsletter.app import make_app
    from newsletter.cli.init import make_site
    from newsletter.demo.look import write_look
    from newsletter.demo.server import sample_site
    from newsletter.demo.settings import remember, settings
    from newsletter.demo.story import Step, first_mail, tell, where_to_look
    from newsletter.engine import moments

    clock = moments(now)
    _ask_loopback_directly()
    with sample_site(now) as sample:
        make_site(folder, settings(sample.url, folder, now))
        remember(folder, sample.url, now)
        _say(f"A sample site is served at {sample.url}, for as long as this takes.")
        _show(Step(f"newsletter init {shlex.quote(str(folder))}", ("Made a site.",)))
        app = make_app(folder)
        try:
            slug = app.slug(None, now)
            for step in tell(app, sample, clock):
                _show(step)
            page = write_look(folder, first_mail(folder, slug), sample.url)
        finally:
            app.database.dispose()
    _end(folder, slug, where_to_look(folder, slug, page))


def _ask_loopback_directly() -> None:
    """A proxy that the environment names cannot reach the sample site; nothing else is asked in the demo."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = f"{known},127.0.0.1" if known else "127.0.0.1"


def _serve(folder: Path) -> None:
    from newsletter.demo.server import sample_site
    from newsletter.demo.settings import recall

    port, now = recall(folder)
    with sample_site(now, port) as sample:
        _say(f"The sample site is served at {sample.url}. Ctrl-C ends it.")
        sys.stdout.flush()
        threading.Event().wait()


# --- what is said ----------------------------------------------------------------------------------------


def _show(step: Step) -> None:
    from rich.text import Text

    note = step.command.startswith("#")
    _say("")
    _say(Text(step.command if note else f"$ {step.command}", style="italic" if note else "bold cyan"))
    for line in step.said:
        _say(Text(f"  {line}"))


def _end(folder: Path, slug: str, places: Iterable[tuple[str, Path]]) -> None:
    from rich.text import Text

    _say("")
    _say(Text("That was a week: from the site's feed to sent mail. Look at", style="bold"))
    for what, place in places:
        shown = Text(f"  {what:<25}")
        shown.append(str(place), style=f"link {place.as_uri()}" if sys.stdout.isatty() else "")
        _say(shown)
    quoted = shlex.quote(str(folder))
    _say("")
    _say("Nothing left this machine.")
    _say(f"Go on with it: cd {quoted} && {_program()} preview {slug}")
    _say(f"Pictures in the mails and new pulls need the sample site: {_program()} demo --serve {quoted}")


def _program() -> str:
    """What to type for `newsletter` here: its whole path where the shell does not find it, as in `make demo`."""
    beside = Path(sys.executable).with_name("newsletter")
    return "newsletter" if shutil.which("newsletter") or not beside.exists() else shlex.quote(str(beside))


def _say(line: str | Text) -> None:
    # Long lines are the terminal's to wrap: a command must stay one line to be copied.
    console().print(line, soft_wrap=True)
