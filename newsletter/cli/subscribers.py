"""`newsletter subscribers`: add, import, list, show, export and erase readers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context, print_table
from newsletter.lists.columns import FORMATS
from newsletter.types import Subscriber, SubscriberState


@click.group()
def command() -> None:
    """Add, import, list, show, export and erase subscribers.

    \b
    newsletter subscribers add ann@example.org --confirmed --source "paper form at the clinic"
    """


@command.command()
@click.argument("address")
@click.option("--confirmed", is_flag=True, help="Say that the reader has agreed; nothing is added without.")
@click.option("--source", required=True, metavar="TEXT", help="Where their consent came from. No names.")
@click.option("--topics", default="", metavar="A,B", help="Section ids, separated by commas; otherwise all.")
@json_option
@pass_context
def add(context: Context, address: str, confirmed: bool, source: str, topics: str, as_json: bool) -> None:
    """Add a reader who has agreed, as active.

    \b
    newsletter subscribers add ann@example.org --confirmed --source "paper form at the clinic" --topics news
    """
    if not confirmed:
        raise click.UsageError(
            "Say --confirmed when the reader has agreed to get the newsletter; if not, the form asks them."
        )
    added = context.app().readers.add(address, topics, source, context.now)
    if as_json:
        echo_json(plain(added.subscriber) | {"changed": added.changed})
    elif added.changed:
        click.echo(f"Added as reader {added.subscriber.id}, topics {added.subscriber.topics}.")
    else:
        click.echo(f"Already here as reader {added.subscriber.id}: nothing changed.")


@command.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in SubscriberState]), help="Only those of one state."
)
@json_option
@pass_context
def list_(context: Context, state: str | None, as_json: bool) -> None:
    """List readers, all but the erased unless asked for.

    \b
    newsletter subscribers list --state active
    """
    found = context.app().readers.iter_all(SubscriberState(state) if state else None)
    if as_json:
        echo_json([plain(one) for one in found])
        return
    headings = ("id", "address", "state", "topics", "since", "source")
    print_table(headings, (_cells(one) for one in found))


@command.command()
@click.argument("address")
@json_option
@pass_context
def show(context: Context, address: str, as_json: bool) -> None:
    """Show one reader.

    \b
    newsletter subscribers show ann@example.org
    """
    found = plain(context.app().readers.get(address))
    if as_json:
        echo_json(found)
        return
    for name, value in found.items():
        if value not in (None, ""):
            click.echo(f"{name.replace('_', ' '):16} {value}")


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--consent", default="", metavar="TEXT", help="Where these readers' consent came from. No names."
)
@click.option("--dry-run", is_flag=True, help="Say what would become of each row, and change nothing.")
@click.option("--as", "format", type=click.Choice(FORMATS), help="Whose export it is, if that is not seen.")
@click.option("--map", "mapping", multiple=True, metavar="COL=FIELD", help="What a column holds; repeatable.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Where the report goes.")
@json_option
@pass_context
def import_(
    context: Context,
    file: Path,
    consent: str,
    dry_run: bool,
    format: str | None,
    mapping: tuple[str, ...],
    report: Path | None,
    as_json: bool,
) -> None:
    """Take in a list of subscribers, whole or not at all.

    Exports of Mailchimp, listmonk, Ghost, Substack, Buttondown and Kit are known by their columns, and any CSV with
    a column of addresses is read. Who left, bounced, complained or was erased stays out, whatever the list says.
    The report names line, outcome and reason of every row: added, updated, suppressed or refused.

    \b
    newsletter subscribers import members.csv --dry-run
    newsletter subscribers import members.csv --consent "double opt-in at our old service"
    newsletter subscribers import people.csv --map "Mail privat=email" --consent "paper forms of 2025"
    """
    from newsletter.pipeline.import_list import consent_missing

    with progress_bar() as progress:
        done = context.app().readers.import_list(
            file,
            consent,
            context.now,
            format=format,
            mapping=dict(map(_pair, mapping)),
            rehearse=dry_run,
            report=report,
            progress=progress,
        )
    if as_json:
        about = {"file": str(file), "dry_run": dry_run, "format": done.format, "encoding": done.encoding}
        echo_json(about | {"rows": sum(done.counts.values())} | done.counts | {"report": str(done.report)})
    else:
        click.echo(
            f"{done.format}, {done.encoding}: " + ", ".join(f"{n} {what}" for what, n in done.counts.items())
        )
        click.echo(f"Every row: {done.report}" + (" (nothing was changed)" if dry_run else ""))
    if done.consent_missing:
        raise consent_missing(file)


def _pair(text: str) -> tuple[str, str]:
    column, found, name = text.rpartition("=")
    if not found:
        raise click.BadParameter(f"{text!r} is not COLUMN=FIELD.", param_hint="--map")
    return column, name


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Shows what is being done and how far it is, on a terminal; silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield show


@command.command()
@click.argument("address")
@pass_context
def export(context: Context, address: str) -> None:
    """Print all that is held about one address as JSON, also of one that is only suppressed.

    \b
    newsletter subscribers export ann@example.org > ann.json
    """
    echo_json(context.app().readers.export(address, context.now))


@command.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def erase(context: Context, address: str, yes: bool) -> None:
    """Take out everything that tells who a reader is, for good; also an address that is only suppressed.

    The consent log keeps its lines, which hold nothing personal, and a keyed hash of the address keeps imports
    from bringing it back. Copies outside of the store (backups, mails in the outbox, lists that were imported) are
    yours to delete; PostgreSQL frees what was erased at its next vacuum.

    \b
    newsletter subscribers erase ann@example.org
    """
    if not yes and sys.stdin.isatty():
        click.confirm("This cannot be undone. Erase?", abort=True)
    context.app().readers.erase(address, context.now)
    click.echo("Erased.")


@command.command()
@json_option
@pass_context
def stats(context: Context, as_json: bool) -> None:
    """Count readers by state and topics, and suppressions by reason.

    \b
    newsletter subscribers stats
    """
    found = context.app().readers.stats(context.now)
    if as_json:
        echo_json(found)
        return
    click.echo(f"sendable now  {found['sendable']}")
    for group, title in (("states", "state"), ("topics", "topics of active"), ("suppressed", "suppressed")):
        for name, count in found[group].items():
            click.echo(f"{title}: {name:14} {count}")


def plain(one: Subscriber) -> dict[str, Any]:
    """A reader as JSON has them."""
    return asdict(one) | {"topics": str(one.topics), "state": one.state.value}


def _cells(one: Subscriber) -> tuple[str, ...]:
    since = one.unsubscribed_at or one.confirmed_at or one.created_at
    return (str(one.id), one.email or "", one.state, str(one.topics), f"{since:%Y-%m-%d}", one.source)
