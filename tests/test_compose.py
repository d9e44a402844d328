"""A week's articles become a draft, and an issue file becomes what readers get."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from issue_kit import TUESDAY, add_articles, article, config, later, make_site, moment
from sqlalchemy import insert

from newsletter.app import make_app
from newsletter.cli import main
from newsletter.content import parse_issue
from newsletter.errors import ContentError, NothingNew, UsageError
from newsletter.pipeline import compose
from newsletter.pipeline.render_folder import write_build
from newsletter.storage.database import writing
from newsletter.storage.schema import issue_articles, issues
from newsletter.types import Article, Image, Issue, Pick, Video

SLUG = "2026-11-26"
DAY = date(2026, 11, 26)
SINCE = moment("11-17 13:00")
ROOT = Path(__file__).parent.parent


def propose(found: list[Article]) -> compose.Proposal:
    ordered = compose.candidates(found, since=SINCE, until=TUESDAY, used=())
    return compose.propose(DAY, ordered, config(), since=SINCE, until=TUESDAY)


def urls(picks: tuple[tuple[str, tuple[Article, ...]], ...]) -> dict[str, list[str]]:
    return {section: [one.guid.split("/")[-2] for one in chosen] for section, chosen in picks}


# --- which articles --------------------------------------------------------------------------------------


def test_a_draft_takes_the_newest_of_each_section_up_to_its_limit() -> None:
    """Newest first, three conditions at most; what found no room is kept as a remark."""
    found = [article(f"c{day}", at=f"11-{day} 08:00") for day in (18, 19, 20, 21)] + [article("law", "news")]
    made = propose(found)
    assert urls(made.picks) == {"conditions": ["c21", "c20", "c19"], "treatments": [], "news": ["law"]}
    assert [(one.article.guid, one.why) for one in made.left_out] == [(found[0].guid, "conditions is full")]


def test_a_draft_does_not_depend_on_the_order_of_the_articles() -> None:
    """Articles of one moment are ordered by address, whichever the store gives first."""
    found = [article(name, section) for name in "abcde" for section in ("conditions", "news")]
    drafts = set()
    for seed in range(20):
        random.Random(seed).shuffle(found)
        drafts.add(propose(found))
    assert len(drafts) == 1


@pytest.mark.parametrize(
    ("one", "taken"),
    [
        (article("in"), True),
        (article("edge", at="11-17 13:00"), True),
        (article("old", at="11-17 12:59"), False),
        (article("now", at="11-24 13:00"), True),
        (article("tomorrow", at="11-25 08:00"), False),
        (replace(article("dated ahead"), published_at=moment("11-25 08:00")), False),
        (replace(article("undated"), published_at=None), True),
        (replace(article("dated back"), published_at=moment("01-01 08:00")), True),
        (article("used"), False),
    ],
    ids=lambda value: value.guid.split("/")[-2] if isinstance(value, Article) else "",
)
def test_what_is_new_is_what_came_in_within_the_window(one: Article, taken: bool) -> None:
    """Both ends belong to it; nothing dated in the future, nothing that another issue has."""
    used = {article("used").canonical_url}
    assert bool(compose.candidates([one], since=SINCE, until=TUESDAY, used=used)) is taken


def test_the_newest_pick_with_a_picture_leads() -> None:
    """A picture or a video's still; without any, the newest; of two equally new, the earlier section's."""
    plain, older = article("plain", at="11-22 08:00"), article("older", "news", "11-19 08:00", image=True)
    newer = article("newer", "treatments", "11-20 08:00", video=True)
    twin = article("twin", "conditions", "11-20 08:00", image=True)
    assert propose([plain, older, newer]).lead == newer
    assert propose([plain, older, newer, twin]).lead == twin
    assert propose([plain, article("other", "news")]).lead == plain


def test_only_a_pick_can_lead() -> None:
    """An article that found no room in its section does not lead, however fine its picture."""
    picks = [article(f"n{n}", "news", f"11-2{n} 08:00") for n in (1, 2)]
    assert propose([*picks, article("n0", "news", image=True)]).lead == picks[1]


def test_an_article_of_a_section_given_up_is_said_not_lost() -> None:
    """It is left out with the reason; alone, it makes no issue."""
    gone = article("x", "stories")
    assert [one.why for one in propose([article("a"), gone]).left_out] == [
        "the settings have no section 'stories'"
    ]
    with pytest.raises(NothingNew, match="has a section"):
        propose([gone])


def test_a_week_without_news_says_since_when() -> None:
    """In the site's own time, and for an issue too far ahead when its time begins."""
    with pytest.raises(NothingNew, match=r"nothing new since Tue 17 Nov 2026, 06:00 \(America/Phoenix\)"):
        propose([])
    with pytest.raises(NothingNew, match="it is too early"):
        compose.propose(DAY, [], config(), since=TUESDAY, until=SINCE)


