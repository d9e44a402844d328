"""Each article comes into the section an editor would expect, and the reason says why."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from newsletter.config import Section
from newsletter.sections import Classifier, plain
from newsletter.types import Placement

SHIPPED = tuple(Section(id=one, title=one.title()) for one in ("conditions", "treatments", "news"))
LABELS = {"condition": "conditions", "treatment": "treatments", "news": "news"}
BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def classify(title, categories, path, rules, default=None):
    return Classifier(rules).place(title, categories, path, default)


def rows(name):
    return [json.loads(line) for line in (BENCHMARKS / name).read_text(encoding="utf-8").splitlines()]


def with_match(section_id, **match):
    """The shipped sections, with a site's own rules for one of them (or one section more)."""
    own = Section(id=section_id, title=section_id.title(), match=match)
    others = tuple(one for one in SHIPPED if one.id != section_id)
    return (*others, own)


def is_right(row, placed):
    return placed.section in {LABELS[row["label"]], LABELS.get(row.get("also"))}


# --- accuracy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["titles.jsonl", "titles_heldout.jsonl"])
def test_titles_alone_are_placed_right_often_enough(name):
    """At least 85 of 100 titles come where their label, or its second reading, says."""
    classifier = Classifier(SHIPPED)
    found = rows(name)
    right = sum(is_right(row, classifier.place(row["title"])) for row in found)
    assert right / len(found) >= 0.85


def test_categories_and_address_do_not_make_it_worse():
    """What else a feed says is worth having: with it, no fewer titles are right than without."""
    classifier = Classifier(SHIPPED)
    found = rows("titles.jsonl")
    alone = sum(is_right(row, classifier.place(row["title"])) for row in found)
    everything = sum(
        is_right(row, classifier.place(row["title"], row["categories"], row["path"])) for row in found
    )
    assert everything >= alone


def test_the_vocabulary_is_not_fitted_title_by_title():
    """Without the words that speak for one single title among all of them, it still holds."""
    classifier = Classifier(SHIPPED)
    found = rows("titles.jsonl")
    uses = Counter(
        (sign.section, sign.words)
        for row in found + rows("titles_heldout.jsonl")
        for sign in set(classifier._signs(row["title"]))
    )
    lone = {plain(words) for (_, words), count in uses.items() if count == 1 and words.startswith("“")}
    without = [
        Section(id=one.id, title=one.title, match={"words": dict.fromkeys(lone, 0.0)}) for one in SHIPPED
    ]
    poorer = Classifier(without)
    assert sum(is_right(row, poorer.place(row["title"])) for row in found) / len(found) >= 0.85


# --- what decides -----------------------------------------------------------------------------------------


def test_a_category_decides_before_the_address_and_the_words():
    """The site's own categories come first."""
    placed = classify("FDA approves a new drug", ["Pain Conditions"], "/news/fda-approves/", SHIPPED)
    assert placed == Placement("conditions", "category “Pain Conditions”")


def test_the_address_decides_before_the_words():
    """Where no category decides, the address does."""
    placed = classify("FDA approves a new drug", ["Health"], "/pain-conditions/common/sciatica/", SHIPPED)
    assert placed == Placement("conditions", "its address has /pain-conditions/")


def test_the_words_decide_where_nothing_else_does():
    """The reason names the words, the strongest first, and what they weigh together."""
    placed = classify("FDA Approves Sciatica Drug", [], "", SHIPPED)
    assert placed == Placement("news", "words: “fda”, “approves” (news +9)")


@pytest.mark.parametrize("category", ["Pain Management", "Health", "Blog", "Uncategorized", "Chronic Pain"])
def test_a_category_that_could_mean_any_section_does_not_decide(category):
    """Ambiguous categories leave the decision to the words."""
    assert classify("Sciatica", [category], "", SHIPPED).reason.startswith("words:")


def test_two_categories_that_disagree_leave_the_words_to_choose_between_them():
    """An article filed under news and under procedures is one of these two, whatever disease it names."""
    placed = classify("Epidural steroid injection for sciatica", ["News", "Procedures"], "", SHIPPED)
    assert placed.section == "treatments"
    assert classify("Sciatica", ["News", "Procedures"], "", SHIPPED).section == "news"


def test_the_longest_stretch_of_an_address_decides():
    """/news/conditions-we-follow/ of a site's own beats the shipped /news/."""
    rules = with_match("conditions", paths=["/news/explained/"])
    assert classify("x", [], "/news/explained/gout/", rules).section == "conditions"
    assert classify("x", [], "https://example.org/News/2025/gout.html?page=2", rules).section == "news"


def test_part_of_a_word_in_an_address_is_not_a_match():
    """/newsletter/ is not /news/."""
    assert "address" not in classify("Sciatica", [], "/newsletter/sciatica/", SHIPPED).reason


@pytest.mark.parametrize(
    "title",
    [
        "FDA Approves First New Migraine Drug in a Decade",
        "Spinal cord stimulators recalled",
        "Study: Acupuncture helps sciatica",
        "Lawsuit over epidural steroid injections",
        "September is Pain Awareness Month",
    ],
)
def test_news_about_a_treatment_is_news(title):
    """A study, approval, law, recall or event about a treatment is news."""
    assert classify(title, [], "", SHIPPED).section == "news"


