"""What strangers may not do with the service: fill mailboxes, forge links, or learn who reads a pain newsletter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from web_site import BASE, PLAIN, WebSite, web_site

from newsletter.errors import MaybeTaken, NotTaken, Rejected, StopSending
from newsletter.storage import wishes
from newsletter.storage.database import reading, writing
from newsletter.types import Outgoing, SubscriberState, Topics
from newsletter.web.form import is_solution

ANA = "ana@example.org"
MANY = 10_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WebSite]:
    with web_site(tmp_path / "site") as made:
        yield made


# --- list bombing ----------------------------------------------------------------------------------------


def flood(site: WebSite, addresses: Iterator[str]) -> None:
    """As many requests as the service answers, all at once; every wish is then looked at by the worker.

    One in twenty goes through HTTP, the rest is written down the way a request writes it.
    """
    name, wording = "Visit evil.example", replace(_origin_of(site), network=site.network)
    with writing(site.engine) as conn:
        for address in islice(addresses, MANY * 19 // 20):
            wishes.add_wish(conn, wishes.Wish(address, Topics(), name, wording, site.now))
    for address in addresses:
        assert site.subscribe(address, first_name=name).status_code == 200
    assert site.count("wishes") == MANY
    site.settle()


def _origin_of(site: WebSite):
    with site.web.test_request_context("/subscribe", method="POST", base_url=site.base):
        return site.desk.origin("api", wording=True)


def lightly(site: WebSite) -> None:
    """The same store without waiting for the disk at each commit: this is about counting."""
    from sqlalchemy import event

    event.listen(site.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    site.engine.dispose()


def test_ten_thousand_sign_ups_of_one_address_send_one_mail(tmp_path: Path):
    """The person whose address it is finds one mail, and no word in it that a stranger chose."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 100000\n") as site:
        lightly(site)
        flood(site, (ANA if number % 2 else "ANA@Example.org" for number in range(MANY)))
        mails = site.mails()
        assert [mail["To"].lower() for mail in mails] == [ANA]
        assert "evil" not in mails[0].as_string()
        assert site.count("consent") == 1


def test_ten_thousand_addresses_from_one_network_get_twenty_mails(tmp_path: Path):
    """And however many networks there are, the whole service sends no more than its own budget in an hour."""
    limits = (
        "min_fill_seconds = 0\nrequests_per_minute = 100000\nmails_per_network = 20\nmails_per_hour = 30\n"
    )
    with web_site(tmp_path / "site", limits) as site:
        lightly(site)
        flood(site, (f"victim{number}@example.org" for number in range(MANY)))
        assert len(site.mails()) == 20
        for number in range(40):
            site.network = f"198.51.100.{number}"
            site.subscribe(f"other{number}@example.org")
        assert len(site.mails()) == 30


