"""docs/checks.md is held to the code: every check, its severity, its limits, who says so, and how well it works."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path

import pytest
from checks_page import PAGE, SECTIONS
from rounds import ROUNDS, faults, good

from newsletter.checks import names
from newsletter.config import Checks

ROOT = Path(__file__).parent.parent
PARTS = ("- *Why*: ", "- *Says who*: ", "- *Cannot see*: ")


def test_every_check_has_its_section_in_the_order_of_the_settings() -> None:
    """And no section is of a check that there is not."""
    assert list(SECTIONS) == list(names())


@pytest.mark.parametrize("check", list(names()))
def test_a_section_says_how_grave_why_who_says_so_and_what_it_cannot_see(check: str) -> None:
    """The severity is the one it ships with."""
    section = SECTIONS[check]
    assert section.strip().startswith(f"**{Checks.model_fields[check].default}**")
    assert [part for part in PARTS if part.strip() not in section] == []


def test_every_limit_is_named() -> None:
    """Beside the check that goes by it."""
    limits = set(Checks.model_fields) - set(names())
    assert {one for one in limits if not any(f"`{one}`" in section for section in SECTIONS.values())} == set()


def test_the_figures_are_those_of_the_rounds() -> None:
    """How many faults and good issues each has, and what was found at first sight."""
    for one in ROUNDS:
        errors = len([fault for fault in faults(one) if not fault.mild])
        row = f"| {one.name} | {errors} | {one.found:.2f} | {len(list(good(one)))} | {one.stopped:.3f} |"
        assert row in PAGE


def test_the_picture_shows_what_the_command_says(tmp_path: Path) -> None:
    """docs/pictures/check.svg is drawn by tools/terminal_pictures.py; a check that says it otherwise redraws it."""
    drawn = ROOT / "docs" / "pictures" / "check.svg"
    spans = re.findall(r"<text [^>]*>([^<]*)</text>", drawn.read_text(encoding="utf-8"))
    shown = "".join(html.unescape(" ".join(spans)).split())
    spec = importlib.util.spec_from_file_location(
        "terminal_pictures", ROOT / "tools" / "terminal_pictures.py"
    )
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    said = re.sub(r"\x1b\[[0-9;]*m", "", tool.checked(tmp_path))
    assert "".join(said.split()) in shown