# --- words for a draft -----------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 20, 59, 60, 61, 200])
def test_proposed_words_fit_an_inbox(length: int) -> None:
    """A subject has at most 60 characters, a preheader 110, cut between words."""
    title = ("Sciatica and other words " * 20)[:length].strip() or "S"
    made = propose([article(f"a{n}", "conditions", title=title, image=n == 0) for n in range(3)])
    assert 0 < len(made.subject) <= 60
    assert 0 < len(made.preheader) <= 110
    assert made.subject == title or made.subject.endswith("…")
    assert title.startswith(made.subject.rstrip("…"))


def test_the_preheader_names_the_other_picks() -> None:
    """As many as fit, then how many more; a lone pick gives its first words."""
    three = [
        article("a", image=True),
        article("b", title="Short one."),
        article("c", "news", title="Another"),
    ]
    assert propose(three).preheader == "Also: Short one; Another"
    assert propose(three[:1]).preheader == "What is known about a."
    long = [article(f"l{n}", "treatments", title="A title that is fairly long, all in all") for n in range(3)]
    assert propose([*three, *long]).preheader.endswith("more")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("one two", 7, "one two"),
        ("one two", 6, "one…"),
        ("onetwothree", 6, "onetw…"),
        ("one, two three", 9, "one, two…"),
        ("one, two", 6, "one…"),
    ],
)
def test_text_is_shortened_between_words(text: str, length: int, expected: str) -> None:
    """Never in a word, unless it is longer than the line; no comma before the dots."""
    assert compose.shorten(text, length) == expected


# --- the layout ------------------------------------------------------------------------------------------


def issue(*picks: tuple[str, tuple[Pick, ...]], lead: str | None = None) -> Issue:
    return Issue(SLUG, "S", "P", DAY, lead, picks, "note", path="x.md")


def test_the_files_words_win_over_the_articles() -> None:
    """Title, blurb and picture of the file; author, date and video of the article."""
    one = replace(article("a", image=True, video=True), author="Dr. Li")
    pick = Pick(
        "http://www.pain.example/conditions/a?utm_source=x",
        title="Mine",
        image=Image("https://x.example/i.png", "alt"),
    )
    story = compose.settle(pick, "conditions", {one.canonical_url: one}, "x.md", config().newsletter.zone)
    assert (story.title, story.blurb, story.url) == ("Mine", one.excerpt, pick.url)
    assert (story.author, story.published, story.section) == ("Dr. Li", date(2026, 11, 20), "conditions")
    assert story.image == pick.image
    assert story.video == Video(one.url, "https://x.example/i.png")


def test_a_pick_without_picture_shows_neither_picture_nor_still() -> None:
    """`image: none` in the file."""
    one = article("a", image=True, video=True)
    story = compose.settle(
        Pick(one.url, image=Image("")), "news", {one.canonical_url: one}, "", config().newsletter.zone
    )
    assert (story.image, story.video) == (None, None)