def test_an_ipv6_household_is_one_network(tmp_path: Path):
    """Each has more addresses than there are stars: what counts is the /64."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nmails_per_network = 2\n") as site:
        for number in range(5):
            site.network = f"2001:db8:1:2:{number}::1"
            site.subscribe(f"a{number}@example.org")
        assert len(site.mails()) == 2


def test_requests_of_one_network_have_a_budget(tmp_path: Path):
    """Past it the answer is 429, says when to come back, and nothing is written; other networks go on."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 3\n") as site:
        codes = [site.subscribe(f"a{n}@example.org").status_code for n in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        assert site.count("wishes") == 3
        refused = site.post("/subscribe", json={"email": ANA})
        assert refused.headers["Retry-After"] == "60"
        assert refused.json is not None
        site.network = "198.51.100.1"
        assert site.subscribe(ANA).status_code == 200


def test_the_whole_service_has_a_budget_that_no_network_can_spend_alone(tmp_path: Path):
    """Fifty networks' worth a minute; who is refused takes nothing of it."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 1\n") as site:
        assert {site.subscribe(ANA).status_code for _ in range(60)} == {200, 429}
        codes = []
        for number in range(51):
            site.network = f"198.51.100.{number}"
            codes.append(site.subscribe(f"a{number}@example.org").status_code)
        assert codes == [200] * 49 + [429, 429]


def test_while_the_whole_budget_is_spent_no_network_is_remembered(tmp_path: Path):
    """A stranger has more of them than memory has room."""
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 1\n") as site:
        [limiter] = site.web.extensions["limiter"]
        for number in range(60):
            site.network = f"198.51.100.{number}"
            site.subscribe(ANA)
        assert len(limiter.storage.storage) == 50 + 1


def test_no_log_names_the_network_that_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Whatever level somebody turns on."""
    caplog.set_level(0)
    with web_site(tmp_path / "site", "min_fill_seconds = 0\nrequests_per_minute = 1\n") as site:
        site.network = "198.51.100.77"
        assert [site.subscribe(ANA).status_code for _ in range(2)] == [200, 429]
    assert "198.51.100.77" not in caplog.text


def test_a_proxy_is_believed_only_where_the_site_says_so(tmp_path: Path):
    """Else anybody could make up a network for each request."""
    for proxies, mails in ((0, 1), (1, 3)):
        limits = f"min_fill_seconds = 0\nmails_per_network = 1\nproxies = {proxies}\n"
        with web_site(tmp_path / f"site{proxies}", limits) as site:
            for number in range(3):
                made_up = f"10.9.9.9, 203.0.113.{number}:4711"
                site.post(
                    "/subscribe", {"email": f"a{number}@example.org"}, headers={"X-Forwarded-For": made_up}
                )
            assert len(site.mails()) == mails


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_proxy_that_the_settings_do_not_know_is_noticed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], proxies: int
):
    """Else its readers would share one network's budget, and nobody would know why mails stop."""
    with web_site(tmp_path / "site", f"proxies = {proxies}\n") as site:
        for number in range(3):
            site.get("/", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    written = capsys.readouterr().out
    assert written.count("proxies is 0") == (0 if proxies else 1)
    assert "203.0.113" not in written


# --- programs that fill in forms -------------------------------------------------------------------------


def test_who_fills_in_the_trap_gets_the_usual_answer_and_nothing_more(site: WebSite):
    """A program must not learn that it was seen."""
    honest = site.subscribe(ANA)
    caught = site.subscribe("bot@example.org", website="https://spam.example")
    assert (honest.status_code, honest.data) == (caught.status_code, caught.data)
    assert [mail["To"] for mail in site.mails()] == [ANA]


def test_a_form_that_comes_back_too_soon_is_shown_again(tmp_path: Path):
    """With a stamp of our own, neither forged nor from yesterday; a person presses once more."""
    with web_site(tmp_path / "site", "min_fill_seconds = 2\n") as site:
        stamp = _field(site.get("/").text, "stamp")
        for late, waited in (({"seconds": 1.9}, True), ({"seconds": 0.2}, False)):
            site.wait(**late)
            answer = site.subscribe(ANA, stamp=stamp)
            assert ("once more" in answer.text) is waited
        site.wait(hours=7)
        for wrong in (stamp, "x", stamp[:-1], site.app.links.token("confirm", 1, made_at=site.now)):
            assert "once more" in site.subscribe("bot@example.org", stamp=wrong).text
        assert [mail["To"] for mail in site.mails()] == [ANA]


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_under_attack_each_sign_up_costs_work(tmp_path: Path):
    """The work is for one address and one form: neither serves a second time, and none can be made up."""
    with web_site(tmp_path / "site", PLAIN + "challenge = true\n") as site:
        page = site.get("/")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert f"{BASE}/challenge.js" in page.text
        text_ = _field(page.text, "challenge")
        answer = next(str(n) for n in range(10_000_000) if is_solution(text_, ANA, str(n)))
        assert site.subscribe(ANA, challenge=text_, answer=answer).status_code == 200
        for wrong in (
            {"challenge": text_, "answer": answer, "email": "other@example.org"},
            {"challenge": text_, "answer": "", "email": ANA},
            {"challenge": "x", "answer": answer, "email": ANA},
            {"challenge": site.app.links.token("form", 0, made_at=site.now), "answer": answer, "email": ANA},
            {"email": ANA},
        ):
            assert site.post("/subscribe", wrong).status_code == 400
        halves = f'{{"email": "a@example.org", "challenge": "{text_}", "answer": "\\udfff"}}'
        assert site.post("/subscribe", halves, content_type="application/json").status_code == 400
        site.wait(hours=7)
        assert site.subscribe(ANA, challenge=text_, answer=answer).status_code == 400
        assert site.count("wishes") == 1


def test_without_an_attack_no_page_runs_a_script(site: WebSite):
    """Nothing to run, and a policy that would not let it."""
    page = site.get("/")
    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]


