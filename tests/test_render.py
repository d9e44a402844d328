"""A layout becomes editions: one for every set of sections, the same bytes wherever it is built."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sample_layout import sample_config, sample_layout

from newsletter.config import parse_config
from newsletter.errors import ContentError, TemplateError
from newsletter.render import Renderer
from newsletter.types import ALL_TOPICS, PREFERENCES_MARK, UNSUBSCRIBE_MARK, Edition, Topics

CONFIG = sample_config()
LAYOUT = sample_layout()
URL = re.compile(r"https?://[^\s\"'<>()]+|@@\w+@@")


@pytest.fixture(scope="module")
def whole() -> Edition:
    return Renderer(CONFIG).edition(LAYOUT)


def _site(folder: Path, **files: str) -> Renderer:
    """A site with templates of its own: `issue_txt="…"` becomes issue.txt.j2."""
    for name, text in files.items():
        path = folder / "templates" / (name.replace("__", "/").replace("_", ".") + ".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Renderer(CONFIG, folder / "templates")


def test_every_set_of_sections_is_a_variant_the_whole_first() -> None:
    """Three sections make seven variants, each written out in the order of the ids."""
    found = [str(topics) for topics in Renderer(CONFIG).variants(LAYOUT)]
    assert found == [
        "conditions,news,treatments",
        "conditions,news",
        "conditions,treatments",
        "news,treatments",
        "conditions",
        "news",
        "treatments",
    ]


def test_a_section_that_has_only_the_lead_is_a_topic_too() -> None:
    """Readers of nothing but treatments get an issue whose only treatment is its lead."""
    layout = replace(LAYOUT, sections=tuple(part for part in LAYOUT.sections if part[0] != "treatments"))
    renderer = Renderer(CONFIG)
    assert Topics(("treatments",)) in renderer.variants(layout)
    edition = renderer.edition(layout, Topics(("treatments",)))
    assert "What an epidural injection" in edition.text
    assert "CONDITIONS" not in edition.text


def test_an_empty_section_is_no_topic() -> None:
    """A section without stories makes no variant: nobody would get an empty mail."""
    layout = replace(LAYOUT, lead=None, sections=(LAYOUT.sections[0], ("news", ())))
    assert Renderer(CONFIG).variants(layout) == (Topics(("conditions",)),)


def test_an_edition_shows_its_topics_and_no_others() -> None:
    """Neither part of a mail for readers of news names a story of another section."""
    edition = Renderer(CONFIG).edition(LAYOUT, Topics(("news",)))
    for part in (edition.html, edition.text):
        assert "Telehealth visits" in part
        assert "TENS" not in part
        assert "weather turns" not in part


def test_the_first_story_leads_where_the_lead_was_not_chosen() -> None:
    """A reader without the lead's section gets the next story in its place, once."""
    edition = Renderer(CONFIG).edition(LAYOUT, Topics(("news",)))
    assert edition.html.count("New guideline asks for earlier movement in CRPS</a>") == 1
    assert re.search(r'<h2[^>]*class="lead"[^>]*><a[^>]*crps-guideline', edition.html)


def test_the_lead_leads_wherever_its_section_was_chosen() -> None:
    """The lead stays at the top in each variant that shows its section."""
    edition = Renderer(CONFIG).edition(LAYOUT, Topics(("news", "treatments")))
    assert re.search(r'<h2[^>]*class="lead"[^>]*><a[^>]*epidural-injections', edition.html)


def test_all_topics_are_written_out() -> None:
    """An edition never says "all": a section added later changes nothing about it."""
    assert Renderer(CONFIG).edition(LAYOUT, ALL_TOPICS).topics.ids == ("conditions", "news", "treatments")


def test_topics_without_a_story_are_an_error() -> None:
    """Nothing to show is said, not sent."""
    with pytest.raises(ContentError, match="no story"):
        Renderer(CONFIG).edition(LAYOUT, Topics(("surgery",)))


def test_the_hash_is_over_everything_a_reader_gets(whole: Edition) -> None:
    """SHA-256 over the JSON array of subject, preheader, html and text, as documented."""
    array = json.dumps([whole.subject, whole.preheader, whole.html, whole.text], separators=(",", ":"))
    assert whole.hash == hashlib.sha256(array.encode()).hexdigest()