def test_a_treatment_for_a_condition_is_a_treatment():
    """An article about a treatment nearly always names the condition too."""
    assert (
        classify("Nerve blocks for complex regional pain syndrome", [], "", SHIPPED).section == "treatments"
    )


def test_capitals_accents_quotes_and_hyphens_make_no_difference():
    """The same words place alike, however they are typed."""
    written = [
        "Spinal-cord stimulation",
        "SPINAL CORD STIMULATION",
        "Spinal‑Cord Stimulatión",
        "“Spinal cord” stimulation",
    ]
    assert {"treatments"} == {classify(title, [], "", SHIPPED).section for title in written}
    assert "parkinsons" == plain("Parkinson’s") == plain("PARKINSON'S")


def test_words_are_matched_whole():
    """“ice” is not in “practice”, “fda” not in “afdah”."""
    signs = Classifier(SHIPPED)._signs("Practice afdah")
    assert [sign.words for sign in signs] == ["a bare name, as in an encyclopedia"]


# --- no evidence, ties ------------------------------------------------------------------------------------


def test_without_evidence_the_feeds_default_is_taken_and_the_reason_says_so():
    """Nothing is guessed in silence."""
    placed = classify("2 + 2", [], "", SHIPPED, default="treatments")
    assert placed == Placement("treatments", "nothing decided; the feed’s default")


def test_without_evidence_and_default_it_is_news():
    """A page of a library names its subject; what names none is most often a notice."""
    assert classify("2 + 2", [], "", SHIPPED).section == "news"


def test_a_default_that_is_no_section_is_passed_over():
    """A feed's default may have been taken out of the settings."""
    assert classify("2 + 2", [], "", SHIPPED, default="gone").section == "news"


def test_equal_weights_go_to_the_default_and_else_to_the_narrower_section():
    """A tie is decided by rule, and the reason names the other side."""
    rules = [Section(id=one.id, title="x", match={"words": {"zebra": 50}}) for one in SHIPPED]
    assert classify("2 zebras", [], "", rules) == Placement(
        "news", "words: “zebras” (news +50), as much as conditions and treatments; the narrower of them"
    )
    assert classify("2 zebras", [], "", rules, default="conditions") == Placement(
        "conditions", "words: “zebras” (conditions +50), as much as treatments and news; the feed’s default"
    )
    own = (*rules, Section(id="animals", title="Animals", match={"words": {"zebra": 50}}))
    assert classify("2 zebra", [], "", own).section == "animals"


def test_a_title_without_evidence_asks_the_words_of_categories_and_then_of_the_address():
    """A tag such as “Sciatica” does not decide against a title, but it is better than nothing."""
    assert classify("2 + 2", ["Sciatica"], "", SHIPPED).section == "conditions"
    assert classify("2 + 2", [], "/2019/nerve-blocks/", SHIPPED).section == "treatments"
    assert classify("Nerve blocks", ["Sciatica"], "", SHIPPED).section == "treatments"


# --- a site's own rules -----------------------------------------------------------------------------------


def test_a_sites_category_wins_over_the_shipped_one():
    """The same name under another section moves it."""
    rules = with_match("treatments", categories=["News"])
    assert classify("x", ["news"], "", rules).section == "treatments"


def test_a_sites_word_adds_to_the_shipped_ones():
    """Words as a list weigh 1; as a table, what they say."""
    assert classify("2 zebras", [], "", with_match("treatments", words=["zebra"])).section == "treatments"
    heavy = with_match("conditions", words={"fda": 50})
    assert classify("FDA", [], "", heavy).section == "conditions"


def test_weight_nought_switches_a_shipped_word_off():
    """`fda = 0` under news makes it a word like any other."""
    rules = with_match("news", words={"FDA": 0})
    assert "fda" not in classify("FDA and sciatica", [], "", rules).reason


def test_a_negative_weight_speaks_against_a_section():
    """“history” may be what a site never wants among its news."""
    assert classify("Study of sciatica", [], "", SHIPPED).section == "news"
    rules = with_match("news", words={"sciatica": -6})
    assert classify("Study of sciatica", [], "", rules).section == "conditions"


def test_a_section_of_the_sites_own_lives_by_its_own_rules():
    """A fourth section is a table in newsletter.toml and nothing else."""
    rules = (
        *SHIPPED,
        Section(id="recipes", title="Recipes", match={"words": {"soup": 9}, "paths": ["/kitchen/"]}),
    )
    assert classify("Soup for arthritis", [], "", rules).section == "recipes"
    assert classify("Sciatica", [], "/kitchen/", rules).section == "recipes"
    assert classify("2 + 2", [], "", rules).section == "news"


def test_a_section_the_site_does_not_have_is_never_chosen():
    """Shipped rules for a section that is not in the settings are not read."""
    assert classify("FDA approves sciatica drug", ["News"], "/news/", SHIPPED[:1]).section == "conditions"


def test_the_same_article_always_goes_to_the_same_section():
    """Rules made ready once or each time, and the categories' order within one section, change nothing."""
    for row in rows("titles.jsonl"):
        asked = (row["title"], tuple(row["categories"]), row["path"])
        assert Classifier(SHIPPED).place(*asked) == classify(*asked, SHIPPED)