def test_throw_away_addresses_are_refused_where_the_site_wants_that(tmp_path: Path):
    """At the form, and as another address in the preferences."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/throwaway.txt").write_text("trash.example\n")
    with web_site(tmp_path / "site", PLAIN + 'disposable_domains = "throwaway.txt"\n') as site:
        assert site.subscribe("a@mail.trash.example").status_code == 400
        reader = site.join(ANA)
        fresh = site.app.links.fresh_preferences(reader.id, now=site.now)
        assert site.post(f"{fresh}/address", {"email": "a@trash.example"}).status_code == 400
        assert site.mails("address") == []


# --- foreign hosts, foreign pages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("letters.example.org", True),
        ("LETTERS.example.org:443", True),
        ("letters.example.org.", True),
        ("letter.internal:8000", True),
        ("[::1]:8000", True),
        ("letters.example.org:8443", False),
        ("evil.example", False),
        ("letters.example.org.evil.example", False),
        ("evil.example@letters.example.org", False),
        ("letters.example.org/evil", False),
        ("letters.example.org evil", False),
        ("letter.internal", False),
        ("[::2]:8000", False),
        ("", False),
    ],
)
def test_only_known_hosts_are_answered(tmp_path: Path, host: str, known: bool):
    """With and without the usual port, in capitals, by number; never one that only looks like ours."""
    with web_site(tmp_path / "site", 'hosts = ["Letter.internal:8000", "[::1]:8000"]\n') as site:
        answer = site.get("/", headers={"Host": host})
        assert (answer.status_code == 200) is known
        assert "evil" not in answer.text
        assert site.get("/healthz", headers={"Host": host}).status_code in ((200,) if known else (200, 400))


FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"Origin": BASE}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        (FOREIGN, False),
        ({"Origin": "https://letters.example.org.evil.example"}, False),
        ({"Origin": "https://letters.example.org:8443"}, False),
        ({"Origin": "https://[::1"}, False),
        ({"Origin": "\u00ff"}, False),
    ],
)
def test_forms_of_other_sites_are_refused(site: WebSite, headers: dict[str, str], may: bool):
    """A stranger's page cannot make its visitors sign people up, nor press a reader's buttons."""
    assert (site.post("/subscribe", {"email": ANA}, headers=headers).status_code == 200) is may
    assert site.count("wishes") == may
    site.app.add_subscriber("ben@example.org", "*", "test", site.now)
    link = site.issue_link("ben@example.org")
    assert (site.post(f"{link}/pause", {"weeks": "2"}, headers=headers).status_code == 200) is may


def test_what_is_too_large_is_not_read(site: WebSite):
    """A form, a JSON document or a file of any kind: 413, and no row."""
    huge = "a" * 200_000
    for options in (
        {"data": {"email": ANA, "first_name": huge}},
        {"json": {"email": ANA, "first_name": huge}},
        {"data": {"email": ANA, "first_name": huge}, "content_type": "multipart/form-data"},
    ):
        assert site.ask("POST", "/subscribe", **options).status_code == 413
    parts = {f"part{number}": "x" for number in range(200)}
    assert site.post("/subscribe", parts, content_type="multipart/form-data").status_code == 413
    assert site.count("wishes") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"email": ' + b"[" * 30_000,
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b'{"email": 1e999}',
        b"",
    ],
)
def test_json_that_is_none_is_a_mistake_of_its_sender(site: WebSite, body: bytes):
    """However it is broken: 400 with a word, never an error of ours."""
    answer = site.ask("POST", "/subscribe", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]


# --- forged links ----------------------------------------------------------------------------------------

DEEDS = {
    "confirm": ("/confirm/{}", "/confirm/{}/again"),
    "unsubscribe": ("/unsubscribe/{}", "/unsubscribe/{}/undo", "/unsubscribe/{}/reason"),
    "preferences": tuple(
        f"/preferences/{{}}/{deed}"
        for deed in ("topics", "pause", "resume", "name", "address", "link", "leave", "data")
    ),
    "address": ("/address/{}",),
    "keep": ("/keep/{}",),
    "data": ("/data/{}/export", "/data/{}/erase"),
}
FIELDS = {
    "topic": "news",
    "weeks": "2",
    "first_name": "M",
    "email": "m@example.org",
    "sure": "yes",
    "reason": "other",
}


def test_a_link_does_what_it_was_made_for_and_nothing_else(site: WebSite):
    """Each purpose's link on each other's routes: nothing. Only that for leaving also leads to the topics."""
    site.app.add_subscriber(ANA, "*", "test", site.now)
    other_doors = {("unsubscribe", "/preferences/{}/topics"), ("unsubscribe", "/preferences/{}/leave")}
    before = site.dump()
    for purpose in DEEDS:
        token = site.app.links.token(purpose, site.reader(ANA).id, made_at=site.now)
        for owner, deeds in DEEDS.items():
            for deed in deeds:
                if owner == purpose or (purpose, deed) in other_doors:
                    continue
                assert site.post(deed.format(token), FIELDS).status_code == 404, (purpose, deed)
    assert site.dump() == before


def test_a_forged_or_broken_link_does_nothing(site: WebSite):
    """Another reader's number, another issue's, a later date, cut off, a foreign key, a spare bit turned."""
    site.app.add_subscriber(ANA, "*", "test", site.now)
    site.app.add_subscriber("ben@example.org", "*", "test", site.now)
    before = site.dump()
    for purpose, deeds in DEEDS.items():
        genuine = site.app.links.token(purpose, 1, 7, made_at=site.now)
        payload, _, signature = genuine.rpartition(".")
        forged = (
            genuine.replace("1-7", "2-7"),
            genuine.replace("1-7", "1-8"),
            f"{payload}9.{signature}",
            f"{payload}.",
            payload,
            genuine[:-1],
            genuine + "A",
            f"{payload}.{signature[:-1]}{chr(ord(signature[-1]) ^ 1)}",
            genuine.upper(),
        )
        for token in forged:
            for deed in deeds:
                assert site.post(deed.format(token), FIELDS).status_code == 404, (deed, token)
    assert site.dump() == before


# --- a forwarded issue -----------------------------------------------------------------------------------


def test_who_got_a_forwarded_issue_learns_neither_address_nor_name(site: WebSite):
    """Nowhere on any page its links open, nor in any answer to what can be pressed there."""
    site.join("ana.secret@example.org", first_name="Anastasia")
    pages = []
    for purpose in ("preferences", "unsubscribe"):
        link = site.issue_link("ana.secret@example.org", purpose)
        pages.append(site.get(link))
        pages += [site.post(deed.format(link.rpartition("/")[2]), FIELDS) for deed in DEEDS[purpose]]
    seen = "\n".join(page.text + str(page.headers) for page in pages)
    assert not re.search("secret|anastasia", seen, re.IGNORECASE)


def test_who_got_a_forwarded_issue_can_neither_export_nor_erase_nor_move(site: WebSite):
    """What those take goes by mail to the reader. Else a stranger could move the newsletter to themselves, and then
    ask for all that is kept about its reader."""
    reader = site.join(ANA)
    link = site.issue_link(ANA)
    assert site.post(f"{link}/address", {"email": "mallory@example.com"}).status_code == 403
    assert 'name="email"' not in site.get(link).text
    site.post(f"{link}/data")
    site.post(f"{link}/link")
    assert {mail["To"] for mail in site.mails()} == {ANA}
    token = link.rpartition("/")[2]
    assert site.post(f"/data/{token}/export").status_code == 404
    assert site.post(f"/data/{token}/erase", {"sure": "yes"}).status_code == 404
    assert site.reader(ANA).id == reader.id
    assert site.reader(ANA).state is SubscriberState.ACTIVE
    old = site.app.links.fresh_preferences(reader.id, now=site.now)
    site.wait(days=2)
    assert site.post(f"{old}/address", {"email": "mallory@example.com"}).status_code == 403


def test_the_mail_to_a_new_address_gives_no_hold_on_the_reader(site: WebSite):
    """Until it is confirmed it may be a stranger's: no link in it but its own, no name, no old address."""
    reader = site.join(ANA, first_name="Anastasia")
    fresh = site.app.links.fresh_preferences(reader.id, now=site.now)
    site.post(f"{fresh}/address", {"email": "stranger@example.com"})
    mail = site.mails("address")[-1]
    assert not re.search(
        f"{re.escape(ANA)}|anastasia|/unsubscribe/|/preferences/", mail.as_string(), re.IGNORECASE
    )
    assert mail["List-Unsubscribe"] is None


