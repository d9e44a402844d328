"""What mrml and premailer do wrong by default does not reach a reader. One test for each known pitfall."""

from __future__ import annotations

import re
import socket
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from sample_layout import sample_config, sample_layout

from newsletter.errors import TemplateError
from newsletter.render import Renderer
from newsletter.render.inline import inline
from newsletter.render.mjml import plain_attributes, to_html
from newsletter.types import Edition

CONFIG = sample_config()
LAYOUT = sample_layout()

SOFT_HYPHEN, NO_BREAK = "\u00ad", "\u00a0"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""Three people joined by zero-width joiners into one emoji."""


@pytest.fixture(scope="module")
def html() -> str:
    edition: Edition = Renderer(CONFIG).edition(LAYOUT)
    return edition.html


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket or asks for a name fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a build asked the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def _page(inside: str, head: str = "") -> str:
    """HTML of a minimal page with `inside` in a text column."""
    column = f"<mj-section><mj-column>{inside}</mj-column></mj-section>"
    return to_html(f"<mjml><mj-head>{head}</mj-head><mj-body>{column}</mj-body></mjml>", where="t")


def test_the_doctype_survives_so_that_no_mail_is_in_quirks_mode(html: str) -> None:
    """premailer drops a doctype in lower case."""
    assert html.startswith("<!DOCTYPE html>\n<html")


def test_important_survives_in_the_styles_for_dark_mode_and_phones(html: str) -> None:
    """premailer's default strips it, and those rules would lose to what stands in the elements."""
    styles = "".join(re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))
    assert styles.count("!important") > 30
    assert re.search(r"prefers-color-scheme: dark\).*?\.card[^}]*!important", styles, re.DOTALL)


def test_important_survives_in_the_elements_too() -> None:
    """A rule of a site's own inline.css.j2 that says !important keeps it."""
    made = inline(_page("<mj-text><p>x</p></mj-text>"), "p { color: #123456 !important }", where="t")
    assert '<p style="color:#123456 !important">' in made


@pytest.mark.parametrize(
    "rule", ["[data-ogsc] h1", "[data-ogsb] .card", "u + .body .gmail", "@font-face", "@supports"]
)
def test_rules_that_match_nothing_here_stay(rule: str) -> None:
    """They match in a mail program; premailer deletes what matches nothing in the file."""
    made = inline(
        _page("<mj-text>x</mj-text>", f"<mj-style>{rule} {{ color: #ffffff }}</mj-style>"), "", where="t"
    )
    assert f"{rule} {{ color: #ffffff }}" in made


def test_our_own_rules_for_outlooks_dark_mode_are_in_the_mail(html: str) -> None:
    """Outlook on the web marks what it recoloured with data-ogsc and data-ogsb."""
    assert "[data-ogsc] h1" in html
    assert "[data-ogsb] .card" in html


def test_widths_in_attributes_stay_in_pixels(html: str) -> None:
    """premailer's default copies `width:100%` into the attribute, and Outlook blows the picture up."""
    widths = [image.get("width") for image in lxml.html.fromstring(html).iter("img")]
    assert set(widths) == {"600", "176"}


def test_outlooks_columns_have_the_widths_they_were_given(html: str) -> None:
    """A bare 0 in a padding makes mrml tell Outlook another width; ours add up to what is left of 600."""
    told = re.findall(r'<!--\[if mso \| IE\]><td[^>]*?style="[^"]*?width:(\d+)px;?">', html)
    assert {"600", "536", "200", "336"} == set(told)


def test_a_bare_zero_is_what_breaks_outlooks_widths() -> None:
    """The pitfall itself: should this fail, the renderer was mended and the rule of the lint can go."""

    def told(padding: str) -> str:
        image = f'<mj-image padding="{padding}" src="https://x.example/a.png" alt="" />'
        return lxml.html.fromstring(_page(image)).find(".//img").get("width")  # type: ignore[union-attr, return-value]

    assert told("0px 24px") == "552"
    assert told("0 24px") != "552"


@pytest.mark.parametrize(
    "value",
    [
        "two\nlines",
        "a\ttab",
        "back\\slash",
        f"no{NO_BREAK}break",
        f"a {FAMILY}",
        f"hy{SOFT_HYPHEN}phen",
        '"q"',
        "it's",
    ],
)
def test_an_attribute_says_what_was_written(value: str) -> None:
    """mrml writes attribute values in Rust's debug form: \\n, \\u{a0} would stand in the mail."""
    escaped = value.replace('"', "&quot;")
    made = inline(
        _page(f'<mj-image src="https://x.example/a.png" alt="{escaped}" href="https://x.example/" />'),
        "",
        where="t",
    )
    image = lxml.html.fromstring(made).find(".//img")
    assert image is not None
    assert image.get("alt") == re.sub(r"[\n\t]", " ", value)
    assert "\\u{" not in made


def test_a_style_of_several_lines_inside_a_text_is_not_lost() -> None:
    """The same trouble, in HTML inside mj-text."""
    made = _page('<mj-text><p style="color:#111111;\n  margin:0">x</p></mj-text>')
    assert '<p style="color:#111111; margin:0">' in unescape(made)


def test_comments_keep_their_text_when_attributes_are_made_plain() -> None:
    """What stands in a comment for Outlook is not an attribute."""
    comment = '<!--[if mso]><td style="width:10px;\n\theight:1px" title="é &amp; \\">\n<![endif]-->'
    assert plain_attributes(f"<mj-raw>{comment}</mj-raw>") == f"<mj-raw>{comment}</mj-raw>"


