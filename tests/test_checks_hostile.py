"""The gate reads whatever stands in an issue, however broken or large, and ends in findings, never in a traceback."""

from __future__ import annotations

from dataclasses import replace

import pytest
from broken_issues import html, plain, story
from clean_issues import Draft, build, clean
from rounds import findings

from newsletter.checks import run

BASE = plain(next(clean(1)))
NASTY = (
    "http://[", "http://[::1", "https://[::1]:99999/x", "https://a:b@c:d/e", "//", "://", "https://%zz/%", "#", "?",
    "https://xn--a/", "https://xn--ls8h.la/", "mailto:", "mailto:%", "tel:+", "data:", "javascript:", "https://a..b/",
    "https://.", "https://\u0430pple.org/", "https://x/;jsessionid=1", "https://x.org/?" + "a=1&" * 500, "url(",
    "rgb(1,2)", "hsl(a,b,c)", "#12", "9" * 400, "-9e999px", "1e9", "%", "\x7f", "\u2028", "<b", "&#xffffff;", "😀" * 50,
)  # fmt: skip


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_no_address_and_no_style_is_too_broken_to_read(nasty: str) -> None:
    """In links, pictures, sizes, colours and grounds of a page, and in the note."""
    page = (
        f'<a href="{nasty}">x</a><img src="{nasty}" alt="{nasty}" width="{nasty}" height="{nasty}">'
        f'<p style="color:{nasty};background:{nasty};font-size:{nasty};opacity:{nasty};width:{nasty}">x</p>'
        f'<div background="{nasty}" style="background:url({nasty})" bgcolor="{nasty}">x</div>'
        f'<iframe src="{nasty}"></iframe>'
    )
    draft = html("</body>", f"{page}</body>")(BASE)
    assert run(build(replace(draft, note=f"See [x]({nasty}) and {nasty}")))


PIECES = (
    "pain and sleep ", "cure ", "no cure ", "[a](", "<a ", "my a b ", "Maria had ", "602 555 ", "10.1234/a.",
    "pain\n\n", "the your all ", "{ ", "“a ", "a.", "_",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_a_note_of_any_length_is_read(piece: str) -> None:
    """A hundred thousand letters of what makes patterns go round in circles: it ends, and stops the issue."""
    draft = replace(BASE, pieces=BASE.pieces[:2], note=(piece * 100_000)[:100_000])
    assert {one.check for one in findings(draft) if one.severity == "error"} & {"size", "placeholders"}


@pytest.mark.parametrize("letters", [300, 10_000])
def test_a_title_and_a_text_of_any_length_are_read(letters: int) -> None:
    """And named in a finding that fits a line."""
    long = ("a cure for pain " * letters)[:letters]
    said = findings(story(title=long, blurb=long)(BASE))
    assert {one.check for one in said} >= {"claims", "empty_parts"}
    assert max(len(one.message) for one in said) < 400


def test_an_issue_in_another_language_is_read() -> None:
    """Letters of any alphabet, and words of which it knows none."""
    draft: Draft = story(title="Боль в спине: что помогает", blurb="痛みと睡眠についての新しい研究。" * 9)(
        BASE
    )
    assert {one.check for one in findings(draft) if one.severity == "error"} == set()
