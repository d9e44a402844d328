"""The studio follows every save; a mistake shows with its place above the last good view, and never ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from issue_kit import SETTINGS as STORED
from issue_kit import article
from issue_kit import make_site as make_stored_site
from issue_site import ISSUE, SETTINGS, SLUG, make_site, write_issue
from preview_kit import frame, inspected, text_of, until

from newsletter.app import make_app
from newsletter.config import parse_config
from newsletter.errors import AddressError, ContentError, TemplateError
from newsletter.preview.serve import open_studio
from newsletter.preview.source import Source
from newsletter.preview.trouble import explain

SIX = "".join(
    f'\n[[section]]\nid = "{name}"\ntitle = "{name.title()}"\n'
    for name in ("conditions", "treatments", "news", "law", "events", "books")
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with open_studio(make_app(root), SLUG) as address:
        yield address


def trouble_on(address: str) -> bool:
    return 'role="alert"' in text_of(address)


def test_every_kind_of_save_shows(root: Path, address: str) -> None:
    """The issue, the settings and a template: also one that is new, and one put in place by a rename."""
    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    until(lambda: "Good evening" in frame(address))
    (root / "newsletter.toml").write_text(SETTINGS.replace("Find a doctor", "Find help"))
    until(lambda: "Find help" in frame(address))
    draft = root / "content" / "issues" / ".draft"
    draft.write_text(ISSUE.replace("Good morning", "Good night"))
    draft.replace(root / "content" / "issues" / f"{SLUG}.md")
    until(lambda: "Good night" in frame(address))


def test_a_save_shows_in_every_variant(root: Path, address: str) -> None:
    """The one that is looked at comes first, and the others with it."""
    text_of(address, "?variant=news")
    write_issue(root, ISSUE.replace("Good morning", "Good evening"))
    for variant in ("news", "conditions", "conditions,news,treatments"):
        until(lambda key=variant: "Good evening" in frame(address, f"variant={key}"))  # type: ignore[misc]


def test_a_save_that_makes_another_variant_shows_it(root: Path, address: str) -> None:
    """And one that takes variants away: the list is that of the files."""
    write_issue(root, ISSUE.partition("  news:")[0] + "---\n\nShort.\n")
    until(lambda: "3 variants" in text_of(address))
    write_issue(root)
    until(lambda: "7 variants" in text_of(address))


def test_the_glimpse_is_what_is_sent(tmp_path: Path) -> None:
    """The variant that is rendered first has the very bytes that it has when all are; with 63 of them as well."""
    root = make_site(tmp_path, settings=SIX)
    for app, text in (
        (make_app(root), ISSUE),
        (make_app(root), ISSUE.replace("Good morning", "Good evening")),
    ):
        write_issue(root)
        source = Source(app, SLUG, links=("a", "b"))
        before = source.make().shown
        write_issue(root, text)
        glimpse, whole = source.glimpse(before, "news"), source.make().shown
        assert glimpse is not None
        assert glimpse.variant("news") == whole.variant("news")


def test_a_template_of_the_sites_own_is_followed(root: Path) -> None:
    """From its first version on, in a folder that is new, and when it is broken and mended."""
    template = root / "templates" / "issue.txt.j2"
    with open_studio(make_app(root), SLUG) as address:
        template.parent.mkdir()
        template.write_text("Mine: {{ unsubscribe_url }} {{ preferences_url }}")
        until(lambda: "Mine:" in frame(address, kind="text"))
        template.write_text("{% if %}")
        until(lambda: "templates/issue.txt.j2:1" in text_of(address))
        assert "Mine:" in frame(address, kind="text")
        template.write_text("Again: {{ unsubscribe_url }} {{ preferences_url }}")
        until(lambda: "Again:" in frame(address, kind="text"))
        assert not trouble_on(address)


@pytest.mark.parametrize(
    ("name", "broken", "where", "what"),
    [
        ("newsletter.toml", "[newsletter\n", "newsletter.toml:1", "is not valid TOML"),
        ("newsletter.toml", SETTINGS.replace("timezone", "timezon"), "newsletter.toml:7", "timezon"),
        (f"content/issues/{SLUG}.md", ISSUE.replace("preheader", "preheadr"), f"{SLUG}.md:3", "preheadr"),
        (
            f"content/issues/{SLUG}.md",
            ISSUE.replace("subject: ", 'subject: "'),
            f"{SLUG}.md:",
            "a quote that is never closed",
        ),
        (f"content/issues/{SLUG}.md", "", f"{SLUG}.md:1", "the file is empty"),
        ("templates/parts/footer.mjml.j2", "\n{{ brand.colour }}", "footer.mjml.j2:2", "colour"),
        ("templates/parts/words.j2", "{% set x = %}", "words.j2:1", "not a valid template"),
        ("templates/issue.mjml.j2", "<mjml><mj-body><mj-text></mj-body></mjml>", "issue.mjml.j2", "MJML"),
    ],
)
def test_a_mistake_keeps_the_last_good_view_and_goes_when_it_is_mended(
    root: Path, name: str, broken: str, where: str, what: str
) -> None:
    """The page says what and where, with the lines around it; below stands the mail as it was."""
    file = root / name
    good = file.read_text() if file.is_file() else None
    (root / "templates/parts").mkdir(parents=True)
    with open_studio(make_app(root), SLUG) as address:
        file.write_text(broken)
        until(lambda: trouble_on(address))
        page = text_of(address)
        assert where in page
        assert what in page
        assert "Below is the issue as it was before this mistake" in page
        assert "Walking with sciatica" in frame(address)
        file.write_text(good) if good else file.unlink()
        until(lambda: not trouble_on(address))
        assert "Walking with sciatica" in frame(address)


def test_an_issue_that_is_deleted_is_missed_and_comes_back(root: Path, address: str) -> None:
    """Some editors save by deleting first; what was seen stays."""
    (root / f"content/issues/{SLUG}.md").unlink()
    until(lambda: "there is no such issue" in text_of(address))
    assert "Walking with sciatica" in frame(address)
    write_issue(root)
    until(lambda: not trouble_on(address))


def test_a_studio_may_open_on_a_broken_issue(root: Path) -> None:
    """The error is all there is to see, until it is mended."""
    write_issue(root, ISSUE.replace("preheader", "preheadr"))
    with open_studio(make_app(root), SLUG) as address:
        assert f"{SLUG}.md:3" in text_of(address)
        assert "404" in frame(address)
        write_issue(root)
        until(lambda: not trouble_on(address))
        assert "Walking with sciatica" in frame(address)


def test_a_new_site_without_store_or_articles_has_a_studio(root: Path, address: str) -> None:
    """An issue of the editor's own words needs no store, and the studio makes none, whatever is looked at."""
    page = inspected(address)
    assert "Walking with sciatica" in frame(address)
    assert "error" in page
    assert not (root / "subscribers").exists()