def test_comments_and_widths_for_outlook_survive(html: str) -> None:
    """Every conditional comment that mrml wrote is in the mail, unchanged, in order."""
    made = to_html(Renderer(CONFIG).edition(LAYOUT).mjml, where="t")
    comments = re.compile(r"<!--\[if.*?<!\[endif\]-->", re.DOTALL)
    assert comments.findall(html) == comments.findall(made)


def test_no_font_is_fetched_from_a_third_party(no_network: None) -> None:
    """mjml would add a link to Google Fonts for names it knows."""
    made = inline(_page('<mj-text font-family="Roboto, Open Sans, Ubuntu, Lato">x</mj-text>'), "", where="t")
    assert "fonts.googleapis" not in made
    assert "@import" not in made


def test_a_build_asks_nothing_of_the_network(no_network: None) -> None:
    """With every socket blocked all editions are built."""
    renderer = Renderer(CONFIG)
    assert len([renderer.edition(LAYOUT, topics) for topics in renderer.variants(LAYOUT)]) == 7


@pytest.mark.parametrize(
    "head",
    [
        '<mj-raw><link rel="stylesheet" href="http://127.0.0.1:9/a.css" /></mj-raw>',
        '<mj-style>@import url("http://127.0.0.1:9/a.css");</mj-style>',
        '<mj-raw><style media="screen">@import "file:///etc/hostname";</style></mj-raw>',
    ],
)
def test_a_style_sheet_elsewhere_is_not_fetched(no_network: None, head: str) -> None:
    """premailer follows <link>, and cssutils follows @import even when told not to."""
    inline(_page("<mj-text>x</mj-text>", head), "p { margin: 0 }", where="t")


@pytest.mark.parametrize(
    "css", ['@import "http://127.0.0.1:9/a.css";', "@IMPORT url(file:///etc/hostname);", r"@\69mport 'x';"]
)
def test_our_own_style_sheet_cannot_import(no_network: None, css: str) -> None:
    """The sheet that is written into the elements is parsed by cssutils: an @import there is refused."""
    with pytest.raises(TemplateError, match="no @import"):
        inline(_page("<mj-text>x</mj-text>"), css, where="parts/inline.css.j2")


def test_styles_of_our_own_are_in_the_elements(html: str) -> None:
    """Mail programs that ignore <style> show the design all the same."""
    bare = lxml.html.fromstring(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))
    for heading in bare.iter("h1", "h2", "h3"):
        assert "font-size" in heading.get("style", "")
    assert all("color" in link.get("style", "") for link in bare.iter("a"))


def test_the_base_rules_are_not_copied_into_every_cell(html: str) -> None:
    """mrml's base sheet inlined everywhere makes the mail a fifth larger."""
    assert "mso-table-lspace" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


def test_no_trace_of_the_tools_is_left(html: str) -> None:
    """The marks for premailer are gone."""
    assert "data-premailer" not in html


def test_the_title_is_the_subject(html: str) -> None:
    """Spam filters score a page whose title differs from its subject."""
    assert lxml.html.fromstring(html).findtext(".//title") == LAYOUT.subject


def test_the_preheader_is_hidden_without_tricks(html: str) -> None:
    """Not mj-preview, whose white text of one pixel costs points, and no row of blanks."""
    first = lxml.html.fromstring(html).find(".//body/div/div")
    assert first is not None
    assert first.text == LAYOUT.preheader
    assert first.get("style", "").startswith("display:none")
    assert "font-size:1px" not in html.split("</head>")[1].split(LAYOUT.preheader)[0]


def test_the_language_is_said(html: str) -> None:
    """Screen readers need it to choose a voice."""
    assert lxml.html.fromstring(html).get("lang") == "en"


def test_the_mail_says_that_it_knows_dark_mode(html: str) -> None:
    """Apple Mail and others use the authored dark style only where the page says that it has one."""
    assert '<meta name="color-scheme" content="light dark">' in html
    assert '<meta name="supported-color-schemes" content="light dark">' in html


def test_pictures_are_told_or_are_decoration(html: str) -> None:
    """Every picture has an alt; a link with nothing to say is hidden: the title is enough."""
    for image in lxml.html.fromstring(html).iter("img"):
        link = image.getparent()
        assert image.get("alt") is not None
        assert bool(image.get("alt")) != (link.get("aria-hidden") == "true")


def test_tables_are_said_to_be_layout(html: str) -> None:
    """No screen reader announces rows and columns."""
    assert {table.get("role") for table in lxml.html.fromstring(html).iter("table")} == {"presentation"}


def test_headings_have_one_order(html: str) -> None:
    """One h1, and never a level left out."""
    levels = [int(h.tag[1]) for h in lxml.html.fromstring(html).iter("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_marks_are_not_percent_encoded(html: str) -> None:
    """libxml2 encodes blanks in an href; the marks have none."""
    assert html.count("@@unsubscribe_url@@") == 1
    assert "%40%40" not in html


def test_rendering_twice_in_one_process_changes_nothing(tmp_path: Path) -> None:
    """Nothing is kept between renders but what has no effect."""
    renderer = Renderer(CONFIG)
    assert renderer.edition(LAYOUT) == renderer.edition(LAYOUT) == Renderer(CONFIG).edition(LAYOUT)
