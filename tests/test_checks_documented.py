"""docs/checks.md is held to the code: every check, its severity, its limits, who says so, and how well it works."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path

import pytest
from broken_issues import broken, mild
from rounds import ROUNDS, faults, findings, good

from newsletter.checks import names
from newsletter.config import Checks

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, flags=re.M | re.S))
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


def test_every_source_that_a_finding_names_stands_in_its_section() -> None:
    """Over the corpus: whoever says so is named on the page, too."""
    lacking = set()
    for fault in [*list(broken())[::2], *mild(), *list(faults(ROUNDS[0]))[::3]]:
        for finding in findings(fault.draft):
            section = " ".join(SECTIONS.get(finding.check, PAGE).split())
            named = finding.source in section or (
                finding.source.startswith("our own rule") and "ur own rule" in section
            )
            if (
                finding.check not in ("build", "mail_programs")
                and not named
                and not _numbered(finding.source, section)
            ):
                lacking.add((finding.check, finding.source))
    assert lacking == set()


def _numbered(source: str, section: str) -> bool:
    """`RFC 5322, section 3.4.1` where the page says `RFC 5322, section 3.6 (3.3, 3.4.1)`."""
    rfc, _, number = source.partition(", section ")
    return rfc in section and number in section


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