def test_an_article_that_is_not_in_the_store_is_named_with_its_line(tmp_path: Path) -> None:
    """In a site with a store, where the pick gives no words of its own."""
    app = make_stored_site(tmp_path, [article("knee", at="11-24 08:00")])
    assert parse_config(STORED).section_ids
    url = "https://pain.example/conditions/knee/"
    text = f"---\nsubject: Knees\ndate: {SLUG}\npicks:\n  conditions:\n    - {url}\n---\n\nHello.\n"
    write_issue(tmp_path, text)
    with open_studio(app, SLUG) as address:
        until(lambda: "All about knee" in frame(address))
        write_issue(tmp_path, text.replace("/knee/", "/elbow/"))
        until(lambda: "the article is not in the store" in text_of(address))
        assert f"content/issues/{SLUG}.md:6" in text_of(address)
        assert "All about knee" in frame(address)
    app.database.dispose()


# --- a mistake as it is shown ---


def test_an_error_is_shown_with_its_place_and_lines(tmp_path: Path) -> None:
    """The path from the site's folder, and the guilty line among its neighbours."""
    file = tmp_path / "issue.md"
    file.write_text("one\ntwo\nthree\nfour\n")
    trouble = explain(ContentError("is wrong", where=f"{file}:2", hint="Mend it."), tmp_path)
    assert (trouble.what, trouble.where, trouble.hint) == ("is wrong", "issue.md:2", "Mend it.")
    assert [(one.number, one.text) for one in trouble.source if one.guilty] == [(2, "two")]
    assert len(trouble.source) == 4


@pytest.mark.parametrize("where", ["", "issue.mjml.j2", "/gone/away.md:7", "newsletter.toml: [brand]", ":3"])
def test_an_error_without_a_readable_place_is_shown_too(tmp_path: Path, where: str) -> None:
    """What the error says is enough."""
    trouble = explain(TemplateError("is wrong", where=where), tmp_path)
    assert (trouble.what, trouble.source) == ("is wrong", ())


def test_an_error_about_an_address_reads_as_a_sentence(tmp_path: Path) -> None:
    """Its own text goes on after "the address"."""
    assert explain(AddressError("has no @"), tmp_path).what == "the address has no @"


def test_a_fault_of_the_program_does_not_end_the_studio(tmp_path: Path) -> None:
    """It is shown like any other trouble."""
    assert "RuntimeError: boom" in explain(RuntimeError("boom"), tmp_path).what
