"""An editor's note: Markdown in, a few safe tags in the page and plain words in the text part."""

from __future__ import annotations

import re
from dataclasses import replace

import lxml.html
import pytest
from sample_layout import sample_config, sample_layout

from newsletter.render import Renderer
from newsletter.render.markdown import note_html, note_text
from newsletter.render.templates import wrapped


def test_a_note_keeps_its_emphasis_lists_and_links() -> None:
    """What editors know from static sites works."""
    html = str(note_html("Dear **you**, *all*\n\n- one\n- [two](https://a.example/)\n\n> said"))
    assert html == (
        "<p>Dear <strong>you</strong>, <em>all</em></p>\n<ul>\n<li>one</li>\n"
        '<li><a href="https://a.example/">two</a></li>\n</ul>\n<blockquote>\n<p>said</p>\n</blockquote>'
    )


def test_a_note_in_plain_words() -> None:
    """Lists keep their marks, numbers and depth; a link's address stands after its words."""
    note = "# Head\n\nDear\nyou\\\nall\n\n- one\n- two\n  - deep\n- three\n\n3. x\n4. y\n\n> said\n> so\n\n[go](https://a.example/)"
    assert note_text(note) == (
        "Head\n\nDear you\nall\n\n- one\n- two\n  - deep\n- three\n\n3. x\n4. y\n\n> said so\n\ngo (https://a.example/)"
    )


def test_an_address_that_is_its_own_words_stands_once() -> None:
    """`<https://a.example/>` is not written twice, nor is a mail address."""
    assert note_text("<https://a.example/> <me@a.example>") == "https://a.example/ me@a.example"


def test_tags_in_a_note_are_shown_not_obeyed() -> None:
    """Markdown would pass HTML through; an editor's pasted tag is text."""
    assert str(note_html("<script>x</script>\n\n<b onclick=x>y</b>")) == (
        "<p>&lt;script&gt;x&lt;/script&gt;</p>\n<p>&lt;b onclick=x&gt;y&lt;/b&gt;</p>"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///x", "//a.example", "/a"])
def test_a_link_to_what_is_no_page_leads_nowhere(url: str) -> None:
    """Only http, https and mailto are followed; the words stay."""
    assert url not in str(lxml.html.fromstring(str(note_html(f"[words]({url})"))).xpath("string(//a/@href)"))
    assert "words" in note_text(f"[words]({url})")


def test_a_mail_address_can_be_linked() -> None:
    """`mailto:` is a link a reader can use."""
    assert 'href="mailto:help@pain.example"' in str(note_html("[write](mailto:help@pain.example)"))
    assert note_text("[write](mailto:help@pain.example)") == "write (help@pain.example)"


@pytest.mark.parametrize("first", [1, 2, 3, 6])
def test_a_notes_first_heading_comes_next_to_the_pages_own(first: int) -> None:
    """The page has one h1 and the note stands right below it: however deep an editor begins, no level is left out."""
    assert str(note_html(f"{'#' * first} a\n\n# b")) == "<h2>a</h2>\n<h2>b</h2>"


def test_a_level_that_an_editor_leaves_out_stays_left_out() -> None:
    """It is for `newsletter check` to say so."""
    assert str(note_html("# a\n\n## b\n\n#### c")) == "<h2>a</h2>\n<h3>b</h3>\n<h4>c</h4>"
    assert str(note_html("## a\n\n#### b")) == "<h2>a</h2>\n<h4>b</h4>"


def test_a_number_to_call_is_a_link() -> None:
    """A crisis line can be pressed on a phone; the text part has its digits."""
    assert str(note_html("[988](tel:988)")) == '<p><a href="tel:988">988</a></p>'
    assert note_text("call [the lifeline](tel:988)") == "call the lifeline (988)"


def test_a_picture_in_a_note_is_not_shown() -> None:
    """It would have no size, and often no alt text; a link to it is what stays."""
    assert (
        str(note_html("![alt](https://a.example/a.jpg)"))
        == '<p>!<a href="https://a.example/a.jpg">alt</a></p>'
    )


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "[", "*", "![", "<div>", "`", "  - a\n"])
def test_ten_thousand_levels_do_not_crash_the_renderer(mark: str) -> None:
    """MJML's parser kills the process at such a depth; a note never gets that deep."""
    note = mark * 10_000 + "x"
    edition = Renderer(sample_config()).edition(replace(sample_layout(), note=note))
    assert "@@unsubscribe_url@@" in edition.html
    assert "@@unsubscribe_url@@" in edition.text


def test_a_mark_cannot_be_put_together_by_markdown() -> None:
    """Escapes, entities and emphasis are resolved before words are cleaned."""
    entities = "&#64;&#64;unsubscribe_url&#64;&#64; &#123;&#123;"
    note = entities + " @\\@unsubscribe_url@\\@ @*@unsubscribe_url@*@ {\\{ x }} {*{*"
    edition = Renderer(sample_config()).edition(replace(sample_layout(), note=note))
    assert edition.html.count("@@") == edition.text.count("@@") == 4
    assert re.findall("{{|@@", note_text(note)) == []


def test_half_a_surrogate_pair_anywhere_in_a_note_is_dropped() -> None:
    """Also where no word stands: in the name of a code block's language, or of a link."""
    assert "<code>x" in str(note_html("```\ud800py\nx\n```\n\n[a](https://a.example '\ud800')"))


def test_long_lines_are_folded_and_addresses_never() -> None:
    """A paragraph is folded at 72, an item under its words, a quote with its mark; an address stays whole."""
    address = "https://a.example/" + "x-y" * 40
    folded = wrapped(f"{'word ' * 20}\n\n- {'item ' * 20}\n> {'said ' * 20}\n{address}").split("\n")
    assert max(len(line) for line in folded if line != address) <= 72
    assert address in folded
    assert "  item" in "\n".join(folded)
    assert sum(line.startswith("> said") for line in folded) == 2