def test_a_date_is_that_of_the_sites_clock() -> None:
    """03:00 UTC is still the evening before in Phoenix."""
    one = later(article("a"), "11-20 03:00")
    story = compose.settle(Pick(one.url), "news", {one.canonical_url: one}, "", config().newsletter.zone)
    assert story.published == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("pick", "lacking"),
    [
        (Pick("https://x.example/", line=7), "title and blurb"),
        (Pick("https://x.example/", title="T", line=7), "blurb"),
        (Pick("https://x.example/", blurb="B", line=7), "title"),
    ],
)
def test_a_page_the_store_does_not_know_needs_words_in_the_file(pick: Pick, lacking: str) -> None:
    """The line is named, and what is lacking; with both, any page can be picked."""
    with pytest.raises(ContentError, match=rf"^x\.md:7: .*gives no {lacking}:"):
        compose.resolve(issue(("news", (pick,))), {}, config())
    whole = replace(pick, title="T", blurb="B")
    assert compose.resolve(issue(("news", (whole,))), {}, config()).lead is not None


def test_sections_come_in_the_order_of_the_settings_and_the_lead_only_once() -> None:
    """The lead is taken out of its section; a section left empty is left out."""
    picks = {
        name: Pick(f"https://x.example/{name}", title=name, blurb="b") for name in ("n", "t1", "t2", "c")
    }
    made = issue(
        ("news", (picks["n"],)),
        ("treatments", (picks["t1"], picks["t2"])),
        ("conditions", (picks["c"],)),
        lead=picks["c"].url,
    )
    layout = compose.resolve(made, {}, config())
    assert layout.lead is not None
    assert layout.lead.title == "c"
    assert [(name, [one.title for one in chosen]) for name, chosen in layout.sections] == [
        ("treatments", ["t1", "t2"]),
        ("news", ["n"]),
    ]


def test_without_a_lead_the_first_pick_of_the_page_leads() -> None:
    """First by the order of the settings, which is the order readers see."""
    made = issue(
        ("news", (Pick("https://x.example/n", "n", "b"),)),
        ("conditions", (Pick("https://x.example/c", "c", "b"),)),
    )
    layout = compose.resolve(made, {}, config())
    assert layout.lead is not None
    assert layout.lead.title == "c"


def test_an_issue_without_picks_or_with_an_unknown_section_is_refused() -> None:
    """Both name the file, and the second what there is."""
    with pytest.raises(ContentError, match="has no picks"):
        compose.resolve(issue(("news", ())), {}, config())
    with pytest.raises(ContentError, match=r"x\.md:4: the settings have no section 'newz'"):
        compose.resolve(issue(("newz", (Pick("https://x.example/", "t", "b", line=4),))), {}, config())


# --- on a site -------------------------------------------------------------------------------------------


def test_no_article_comes_in_two_issues(tmp_path: Path) -> None:
    """Not one in another file, not one published, however its address is written."""
    app = make_site(tmp_path, [article(name) for name in "abc"] + [article("n", "news")])
    app.site.issues.mkdir(parents=True)
    other = app.composer.path("2026-11-19")
    other.write_text(
        "---\nsubject: x\ndate: 2026-11-19\npicks:\n  news:\n    - http://pain.example/conditions/a?utm_medium=m\n---\n"
    )
    with writing(app.database) as conn:
        conn.execute(
            insert(issues).values(
                id=1,
                slug="2026-11-12",
                subject="x",
                state="sent",
                hash="x",
                audience=0,
                provider="outbox",
                published_at=TUESDAY,
            )
        )
        conn.execute(insert(issue_articles).values(issue_id=1, canonical_url=article("b").canonical_url))
    other.write_text(
        other.read_text().replace("---\nsubject", "---\n# Drafted 2026-11-17T13:00:00Z from x\nsubject", 1)
    )
    assert app.composer.draft(SLUG, TUESDAY) is True
    assert compose.urls_of(app.composer.read(SLUG)) == {
        article("c").canonical_url,
        article("n", "news").canonical_url,
    }


