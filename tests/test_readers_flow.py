"""From the form to the last goodbye: what a reader can do, and what a mail program may do for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import STORES
from web_site import BASE, PLAIN, WebSite, web_site

from newsletter.storage.consent_check import verify
from newsletter.storage.database import reading
from newsletter.types import SubscriberState

GUEST = "https://www.example.org"
ANA = "ana@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    with web_site(tmp_path / "site", PLAIN + f'first_name = true\norigins = ["{GUEST}/"]\n') as made:
        yield made


@pytest.mark.parametrize("store", STORES)
def test_a_reader_joins_chooses_rests_leaves_returns_moves_and_is_forgotten(tmp_path: Path, store: str):
    """The whole way, each step by a link from a mail, and a consent log without a gap at its end."""
    with web_site(tmp_path / "site", PLAIN + "first_name = true\n", store=store) as site:
        _go_the_whole_way(site)


def _go_the_whole_way(site: WebSite) -> None:
    assert site.subscribe(ANA, topic=["news"], first_name="Ana").status_code == 200
    assert site.states() == {}
    confirm = site.link("confirm", "confirm")
    assert site.states() == {ANA: "pending"}
    assert "Yes, subscribe me" in site.get(confirm).text
    assert "subscribed" in site.post(confirm).text
    reader = site.reader(ANA)
    assert (reader.state, str(reader.topics), reader.first_name) == (SubscriberState.ACTIVE, "news", "Ana")

    preferences = site.issue_link(ANA)
    site.post(f"{preferences}/topics", {"topic": ["conditions", "treatments"]})
    assert str(site.reader(ANA).topics) == "conditions,treatments"
    site.post(f"{preferences}/pause", {"weeks": "4"})
    assert site.reader(ANA).paused_until is not None
    site.post(f"{preferences}/resume")
    assert site.reader(ANA).paused_until is None
    site.post(f"{preferences}/name", {"first_name": ""})
    assert site.reader(ANA).first_name is None

    leave = site.issue_link(ANA, "unsubscribe")
    assert "You have left" in site.post(leave).text
    assert site.reader(ANA).state is SubscriberState.UNSUBSCRIBED
    assert "You are back" in site.post(f"{leave}/undo").text
    assert site.reader(ANA).state is SubscriberState.ACTIVE
    site.post(leave)
    assert "Thank you for telling us" in site.post(f"{leave}/reason", {"reason": "too-many"}).text
    site.post(f"{leave}/undo")

    site.post(f"{preferences}/link")
    fresh = site.link("link", "preferences")
    assert "on its way" in site.post(f"{fresh}/address", {"email": "new@example.org"}).text
    assert [mail["To"] for mail in site.mails("moving")] == [ANA]
    assert [mail["To"] for mail in site.mails("address")] == ["new@example.org"]
    assert "changed" in site.post(site.link("address", "address")).text
    assert site.reader("new@example.org").id == reader.id

    site.post(f"{preferences}/data")
    data = site.link("data", "data")
    assert site.mails("data")[-1]["To"] == "new@example.org"
    held = json.loads(site.post(f"{data}/export").data)
    assert (held["reader"]["email"], held["reader"]["state"]) == ("new@example.org", "active")
    assert site.post(f"{data}/erase").status_code == 400
    assert "erased" in site.post(f"{data}/erase", {"sure": "yes"}).text
    assert site.states() == {None: "erased"}
    assert site.post(f"{data}/export").status_code == 410
    with reading(site.engine) as conn:
        assert not verify(conn, keys=site.app.keys).faults


@pytest.mark.parametrize("as_json", [False, True])
def test_the_answer_is_the_same_for_every_address(site: WebSite, as_json: bool):
    """Unknown, pending, active, left, suppressed and erased: the same bytes, the same headers."""
    site.join("active@example.org")
    site.join("left@example.org")
    site.post(site.issue_link("left@example.org", "unsubscribe"))
    site.subscribe("pending@example.org")
    site.suppress("suppressed@example.org")
    site.join("erased@example.org")
    with_erased = site.reader("erased@example.org").id
    site.desk.readers.erase(with_erased, origin=_anywhere(), now=site.now)
    site.wait(hours=1)
    answers = set()
    for name in ("unknown", "pending", "active", "left", "suppressed", "erased"):
        fields = {"email": f"{name}@example.org"}
        answer = site.post("/subscribe", json=fields) if as_json else site.post("/subscribe", fields)
        answers.add((answer.status_code, answer.data, str(answer.headers)))
        site.settle()
    assert len(answers) == 1


def _anywhere():
    from newsletter.types import Origin

    return Origin(form="test", source="test")


def test_asking_again_never_un_confirms(site: WebSite):
    """Whoever types in an active reader's address changes nothing of theirs: they get the link to their preferences."""
    before = site.join(ANA, topic=["news"], first_name="Ana")
    site.wait(hours=1)
    site.subscribe(ANA, topic=["treatments"], first_name="Mallory")
    assert [mail["To"] for mail in site.mails("preferences")] == [ANA]
    assert site.reader(ANA) == before
    assert site.get(site.link("preferences", "preferences")).status_code == 200


