"""`newsletter articles`"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, json_option, pass_context, print_table

if TYPE_CHECKING:
    from newsletter.types import Article


@click.command()
@click.option("--section", metavar="ID", help="Only this section's.")
@click.option("--unused", is_flag=True, help="Only those that are in no issue yet.")
@click.option(
    "--since",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help="Only those that count as new from this day on.",
)
@json_option
@pass_context
def command(
    context: Context, section: str | None, unused: bool, since: datetime | None, as_json: bool
) -> None:
    """List what can be picked: date, section and why, title, and the issues that hold it.

    \b
    Example:
      newsletter articles --unused --since 2026-11-17
      newsletter articles --section news --json
    """
    app = context.app()
    if section is not None and section not in app.config.section_ids:
        known = ", ".join(app.config.section_ids)
        raise click.BadParameter(
            f"there is no section {section!r}; there are {known}.", param_hint="--section"
        )
    start = since.replace(tzinfo=app.config.newsletter.zone).astimezone(UTC) if since else None
    rows = [
        (article, issues)
        for article, issues in app.composer.pickable(since=start)
        if section in (None, article.section) and not (unused and issues)
    ]
    if as_json:
        echo_json([_as_json(article, issues) for article, issues in rows])
    elif rows:
        print_table(("date", "section", "why", "title", "in"), [_row(*row) for row in rows])
    else:
        click.echo("There is no such article. `newsletter pull` collects them.", err=True)


def _row(article: Article, issues: tuple[str, ...]) -> tuple[str, ...]:
    date = article.published_at.date().isoformat() if article.published_at else "undated"
    return (date, article.section, article.reason, article.title, ", ".join(issues))


def _as_json(article: Article, issues: tuple[str, ...]) -> dict[str, Any]:
    return {
        "title": article.title,
        "url": article.url,
        "guid": article.guid,
        "section": article.section,
        "reason": article.reason,
        "published_at": article.published_at,
        "updated_at": article.updated_at,
        "issues": list(issues),
    }
