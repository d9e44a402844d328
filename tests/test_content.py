"""An issue file says exactly what an editor meant, and a mistake in it is named with its line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from issue_kit import TUESDAY, article, moment

from newsletter.content import (
    LeftOut,
    Proposal,
    find_issue_file,
    list_issues,
    list_slugs,
    parse_issue,
    read_issue,
    refresh_issue,
    refreshed,
    write_draft,
)
from newsletter.content.draft import address, draft_text, one_line, quoted
from newsletter.errors import ContentError
from newsletter.types import Image, Pick

SLUG = "2026-11-26"
PATH = Path(f"{SLUG}.md")
ZONE = ZoneInfo("America/Phoenix")
SECTIONS = ("conditions", "treatments", "news")
GOOD = """---
subject: "When leg pain starts in the back"
preheader: Also this week
date: 2026-11-26
author: Ana Ruiz
lead: https://pain.example/b/
picks:
  conditions:
    - https://pain.example/a/   # a remark
    - url: https://pain.example/b/
      title: 'Sciatica: what helps'
      blurb: >-
        Two lines
        of text.
      image: https://pain.example/b.jpg
      alt: A back
  news:
---

Dear *reader*,

--- this is no fence
"""


def parse(text: str, sections: tuple[str, ...] | None = SECTIONS) -> object:
    return parse_issue(text, slug=SLUG, sections=sections)


# --- reading ---------------------------------------------------------------------------------------------


def test_a_file_becomes_an_issue() -> None:
    """Subject, date, author, lead, picks with their own words and lines, and the note are read as written."""
    issue = parse_issue(GOOD, slug=SLUG, path="x.md")
    assert issue.subject == "When leg pain starts in the back"
    assert (issue.preheader, issue.date, issue.author) == ("Also this week", date(2026, 11, 26), "Ana Ruiz")
    assert issue.lead == "https://pain.example/b/"
    assert issue.note == "Dear *reader*,\n\n--- this is no fence"
    assert issue.drafted_at is None
    first, second = issue.picks[0][1]
    assert first == Pick("https://pain.example/a/", line=9)
    assert second == Pick(
        "https://pain.example/b/",
        title="Sciatica: what helps",
        blurb="Two lines of text.",
        image=Image("https://pain.example/b.jpg", "A back"),
        line=10,
    )
    assert issue.picks[1] == ("news", ())


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n"], ids=["CRLF", "CR", "LF"])
@pytest.mark.parametrize("bom", ["\ufeff", ""], ids=["BOM", "plain"])
def test_line_ends_and_a_byte_order_mark_change_nothing(line_break: str, bom: str, tmp_path: Path) -> None:
    """A file from any editor on any system reads the same, down to the line numbers."""
    path = tmp_path / f"{SLUG}.md"
    path.write_bytes((bom + GOOD).replace("\n", line_break).encode())
    assert read_issue(path) == parse_issue(GOOD, slug=SLUG, path=str(path))


def test_a_pick_can_do_without_its_picture() -> None:
    """`image: none` is an image without an address, which is not the same as leaving the article its own."""
    text = GOOD.replace("image: https://pain.example/b.jpg\n      alt: A back", "image: none")
    assert parse_issue(text, slug=SLUG).picks[0][1][1].image == Image("")


def test_numbers_and_words_like_true_are_text() -> None:
    """What an editor writes is text, whatever YAML would make of it."""
    issue = parse_issue(GOOD.replace("preheader: Also this week", "preheader: 12"), slug=SLUG)
    assert issue.preheader == "12"
    assert parse_issue(GOOD.replace("Also this week", "true"), slug=SLUG).preheader == "true"


MISTAKES = {
    "an unknown key": ("author: Ana", "auhtor: Ana", 5, "'auhtor'", "'author'"),
    "an unknown section": ("  news:", "  newz:", 17, "unknown section 'newz'", "'news'"),
    "an unknown key of a pick": ("      blurb:", "      blrub:", 12, "'blrub'", "'blurb'"),
    "a key that is there twice": ("author: Ana Ruiz", "subject: Again", 5, "twice", "Keep one"),
    "a missing subject": (
        'subject: "When leg pain starts in the back"',
        "# none",
        3,
        "'subject' is missing",
        "",
    ),
    "an empty subject": ('"When leg pain starts in the back"', '""', 2, "'subject' is empty", "subject: …"),
    "a subject not yet written": (
        ' "When leg pain starts in the back"',
        "",
        2,
        "'subject' is empty",
        "subject: …",
    ),
    "a pick's address not yet written": (
        " https://pain.example/b/\n      title",
        "\n      title",
        10,
        "no url",
        "url:",
    ),
    "a list for a subject": (
        '"When leg pain starts in the back"',
        "[a, b]",
        2,
        "'subject' holds a list",
        "text",
    ),
    "keys for a preheader": ("Also this week", "{a: b}", 3, "'preheader' holds keys", "text"),
    "a date that is none": ("2026-11-26", "26 November", 4, "'date' is no date", SLUG),
    "a day that there is not": ("2026-11-26", "2026-11-31", 4, "'date' is no date", SLUG),
    "a date of another file": ("2026-11-26", "2026-11-27", 4, "named 2026-11-26", "change one"),
    "a duplicate pick": (
        "https://pain.example/a/",
        "http://www.pain.example/b?utm_source=x",
        10,
        "twice",
        "line 9",
    ),
    "a lead that is no pick": (
        "lead: https://pain.example/b/",
        "lead: https://pain.example/c/",
        6,
        "'lead'",
        "pick",
    ),
    "a pick that is no address": (
        "https://pain.example/a/",
        "pain.example/a",
        9,
        "no web address",
        "https://",
    ),
    "a pick that runs code": (
        "https://pain.example/a/",
        "javascript:alert(1)",
        9,
        "no web address",
        "https://",
    ),
    "a pick without an address": (
        "- url: https://pain.example/b/\n      title",
        "- title",
        10,
        "no url",
        "url:",
    ),
    "an empty pick": ("https://pain.example/a/   # a remark", "", 9, "is empty", "drop the dash"),
    "a section that is no list": ("  news:", "  news: https://x.example/", 17, "must hold a list", "- https"),
    "alt without image": (
        "      image: https://pain.example/b.jpg\n",
        "",
        15,
        "'alt' stands without",
        "image:",
    ),
    "an image that is no address": ("https://pain.example/b.jpg", "b.jpg", 15, "no web address", "https://"),
    "a tab": ("  conditions:", "\tconditions:", 8, "tab", "blanks"),
    "a colon in a title": ("'Sciatica: what helps'", "Sciatica: what helps", 11, "colon", "double quotes"),
    "a quote that never closes": ('the back"', "the back", 2, "never closed", "…"),
    "a # that would eat words": ("Also this week", "Pain #1", 3, "would be lost", "double quotes"),
    "an anchor": ("Ana Ruiz", "&ana Ana", 5, "begins with &", "double quotes"),
    "an alias": ("Ana Ruiz", "*ana", 5, "begins with & or *", "double quotes"),
    "a line that is no key": ("author: Ana Ruiz", "Ana Ruiz", 5, "is not `key: value`", "colon"),
    "an at sign": ("Ana Ruiz", "@ana", 5, "keeps for itself", "double quotes"),
    "picks that do not line up": ("    - url:", "     - url:", 10, "line up", "alike"),
    "a control character": ("Ana Ruiz", "Ana\x07Ruiz", 5, "cannot be printed", "retype"),
    "no picks at all": ("picks:\n", "#picks:\n", 8, "line up", ""),
}


@pytest.mark.parametrize(("old", "new", "line", "what", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, what: str, hint: str) -> None:
    """Each mistake is a ContentError with file and line, says what is wrong, and what would be right."""
    assert old in GOOD
    with pytest.raises(ContentError) as caught:
        parse(GOOD.replace(old, new, 1))
    assert caught.value.where == f"{PATH}:{line}"
    assert what in caught.value.what
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "empty"),
        ("\ufeff \r\n", 1, "empty"),
        ("Dear reader", 1, "three dashes"),
        ("---\nsubject: x\n", 2, "does not end"),
        ("---\n---\n", 2, "no keys"),
        ("---\n- a\n---\n", 2, "no keys"),
        ("---\nsubject: x\ndate: 2026-11-26\n---\n", 2, "'picks' is missing"),
        ("---\nsubject: x\ndate: 2026-11-26\npicks: all\n---\n", 4, "must hold sections"),
        ("---\nsubject: " + "[" * 5000 + "\n---\n", 2, "nested too deeply"),
        ("---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n", 2, "begins with & or *"),
        (
            "---\nsubject: !!python/object:os.system x\ndate: 2026-11-26\npicks:\n  x: !y {}\n---\n",
            5,
            "a list",
        ),
    ],
)
def test_a_file_that_is_no_issue_is_refused(text: str, line: int, what: str) -> None:
    """Whatever stands in the file, the answer is a ContentError with a line, never a traceback."""
    with pytest.raises(ContentError, match=re.escape(f"{PATH}:{line}: ")) as caught:
        parse_issue(text, slug=SLUG)
    assert what in caught.value.what


@given(st.text(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 30))
@settings(max_examples=300, deadline=None)
def test_no_text_whatsoever_raises_anything_else(inserted: str, place: int, cut: int) -> None:
    """A damaged file is read or refused with a ContentError that has a line."""
    trouble = None
    try:
        parse(GOOD[:place] + inserted + GOOD[place + cut :])
    except ContentError as error:
        trouble = error
    assert trouble is None or re.search(r":\d+$", trouble.where)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """The line of the first wrong byte is named."""
    path = tmp_path / f"{SLUG}.md"
    path.write_bytes(GOOD.replace("Ana Ruiz", "Ana Muñoz").encode("latin-1"))
    with pytest.raises(ContentError, match=f"{SLUG}.md:5: is not UTF-8"):
        read_issue(path)


def test_a_missing_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    """Both are errors for a person, with what to do."""
    path = tmp_path / f"{SLUG}.md"
    with pytest.raises(ContentError, match="there is no such issue"):
        read_issue(path)
    path.write_bytes(b"---\n" + b"#" * 1_000_001)
    with pytest.raises(ContentError, match="larger than a megabyte"):
        read_issue(path)


def test_a_folder_is_listed_by_date_and_a_broken_file_is_named(tmp_path: Path) -> None:
    """Issues come oldest first; drafts in the making, seals and other files are none."""
    for slug in ("2026-12-03", SLUG):
        (tmp_path / f"{slug}.md").write_text(GOOD.replace(SLUG, slug), encoding="utf-8")
    for other in (f".{SLUG}.md.1.new", f"{SLUG}.seal.json", "README.md", "notes.txt"):
        (tmp_path / other).write_text("x", encoding="utf-8")
    assert [issue.slug for issue in list_issues(tmp_path)] == [SLUG, "2026-12-03"]
    (tmp_path / "2026-12-10.md").write_text("oh", encoding="utf-8")
    with pytest.raises(ContentError, match=r"2026-12-10\.md:1"):
        list_issues(tmp_path)
    assert list_slugs(tmp_path / "nowhere") == []


@pytest.mark.parametrize("name", [SLUG, f"{SLUG}.md", "{folder}/2026-11-26.md"])
def test_an_issue_is_named_by_date_or_by_file(name: str, tmp_path: Path) -> None:
    """A slug, a file name and a path mean the same file."""
    assert find_issue_file(tmp_path, name.format(folder=tmp_path)) == tmp_path / f"{SLUG}.md"


@pytest.mark.parametrize(
    "name", ["next", "2026-11-31", "2026-11-26/x", "/etc/2026-11-26.md", "../2026-11-26.md", ""]
)
def test_what_names_no_issue_of_this_site_is_refused(name: str, tmp_path: Path) -> None:
    """No file outside of the site's folder is ever an issue."""
    with pytest.raises(ContentError):
        find_issue_file(tmp_path, name)