def test_a_draft_is_made_once_by_however_many_processes(tmp_path: Path) -> None:
    """Of eight at once one makes the file, and nobody finds half of it."""
    make_site(tmp_path, [article(name) for name in "abc"])
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(_draft, [tmp_path] * 8)
    assert sorted(made) == [False] * 7 + [True]


def _draft(root: Path) -> bool:
    return make_app(root).composer.draft(SLUG, TUESDAY)


def test_an_editors_file_is_never_overwritten(tmp_path: Path) -> None:
    """Building again, with new articles and another clock, leaves it byte for byte."""
    app = make_site(tmp_path, [article("a")])
    app.composer.draft(SLUG, TUESDAY)
    path = app.composer.path(SLUG)
    path.write_text(path.read_text(encoding="utf-8") + "\nMy words.\n", encoding="utf-8")
    before = path.read_bytes()
    add_articles(app, [article("b")])
    assert app.composer.draft(SLUG, moment("11-25 08:00")) is False
    app.build(SLUG)
    assert path.read_bytes() == before


def test_a_refresh_brings_what_came_in_since_and_never_what_was_dropped(tmp_path: Path) -> None:
    """New ones up to the section's limit, none that an editor deleted or turned into a remark, none twice."""
    app = make_site(tmp_path, [article(name) for name in "abc"])
    app.composer.draft(SLUG, TUESDAY)
    path = app.composer.path(SLUG)
    text = path.read_text(encoding="utf-8")
    text = text.replace("    - https://pain.example/conditions/b/\n", "")
    text = text.replace(
        "    - https://pain.example/conditions/c/", "    # - https://pain.example/conditions/c/"
    )
    text = text.replace("lead: ", "# lead: ")
    path.write_text(text, encoding="utf-8")
    add_articles(app, [article(name, at=f"11-24 1{n}:00") for n, name in enumerate("defg", start=4)])
    fresh = app.composer.refresh(SLUG, moment("11-25 08:00"))
    assert urls(tuple(fresh.picks.items())) == {"conditions": ["g", "f"]}
    assert [one.article.guid for one in fresh.left_out] == [article("e").guid, article("d").guid]
    names = [url.split("/")[-1] for url in sorted(compose.urls_of(app.composer.read(SLUG)))]
    assert names == ["a", "f", "g"]
    after = path.read_bytes()
    assert app.composer.refresh(SLUG, moment("11-25 09:00")).picks == {}
    assert path.read_bytes() == after


def test_a_refresh_of_a_file_written_by_hand_adds_nothing_twice(tmp_path: Path) -> None:
    """Without a note of when it was drafted, what its text names, in a pick or a remark, is known to the editor."""
    app = make_site(tmp_path, [article(name) for name in "abc"])
    app.site.issues.mkdir(parents=True)
    picks = "picks:\n  conditions:\n    - 'http://pain.example/conditions/a'\n    # - https://pain.example/conditions/b/\n"
    app.composer.path(SLUG).write_text(f"---\nsubject: x\ndate: {SLUG}\n{picks}---\n", encoding="utf-8")
    fresh = app.composer.refresh(SLUG, TUESDAY)
    assert urls(tuple(fresh.picks.items())) == {"conditions": ["c"]}


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    """An error for a person, with the place; no traceback."""
    app = make_site(tmp_path, [article("a")])
    (tmp_path / "content").write_text("a file where a folder must be")
    with pytest.raises(UsageError, match=r"content.*: cannot be written: "):
        app.composer.draft(SLUG, TUESDAY)


