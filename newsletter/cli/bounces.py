"""`newsletter bounces`: read bounce mails."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context


@click.command("bounces")
@click.argument(
    "path", type=click.Path(exists=True, allow_dash=True, path_type=Path), metavar="FILE|MBOX|MAILDIR|-"
)
@json_option
@pass_context
def command(context: Context, path: Path, as_json: bool) -> None:
    """Read bounce mails and complaints from a file, an mbox, a Maildir or a pipe, and act on them.

    Who bounces for good, or complains, is never written to again. Nothing is changed in the mailbox, and
    reading a mail again changes nothing either.

    \b
    newsletter bounces /var/mail/bounces
    newsletter bounces - < mail.eml
    """
    from newsletter.bounces.mailboxes import iter_mails, split_mbox

    piped = str(path) == "-"
    mails = split_mbox(sys.stdin.buffer) if piped else iter_mails(path)
    read, without, taken = context.app().read_bounces(mails, context.now)
    counts: dict[str, int] = {
        "mails": read,
        **{kind.value: number for kind, number in sorted(taken.new.items())},
        "known": taken.known,
        "not_readers": taken.strangers,
        "no_bounce": without,
        "suppressed": taken.suppressed,
        "left": taken.left,
    }
    if as_json:
        echo_json(counts)
    else:
        said = [f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number]
        click.echo(", ".join(said) or "no mails")
