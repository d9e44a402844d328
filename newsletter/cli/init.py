"""`newsletter init`: a new site, whole or not at all, and never over somebody's files."""

from __future__ import annotations

import shlex
import shutil
import sys
from email.headerregistry import Address
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import click

from newsletter.brand import Colours, DarkColours
from newsletter.config import FILE_NAME, parse_config
from newsletter.errors import ConfigError, UsageError
from newsletter.keys import KEY_FILE, make_key_file
from newsletter.whole import make_file

FOLDERS = ("templates", "content/issues", "subscribers", "outbox")


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--name", default="Your Newsletter", show_default=True, help="The newsletter's name.")
@click.option("--site-url", metavar="URL", help="The site whose articles these are.")
@click.option("--feed", metavar="URL", help="The site's feed; with --site-url, otherwise its /feed/.")
def command(folder: Path, name: str, site_url: str | None, feed: str | None) -> None:
    """Make a new site in DIR: settings, templates, folders, a secret key.

    Files that are there already stay as they are; where there is a newsletter.toml, nothing is done.

    \b
    newsletter init pain-weekly --name "Pain Weekly" --site-url https://www.example.org
    """
    if not feed and site_url:
        feed = f"{site_url.rstrip('/')}/feed/"
    kept = make_site(folder, settings(name, site_url or _site_of(feed), feed))
    click.echo(f"Made a site in {folder.resolve()}.")
    if kept:
        click.echo(f"Kept as they were: {', '.join(kept)}.")
    click.echo(next_steps(folder.resolve(), has_feed=feed is not None))


def settings(name: str, site_url: str, feed: str | None) -> str:
    """The text of a new newsletter.toml. Raises UsageError when a value cannot stand in one."""
    host = (urlsplit(site_url).hostname or "example.org").removeprefix("www.")
    sender = str(Address(display_name=name, username="newsletter", domain=host))
    filled = Template(_shipped("newsletter.toml")).substitute(
        name=_quoted(name),
        sender=_quoted(sender),
        site_url=_quoted(site_url),
        public_url=_quoted(f"https://newsletter.{host}"),
        feed_table=f"[[feed]]\nurl = {_quoted(feed)}" if feed else f'#[[feed]]\n#url = "{site_url}/feed/"',
        colours=_palette(Colours()),
        dark=_palette(DarkColours()),
    )
    try:
        parse_config(filled)
    except ConfigError as error:
        # The line would be one of a file that there is not.
        raise UsageError(error.what, hint=f"{error.hint} See --name, --site-url and --feed.") from None
    return filled


def make_site(folder: Path, toml: str) -> list[str]:
    """Write the files of a new site and return the names of those that were there and stay as they are.

    newsletter.toml comes last: a site that is not whole is none, and can be made again. Raises UsageError.
    """
    if (folder / FILE_NAME).exists():
        raise UsageError(
            "there is a site already",
            where=str(folder / FILE_NAME),
            hint="Nothing was changed. Name another folder.",
        )
    try:
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "subscribers").chmod(0o700)
        kept = [name for name, text in _documents().items() if not make_file(folder / name, text)]
        if not make_key_file(folder / KEY_FILE):
            kept.append(KEY_FILE)
        make_file(folder / FILE_NAME, toml)
    except OSError as error:
        raise UsageError(
            f"the site cannot be made: {error.strerror}",
            where=str(error.filename or folder),
            hint="Name a folder that you may write to.",
        ) from None
    return kept


def next_steps(folder: Path, *, has_feed: bool) -> str:
    """What to do now, and the line for cron."""
    beside = Path(sys.executable).with_name("newsletter")
    program = str(beside) if beside.exists() else shutil.which("newsletter") or "newsletter"
    # cron takes a bare % for the end of the line.
    cron = f"{shlex.quote(program)} --site {shlex.quote(str(folder))} cron".replace("%", r"\%")
    return f"""
Next:
  1. Edit {folder / FILE_NAME}: from, postal_address{"" if has_feed else ", [[feed]]"}.
  2. cd {shlex.quote(str(folder))} && newsletter build
  3. newsletter preview

When it looks right, let cron do it every week (crontab -e):
  */10 * * * * {cron}

subscribers/ holds readers' data and the secret key: it is never committed. Keep a copy of the key."""


def _documents() -> dict[str, str]:
    return {
        "templates/README.md": _about_templates(),
        "subscribers/README.md": _shipped("subscribers.md"),
        # Of its own, so that readers' data stays out of git even where the site's .gitignore was kept.
        "subscribers/.gitignore": "*\n!README.md\n!.gitignore\n",
        ".gitignore": _shipped("gitignore"),
    }


def _about_templates() -> str:
    from newsletter.render.templates import default_templates  # late: it brings jinja2

    folder = default_templates()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.j2"))
    listed = "\n".join(f"- `{name}`" for name in names)
    return Template(_shipped("templates.md")).substitute(folder=folder, names=listed)


def _shipped(name: str) -> str:
    return files("newsletter").joinpath("new_site", name).read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    """A TOML basic string."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in plain) + '"'


def _palette(colours: Colours) -> str:
    return "\n".join(f'#{name} = "{value}"' for name, value in colours)


def _site_of(feed: str | None) -> str:
    parts = urlsplit(feed or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "https://www.example.org"
