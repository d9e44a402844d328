"""GET changes nothing: scanners open every link in every mail, and readers must find everything as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from web_site import PLAIN, WebSite, web_site
from werkzeug.routing import Rule

from newsletter.links import Links
from newsletter.types import Origin, Topics, Wording
from newsletter.web import make_web

READING = ("GET", "HEAD", "OPTIONS")
PURPOSES = ("confirm", "unsubscribe", "preferences", "address", "keep", "data")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """A site with a reader in every state, a wish that nobody has looked at, and an address that waits."""
    with web_site(tmp_path_factory.mktemp("get") / "site", PLAIN + "challenge = true\n") as made:
        for name in ("ana", "ben", "cleo", "dan"):
            made.app.add_subscriber(f"{name}@example.org", "*", "test", made.now)
        readers = made.desk.readers
        origin = _origin()
        readers.leave(made.reader("ben@example.org").id, issue_id=None, origin=origin, now=made.now)
        readers.erase(made.reader("cleo@example.org").id, origin=origin, now=made.now)
        readers.request_address(
            made.reader("ana@example.org").id, "new@example.org", origin=origin, now=made.now
        )
        for _ in range(2):
            made.desk.worker.take_wish(
                "pending@example.org", Topics(), _origin(wording=True), first_name=None
            )
            if not made.states().get("pending@example.org"):
                made.settle()
        yield made


def _origin(*, wording: bool = False) -> Origin:
    return Origin(form="test", source="test", wording=Wording("Yes", "1") if wording else None)


def tokens(site: WebSite) -> Iterator[str]:
    """Genuine ones of every purpose for every reader, fresh and expired, from an issue and not; and no ones."""
    for purpose in PURPOSES:
        for reader in range(1, 6):
            for made_at in (None, site.now, site.now - timedelta(days=400)):
                yield site.app.links.token(purpose, reader, 7 if made_at is None else None, made_at=made_at)
        genuine = site.app.links.token(purpose, 1, made_at=site.now, detail="abc")
        yield genuine
        yield genuine[:-1]
        yield genuine.replace("1-", "2-", 1)
        yield Links(["the key of some other site"], site.base).token(purpose, 1, made_at=site.now)
    yield from ("", "x", "1.", "%00", "..%2f", "\N{SNOWMAN}", "1-7." + "A" * 43, "a" * 3000)


def addresses(site: WebSite, rule: Rule) -> Iterator[str]:
    if not rule.arguments:
        yield rule.rule
        return
    for value in tokens(site):
        address = rule.rule
        for argument in sorted(rule.arguments):
            address = address.replace(f"<{argument}>", value)
        yield address


def rules() -> list[str]:
    """Every route there is, from the service itself: a new one is tested without anybody thinking of it."""
    with tempfile.TemporaryDirectory() as folder, web_site(Path(folder)) as one:
        return sorted({rule.rule for rule in make_web(one.app, work=False).url_map.iter_rules()})


@pytest.mark.parametrize("route", rules())
def test_get_head_and_options_change_no_row(site: WebSite, route: str):
    """Of any table, with whatever token, on any route, whoever asks; and none of them is an error of ours."""
    before = site.dump()
    for rule in site.web.url_map.iter_rules():
        if rule.rule != route:
            continue
        for address in addresses(site, rule):
            for method in READING:
                answer = site.ask(
                    method, address, query_string={"sure": "yes", "List-Unsubscribe": "One-Click"}
                )
                assert answer.status_code < 500, (method, address)
    assert site.dump() == before


def test_the_dump_sees_a_change(site: WebSite):
    """Else the test above would say nothing."""
    before = site.dump()
    site.post(site.issue_link("dan@example.org", "unsubscribe"))
    changed = {table for table, digest in site.dump().items() if digest != before[table]}
    assert {"subscribers", "consent", "consent_head"} <= changed