BUILD = """
import sys
sys.path.insert(0, sys.argv[1])
from sample_layout import sample_config, sample_layout
from newsletter.render import Renderer
r, layout = Renderer(sample_config()), sample_layout()
for topics in r.variants(layout):
    e = r.edition(layout, topics)
    sys.stdout.buffer.write("\\0".join([str(topics), e.mjml, e.html, e.text, e.hash]).encode())
"""


def test_the_same_layout_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    """Two processes with another hash seed, time zone, locale and folder build equal bytes."""
    made = []
    for number, zone in ((0, "Asia/Tokyo"), (4242, "America/Phoenix")):
        folder = tmp_path / str(number)
        folder.mkdir()
        changed = {"PYTHONHASHSEED": str(number), "TZ": zone, "LC_ALL": "C" if number else "C.UTF-8"}
        command = [sys.executable, "-c", BUILD, str(Path(__file__).parent)]
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **changed}, capture_output=True, check=True
        )
        made.append(done.stdout)
    assert len(made[0]) > 100_000
    assert made[0] == made[1]


def test_no_path_of_this_machine_is_in_an_edition(whole: Edition) -> None:
    """What is built holds nothing of where it was built."""
    here = str(Path(__file__).parent.parent)
    assert here not in whole.html + whole.text + whole.mjml


def test_the_text_part_has_the_same_links_in_the_same_order(whole: Edition) -> None:
    """Each address of the page, in the order in which it first stands there, and no other."""
    in_page = list(dict.fromkeys(map(unescape, re.findall(r'href="([^"]+)"', whole.html))))
    assert list(dict.fromkeys(URL.findall(whole.text))) == in_page


def test_each_address_in_the_text_part_stands_on_one_line(whole: Edition) -> None:
    """Mail programs make links of what stands on one line; only the note's run along in their sentence."""
    for url in URL.findall(whole.text):
        assert url in whole.text.splitlines() or url == "https://pain.example/family/"


def test_the_text_part_has_the_same_words_in_the_same_order(whole: Edition) -> None:
    """Every title and blurb is in both parts, in one order."""
    stories = [LAYOUT.lead, *(story for _, stories in LAYOUT.sections for story in stories)]
    flat = " ".join(whole.text.split())
    places = [flat.index(story.title) for story in stories if story]
    assert places == sorted(places)
    assert all(story.blurb in flat for story in stories if story)


def test_a_twelve_story_issue_stays_below_the_clip_limit(whole: Edition) -> None:
    """Gmail cuts at about 102 KB; twelve stories leave room."""
    assert len(whole.html.encode()) < 90_000


def test_both_marks_are_whole_in_both_parts(whole: Edition) -> None:
    """A reader's links can be put in: the marks stand alone in an href, and on a line of their own."""
    for mark in (UNSUBSCRIBE_MARK, PREFERENCES_MARK):
        assert f'href="{mark}"' in whole.html
        assert mark in whole.text.splitlines()


@pytest.mark.parametrize("part", ["issue_mjml", "issue_txt"])
def test_a_look_without_a_way_out_is_refused(tmp_path: Path, part: str) -> None:
    """Neither part can go out without the unsubscribe link."""
    text = "<mjml><mj-body></mj-body></mjml>" if "mjml" in part else "Hello {{ preferences_url }}"
    with pytest.raises(TemplateError, match="has no unsubscribe_url"):
        _site(tmp_path, **{part: text}).edition(LAYOUT)


def test_a_look_that_writes_marks_of_its_own_is_refused(tmp_path: Path) -> None:
    """'@@' belongs to the readers' links alone."""
    text = "{{ unsubscribe_url }} {{ preferences_url }} @@first_name@@"
    with pytest.raises(TemplateError, match="outside of a reader's link"):
        _site(tmp_path, issue_txt=text).edition(LAYOUT)


def test_the_text_part_is_even(tmp_path: Path, whole: Edition) -> None:
    """Whatever a template's loops leave: no blanks at line ends, one empty line at most, none at the end."""
    ragged = "\n\n a  \n \n\n\nb {{ unsubscribe_url }} {{ preferences_url }}\n\n\n"
    text = _site(tmp_path, issue_txt=ragged).edition(LAYOUT).text
    assert text == " a\n\nb @@unsubscribe_url@@ @@preferences_url@@\n"
    assert "\n\n\n" not in whole.text


