"""The studio says what changed: since the issue was sealed, and in the look since the issue before it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from issue_site import ISSUE, SETTINGS, SLUG, make_site, write_issue
from preview_kit import inspected, text_of, until

from newsletter.app import App, make_app
from newsletter.errors import ApprovalError
from newsletter.preview.changes import since_last_issue, since_sealed
from newsletter.preview.serve import open_studio
from newsletter.preview.source import Made, Source

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EARLIER = "2026-11-19"
OTHER = ISSUE.replace("https://example.org/", "https://example.org/earlier-").replace("What a", "Why a")


def made_of(app: App) -> Made:
    return Source(make_app(app.site.root), SLUG, links=("a", "b")).make()


@pytest.fixture
def app(tmp_path: Path) -> App:
    """A site with an issue that nobody approved, and an earlier one that somebody did."""
    app = make_app(make_site(tmp_path))
    write_issue(tmp_path, OTHER, EARLIER)
    app.approvals.approve(EARLIER, "Ada", NOW)
    return app


def test_an_issue_without_a_seal_is_not_approved(app: App) -> None:
    """And how many must approve it stands beside."""
    found = since_sealed(made_of(app))
    assert (found.state, found.wanted, found.changes) == ("none", 1, ())


def test_a_seal_that_holds_names_who_gave_it(app: App) -> None:
    """With the same bytes nothing is listed."""
    app.approvals.approve(SLUG, "Ben", NOW)
    found = since_sealed(made_of(app))
    assert (found.state, [one.name for one in found.approvals]) == ("holds", ["Ben"])


def test_what_changed_since_the_seal_is_named(app: App) -> None:
    """As `send` would name it when it refuses."""
    app.approvals.approve(SLUG, "Ben", NOW)
    write_issue(app.site.root, ISSUE.replace("Good morning", "Good evening"))
    (app.site.root / "newsletter.toml").write_text(SETTINGS.replace("Find a doctor", "Find help"))
    found = since_sealed(made_of(app))
    assert (found.state, found.changes) == (
        "changed",
        ("setting [brand] call_to_action", "the issue file"),
    )
    with pytest.raises(ApprovalError, match="the issue file"):
        make_app(app.site.root).approvals.approved(SLUG, NOW)


def test_the_look_of_the_last_issue_is_the_same(app: App) -> None:
    """Another issue file and other articles are no change of the look."""
    found = since_last_issue(made_of(app))
    assert (found.slug, found.changes) == (EARLIER, ())


def test_a_change_of_the_look_since_the_last_issue_is_named(app: App) -> None:
    """Templates and settings, by name; each is new for every reader."""
    template = app.site.templates / "parts/words.j2"
    template.parent.mkdir(parents=True)
    template.write_text((Path(__file__).parent.parent / "templates/parts/words.j2").read_text() + "\n")
    (app.site.root / "newsletter.toml").write_text(SETTINGS + '\n[brand.colours]\ntext = "#111111"\n')
    assert since_last_issue(made_of(app)).changes == (
        "setting [brand.colours] text",
        "template parts/words.j2",
    )


def test_the_newest_earlier_issue_with_a_seal_counts(app: App) -> None:
    """One that was never approved has no look to hold against; a later one is not the last, nor an older one."""
    write_issue(app.site.root, OTHER.replace("earlier", "oldest").replace("Why a", "How a"), "2026-11-12")
    app.approvals.approve("2026-11-12", "Ada", NOW)
    write_issue(app.site.root, OTHER.replace("earlier", "later"), "2026-12-03")
    write_issue(app.site.root, OTHER.replace("earlier", "between"), "2026-11-20")
    assert since_last_issue(made_of(app)).slug == EARLIER
    app.approvals.path(EARLIER).unlink()
    assert since_last_issue(made_of(app)).slug == "2026-11-12"
    app.approvals.path("2026-11-12").unlink()
    assert since_last_issue(made_of(app)).slug is None


def test_a_broken_seal_is_trouble_in_its_place_and_no_more(app: App) -> None:
    """The page says which file; everything else is there."""
    app.approvals.path(EARLIER).write_text("{}")
    with open_studio(make_app(app.site.root), SLUG, clock=lambda: NOW) as address:
        page = inspected(address)
        assert f"content/issues/{EARLIER}.seal.json" in page
        assert "Not approved yet." in page
        assert "3 variants" in page or "7 variants" in page


def test_the_page_follows_an_approval(app: App) -> None:
    """Given in another window, by the command."""
    with open_studio(make_app(app.site.root), SLUG, clock=lambda: NOW) as address:
        assert "Not approved yet." in inspected(address)
        assert f"The look is that of {EARLIER}." in text_of(address)
        app.approvals.approve(SLUG, "Ben", NOW)
        until(lambda: "Nothing since it was approved by Ben." in text_of(address))
        write_issue(app.site.root, ISSUE.replace("Good morning", "Good evening"))
        until(lambda: "1 change since it was approved: it must be approved again." in text_of(address))
        assert "<li>the issue file</li>" in text_of(address)


def test_a_second_approval_that_is_needed_is_asked_for(tmp_path: Path) -> None:
    """Where the settings want two people."""
    app = make_app(make_site(tmp_path, settings="\n[approval]\napprovers = 2\n"))
    app.approvals.approve(SLUG, "Ben", NOW)
    with open_studio(app, SLUG, clock=lambda: NOW) as address:
        assert "approved by Ben; 1 more approval needed." in inspected(address)


def test_a_published_issue_is_said_to_be_frozen(app: App) -> None:
    """What is edited now reaches nobody any more."""
    app.approvals.approve(SLUG, "Ben", NOW)
    app.publish(SLUG, NOW)
    with open_studio(make_app(app.site.root), SLUG, clock=lambda: NOW) as address:
        assert "Published on 2026-11-25, and sending: what its readers get is frozen" in inspected(address)
    app.database.dispose()
