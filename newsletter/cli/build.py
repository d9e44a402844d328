"""`newsletter build`: draft an issue where there is none, and render it."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Context
from newsletter.cli.common import echo_json, issue_argument, json_option, pass_context

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.pipeline.compose import Additions
    from newsletter.pipeline.render_folder import Built


@dataclass(frozen=True, slots=True)
class Done:
    """What one call of the command did."""

    built: Built
    file: Path
    drafted: bool
    added: Additions | None


@click.command()
@issue_argument
@click.option("--offline", is_flag=True, help="Do not collect the feeds first.")
@click.option("--refresh", is_flag=True, help="Add to the issue's file what came in since it was drafted.")
@json_option
@pass_context
def command(context: Context, issue: str | None, offline: bool, refresh: bool, as_json: bool) -> None:
    """Draft an issue where there is none, and render it to build/<issue>/.

    A file that is there is never overwritten: what you wrote stays, to the letter. --refresh only adds lines.

    \b
    newsletter build
    newsletter build 2026-11-26 --refresh
    """
    # Half a second that keeps nearly all it makes: looking for garbage would be a tenth of it.
    gc.set_threshold(100_000)
    app, now = context.app(), context.now
    if not offline:
        _pull(app, now)
    done = _build(app, issue, now, refresh=refresh)
    if as_json:
        echo_json(_as_json(done))
    else:
        _tell(done)


def _pull(app: App, now: datetime) -> None:
    """Collect; a feed that fails is said, and the issue is built from what is there."""
    for feed in app.pull(now).feeds if app.config.feeds else ():
        if feed.error:
            click.echo(f"Warning: {feed.error}", err=True)


def _build(app: App, name: str | None, now: datetime, *, refresh: bool) -> Done:
    slug = app.slug(name, now)
    drafted = app.composer.draft(slug, now)
    added = app.composer.refresh(slug, now) if refresh and not drafted else None
    return Done(app.composer.build(slug), app.composer.path(slug), drafted, added)


def _as_json(done: Done) -> dict[str, Any]:
    added = done.added
    return {
        **done.built.report,
        "file": str(done.file),
        "folder": str(done.built.folder),
        "drafted": done.drafted,
        "added": [one.url for chosen in added.picks.values() for one in chosen] if added else [],
        "left_out": [{"url": one.article.url, "why": one.why} for one in added.left_out] if added else [],
    }


# --- the account -----------------------------------------------------------------------------------------


def _tell(done: Done) -> None:
    report, slug = done.built.report, done.built.slug
    click.echo(f"Issue {slug}: {report['subject']}")
    click.echo(f"  file      {_near(done.file)}{' (drafted just now)' if done.drafted else ''}")
    click.echo(f"  picks     {_picks(report)}")
    for one in report["corrections"]:
        click.echo(f"  corrects  {one['issue']}: {one['text']}")
    for line in _added(done.added) if done.added else ():
        click.echo(line)
    for variant in report["variants"]:
        size = variant["html_bytes"] / 1000
        click.echo(f"  {variant['name']:<24} {size:6.1f} kB html")
    click.echo(f"  look at   {_near(done.built.folder / 'all.html')}")
    click.echo(f"Next: edit the file, look with `newsletter preview {slug}`,")
    click.echo(f"      then `newsletter approve {slug} --by NAME`.")


def _picks(report: Any) -> str:
    counts = Counter(pick["section"] for pick in report["picks"])
    return ", ".join(f"{count} {section}" for section, count in counts.items())


def _added(added: Additions) -> list[str]:
    count = sum(map(len, added.picks.values()))
    lines = [f"  added     {count or 'nothing new'}"]
    lines += [f"    + {section}: {one.title}" for section, chosen in added.picks.items() for one in chosen]
    return lines + [f"    left out, {one.why}: {one.article.title}" for one in added.left_out]


def _near(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