def test_a_sites_own_template_wins_file_by_file(tmp_path: Path) -> None:
    """One file of a site's own changes that file and nothing else of the look."""
    edition = _site(tmp_path, parts__footer_txt="Bye {{ unsubscribe_url }} {{ preferences_url }}").edition(
        LAYOUT
    )
    assert edition.text.endswith("Bye @@unsubscribe_url@@ @@preferences_url@@\n")
    assert edition.html == Renderer(CONFIG).edition(LAYOUT).html


def test_a_template_that_is_not_jinja_is_shown_with_file_and_line(tmp_path: Path) -> None:
    """A forgotten bracket: which file, which line, and where to read on."""
    with pytest.raises(TemplateError) as caught:
        _site(tmp_path, issue_txt="one\n{% if note_text %}\n{{ letter.name \n").edition(LAYOUT)
    assert caught.value.where.endswith("templates/issue.txt.j2:3")
    assert caught.value.hint


def test_an_unknown_name_is_shown_with_the_nearest_one(tmp_path: Path) -> None:
    """A misspelt name: file, line, and the name that was probably meant."""
    with pytest.raises(TemplateError) as caught:
        _site(tmp_path, issue_txt="one\n{{ subjekt }}").edition(LAYOUT)
    assert "'subjekt' is not known" in caught.value.what
    assert caught.value.where.endswith("issue.txt.j2:2")
    assert caught.value.hint == "Did you mean 'subject'?"


def test_an_unknown_part_of_a_thing_is_shown_with_the_nearest_one(tmp_path: Path) -> None:
    """A misspelt attribute in an included file: that file's line, not the includer's."""
    with pytest.raises(TemplateError) as caught:
        _site(tmp_path, parts__story_txt="\n\n{{ item.titel }}").edition(LAYOUT)
    assert caught.value.where.endswith("parts/story.txt.j2:3")
    assert caught.value.hint == "Did you mean 'title'?"


def test_a_template_that_fails_while_filling_is_shown_with_file_and_line(tmp_path: Path) -> None:
    """A sum of a name and a number is the template's mistake, told without a traceback."""
    with pytest.raises(TemplateError) as caught:
        _site(tmp_path, issue_txt="\n{{ subject + 1 }}").edition(LAYOUT)
    assert caught.value.where.endswith("issue.txt.j2:2")


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """An include of a file that is not there names it, and the line that asks for it."""
    with pytest.raises(TemplateError, match=r"no template 'parts/nowhere\.txt\.j2'") as caught:
        _site(tmp_path, issue_txt="\n{% include 'parts/nowhere.txt.j2' %}").edition(LAYOUT)
    assert caught.value.where.endswith("issue.txt.j2:2")


def test_mjml_that_cannot_be_read_is_shown_with_its_line(tmp_path: Path) -> None:
    """MJML's reader knows an offset at best: the message has the line, and what stands there."""
    broken = "<mjml>\n<mj-body>\n<mj-section>\n</mj-body>\n</mjml>"
    with pytest.raises(TemplateError) as caught:
        _site(tmp_path, issue_mjml=broken).edition(LAYOUT)
    assert caught.value.where == "issue.mjml.j2, line 4 of its MJML"
    assert caught.value.hint == "There stands: </mj-body>"
    assert "mismatched tag" in caught.value.what


def test_a_layout_without_lead_note_and_pictures_renders() -> None:
    """The sparest issue there can be: one story without a picture."""
    spare = replace(
        LAYOUT, lead=None, note="", preheader="", sections=(("news", LAYOUT.sections[2][1][1:2]),)
    )
    edition = Renderer(CONFIG).edition(spare)
    assert "Maker recalls one charger" in edition.html
    assert "<img" not in edition.html
    assert "display:none" not in edition.html


def test_every_call_for_action_is_optional() -> None:
    """A site that has set no brand at all gets a whole page."""
    text = """
    [newsletter]
    name = "N"
    from = "n@n.example"
    site_url = "https://n.example"
    public_url = "https://n.example"
    postal_address = "Road 1, Town"
    """
    assert "Road 1, Town" in Renderer(parse_config(text)).edition(LAYOUT).html
