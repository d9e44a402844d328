"""`make docs`: renew commands.md from the commands' own --help. A test holds the page against them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from newsletter.cli import cli

PAGE = Path(__file__).parent / "commands.md"
HEAD = """# Commands

Made from `newsletter --help` and each command's own by `make docs`.

Every command exits with 0 when it did what it was asked, 1 when the thing asked about is not so (a feed failed, an
issue is not approved, a delivery is in doubt), 2 when it was used wrongly or the site is misconfigured. Errors go to
stderr.
"""


def commands_page() -> str:
    """The whole page, Markdown."""
    parts = [f"## `{name}`\n\n```text\n{text}\n```\n" for name, text in _helps(cli, "newsletter", None)]
    return "\n".join([HEAD, *parts])


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """Each command's full name with its help, depth first in the order of --help."""
    info_name = name.split()[-1]
    context = click.Context(
        command, info_name=info_name, parent=parent, terminal_width=100, help_option_names=["-h", "--help"]
    )
    yield name, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found and not found.hidden:
                yield from _helps(found, f"{name} {child}", context)


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
