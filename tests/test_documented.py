"""Documentation cannot drift: what it says of commands, words and files is held against the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.make import commands_page
from newsletter.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_page_of_commands_is_what_help_says() -> None:
    """docs/commands.md is made from --help; `make docs` renews it."""
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == commands_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    """A relative link in the documentation names a file that is there."""
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    """No page tells a person to type a command that there is not."""
    named = set(re.findall(r"\bnewsletter ([a-z]+)\b(?! service)", "\n".join(_code(page))))
    assert named - set(COMMANDS) == set()


def _code(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"```.*?```|`[^`\n]+`|^    .+$", text, flags=re.S | re.M)
