"""`newsletter subscribers`: add, list and show readers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context, print_table
from newsletter.types import Subscriber, SubscriberState


@click.group()
def command() -> None:
    """Add, list and show subscribers.

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


def plain(one: Subscriber) -> dict[str, Any]:
    """A reader as JSON has them."""
    return asdict(one) | {"topics": str(one.topics), "state": one.state.value}


def _cells(one: Subscriber) -> tuple[str, ...]:
    since = one.unsubscribed_at or one.confirmed_at or one.created_at
    return (str(one.id), one.email or "", one.state, str(one.topics), f"{since:%Y-%m-%d}", one.source)