# --- trouble behind the counter --------------------------------------------------------------------------


class Sulking:
    """A provider that raises what it is told to."""

    name, max_batch, settles = "sulking", 1, "nothing"
    error: Exception = StopSending("wrong key")

    def send(self, outgoing: Outgoing):
        raise self.error


def sulk(site: WebSite, error: Exception) -> None:
    provider = Sulking()
    provider.error = error
    site.desk.worker._office = replace(site.app.office, provider=provider)


def test_a_provider_that_takes_nothing_loses_no_mail(site: WebSite):
    """A wrong key over a night: the mail still waits in the morning, and goes out once the key is right."""
    site.subscribe(ANA)
    sulk(site, StopSending("wrong key"))
    for _ in range(50):
        with pytest.raises(StopSending):
            site.settle()
        site.wait(minutes=10)
    sulk(site, NotTaken("later"))  # as if for the first time
    site.settle()
    site.wait(minutes=10)
    site.desk.worker._office = site.app.office
    assert [mail["To"] for mail in site.mails()] == [ANA]


@pytest.mark.parametrize(("error", "tries"), [(Rejected("no"), 1), (NotTaken("later", retry_after=1e12), 8)])
def test_a_mail_that_nobody_takes_is_given_up(site: WebSite, error: Exception, tries: int):
    """At once when it never will be, else after some hours; it does not come back."""
    site.subscribe(ANA)
    sulk(site, error)
    for _ in range(tries):
        site.settle()
        site.wait(hours=2)
    with reading(site.engine) as conn:
        assert conn.execute(text("SELECT state, tries FROM mails")).all() == [("given_up", tries)]


