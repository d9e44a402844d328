"""A mail is shown as programs of each look show it, whatever this computer prefers."""

from __future__ import annotations

import re

import pytest
from browser import chromium, in_a_browser
from sample_layout import sample_config, sample_layout

from newsletter.gallery.colours import darkened
from newsletter.gallery.looks import as_seen
from newsletter.render import Renderer

SCHEMES = "<style>@media (prefers-color-scheme:dark){a{}}@media ( prefers-color-scheme : light ){b{}}</style>"
PAGE = """<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"><style>
:root { color-scheme: light dark; } #add { color: #fff } .x:hover { background: URL(#fff) #0b5c63 }
@media (prefers-color-scheme: dark) { .x { color: #123456 !important } }
[data-ogsc] .x { color: #654321 }
</style></head><body bgcolor="#FFFFFF" style='color:black; font: 16px Arial'>
<a href="https://x.example/#fff" style="color:#0a565d;font-size:18px;line-height:24px">white #fff</a>
<img alt="A nerve" src="https://x.example/n.jpg" width="10"></body></html>"""


@pytest.fixture(scope="module")
def sample() -> str:
    """The HTML of an issue in the default look."""
    return Renderer(sample_config()).edition(sample_layout()).html


def test_dark_and_light_are_the_editors_choice() -> None:
    """Not that of the computer the page happens to be looked at on."""
    dark, light = as_seen(SCHEMES, "dark"), as_seen(SCHEMES, "light")
    assert "@media (min-width: 0){a{}}@media (max-width: 0){b{}}" in dark
    assert "@media (max-width: 0){a{}}@media (min-width: 0){b{}}" in light
    assert ":root { color-scheme: dark; }" in as_seen(PAGE, "dark")
    assert '<meta name="color-scheme" content="light">' in as_seen(PAGE, "light")


@pytest.mark.parametrize(
    ("colour", "shown"),
    [
        ("#ffffff", "#333333"),  # what Outlook's editor makes of white, and of black
        ("#fff", "#333333"),
        ("white", "#333333"),
        ("#000000", "#ffffff"),
        ("#333333", "#cfcfcf"),
        ("rgb(255, 255, 255)", "#333333"),
        ("rgba(0,0,0,.5)", "rgba(255, 255, 255, 0.5)"),
        ("#00000080", "rgba(255, 255, 255, 0.501961)"),
        ("#12345", "#12345"),
        ("rgb(var(--x))", "rgb(var(--x))"),
    ],
)
def test_a_colour_is_turned_over_as_outlook_does_it(colour: str, shown: str) -> None:
    """Lightness is mirrored and laid above that of #333333; what is no colour stays."""
    assert darkened(colour) == shown


def test_a_hue_stays_when_its_lightness_turns() -> None:
    """A dark teal becomes a light one: the green and blue parts stay above the red."""
    red, green, blue = (int(darkened("#0a565d")[at : at + 2], 16) for at in (1, 3, 5))
    assert red < green < blue
    assert blue > 180


def test_a_program_that_inverts_ignores_the_authored_dark() -> None:
    """Neither the dark palette nor Outlook's own selectors apply; every colour of the light one is turned over."""
    page = as_seen(PAGE, "inverted")
    assert "@media (max-width: 0)" in page
    assert "#add { color: #333333 }" in page
    assert 'bgcolor="#333333"' in page
    assert "style='color:#ffffff; font: 16px Arial'" in page
    assert f"color:{darkened('#0a565d')}" in page


def test_only_colours_are_turned_over() -> None:
    """Not the words of the mail, not the end of an address, not the name of an element."""
    page = as_seen(PAGE, "inverted")
    assert "white #fff</a>" in page
    assert 'href="https://x.example/#fff"' in page
    assert "#add {" in page


def test_a_font_and_an_address_hold_no_colour() -> None:
    """Arial Black stays black in name, and a picture of a ground keeps its address."""
    css = "font-family: Arial Black; background: url(red/1/2/3.png) red; border-top: 1px solid rgb(0, 0, 0)"
    turned = as_seen(f'<head></head><p style="{css}">', "inverted")
    red = darkened("red")
    assert (
        f"font-family: Arial Black; background: url(red/1/2/3.png) {red}; border-top: 1px solid #ffffff"
        in turned
    )


def test_large_text_is_twice_as_large_and_all_else_stays() -> None:
    """As a program does that enlarges text alone: no width, no picture."""
    page = as_seen(PAGE, "light", large=True)
    assert "font-size:36px;line-height:48px" in page
    assert 'width="10"' in page


def test_without_pictures_their_texts_are_shown() -> None:
    """The address is gone, the text stays."""
    page = as_seen(PAGE, "light", pictures=False)
    assert re.search(r'<img alt="A nerve" data-src="[^"]+" width="10">', page)
    assert " src=" not in page


@pytest.mark.parametrize("look", ["light", "dark", "inverted"])
def test_a_look_changes_nothing_that_is_read(sample: str, look: str) -> None:
    """The words and the links are those that would be sent."""

    def read(page: str) -> list[str]:
        body = page[page.index("<body") :]
        return re.findall(r'href="[^"]*"', body) + re.sub(r"<[^>]*>", " ", body).split()

    assert read(as_seen(sample, look, large=True)) == read(sample)


@in_a_browser
def test_the_default_look_survives_inversion(sample: str) -> None:
    """In a real browser its ground is dark and its text light, on a computer that prefers light."""
    with chromium() as browser:
        page = browser.new_page(color_scheme="light")
        page.set_content(as_seen(sample, "inverted"))
        ground, ink = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
        )
    assert max(map(int, re.findall(r"\d+", ground))) < 90
    assert min(map(int, re.findall(r"\d+", ink))) > 190
