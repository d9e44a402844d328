"""A mail to look at in a browser when the sample site is gone: its pictures stand beside it, not on the web."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from newsletter.demo import library
from newsletter.demo.server import UPLOADS

FOLDER = "look"


def write_look(root: Path, mail: Path, url: str) -> Path:
    """Write look/issue.html from a mail's HTML and the pictures of the sample site at `url`; returns its path."""
    folder = root / FOLDER
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for name in library.pictures():
        (folder / "pictures" / name).write_bytes(library.picture(name))
    page = folder / "issue.html"
    page.write_text(_html(mail).replace(f"{url}{UPLOADS}", "pictures/"), encoding="utf-8")
    return page


def _html(mail: Path) -> str:
    part = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("html",))
    return str(part.get_content()) if part else ""