def test_a_wish_that_cannot_be_looked_at_keeps_no_other_waiting(site: WebSite):
    """However it came to be there: it goes, the next one is granted."""
    site.subscribe("broken@example.org")
    with writing(site.engine) as conn:
        conn.execute(text("UPDATE wishes SET email = 'no address at all'"))
    site.subscribe(ANA)
    assert [mail["To"] for mail in site.mails()] == [ANA]
    assert site.count("wishes") == 0


def test_a_store_that_fails_keeps_every_wish(site: WebSite):
    """It is not the wish that is broken then: all of them are there for another time."""

    def settle(wish: wishes.Wish) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    for name in ("ana", "ben"):
        site.subscribe(f"{name}@example.org")
    with pytest.raises(OperationalError), writing(site.engine) as conn:
        wishes.settle_wishes(conn, settle, limit=20)
    assert len(site.mails()) == 2


def test_a_mistake_in_a_mails_template_loses_no_mail(site: WebSite):
    """It waits until somebody has mended the template."""
    from newsletter.errors import TemplateError

    folder = site.root / "templates/mail"
    folder.mkdir(parents=True)
    (folder / "confirm.md.j2").write_text("Subject: {{ nobody.knows }}\n")
    site.start()
    site.subscribe(ANA)
    with pytest.raises(TemplateError):
        site.settle()
    (folder / "confirm.md.j2").unlink()
    site.start()
    site.wait(minutes=10)
    assert [mail["To"] for mail in site.mails()] == [ANA]