def test_the_issue_after_takes_on_where_this_one_was_looked_at(tmp_path: Path) -> None:
    """An article that came in after an early draft is not lost between two issues."""
    app = make_site(tmp_path, [article("a", at="11-20 08:00")])
    app.composer.draft(SLUG, moment("11-21 08:00"))
    add_articles(app, [article("between", at="11-22 08:00")])
    assert app.composer.draft("2026-12-03", moment("12-01 13:00")) is True
    assert compose.urls_of(app.composer.read("2026-12-03")) == {article("between").canonical_url}


def test_nothing_new_drafts_nothing(tmp_path: Path) -> None:
    """No file, no folder of it, and the exit says so."""
    app = make_site(tmp_path, [article("old", at="10-01 08:00")])
    with pytest.raises(NothingNew, match="since Tue 17 Nov 2026"):
        app.composer.draft(SLUG, TUESDAY)
    assert not app.site.issues.exists()


def test_a_date_gone_by_is_not_drafted(tmp_path: Path) -> None:
    """A slip in the date makes no file with a year's articles."""
    app = make_site(tmp_path, [article("a")])
    with pytest.raises(ContentError, match="its date has gone by"):
        app.composer.draft("2026-11-19", TUESDAY)


def test_a_build_holds_the_editions_as_they_would_be_sent(tmp_path: Path) -> None:
    """The files are the editions' own bytes; the report names sizes, hashes and reasons."""
    app = make_site(tmp_path, [article("a", image=True), article("t", "treatments"), article("n", "news")])
    app.composer.draft(SLUG, TUESDAY)
    built = app.build(SLUG)
    found, _, editions = app.editions(SLUG)
    assert found == app.composer.read(SLUG)
    names = {"+".join(edition.topics.ids): edition for edition in editions}
    names["all"] = names.pop("conditions+news+treatments")
    files = {f"{name}.{kind}" for name in names for kind in ("html", "txt", "mjml")}
    files |= {"report.json", "gallery.html"}
    assert {one.name for one in built.folder.iterdir()} == files
    for name, edition in names.items():
        assert (built.folder / f"{name}.html").read_bytes() == edition.html.encode()
        assert (built.folder / f"{name}.txt").read_bytes() == edition.text.encode()
    report = json.loads((built.folder / "report.json").read_text(encoding="utf-8"))
    assert report["variants"][0]["name"] == "all"
    assert report["variants"][0]["html_bytes"] == len(names["all"].html.encode())
    assert {one["hash"] for one in report["variants"]} == {one.hash for one in editions}
    assert report["picks"][0]["reason"] == "the path holds /conditions/"
    assert str(tmp_path) not in (built.folder / "report.json").read_text(encoding="utf-8")


def test_a_build_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    """Variants that are no more are gone."""
    app = make_site(tmp_path, [article("a"), article("n", "news")])
    app.composer.draft(SLUG, TUESDAY)
    folder = app.build(SLUG).folder
    (folder / "stale.html").write_text("x")
    app.build(SLUG)
    assert not (folder / "stale.html").exists()
    assert [one.name for one in folder.parent.iterdir()] == [SLUG]


def test_a_mistake_leaves_the_last_good_build(tmp_path: Path) -> None:
    """What could be looked at can still be looked at."""
    app = make_site(tmp_path, [article("a")])
    app.composer.draft(SLUG, TUESDAY)
    folder = app.build(SLUG).folder
    before = (folder / "all.html").read_bytes()
    app.composer.path(SLUG).write_text("---\noh: no\n---\n")
    with pytest.raises(ContentError):
        app.build(SLUG)
    assert (folder / "all.html").read_bytes() == before


def test_two_builds_at_once_both_end_whole(tmp_path: Path) -> None:
    """Whichever is later stays, and no folder in the making is left."""
    app = make_site(tmp_path, [article("a"), article("n", "news")])
    app.composer.draft(SLUG, TUESDAY)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_build_often, [tmp_path] * 4)
    made = app.composer.compose(SLUG)
    again = write_build(tmp_path / "again", made.issue, made.layout, made.articles, made.editions).folder
    folder = app.site.build / SLUG
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {
        one.name: one.read_bytes() for one in again.iterdir()
    }
    assert [one.name for one in folder.parent.iterdir()] == [SLUG]