def test_one_address_gets_few_mails(site: WebSite):
    """None within the cool-down, and three in a week at most."""
    for _ in range(5):
        site.subscribe(ANA)
    assert len(site.mails("confirm")) == 1
    for _ in range(5):
        site.wait(minutes=11)
        site.subscribe(ANA)
        site.settle()
    assert len(site.mails("confirm")) == 3
    site.wait(days=8)
    site.subscribe(ANA)
    assert len(site.mails("confirm")) == 4


def test_a_link_to_confirm_says_the_same_until_it_expires(site: WebSite):
    """A scanner, or a second press, takes nothing from the reader; after seven days the page offers a new mail."""
    site.subscribe(ANA)
    confirm = site.link("confirm", "confirm")
    first = site.post(confirm)
    site.wait(days=6)
    again = site.post(confirm)
    assert [first.status_code, again.status_code] == [200, 200]
    assert _without_links(first.text) == _without_links(again.text)
    site.wait(days=2)
    assert site.get(confirm).status_code == site.post(confirm).status_code == 410
    assert "new one" in site.get(confirm).text


def _without_links(page: str) -> str:
    return "".join(line for line in page.splitlines() if "/preferences/" not in line)


def test_an_expired_link_is_replaced_by_one_press(site: WebSite):
    """To the address it was made for, and no other."""
    site.subscribe(ANA, topic=["news"])
    old = site.link("confirm", "confirm")
    site.wait(days=8)
    assert "mailbox" in site.post(f"{old}/again").text
    new = site.link("confirm", "confirm")
    assert new != old
    assert [mail["To"] for mail in site.mails("confirm")] == [ANA, ANA]
    assert site.post(new).status_code == 200
    assert str(site.reader(ANA).topics) == "news"


def test_a_link_made_before_leaving_does_not_bring_back(site: WebSite):
    """The old confirmation mail lies in the mailbox still, where a scanner's or a stranger's finger may find it."""
    site.subscribe(ANA)
    confirm = site.link("confirm", "confirm")
    site.post(confirm)
    site.wait(hours=1)
    site.post(site.issue_link(ANA, "unsubscribe"))
    site.wait(hours=1)
    assert site.post(confirm).status_code == 410
    assert site.reader(ANA).state is SubscriberState.UNSUBSCRIBED


def test_links_survive_a_new_key(site: WebSite, monkeypatch: pytest.MonkeyPatch):
    """The newest key signs, older ones are read; a key that was taken out opens nothing."""
    site.join(ANA)
    leave, preferences = site.issue_link(ANA, "unsubscribe"), site.issue_link(ANA)
    old = site.app.keys[0]
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", f"a-brand-new-key-that-is-long-enough,{old}")
    site.start()
    assert site.get(preferences).status_code == 200
    assert site.issue_link(ANA) != preferences
    assert site.post(leave).status_code == 200
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", "a-brand-new-key-that-is-long-enough")
    site.start()
    assert site.get(preferences).status_code == 404


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_mail_program_unsubscribes_by_one_request(site: WebSite, kind: str):
    """RFC 8058: a POST without cookie or login, in either form; at once, 200, empty, no redirect, and again."""
    site.join(ANA)
    link = site.issue_link(ANA, "unsubscribe")
    for _ in range(2):
        answer = site.post(link, {"List-Unsubscribe": "One-Click"}, content_type=kind)
        assert (answer.status_code, answer.data) == (200, b"")
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert site.reader(ANA).state is SubscriberState.UNSUBSCRIBED


