"""The seal names every input: whatever changes a byte of a mail is in it by name, and what changes none is not."""

from __future__ import annotations

import email
import email.policy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from issue_kit import add_articles, article
from issue_site import ISSUE, SETTINGS, SLUG, make_site
from ledger_site import add_readers, outbox_of
from sqlalchemy import null, text

from newsletter.app import App, make_app
from newsletter.brand import Brand
from newsletter.config import Config, Newsletter, Section, parse_config
from newsletter.errors import ApprovalError
from newsletter.pipeline.inputs import gather_inputs, program_versions
from newsletter.render import Renderer
from newsletter.render.sources import issue_sources
from newsletter.render.templates import default_templates
from newsletter.routine import run_routine
from newsletter.seal import Seal, compare, make_seal, write_text
from newsletter.storage.database import writing
from newsletter.storage.schema import articles
from newsletter.types import Edition, Image, Layout, Story, Video

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SENDING = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
"""Within the window in which the issue goes out by itself."""
CONFIG = parse_config(SETTINGS)


def story(name: str, section: str) -> Story:
    return Story(
        title=f"On {name}",
        url=f"https://example.org/{name}",
        blurb="A sentence.",
        image=Image("https://example.org/a.jpg", "A hand"),
        video=Video("https://example.org/watch", "https://example.org/still.jpg"),
        author="Ana",
        section=section,
    )


LAYOUT = Layout(
    slug=SLUG,
    subject="A subject",
    preheader="More",
    date=datetime(2026, 11, 26, tzinfo=UTC).date(),
    note="A *note*.",
    lead=story("lead", "treatments"),
    sections=(("conditions", (story("b", "conditions"),)), ("news", (story("c", "news"),))),
)


def sealed(config: Config = CONFIG, layout: Layout = LAYOUT) -> tuple[Seal, tuple[Edition, ...]]:
    """As `approve` makes it, of editions that are really rendered."""
    renderer = Renderer(config)
    editions = (renderer.edition(layout),)
    return make_seal(gather_inputs(b"---", layout, issue_sources(renderer), config), editions), editions


def with_values(table: str, **values: Any) -> Config:
    """The settings with other values in [newsletter], [brand] or in the first [[section]]."""
    data = CONFIG.model_dump(mode="json", by_alias=True)
    place = data["section"][0] if table == "section" else data[table]
    place.update(values)
    return Config.model_validate_json(json.dumps(data))


# Another value for every setting there is in these tables. `seen`: it reaches a mail or its headers.
OTHER: dict[str, dict[str, Any]] = {
    "newsletter": {
        "name": "Pain Monthly",
        "tagline": "Another one",
        "from": "Pain Weekly <else@example.org>",
        "reply_to": "else@example.org",
        "site_url": "https://else.example",
        "public_url": "https://letters.else.example",
        "postal_address": "Another street 1",
        "language": "de",
        "timezone": "America/Phoenix",
        "editors": ["else@example.org"],
    },
    "brand": {
        "logo": "https://example.org/logo.png",
        "logo_alt": "A logo",
        "logo_width": 100,
        "colours": {"text": "#000001"},
        "dark": {"text": "#fffffe"},
        "font": "Verdana, sans-serif",
        "heading_font": "Verdana, serif",
        "call_to_action": {"label": "Else", "url": "https://example.org/else"},
        "resources": [{"label": "Help", "url": "https://example.org/help"}],
        "disclaimer": "None at all, really.",
        "social": [{"label": "Else", "url": "https://example.org/else"}],
    },
    "section": {
        "id": "treatments2",
        "title": "Conditions and more",
        "intro": "Else",
        "max": 9,
        "match": {"paths": ["/else/"]},
    },
}
UNSEEN = {("newsletter", "editors"), ("section", "max"), ("section", "match")}
"""They choose who is told and what is drafted, not what an issue that is written looks like."""
NAMED = {"id": "[[section]] order", "colours": "[brand.colours] text", "dark": "[brand.dark] text"}
CASES = [(table, key) for table, keys in OTHER.items() for key in keys]


def test_every_setting_of_a_mail_is_tried_here() -> None:
    """A setting that is added later has to say here whether it reaches a mail."""
    for model, table in ((Newsletter, "newsletter"), (Brand, "brand"), (Section, "section")):
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert names == set(OTHER[table])