def test_a_busy_store_is_said_to_be_busy(site: WebSite, capsys: pytest.CaptureFixture[str]):
    """503 and when to come back, and nothing of what was asked in the log."""
    link = site.app.links.unsubscribe(site.app.add_subscriber(ANA, "*", "test", site.now).subscriber.id)
    with writing(site.engine) as conn:
        conn.execute(text("ALTER TABLE subscribers RENAME TO away"))
        conn.execute(text("ALTER TABLE wishes RENAME TO gone"))
    for answer in (site.post(link), site.subscribe(ANA)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    written = "".join(capsys.readouterr())
    assert "OperationalError" in written
    assert link.rpartition("/")[2] not in written
    assert ANA not in written


def test_the_log_tells_nothing_of_a_reader(site: WebSite, capsys: pytest.CaptureFixture[str]):
    """Method, route, status and time: no path, no address, no network, whatever goes wrong."""
    site.join(ANA)
    link = site.issue_link(ANA)
    site.get(link)
    site.get(f"{link}?email={ANA}")
    site.get(f"/preferences/{ANA}")
    site.web.view_functions["leaving.leave"] = lambda token: 1 / 0
    assert site.post(site.issue_link(ANA, "unsubscribe")).status_code == 500
    written = "".join(capsys.readouterr())
    assert "ZeroDivisionError" in written
    for secret in (ANA, link.rpartition("/")[2], site.network, "Traceback"):
        assert secret not in written


class Talkative(Sulking):
    """A provider that repeats whom it was to write to."""

    def send(self, outgoing: Outgoing):
        self.error.args = (f"sandbox: {outgoing.recipients[0].email} is not verified",)
        self.error.what = self.error.args[0]
        raise self.error


@pytest.mark.parametrize("error", [StopSending(""), MaybeTaken(""), NotTaken(""), RuntimeError("")])
def test_what_a_provider_says_of_a_reader_reaches_no_log(
    site: WebSite, capsys: pytest.CaptureFixture[str], error: Exception
):
    """Many repeat the address in their refusals."""
    provider = Talkative()
    provider.error = error
    site.desk.worker._office = replace(site.app.office, provider=provider)
    site.subscribe(ANA)
    site.desk.worker._look()
    written = "".join(capsys.readouterr())
    assert ANA not in written
    assert ("is not verified" in written) is isinstance(error, StopSending)


def test_metrics_are_for_who_has_the_token(site: WebSite, monkeypatch: pytest.MonkeyPatch):
    """Without one there is no such page, and a health check tells no numbers to anybody."""
    assert site.get("/metrics").status_code == 404
    monkeypatch.setenv("NEWSLETTER_METRICS_TOKEN", "a long token")
    for wrong in ("", "Bearer", "Bearer x", "Basic a long token", "Bearer \u00ff"):
        assert site.get("/metrics", headers={"Authorization": wrong}).status_code == 404
    site.join(ANA)
    site.subscribe("ben@example.org")
    shown = site.get("/metrics", headers={"Authorization": "Bearer a long token"})
    assert 'newsletter_subscribers{state="active"} 1' in shown.text
    assert "newsletter_wishes_waiting 1" in shown.text
    assert site.get("/readyz").json == {"status": "ok"}


def test_who_never_confirms_is_forgotten_by_cron(site: WebSite):
    """After thirty days without a word nothing is left that tells whose address it was; readers stay."""
    from newsletter.routine import run_routine

    site.subscribe("shy@example.org", first_name="Shy")
    site.join(ANA)
    site.wait(days=29)
    run_routine(site.app, site.now)
    assert site.states() == {"shy@example.org": "pending", ANA: "active"}
    site.wait(days=2)
    report = run_routine(site.app, site.now)
    assert "1 unconfirmed addresses forgotten" in [one.text for one in report.entries]
    assert site.states() == {None: "erased", ANA: "active"}
    assert b"shy" not in (site.root / "subscribers/newsletter.db").read_bytes()
