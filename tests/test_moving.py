"""Another address: only who reads the reader's mail now can move the newsletter, and nobody is told what is not so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_site import WebSite, web_site

from newsletter.types import SubscriberState

ANA, NEW, THIRD = "ana@example.org", "new@example.org", "third@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    with web_site(tmp_path / "site") as made:
        yield made


def fresh(site: WebSite, email: str) -> str:
    """As a mail to this address would hold it now."""
    return site.app.links.fresh_preferences(site.reader(email).id, now=site.now)


def move(site: WebSite, old: str, new: str) -> None:
    site.post(f"{fresh(site, old)}/address", {"email": new})
    assert site.post(site.link("address", "address")).status_code == 200
    assert site.reader(new).state is SubscriberState.ACTIVE
    site.wait(minutes=20)


def may_move(site: WebSite, link: str) -> bool:
    before = len(site.mails("address"))
    answer = site.post(f"{link}/address", {"email": THIRD})
    assert answer.status_code in (200, 403)
    return len(site.mails("address")) > before


def test_an_old_confirmation_is_no_fresh_link(site: WebSite):
    """Pressed again days later, it says the same; but who finds it then cannot take the newsletter with it."""
    site.subscribe(ANA)
    confirm = site.link("confirm", "confirm")
    at_once = _preferences_in(site.post(confirm).text)
    assert "New e-mail address" in site.get(at_once).text
    site.wait(days=3)
    later = _preferences_in(site.post(confirm).text)
    assert "New e-mail address" not in site.get(later).text
    assert not may_move(site, later)


def _preferences_in(page: str) -> str:
    found = re.search(r'"(https://[^"]*/preferences/[^"]*)"', page)
    assert found is not None
    return found[1]


def test_links_in_the_old_mailbox_neither_move_nor_tell(site: WebSite):
    """Who reads the mailbox that a reader moved away from cannot follow them, however young the links are."""
    site.join(ANA)
    link = fresh(site, ANA)
    site.post(f"{link}/data")
    data = site.link("data", "data")
    site.wait(minutes=1)
    move(site, ANA, NEW)
    assert not may_move(site, link)
    for deed in ("", "/export", "/erase"):
        answer = site.ask("POST" if deed else "GET", f"{data}{deed}", data={"sure": "yes"})
        assert answer.status_code == 410
        assert NEW not in answer.text
    assert site.reader(NEW).state is SubscriberState.ACTIVE
    assert may_move(site, fresh(site, NEW))


def test_the_old_address_is_told_when_it_is_too_late(site: WebSite):
    """It does not hear that it stays when the newsletter goes elsewhere already; a later wish is not its to refuse."""
    site.join(ANA)
    site.post(f"{fresh(site, ANA)}/address", {"email": NEW})
    keep = site.link("moving", "keep")
    site.wait(minutes=1)
    site.post(site.link("address", "address"))
    site.wait(minutes=20)
    site.post(f"{fresh(site, NEW)}/address", {"email": THIRD})
    for answer in (site.get(keep), site.post(keep)):
        assert answer.status_code == 410
        assert "too late" in answer.text
    assert site.reader(NEW).new_email == THIRD


def test_the_old_address_hears_of_it_before_the_new_one_can_answer(site: WebSite):
    """And never the new one of its own coming, should the mail have been held up."""
    site.join(ANA)
    site.post(f"{fresh(site, ANA)}/address", {"email": NEW})
    numbers = {mail["To"]: int(re.findall(r"\d+", mail["Message-ID"])[0]) for mail in site.mails()[-2:]}
    assert numbers[ANA] < numbers[NEW]
    site.wait(minutes=20)
    with_address = site.link("address", "address")
    from sqlalchemy import text

    from newsletter.storage.database import writing

    with writing(site.engine) as conn:
        conn.execute(text("UPDATE mails SET state = 'waiting', not_before = NULL WHERE kind = 'moving'"))
    site.post(with_address)
    assert [mail["To"] for mail in site.mails("moving")] == [ANA]


def test_confirming_an_address_twice_says_the_same(site: WebSite):
    """A second press, or a reloaded page, does not hear that nothing was changed."""
    site.join(ANA)
    site.post(f"{fresh(site, ANA)}/address", {"email": NEW})
    link = site.link("address", "address")
    first, second = site.post(link), site.post(link)
    assert [first.status_code, second.status_code] == [200, 200]
    assert first.data == second.data
    site.post(site.issue_link(NEW, "unsubscribe"))
    assert site.post(link).status_code == 410


def test_what_is_exported_after_a_move_is_the_readers_own(site: WebSite):
    """By a link to the new address."""
    site.join(ANA)
    move(site, ANA, NEW)
    site.post(f"{fresh(site, NEW)}/data")
    held = json.loads(site.post(f"{site.link('data', 'data')}/export").data)
    assert held["reader"]["email"] == NEW
