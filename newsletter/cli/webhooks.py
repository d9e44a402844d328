"""`newsletter webhooks`: where the provider is to tell what became of the mails."""

from __future__ import annotations

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context


@click.command("webhooks")
@json_option
@pass_context
def command(context: Context, as_json: bool) -> None:
    """Print the address to enter at the provider's webhooks. Keep it secret.

    Switch on there what concerns delivery: delivered, delayed, bounced, complained, unsubscribed. Exit 1
    for a provider that tells nothing later.

    \b
    newsletter webhooks
    """
    from newsletter.web.webhooks import address

    app = context.app()
    name, found = app.config.provider.name, address(app)
    if as_json:
        echo_json({"provider": name, "address": found})
    elif found:
        click.echo(found)
    else:
        click.echo(f"{name} tells nothing later. `newsletter bounces` reads bounce mails.", err=True)
    if not found:
        click.get_current_context().exit(1)
