"""Nothing that a feed or an editor writes can break a page, run, or pass for a reader's link."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_layout import sample_config, sample_layout

from newsletter.errors import ContentError
from newsletter.render import Renderer
from newsletter.render.clean import clean, one_line, safe_address
from newsletter.types import Edition, Image, Story, Video

RENDERER = Renderer(sample_config())
LAYOUT = sample_layout()

INJECTIONS = [
    "{{ 7 * 7 }}",
    "{{ unsubscribe_url }}",
    "{% raw %}",
    "{# hidden #}",
    "{{{ pm:unsubscribe }}}",
    "<mj-raw><b>bold</b></mj-raw>",
    "</mj-text></mj-column></mj-section></mj-body></mjml>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<![CDATA[ x ]]>",
    "<!-- comment",
    "--> ]]> <![endif]-->",
    "%recipient.email%",
    "%recipient%",
    "%unsubscribe_url%",
    "<%asm_group_unsubscribe_raw_url%>",
    "@@unsubscribe_url@@",
    "@@preferences_url@@",
    "@@@@@",
    "a\r\nBcc: everybody@example.org",
    "a\nb\u2028c\u2029d\x85e",
    "null\x00 bell\x07 escape\x1b delete\x7f c1\x9b",
    "half \ud800 a pair",
    "not a character \uffff \ufffe",
    "turned \u202e around",
    "a < b & c > d \"e\" 'f'",
    "&lt;b&gt; &#123;&#123; &nbsp;",
    "back\\slash \\n \\u{a0}",
    "<div>" * 12_000,
    "](javascript:alert(1))",
]


def _everywhere(text: str) -> Edition:
    """An edition with `text` in each place that comes from outside."""
    story = Story(
        title=f"Title {text}",
        url="https://pain.example/a/",
        blurb=f"Blurb {text}",
        image=Image("https://pain.example/a.jpg", f"Alt {text}"),
        author=text,
        section="news",
    )
    sections = (
        (
            "news",
            (story, replace(story, video=Video("https://pain.example/v", "https://pain.example/s.jpg"))),
        ),
    )
    layout = replace(
        LAYOUT, subject=f"S {text}", preheader=f"P {text}", note=f"Note {text}", lead=story, sections=sections
    )
    return RENDERER.edition(layout)


def _harmless(edition: Edition) -> None:
    for part in (edition.html, edition.text, edition.subject, edition.preheader):
        part.encode()  # no halves of surrogate pairs
        assert not re.search(r"\{\{|\{%|\{#|<%|%recipient|%unsubscribe_url%", part.split("</head>")[-1])
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", part)
    assert edition.html.count("@@") == edition.text.count("@@") == 4
    assert "\n" not in edition.subject + edition.preheader
    assert "\r" not in edition.subject + edition.preheader + edition.html + edition.text
    page = lxml.html.fromstring(edition.html)
    assert not page.xpath("//script|//*[@onerror]|//*[starts-with(name(), 'mj-')]")
    assert len(page.xpath("//h1")) == 1
    assert {urlscheme(a) for a in page.xpath("//@href|//@src")} <= {
        "https",
        "@@unsubscribe_url@@",
        "@@preferences_url@@",
    }
    assert page.xpath("//a[@href='@@unsubscribe_url@@']"), "the footer is still there"


def urlscheme(address: str) -> str:
    return address.split(":")[0]


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_words_from_outside_stay_words(text: str) -> None:
    """In title, blurb, alt text, author, note, subject and preheader at once: the page is whole."""
    _harmless(_everywhere(text))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_no_text_at_all_breaks_a_page(text: str) -> None:
    """Whatever Unicode can hold, halves of pairs and controls included."""
    _harmless(_everywhere(text))


@given(st.text(st.sampled_from("{}%#@<>\\ recipient._a0\n\r\u202e\x00"), max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """What was cleaned is clean, whichever template cleans it again."""
    assert clean(clean(text)) == clean(text)
    assert one_line(one_line(text)) == one_line(text) == one_line(clean(text))


def test_line_breaks_of_every_kind_become_one() -> None:
    """CR LF, CR, NEL and Unicode's own: a title is one line, and a note has plain line ends."""
    assert clean("a\r\nb\rc\x85d\u2028e\u2029f") == "a\nb\nc\nd\ne\nf"
    assert one_line("a\r\nb\rc\x85d\u2028e\u2029f\t g") == "a b c d e f g"