# --- a draft ---------------------------------------------------------------------------------------------


def proposal() -> Proposal:
    lead = article("sciatica", image=True, title="Sciatica: #1 “why” it's back")
    return Proposal(
        date=date(2026, 11, 26),
        since=moment("11-17 13:00"),
        until=TUESDAY,
        subject=lead.title,
        preheader='With "quotes", a \\ and: colons',
        lead=lead,
        picks=(
            ("conditions", (lead, article("crps"))),
            ("treatments", ()),
            ("news", (article("law", "news"),)),
        ),
        left_out=(LeftOut(article("recall", "news"), "news is full"),),
    )


def test_a_draft_reads_back_as_it_was_proposed() -> None:
    """Subject, preheader, lead, picks and the moment of the draft survive the file."""
    issue = parse_issue(draft_text(proposal(), ZONE), slug=SLUG, sections=SECTIONS)
    assert (issue.subject, issue.preheader) == (proposal().subject, proposal().preheader)
    assert issue.lead == proposal().lead.url
    assert [(name, [pick.url for pick in picks]) for name, picks in issue.picks] == [
        (name, [one.url for one in chosen]) for name, chosen in proposal().picks
    ]
    assert (issue.drafted_at, issue.note, issue.author) == (TUESDAY, "", None)


def test_a_draft_shows_titles_and_what_was_left_out_as_remarks() -> None:
    """An editor sees what each address is, and what found no room, without any of it being published."""
    text = draft_text(proposal(), ZONE)
    assert (
        "    # All about crps (2026-11-20; the path holds /conditions/)\n    - https://pain.example/conditions/crps/\n"
        in text
    )
    assert "    # news is full: All about recall (" in text
    assert "    # - https://pain.example/news/recall/\n" in text


