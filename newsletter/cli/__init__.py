"""The editors' and cron's door. One file a command, imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter import __version__
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.app import App

COMMANDS = {
    "init": "Make a new site.",
    "demo": "Run the whole story on one machine, with a sample feed.",
    "pull": "Collect the feeds' articles.",
    "articles": "List what can be picked.",
    "build": "Draft and render an issue.",
    "preview": "Look at an issue in the browser.",
    "test": "Send an issue to yourself, as readers would get it.",
    "check": "Check whether an issue is fit to go out.",
    "approve": "Approve an issue as it is built now.",
    "send": "Send an approved issue.",
    "pause": "Stop an issue's sending for now.",
    "resume": "Go on with a paused issue.",
    "cancel": "Never send what is left of an issue.",
    "status": "Show an issue's deliveries in numbers.",
    "verify": "Hold an issue's archive, seal and ledger against one another.",
    "correct": "Say what an issue that is out got wrong.",
    "doubts": "List deliveries of which nobody knows whether they were sent.",
    "resolve": "Settle what is in doubt.",
    "cron": "Do what is due: collect, draft, send.",
    "subscribers": "Add, import, show, export and erase subscribers.",
    "suppressions": "Keep addresses from ever being written to.",
    "consent": "Prove who agreed to what, and when.",
    "bounces": "Read bounce mails.",
    "webhooks": "Print where the provider is to tell of bounces.",
    "retractions": "Keep a list of retracted papers.",
    "serve": "Serve the readers' pages.",
    "embed": "Print the subscription form for your site.",
    "db": "Upgrade or back up the database.",
}
"""Name → one line of help. `newsletter.cli.<name>` holds the command, called `command`; --help imports none."""


class _LateGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"newsletter.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `newsletter --help` lists what there is."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class Context:
    """What every command is given: where the site is and what time it is to be."""

    def __init__(self, site: Path | None, now: datetime | None) -> None:
        self._site = site
        self._now = now

    @property
    def now(self) -> datetime:
        return self._now or datetime.now(UTC)

    def app(self) -> App:
        from newsletter.app import make_app
        from newsletter.config import find_site

        return make_app(find_site(Path.cwd(), site=self._site))


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2026-11-24T06:00:00+00:00.", param, ctx)
        if not 1970 <= moment.year < 2200:
            self.fail(f"{value!r} is too far away: there are no issues then.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group(
    cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NEWSLETTER_SITE",
    help="The site's folder; otherwise the nearest one upward with newsletter.toml.",
)
@click.option(
    "--now", type=_Moment(), metavar="TIME", help="Act as if it were this moment (to try a schedule out)."
)
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.version_option(__version__, prog_name="newsletter")
@click.pass_context
def cli(ctx: click.Context, site: Path | None, now: datetime | None, debug: bool) -> None:
    """Publish a weekly newsletter: collect, compose, approve, send once, and let readers leave.

    Begin with `newsletter demo`, or `newsletter init` in an empty folder.
    """
    ctx.obj = Context(site, now)


def main(args: list[str] | None = None) -> None:
    """Run the command line. Errors go to stderr as what, where and what to do; 1 and 2 as documented."""
    # We use none of pydantic's plugins; looking for some costs a short command a tenth of its time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _prepare_output()
    arguments = sys.argv[1:] if args is None else args
    debug = "--debug" in arguments
    try:
        # It may stand anywhere: one adds it to the end of what has just failed.
        code = cli.main(
            args=[one for one in arguments if one != "--debug"], prog_name="newsletter", standalone_mode=False
        )
    except NewsletterError as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        code = error.exit_code
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (BrokenPipeError, SystemExit):  # click makes the one into the other
        # The reader of our output (`| head`) has gone: nothing is wrong, and Python must not say so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # whatever it is, a person gets a sentence, and cron's mail too
        if debug:
            raise
        click.echo(f"Error: {_unforeseen(error)}", err=True)
        code = 1
    if args is None:  # the process ends: looking through everything for garbage would be an eighth of it
        gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _prepare_output() -> None:
    if sys.stdout is None:  # closed by who called us
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a terminal that lacks a letter shows its number
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _unforeseen(error: Exception) -> str:
    """What went wrong, for errors that no part of the program has words for."""
    if (cause := getattr(error, "orig", None)) is not None:  # SQLAlchemy's errors carry the driver's own
        return f"the database failed: {cause}\n  Is there room on its disk, and may we write there?"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}\n  Run it again when that is mended."
    return (
        f"a mistake of this program: {type(error).__name__}: {error}\n"
        "  Run it again with --debug, and report what that shows."
    )