def test_leaving_works_from_anywhere_and_costs_no_budget(tmp_path: Path):
    """A large provider's one-click requests come from few networks, a webmail's from its own page."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 3\n") as site:
        ids = [
            site.app.add_subscriber(f"r{n}@example.org", "*", "test", site.now).subscriber.id
            for n in range(30)
        ]
        foreign = {"Origin": "https://webmail.example.com", "Sec-Fetch-Site": "cross-site"}
        for one in ids:
            link = site.app.links.unsubscribe(one, 7)
            assert site.post(link, {"List-Unsubscribe": "One-Click"}, headers=foreign).status_code == 200
        assert set(site.states().values()) == {"unsubscribed"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "application/octet-stream", "x", ""]
)
def test_leaving_asks_for_no_particular_form(site: WebSite, content_type: str):
    """Whatever a program sends along, the press itself is what counts."""
    site.join(ANA)
    answer = site.ask("POST", site.issue_link(ANA, "unsubscribe"), data=b"\xff{", content_type=content_type)
    assert answer.status_code == 200
    assert site.reader(ANA).state is SubscriberState.UNSUBSCRIBED


def test_leaving_can_be_undone_for_a_day(site: WebSite):
    """And not longer: who left a while ago is asked to subscribe again."""
    site.join(ANA)
    leave = site.issue_link(ANA, "unsubscribe")
    site.post(leave)
    site.wait(hours=23)
    assert site.post(f"{leave}/undo").status_code == 200
    assert site.reader(ANA).state is SubscriberState.ACTIVE
    site.post(leave)
    site.wait(hours=25)
    assert site.post(f"{leave}/undo").status_code == 410
    assert site.reader(ANA).state is SubscriberState.UNSUBSCRIBED


def test_the_old_address_can_keep_what_it_has(site: WebSite):
    """It is told at once, and its button makes the link at the new address useless."""
    site.join(ANA)
    fresh = site.app.links.fresh_preferences(site.reader(ANA).id, now=site.now)
    site.post(f"{fresh}/address", {"email": "new@example.org"})
    keep, move = site.link("moving", "keep"), site.link("address", "address")
    assert site.get(keep).status_code == 200
    assert site.post(keep).status_code == 200
    assert site.post(move).status_code == 410
    assert site.states() == {ANA: "active"}


def test_json_has_the_same_limits(site: WebSite):
    """One route, one budget, one answer; what is no address is said in words."""
    answers = [site.post("/subscribe", json={"email": ANA, "topics": ["news"]}) for _ in range(3)]
    assert {(200, "application/json")} == {(one.status_code, one.mimetype) for one in answers}
    assert len(site.mails("confirm")) == 1
    assert str(site.reader(ANA).topics) == "news"
    wrong = site.post("/subscribe", json={"email": "ana@nowhere"})
    assert wrong.status_code == 400
    assert wrong.json is not None
    assert "no dot" in wrong.json["error"]


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (GUEST, True),
        (GUEST.upper(), True),
        (f"{GUEST}:443", True),
        ("http://www.example.org", False),
        ("https://www.example.org.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_only_configured_sites_may_read_the_answer(site: WebSite, origin: str, may: bool):
    """CORS, also on the preflight and on refusals; nobody else gets a header, or a mail sent."""
    preflight = site.ask("OPTIONS", "/subscribe", headers={"Origin": origin})
    answer = site.post(
        "/subscribe", json={"email": ANA}, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    )
    refused = site.post("/subscribe", json={"email": "x"}, headers={"Origin": origin})
    expected = origin if may else None
    assert [expected] * 3 == [
        one.headers.get("Access-Control-Allow-Origin") for one in (preflight, answer, refused)
    ]
    assert answer.status_code == (200 if may else 403)
    assert len(site.mails("confirm")) == may
    elsewhere = site.get("/", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
    site.app.add_subscriber("ben@example.org", "*", "test", site.now)
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    assert site.post(f"{site.issue_link('ben@example.org')}/resume", headers=headers).status_code == 403


def test_the_embedded_form_works(site: WebSite):
    """What `newsletter embed` prints, filled in on the site and sent as a browser would; the log names the site."""
    from newsletter.web.embed import embed_form

    form = embed_form(site.desk)
    assert f'action="{BASE}/subscribe"' in form
    assert "<script" not in form
    headers = {"Origin": GUEST, "Sec-Fetch-Site": "same-site"}
    answer = site.post("/subscribe", {"email": ANA, "topic": ["news"], "website": ""}, headers=headers)
    assert answer.status_code == 200
    site.post(site.link("confirm", "confirm"))
    assert site.reader(ANA).state is SubscriberState.ACTIVE
    with reading(site.engine) as conn:
        from sqlalchemy import text

        asked = conn.execute(text("SELECT form, source FROM consent ORDER BY id")).first()
    assert asked == ("embed", GUEST)


def test_a_form_with_older_words_asks_for_one_more_press(site: WebSite):
    """A copy on another site's page shows what its readers agreed to when it was printed: the log must not say that
    they were shown what the settings say by now."""
    from newsletter.web.embed import embed_form

    def fields_of(page: str) -> dict[str, str]:
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))

    old = fields_of(embed_form(site.desk))
    settings = site.root / "newsletter.toml"
    settings.write_text(
        settings.read_text() + 'wording = "Send me {name}, and more."\nwording_version = "2"\n'
    )
    site.start()
    headers = {"Origin": GUEST, "Sec-Fetch-Site": "same-site"}
    answer = site.post("/subscribe", {"email": ANA, "topic": "news", **old}, headers=headers)
    assert answer.status_code == 409
    assert "Send me Pain Weekly, and more." in answer.text
    by_script = site.post("/subscribe", json={"email": ANA, **old}, headers=headers)
    assert (by_script.status_code, "press once more" in by_script.text) == (409, True)
    assert site.count("wishes") == 0
    again = {"email": ANA, "topic": "news", **fields_of(answer.text)}
    assert site.post("/subscribe", again).status_code == 200
    site.settle()
    with reading(site.engine) as conn:
        from newsletter.storage.consent import list_lines

        (line,) = list_lines(conn, site.reader(ANA).id)
    assert (line["wording_version"], line["wording"]) == ("2", "Send me Pain Weekly, and more.")


def test_nothing_but_data_is_sent_to_who_has_left_meanwhile(site: WebSite):
    """Mails are looked at again just before they are sent: this one would say that they are subscribed."""
    site.join(ANA)
    site.wait(hours=1)
    site.subscribe(ANA)
    site.desk.worker._grant()
    assert site.count("mails") == 2
    site.post(site.issue_link(ANA, "unsubscribe"))
    assert site.mails("preferences") == []


def test_a_welcome_never_reaches_who_has_left_again(site: WebSite):
    """However quick they were."""
    (site.root / "newsletter.toml").write_text(
        (site.root / "newsletter.toml").read_text() + "welcome_mail = true\n"
    )
    site.start()
    site.join(ANA)
    assert site.count("mails") == 2
    site.post(site.issue_link(ANA, "unsubscribe"))
    assert site.mails("welcome") == []


def test_no_page_sets_a_cookie_or_redirects(site: WebSite):
    """Not even for a slash too many."""
    site.join(ANA)
    for path in (
        "/",
        "/subscribe",
        "/subscribe/",
        "/issues",
        "/issues/",
        "/feed.xml",
        f"{site.issue_link(ANA)}/",
    ):
        answer = site.get(path)
        assert answer.status_code == 200, path
        assert "Set-Cookie" not in answer.headers


def test_the_service_may_lie_under_a_path(tmp_path: Path):
    """`https://example.org/letter`: every link, form and style sheet stays under it."""
    with web_site(tmp_path / "site", base="https://example.org/letter") as site:
        assert 'href="/letter/style.css' in site.get("/letter/", base_url="https://example.org").text
        site.join(ANA)
        page = site.get(site.issue_link(ANA).removeprefix(site.base)).text
        assert 'action="/letter/preferences/' in page
        assert site.get("/letter/healthz", base_url="https://example.org").status_code == 200


def test_who_has_left_finds_the_way_back_and_nothing_that_is_not_so(site: WebSite):
    """By whichever page they left: undo while it is to be had, no second question, no word of something saved."""
    site.join(ANA)
    leave, preferences = site.issue_link(ANA, "unsubscribe"), site.issue_link(ANA)
    pages = [site.post(f"{preferences}/leave").text, site.get(leave).text]
    assert [("You have left" in page, "/undo" in page, "Leave now" in page) for page in pages] == [
        (True, True, False)
    ] * 2
    for deed in ("topics", "pause", "resume", "name"):
        page = site.post(f"{preferences}/{deed}", {"topic": "news", "weeks": "2", "first_name": "A"}).text
        assert "You have left" in page
        assert 'role="status"' not in page
    assert "on its way" in site.post(f"{preferences}/data").text
    site.wait(days=2)
    late = site.get(leave).text
    assert ("/undo" in late, "Subscribe again" in late) == (False, True)


def test_no_reason_is_taken_from_who_has_not_left(site: WebSite):
    """The page stays open in another tab after undo: it must not say that they have left."""
    site.join(ANA)
    leave = site.issue_link(ANA, "unsubscribe")
    site.post(leave)
    site.post(f"{leave}/undo")
    answer = site.post(f"{leave}/reason", {"reason": "too-many"})
    assert "You are subscribed" in answer.text
    assert "You have left" not in answer.text


def test_a_mail_that_is_not_sent_is_not_promised(site: WebSite):
    """Within the cool-down, and past the cap: who waits for a mail must know that none comes."""
    site.join(ANA)
    preferences = site.issue_link(ANA)
    for deed in ("data", "link"):
        assert "is on its way" in site.post(f"{preferences}/{deed}").text
        again = site.post(f"{preferences}/{deed}").text
        assert ("is on its way" in again, "a little while ago" in again) == (False, True)
        assert len(site.mails(deed)) == 1