def test_a_left_out_pick_moves_in_by_taking_its_mark_away() -> None:
    """Doing what the draft says gives a file that reads."""
    text = draft_text(proposal(), ZONE)
    line = "    # - https://pain.example/news/recall/\n"
    text = text.replace(line, "").replace("  news:\n", "  news:\n" + line.replace("# ", ""))
    assert len(dict(parse_issue(text, slug=SLUG).picks)["news"]) == 2


@given(st.text(), st.text(), st.text(min_size=1))
@settings(max_examples=200, deadline=None)
def test_no_title_can_break_a_draft(title: str, reason: str, subject: str) -> None:
    """A feed's words stay in their line, be they quotes, line breaks, dashes or control characters."""
    from dataclasses import replace

    wild = replace(article("wild"), title=title, reason=reason)
    made = replace(
        proposal(),
        lead=wild,
        picks=(("conditions", (wild,)),),
        subject=subject + "x",
        left_out=(LeftOut(wild, reason),),
    )
    issue = parse_issue(draft_text(made, ZONE), slug=SLUG)
    assert issue.subject == one_line(subject + "x")
    assert [pick.url for pick in issue.picks[0][1]] == [wild.url]


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/a:",
        "https://x.example/a,b",
        "https://x.example/?a=[1]&b={2}#c",
        "https://x.example/é",
    ],
)
def test_any_address_survives_the_file(url: str) -> None:
    """Plain where YAML allows it, quoted where it does not."""
    text = GOOD.replace("https://pain.example/a/   # a remark", address(url))
    if "{" not in url:
        assert parse_issue(text, slug=SLUG).picks[0][1][0].url == url
    assert address("https://x.example/a:") == quoted("https://x.example/a:")