@pytest.mark.parametrize(("table", "key"), CASES)
def test_a_setting_is_sealed_exactly_when_it_can_reach_a_mail(table: str, key: str) -> None:
    """What changes the bytes is named; what cannot does not void an approval."""
    before, editions = sealed()
    after, now = sealed(with_values(table, **{key: OTHER[table][key]}))
    named = [str(one) for one in compare(before, after)]
    if (table, key) in UNSEEN:
        assert (named, now == editions) == ([], True)
    else:
        assert named
        assert all(name.startswith("setting [") for name in named)
        assert any(NAMED.get(key, key) in name for name in named)


@pytest.mark.parametrize(
    "lines",
    [
        '[schedule]\ndraft = "Mon 05:00"\nsend = "Fri 10:00"\nwindow = "1h"',
        '[[feed]]\nurl = "https://example.org/feed/"',
        "[approval]\nrequired = false\napprovers = 3\nauthor_may_approve = false",
        '[provider]\nname = "smtp"\nhost = "mail.example.org"',
        "[sending]\nrate = 3\nbatch = 7\nconcurrency = 1",
        '[storage]\nurl = "sqlite:///elsewhere.db"',
        "[web]\nwelcome_mail = true\nwording_version = '9'",
        '[checks]\nclaims = "off"',
    ],
    ids=lambda lines: lines.split("]")[0].strip("["),
)
def test_a_setting_of_when_how_and_who_voids_nothing(lines: str) -> None:
    """Neither the seal nor a byte of a mail changes with it."""
    table = re.escape(lines.split("\n")[0])
    plain = re.sub(rf"^{table}\n(?:[^\[\n].*\n)*", "", SETTINGS, flags=re.MULTILINE)
    assert sealed(parse_config(f"{plain}\n{lines}\n")) == sealed()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Else"),
        ("blurb", "Else"),
        ("image", Image("https://example.org/a.jpg", "A foot")),
        ("image", Image("https://example.org/b.jpg", "A hand")),
        ("image", None),
        ("video", Video("https://example.org/else", "https://example.org/still.jpg")),
        ("video", None),
        ("author", "Ben"),
        ("published", AT.date()),
        ("section", "news"),
    ],
)
def test_everything_of_an_article_that_is_used_is_sealed(field: str, value: Any) -> None:
    """By the article's address and the name of what changed."""
    assert LAYOUT.lead is not None
    after, _ = sealed(layout=replace(LAYOUT, lead=replace(LAYOUT.lead, **{field: value})))
    [change] = compare(sealed()[0], after)
    assert change.what == f"article {LAYOUT.lead.url}: {field}"


RENDERING = """
import sys
from datetime import date
from newsletter.config import parse_config
from newsletter.types import Layout, Story
before = set(sys.modules)
from newsletter.content import parse_issue
from newsletter.render import Renderer
story = Story("On a", "https://example.org/a", "A sentence.", section="news")
layout = Layout("2026-11-26", "A subject", "", date(2026, 11, 26), "A *note*.", story, ())
Renderer(parse_config(sys.argv[1])).edition(layout)
print(*{one.split(".")[0] for one in set(sys.modules) - before})
"""
NO_BYTES = {
    "more-itertools",  # helps cssutils to count
    "cachetools",
    "encutils",
    "tzdata",  # an article's day is sealed as it comes out
}
"""Loaded by what renders, and without a say in what comes out."""


def test_every_program_that_makes_the_bytes_is_sealed() -> None:
    """Each library that is loaded to read and render an issue is named with its version."""
    done = subprocess.run(
        [sys.executable, "-c", RENDERING, SETTINGS], capture_output=True, text=True, check=True
    )
    sealed_names = {name.removesuffix(" version").lower() for name in program_versions()}
    owners = packages_distributions()
    loaded = {owner.lower() for one in done.stdout.split() for owner in owners.get(one, ())}
    assert loaded - sealed_names - {"newsletter"} == NO_BYTES


