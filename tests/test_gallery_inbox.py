"""The inbox line shows what Gmail, Apple Mail and Outlook show of a mail on phones and desktops, and what they cut."""

from __future__ import annotations

import pytest

from newsletter.gallery.inbox import INBOXES, cut, first_words, lines, width

SUBJECT = "What a nerve block can and cannot do for a back that has hurt for years"
PREHEADER = "Also this week, walking with sciatica"
PAGE = (
    f"<html><head><title>T</title><style>p {{}}</style></head><body><div style='display:none'>{PREHEADER}</div>"
    "<!--[if mso]><td>not seen</td><![endif]--><h1>Pain&nbsp;Weekly</h1><p>Good morning &amp; welcome.</p></body>"
)


def test_every_inbox_shows_its_own_part() -> None:
    """Each program on each device, and none of them more than it has room for."""
    shown = lines("Pain Weekly", SUBJECT, PREHEADER, PAGE)
    assert [line.inbox.name for line in shown] == [one.name for one in INBOXES]
    assert {one.program for one in INBOXES} == {"Gmail", "Apple Mail", "Outlook"}
    for line in shown:
        assert width(line.subject) <= line.inbox.subject
        assert width(f"{line.preheader} {line.filling}".strip()) <= line.inbox.preheader
        assert width(line.sender) <= line.inbox.sender


def test_what_is_cut_is_said() -> None:
    """Seen and unseen parts together are the subject; the ellipsis is the program's."""
    phone = lines("Pain Weekly", SUBJECT, PREHEADER, PAGE)[0]
    assert phone.subject == "What a nerve block can and cannot do…"
    assert phone.unseen == "for a back that has hurt for years"
    assert phone.unseen_preheader == ""


def test_the_mails_first_words_fill_a_line_that_the_preheader_leaves() -> None:
    """As programs do it: a short preheader is followed by the masthead."""
    mac = next(line for line in lines("Pain Weekly", SUBJECT, PREHEADER, PAGE) if line.inbox.preheader == 140)
    assert (mac.preheader, mac.filling) == (PREHEADER, "Pain Weekly Good morning & welcome.")


def test_without_a_preheader_the_mail_speaks_for_itself() -> None:
    """Its first words are what an inbox shows."""
    page = PAGE.replace(f"<div style='display:none'>{PREHEADER}</div>", "")
    assert lines("Pain Weekly", SUBJECT, "", page)[1].filling == "Pain Weekly Good morning & welcome."


@pytest.mark.parametrize(
    ("text", "room", "seen", "unseen"),
    [
        ("short", 5, "short", ""),
        ("short", 4, "sho…", "rt"),
        ("one two three", 9, "one two…", "three"),
        ("痛みの週刊誌", 7, "痛みの…", "週刊誌"),
        ("", 5, "", ""),
    ],
)
def test_a_text_is_cut_where_it_does_not_fit(text: str, room: int, seen: str, unseen: str) -> None:
    """Wide letters take two places, and the ellipsis one."""
    assert cut(text, room) == (seen, unseen)


def test_first_words_are_those_that_are_shown() -> None:
    """Nothing of style sheets, comments, titles; also of a page whose tags go on past what is looked at."""
    assert first_words(PAGE) == f"{PREHEADER} Pain Weekly Good morning & welcome."
    assert first_words("<body>" + "<p>word</p>" * 5000).startswith("word word")