def test_a_file_is_drafted_once_and_never_overwritten(tmp_path: Path) -> None:
    """The second to come finds the file taken, and leaves it and nothing else behind."""
    path = tmp_path / "issues" / f"{SLUG}.md"
    assert write_draft(path, proposal(), ZONE) is True
    path.write_text("an editor's words", encoding="utf-8")
    assert write_draft(path, proposal(), ZONE) is False
    assert path.read_text(encoding="utf-8") == "an editor's words"
    assert [one.name for one in path.parent.iterdir()] == [f"{SLUG}.md"]


# --- refresh ---------------------------------------------------------------------------------------------


NEW = article("new", "conditions", "11-25 08:00")
NEWS = article("late", "news", "11-25 09:00")


def lines_added(before: str, after: str) -> list[str]:
    """The lines that `after` has more; fails when anything else differs."""
    rest = before.splitlines(keepends=True)
    added = []
    for line in after.splitlines(keepends=True):
        if rest and line == rest[0]:
            rest.pop(0)
        else:
            added.append(line)
    assert rest == []
    return added


def test_a_refresh_adds_at_the_end_of_the_sections() -> None:
    """New picks come last in their sections, what found no room is a remark, and the moment is noted."""
    after = refreshed(GOOD, PATH, {"conditions": [NEW]}, [LeftOut(NEWS, "news is full")], TUESDAY, ZONE)
    assert lines_added(GOOD, after) == [
        "# Refreshed 2026-11-24T13:00:00Z.\n",
        "    # All about new (2026-11-25; the path holds /conditions/)\n",
        "    - https://pain.example/conditions/new/\n",
        "    # news is full: All about late (2026-11-25; the path holds /news/)\n",
        "    # - https://pain.example/news/late/\n",
    ]
    issue = parse_issue(after, slug=SLUG)
    assert [pick.url for pick in dict(issue.picks)["conditions"]][-1] == NEW.url
    assert issue.drafted_at == TUESDAY