# --- on a site: before it is published, and after ---


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A site with an approved issue, one of whose picks is an article of the store, and a reader."""
    root = make_site(tmp_path / "site", issue=ISSUE_WITH_ARTICLE)
    (root / "templates/parts").mkdir(parents=True)
    (root / FOOTER).write_text((default_templates() / FOOTER.removeprefix("templates/")).read_text())
    app = make_app(root)
    add_articles(app, [article("stored", title="As the site says it", image=True)])
    add_readers(app.database, 3)
    app.approvals.approve(SLUG, "Ada Novak", AT)
    yield app
    app.database.dispose()


FOOTER = "templates/parts/footer.txt.j2"
ISSUE_WITH_ARTICLE = ISSUE.replace(
    "picks:\n  conditions:\n", "picks:\n  conditions:\n    - https://pain.example/conditions/stored/\n"
)
STORED = "article https://pain.example/conditions/stored/"
CHANGES: dict[str, tuple[Any, str]] = {
    "issue": (lambda app: append(app.composer.path(SLUG), " "), "the issue file"),
    "template": (lambda app: append(app.site.root / FOOTER, " "), "template parts/footer.txt.j2"),
    "setting": (
        lambda app: replace_in(app.site.root / "newsletter.toml", "12 Harbour", "13 Harbour"),
        "setting [newsletter] postal_address",
    ),
    "title": (lambda app: change_article(app, title="As it says now"), f"{STORED}: title"),
    "excerpt": (lambda app: change_article(app, excerpt="Another."), f"{STORED}: blurb"),
    "picture": (lambda app: change_article(app, image=null()), f"{STORED}: image (gone)"),
    "author": (lambda app: change_article(app, author="Somebody"), f"{STORED}: author (new)"),
}


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def replace_in(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def subject_and_parts(mail: bytes) -> tuple[str, ...]:
    """What is the same for every reader with the same topics."""
    found = email.message_from_bytes(mail, policy=email.policy.default)
    parts = [found.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[attr-defined]
    return (found["Subject"], *(re.sub(r"(unsubscribe|preferences)/\S+", "", one) for one in parts))


def change_article(app: App, **values: Any) -> None:
    with writing(app.database) as conn:
        conn.execute(articles.update().values(values))


@pytest.mark.parametrize("kind", CHANGES)
def test_whatever_changed_since_the_approval_refuses_the_send_by_name(app: App, kind: str) -> None:
    """Nothing is published, and `cron` says the same."""
    change, name = CHANGES[kind]
    change(app)
    said = f"{SLUG} has changed since it was approved: {name}"
    again = make_app(app.site.root)
    with pytest.raises(ApprovalError) as caught:
        again.begin(SLUG, AT)
    assert caught.value.what == said
    report = run_routine(again, SENDING)
    [entry] = [one for one in report.entries if one.what == "send"]
    assert (entry.ok, entry.text.startswith(said.removeprefix(f"{SLUG} "))) == (False, True)
    assert again.sending.list_all() == []
    again.database.dispose()


@pytest.mark.parametrize("kind", CHANGES)
def test_what_changes_after_it_is_published_reaches_no_reader_and_holds_up_none(app: App, kind: str) -> None:
    """What goes out is what was frozen, to the last reader, also by `cron`."""
    app.begin(SLUG, AT)
    app.sending.send(SLUG, AT, limit=1)
    change, _ = CHANGES[kind]
    change(app)
    again = make_app(app.site.root)
    assert run_routine(again, SENDING).ok
    assert again.sending.status(SLUG, SENDING).tally.sent == 3
    bodies = {subject_and_parts(one) for one in outbox_of(app.site.root / "outbox").values()}
    assert len(bodies) == 1
    again.database.dispose()


@pytest.mark.parametrize("column", ["subject", "preheader", "html", "text", "topics", "hash"])
def test_frozen_bytes_that_changed_in_the_store_are_not_sent(app: App, column: str) -> None:
    """One letter in one edition, and nothing goes out; the edition is named."""
    app.begin(SLUG, AT)
    with writing(app.database) as conn:
        conn.execute(text(f"UPDATE editions SET {column} = {column} || 'x' WHERE topics = 'news'"))
    with pytest.raises(
        ApprovalError, match=r"has changed in the store since it was published: the"
    ) as caught:
        app.sending.send(SLUG, AT)
    assert ("the edition news" in caught.value.what) == (column not in ("topics",))
    assert not (app.site.root / "outbox").exists()


def test_a_seal_that_was_changed_meanwhile_stops_the_sending(app: App) -> None:
    """What is frozen must be what the seal names, as long as anything is sent."""
    app.begin(SLUG, AT)
    app.sending.send(SLUG, AT, limit=1)
    path = app.approvals.path(SLUG)
    other = make_seal({}, app.editions(SLUG)[2][:1])
    path.write_text(write_text(other))
    with pytest.raises(ApprovalError, match="is not what was approved"):
        app.begin(SLUG, AT)
    path.write_text(path.read_text().replace("format", "Format"))
    with pytest.raises(ApprovalError, match="is not a seal"):
        app.begin(SLUG, AT)
    path.unlink()  # a machine that sends and has no seals
    assert app.begin(SLUG, AT) is None