@pytest.mark.parametrize(
    "text",
    [
        "50% of readers, 20% of doctors",
        "a {b} c",
        "me@example.org",
        "100%",
        "$5 {a}",
        "5 < 6 % 4",
        "naïve “quotes” – 日本",
    ],
)
def test_ordinary_words_are_left_as_they_are(text: str) -> None:
    """Only what another program would act on is changed."""
    assert clean(text) == text == one_line(text)


def test_a_title_reads_in_the_page_as_it_was_written() -> None:
    """Marks of HTML in a title are shown, not obeyed, and not escaped twice."""
    title = "A < B & “C” 'd' \"e\" ünï 日本"
    edition = _everywhere(title)
    page = lxml.html.fromstring(edition.html)
    assert f"Title {title}" in [h.text_content().strip() for h in page.iter("h2", "h3")]
    assert f"Alt {title}" in page.xpath("//img/@alt")
    assert f"Title {title}" in edition.text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//pain.example/a",
        "/a/b",
        "",
        "https://",
        "https://user@pain.example/",
        "https://[x/",
        "https://a b.example/",
        "https://{{x}}/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Escaping does not stop javascript:, so every address is checked; the story it belongs to is named."""
    assert safe_address(url) is None
    lead = LAYOUT.lead
    assert lead is not None
    with pytest.raises(ContentError, match="What an epidural injection"):
        RENDERER.edition(replace(LAYOUT, lead=replace(lead, url=url)))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://pain.example/a b?q=\"x\"&y='z'", "https://pain.example/a%20b?q=%22x%22&y=%27z%27"),
        ("https://pain.example/ünï", "https://pain.example/%C3%BCn%C3%AF"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://pain.example/%7Ba%20b", "https://pain.example/%7Ba%20b"),
        ("https://pain.example/{{x}}{%y%}", "https://pain.example/%7B%7Bx%7D%7D%7B%25y%25%7D"),
        ("https://pain.example/%recipient.x%", "https://pain.example/%25recipient.x%25"),
        ("https://pain.example/@@unsubscribe_url@@", "https://pain.example/@%40unsubscribe_url@%40"),
        ("https://pain.example/a\\b\n", "https://pain.example/a%5Cb"),
        ("HTTPS://Pain.Example/A#b", "https://Pain.Example/A#b"),
    ],
)
def test_an_address_reaches_the_page_as_plain_ascii(written: str, shown: str) -> None:
    """Nothing in it can be filled in, and it leads where it led."""
    assert safe_address(written) == shown
    lead = LAYOUT.lead
    assert lead is not None
    edition = RENDERER.edition(replace(LAYOUT, lead=replace(lead, url=written)))
    assert shown in lxml.html.fromstring(edition.html).xpath("//h2/a/@href")
    assert shown in edition.text.splitlines()


def test_a_picture_whose_address_is_none_is_left_out() -> None:
    """A picture is not worth stopping an issue for."""
    lead = replace(LAYOUT.lead, image=Image("javascript:alert(1)", "x"))  # type: ignore[type-var]
    edition = RENDERER.edition(replace(LAYOUT, lead=lead, sections=()))
    assert "<img" not in edition.html


def test_settings_are_words_too() -> None:
    """A site's name with an ampersand, or an attempt at markup, is shown as it was written."""
    config = sample_config()
    letter = config.newsletter.model_copy(update={"name": "Pain & <b>You</b>"})
    edition = Renderer(config.model_copy(update={"newsletter": letter})).edition(LAYOUT)
    h1 = lxml.html.fromstring(edition.html).find(".//h1")
    assert h1 is not None
    assert h1.text_content() == "Pain & <b>You</b>"


def test_settings_are_cleaned_like_everything_else() -> None:
    """A provider's variable in a disclaimer is not filled in."""
    config = sample_config()
    said = "{{ name }} %recipient.name% @@unsubscribe_url@@"
    brand = config.brand.model_copy(update={"disclaimer": said})
    _harmless(Renderer(config.model_copy(update={"brand": brand})).edition(LAYOUT))


def test_text_in_another_script_is_kept() -> None:
    """Right-to-left words and joined emoji are not control characters."""
    title = "ألم \U0001f468\u200d\U0001f469 \u200e"
    assert one_line(title) == title.strip()
    assert all(unicodedata.category(c) for c in title)