def test_a_remark_stays_with_the_pick_it_hangs_on() -> None:
    """What an editor noted below the last pick of a section is not torn from it, nor handed to another section."""
    picks = (
        "picks:\n  conditions:\n    - https://x.example/1\n    # ask Dr. Hale\n\n  # the news comes later\n"
    )
    after = refreshed(
        f"---\nsubject: x\ndate: {SLUG}\n{picks}---\n",
        PATH,
        {"conditions": [NEW], "news": [NEWS]},
        [],
        TUESDAY,
        ZONE,
    )
    assert (
        after.partition("picks:\n")[2]
        == """\
  conditions:
    - https://x.example/1
    # ask Dr. Hale
    # All about new (2026-11-25; the path holds /conditions/)
    - https://pain.example/conditions/new/

  # the news comes later
  news:
    # All about late (2026-11-25; the path holds /news/)
    - https://pain.example/news/late/
---
"""
    )


A_PICK, B_PICK = "- https://x.example/1\n", "- https://x.example/2\n"
OWN = "    - url: https://x.example/1\n      title: x\n      blurb: "
SHAPES = {
    "an indented list": f"picks:\n  conditions:\n    {A_PICK}  news:\n    {B_PICK}",
    "a list at its key": f"picks:\n  conditions:\n  {A_PICK}  news:\n  {B_PICK}",
    "an empty section": f"picks:\n  conditions:\n  news:\n    {B_PICK}",
    "empty picks": "picks:\n",
    "a section that is not there": "picks:\n  news:\n  # a remark\n",
    "keys behind the picks": f"picks:\n  conditions:\n    {A_PICK}\n# remark\nauthor: x\n",
    "a block of text at the end": f"picks:\n  conditions:\n{OWN}|+\n        two\n\n        lines\n\n\n",
    "quotes over lines": f'picks:\n  conditions:\n{OWN}"two\n        lines"   # remark\n',
    "a deep indent": f"picks:\n     conditions:\n              {A_PICK}\n     news:\n              {B_PICK}",
}


@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_refresh_only_adds_lines_whatever_the_file_looks_like(shape: str, line_break: str) -> None:
    """However an editor lays a file out, the lines that were there stay as they are and where they are."""
    before = f"---\nsubject: x\ndate: {SLUG}\n{shape}---\nNote\n".replace("\n", line_break)
    after = refreshed(before, PATH, {"conditions": [NEW], "news": [NEWS]}, [], TUESDAY, ZONE)
    assert all(line.endswith(line_break) for line in lines_added(before, after))
    old, new = (dict(parse_issue(text, slug=SLUG).picks) for text in (before, after))
    for name, one in (("conditions", NEW), ("news", NEWS)):
        assert [pick.url for pick in new[name]] == [*(pick.url for pick in old.get(name, ())), one.url]


words = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\x85"), max_size=12
)
gaps = st.sampled_from(["", "\n", "\n\n", "# remark\n", "    # - https://x.example/out\n", "      \n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    indent = draw(st.integers(1, 6)) * " "
    deeper = indent + draw(st.integers(0, 4)) * " "
    number = 0
    text = f"---\n{draw(gaps)}subject: {quoted(draw(words) + 'x')}\ndate: {SLUG}\n{draw(gaps)}picks:\n"
    for section in draw(st.permutations(SECTIONS))[: draw(st.integers(0, 3))]:
        text += f"{indent}{section}:{draw(st.sampled_from(['', '  ', ' # remark']))}\n{draw(gaps)}"
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            own = f"{deeper}  title: {quoted(draw(words) + 'x')}\n" + draw(
                st.sampled_from(
                    [
                        "",
                        f"{deeper}  blurb: >-\n{deeper}     some\n\n{deeper}     words\n",
                        f"{deeper}  blurb: |+\n{deeper}    a\n\n",
                    ]
                )
            )
            url = f"https://x.example/{number}"
            text += f"{deeper}- {url}\n" if draw(st.booleans()) else f"{deeper}- url: {url}\n{own}"
            text += draw(gaps)
    return f"{text}{draw(gaps)}---\n{draw(words)}"


@given(files(), st.sampled_from(["\n", "\r\n"]), st.lists(st.sampled_from(SECTIONS), max_size=4))
@settings(max_examples=400, deadline=None)
def test_taking_the_added_lines_away_gives_the_file_as_it_was(
    text: str, line_break: str, sections: list[str]
) -> None:
    """Byte for byte: comments, order, blanks and every word of an editor outlive a refresh."""
    before = text.replace("\n", line_break)
    added: dict[str, list] = {}
    for number, section in enumerate(sections):
        added.setdefault(section, []).append(article(f"new{number}", section))
    after = refreshed(before, PATH, added, [], TUESDAY, ZONE)
    lines = lines_added(before, after)
    new_urls = [one.url for chosen in added.values() for one in chosen]
    assert sum(url in line for line in lines for url in new_urls) == len(new_urls)
    assert len(after) == len(before) + sum(map(len, lines))
    assert parse_issue(after, slug=SLUG).note == parse_issue(before, slug=SLUG).note


@pytest.mark.parametrize(
    "picks", ["picks: {}", "picks:\n  conditions: [https://x.example/1]", "picks:\n  conditions: ~"]
)
def test_a_file_that_cannot_just_grow_is_left_alone(picks: str, tmp_path: Path) -> None:
    """Where a line cannot be added, the editor is told which line is in the way, and the file stays."""
    path = tmp_path / f"{SLUG}.md"
    path.write_text(f"---\nsubject: x\ndate: {SLUG}\n{picks}\n---\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ContentError, match=rf"{SLUG}\.md:[45]: "):
        refresh_issue(path, {"conditions": [NEW]}, [], TUESDAY, ZONE)
    assert path.read_bytes() == before


def test_nothing_new_leaves_the_file_untouched(tmp_path: Path) -> None:
    """Not even its time of change is another."""
    path = tmp_path / f"{SLUG}.md"
    path.write_text(GOOD, encoding="utf-8")
    stamp = path.stat().st_mtime_ns
    assert refresh_issue(path, {}, [], TUESDAY, ZONE) is False
    assert path.stat().st_mtime_ns == stamp


def test_what_the_settings_do_not_know_is_not_added() -> None:
    """A left-out article of an unknown section makes no section in the file."""
    assert refreshed(GOOD, PATH, {}, [LeftOut(article("x", "gone"), "?")], TUESDAY, ZONE) == GOOD
