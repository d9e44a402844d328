"""`newsletter embed`: the subscription form for another site's page."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from newsletter.cli import Context
from newsletter.cli.common import pass_context


@click.command("embed")
@click.option("--script", is_flag=True, help="With a small script that shows the answer in place.")
@pass_context
def command(context: Context, script: bool) -> None:
    """Print a form to paste into your site's pages. It works without script.

    List the site's address in [web] origins, so that its form is accepted.

    \b
    Example:
      newsletter embed > form.html
    """
    from newsletter.web.desk import Desk
    from newsletter.web.embed import embed_form

    click.echo(embed_form(Desk(context.app(), lambda: datetime.now(UTC)), script=script), nl=False)
