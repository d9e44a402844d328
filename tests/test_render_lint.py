"""What MJML passes over in silence is found, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_layout import sample_config, sample_layout

from newsletter.render import Renderer
from newsletter.render.lint import lint

TEMPLATES = Path(__file__).parent.parent / "templates"


def _said(source: str) -> list[str]:
    return [str(finding) for finding in lint(source, "t")]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.mjml.j2")), ids=lambda path: path.name)
def test_the_default_look_is_clean(path: Path) -> None:
    """Each file of the shipped templates."""
    assert lint(path.read_text(encoding="utf-8"), path.name) == ()


def test_what_the_default_look_makes_is_clean() -> None:
    """Its parts put together nest as MJML wants."""
    renderer, layout = Renderer(sample_config()), sample_layout()
    for topics in renderer.variants(layout):
        assert lint(renderer.edition(layout, topics).mjml, "made") == ()


def test_an_unknown_element_is_found_with_the_nearest() -> None:
    """mrml leaves it out without a word."""
    assert _said("\n<mj-colum></mj-colum>") == [
        "t:2: <mj-colum>: is not an MJML element; did you mean 'mj-column'?"
    ]


def test_an_unknown_attribute_is_found_with_the_nearest() -> None:
    """mrml ignores it."""
    assert _said('<mj-text colour="#000000">x</mj-text>') == [
        "t:1: <mj-text>: has no attribute 'colour'; did you mean 'color'?"
    ]


@pytest.mark.parametrize(
    ("tag", "attribute"), [("mj-section", "gutter"), ("mj-button", "title"), ("mj-image", "srcset")]
)
def test_an_attribute_this_renderer_does_not_know_is_found(tag: str, attribute: str) -> None:
    """They are in MJML's own documentation, and have no effect here."""
    assert any(
        f"has no attribute '{attribute}'" in said for said in _said(f'<{tag} {attribute}="1" alt="" />')
    )


@pytest.mark.parametrize("padding", ["0 24px", "0", "24px 0 8px 0"])
def test_a_bare_zero_in_a_padding_is_found(padding: str) -> None:
    """Outlook gets wrong widths from it."""
    assert ["write 0px" in said for said in _said(f'<mj-text padding="{padding}">x</mj-text>')] == [True]


@pytest.mark.parametrize("padding", ["0px 24px", "10px 20px", "{{ width + 0 }}px 0px", "0.5px"])
def test_a_zero_with_its_unit_is_fine(padding: str) -> None:
    """Only the bare one does harm; what Jinja fills in is not guessed at."""
    assert _said(f'<mj-text padding="{padding}">x</mj-text>') == []


def test_wrong_nesting_is_found_with_the_right_place() -> None:
    """mrml shows nothing, or something else."""
    assert _said("<mj-section>\n<mj-text>x</mj-text></mj-section>") == [
        "t:2: <mj-text>: cannot stand in <mj-section>, only in <mj-column>, <mj-hero>"
    ]


def test_what_is_not_closed_is_found() -> None:
    """The renderer says no more than that the stream ended."""
    assert _said("<mj-section>\n<mj-column>\n</mj-section>") == [
        "t:3: <mj-section>: closes here, but <mj-column> of line 2 is open",
        "t:1: <mj-section>: is never closed",
    ]


@pytest.mark.parametrize("tag", ["mj-include", "mj-preview", "mj-font", "mj-carousel", "mj-html-attributes"])
def test_elements_that_do_harm_are_found_with_what_to_write_instead(tag: str) -> None:
    """Each costs spam points, stops the renderer, or asks a third party."""
    assert len(_said(f"<{tag} />")) == 1


def test_a_picture_without_alt_is_found() -> None:
    """None is added by itself."""
    assert any("has no alt" in said for said in _said('<mj-image src="a.png" />'))


def test_comments_and_jinja_are_passed_over_and_lines_still_count() -> None:
    """A finding behind them has its line in the file."""
    passed_over = "<!-- <mj-wrong> -->\n{# <mj-wrong>\n #}\n{% if x %}\n"
    source = passed_over + '<mj-text {% if y %}align="left"{% endif %} bad="{{ z }}" />'
    assert [finding.where for finding in lint(source, "t")] == ["t:5"]
