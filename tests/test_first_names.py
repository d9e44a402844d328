"""A first name is asked for only where the site uses it, greets its reader alone, and can say nothing but a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_site import PLAIN, WebSite, web_site

from newsletter.first_names import clean_name
from newsletter.web.embed import embed_form

ANA, NEW = "ana@example.org", "new@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    with web_site(tmp_path / "site", PLAIN + "first_name = true\n") as made:
        yield made


def switch(site: WebSite, on: bool) -> None:
    path = site.root / "newsletter.toml"
    text = path.read_text().replace("first_name = true\n", "")
    path.write_text(text + ("first_name = true\n" if on else ""))
    site.start()


def preferences(site: WebSite) -> str:
    return site.app.links.fresh_preferences(site.reader(ANA).id, now=site.now)


def test_nobody_is_asked_unless_the_site_wants_it(site: WebSite, tmp_path: Path):
    """No form shows a field for it, and none that is given is kept: by no form, no program and no list."""
    switch(site, on=False)
    assert "first_name" not in site.get("/").text + embed_form(site.desk)
    site.subscribe(ANA, first_name="Ana")
    site.post("/subscribe", json={"email": "ben@example.org", "first_name": "Ben"})
    for mail in site.mails("confirm"):
        assert "Ana" not in mail.as_string()
    site.post(site.link("confirm", "confirm"))
    listed = tmp_path / "list.csv"
    listed.write_text("email,first name\ncleo@example.org,Cleo\nana@example.org,Ana\n")
    site.app.readers.import_list(listed, "paper", site.now)
    assert "Your first name" not in site.get(preferences(site)).text
    site.post(f"{preferences(site)}/name", {"first_name": "Ana"})
    names = {reader.email: reader.first_name for reader in site.app.readers.iter_all()}
    assert names == {ANA: None, "ben@example.org": None, "cleo@example.org": None}


def test_a_name_greets_its_reader_in_mails_to_them_alone(site: WebSite):
    """In both parts; never in a mail that asks for a confirmation, at the first address or at another one."""
    assert 'name="first_name"' in site.get("/").text
    site.join(ANA, first_name='Ana "Bo" & O\'Neil')
    site.wait(hours=1)
    site.subscribe(ANA)
    link = preferences(site)
    for deed, fields in (("link", {}), ("data", {}), ("address", {"email": NEW})):
        site.post(f"{link}/{deed}", fields)
    greeted = {}
    for kind in ("confirm", "preferences", "link", "data", "moving", "address"):
        (mail,) = site.mails(kind)
        bodies = [mail.get_body((part,)) for part in ("plain", "html")]
        plain, page = (body.get_content() for body in bodies if body)
        greeted[kind] = (
            'Hello Ana "Bo" & O\'Neil,' in plain,
            "Hello Ana" in page and "&amp; O" in page,
            "Ana" in mail.as_string().replace("ana@", ""),
        )
    assert {kind for kind, found in greeted.items() if found == (True, True, True)} == {
        "preferences",
        "link",
        "data",
        "moving",
    }
    assert {kind for kind, found in greeted.items() if found == (False, False, False)} == {
        "confirm",
        "address",
    }


def test_a_name_can_be_given_changed_and_taken_away(site: WebSite):
    """On the page of preferences, which never shows it; what is no name is said to be none, and changes nothing."""
    site.join(ANA)
    link = preferences(site)
    site.post(f"{link}/name", {"first_name": "  Ana\tMaría "})
    assert site.reader(ANA).first_name == "Ana María"
    assert "María" not in site.get(link).text
    refused = site.post(f"{link}/name", {"first_name": "see www.evil.example"})
    assert (refused.status_code, "cannot use this as a name" in refused.text) == (400, True)
    assert site.reader(ANA).first_name == "Ana María"
    site.post(f"{link}/name", {"first_name": ""})
    assert site.reader(ANA).first_name is None


def test_a_site_that_asks_no_more_uses_none_and_lets_it_be_removed(site: WebSite):
    """What was given earlier is the reader's to take away."""
    site.join(ANA, first_name="Ana")
    switch(site, on=False)
    site.post(f"{preferences(site)}/link")
    assert "Hello" not in site.mails("link")[-1].as_string()
    assert "Remove my name" in site.get(preferences(site)).text
    site.post(f"{preferences(site)}/name")
    assert site.reader(ANA).first_name is None
    assert "Remove my name" not in site.get(preferences(site)).text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ana", "Ana"),
        ("  Jean-Luc\n", "Jean-Luc"),
        ("J. R.", "J. R."),
        ("J.R.", "J.R."),
        ("Zoë", "Zoë"),
        ("O'Neil", "O'Neil"),
        ("李小龍", "李小龍"),
        ("A\x00n\u202ea", "A n a"),
        ("", None),
        (" \u200b\u202e ", None),
        ("x" * 61, None),
        ('=cmd|"/C calc"!A0', None),
        ("-1+1", None),
        ("+49 160", None),
        ("evil.example", None),
        ("see https://evil.example", None),
        ("a@example.org", None),
        ("{{7*7}}", None),
        ("<b>Ana</b>", None),
        ("%recipient.name%", None),
        ("[weblink]", None),
        ("*|FNAME|*", None),
        ("Call 555 1234", None),
    ],
)
def test_what_can_be_a_name(text: str, name: str | None):
    """One short line that leads nowhere, in any script; halves of surrogate pairs and the like are no letters."""
    assert clean_name(text) == name


def test_a_strangers_words_go_no_further_than_a_name(site: WebSite):
    """They may type in somebody else's address, and whatever they like as a name."""
    raw = json.dumps({"email": ANA, "first_name": "Win at evil.example\nBcc: x \ud800"})
    assert site.ask("POST", "/subscribe", data=raw, content_type="application/json").status_code == 200
    site.settle()
    assert site.reader(ANA).first_name is None