def _build_often(root: Path) -> None:
    app = make_app(root)
    made = app.composer.compose(SLUG)
    for _ in range(25):
        write_build(app.site.build / SLUG, made.issue, made.layout, made.articles, made.editions)


# --- the command -----------------------------------------------------------------------------------------


def run(
    capsys: pytest.CaptureFixture[str], root: Path, *args: str, now: str = "2026-11-24T13:00:00+00:00"
) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["--site", str(root), "--now", now, "build", *args])
    out, err = capsys.readouterr()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, out, err


def test_build_drafts_renders_and_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a name the next issue; the account names file, picks, sizes and what is next."""
    make_site(tmp_path, [article("a", image=True), article("n", "news")])
    code, out, err = run(capsys, tmp_path, "--offline")
    assert (code, err) == (0, "")
    for part in (
        SLUG,
        "drafted just now",
        "1 conditions, 1 news",
        "gallery.html",
        "newsletter preview 2026-11-26",
    ):
        assert part in out
    assert (tmp_path / "build" / SLUG / "all.html").exists()


def test_build_tells_scripts_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON document: the report, the places, what was drafted, added and left out."""
    app = make_site(tmp_path, [article("a")])
    assert json.loads(run(capsys, tmp_path, "--offline", "--json")[1])["drafted"] is True
    add_articles(app, [article("b", at="11-24 14:00")])
    _, out, _ = run(
        capsys, tmp_path, SLUG, "--offline", "--refresh", "--json", now="2026-11-24T15:00:00+00:00"
    )
    said = json.loads(out)
    assert (said["drafted"], said["added"], said["left_out"]) == (False, [article("b").url], [])
    assert len(said["picks"]) == 2


def test_a_feed_that_fails_is_said_and_the_build_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The site may be down; the issue is built from what is there, and a person knows."""
    app = make_site(tmp_path, [article("a")])
    with (app.site.root / "newsletter.toml").open("a") as settings:
        settings.write('\n[[feed]]\nurl = "http://127.0.0.1:9/feed/"\n')
    code, out, err = run(capsys, tmp_path)
    assert code == 0
    assert "Warning: " in err
    assert "127.0.0.1:9" in err
    assert "gallery.html" in out


def test_nothing_new_is_exit_1_and_a_mistake_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As every command: not so is 1, used wrongly is 2, and never a traceback."""
    make_site(tmp_path)
    code, _, err = run(capsys, tmp_path, "--offline")
    assert code == 1
    assert "nothing new since" in err
    assert run(capsys, tmp_path, "tomorrow", "--offline")[0] == 2


def test_a_build_without_a_store_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fresh clone builds the example issue, and imports no database for it."""
    app = make_site(tmp_path)
    app.site.issues.mkdir(parents=True)
    app.composer.path(SLUG).write_bytes((ROOT / f"content/issues/{SLUG}.md").read_bytes())
    script = (
        "import sys; from newsletter.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(sorted(set(sys.modules) & {'sqlalchemy', 'alembic', 'flask', 'feedparser', 'rich'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--site", str(tmp_path), "build", SLUG, "--offline"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "build" / SLUG / "all.html").exists()
    assert not app.site.subscribers.exists()


def test_the_example_issue_of_this_repository_builds() -> None:
    """Every pick carries its own words, within the limits that a draft keeps, in the shipped sections."""
    path = ROOT / f"content/issues/{SLUG}.md"
    found = parse_issue(path.read_text(encoding="utf-8"), slug=SLUG, sections=config().section_ids)
    layout = compose.resolve(found, {}, config())
    assert len(found.subject) <= compose.SUBJECT_LENGTH
    assert len(found.preheader) <= compose.PREHEADER_LENGTH
    assert {section for section, _ in layout.sections} == set(config().section_ids)
