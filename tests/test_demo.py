"""The demo tells the whole story on one machine, on a sample site that is what it claims to be."""

from __future__ import annotations

import itertools
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from lxml import etree
from PIL import Image

from newsletter.config import Config, Section
from newsletter.demo import library
from newsletter.demo.server import Stage, sample_site
from newsletter.demo.site import SampleSite
from newsletter.demo.story import READERS
from newsletter.sections import Classifier
from newsletter.types import Topics
from newsletter.urls import path_of

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
SECTIONS: tuple[Section, ...] = Config.model_fields["sections"].default
PICTURES = Path(library.__file__).parent / "pictures"
NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
}
FURNITURE = (
    "| Tags:",
    "Share this",
    "Click to share on Facebook",
    "Never miss an update",
    "Success! You are on the list",
    "Follow on LinkedIn",
    "Book an appointment",
    "Find a doctor near you",
    "Related articles",
    "Comments are closed",
    "appeared first on",
    "password protected",
    "gravatar",
)


def run(*arguments: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=where,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


# --- the story -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    site: Path
    output: str

    @property
    def slug(self) -> str:
        return next((self.site / "content" / "issues").glob("*.md")).stem

    def outbox(self) -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in (self.site / "outbox" / self.slug).iterdir()}

    def mails(self) -> dict[str, EmailMessage]:
        found = [message_from_bytes(raw, policy=policy.default) for raw in self.outbox().values()]
        return {str(mail["To"]): mail for mail in found}  # type: ignore[misc]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "--keep", "kept", where=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return Told(folder / "kept", done.stdout)


def shown(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_every_step_is_shown_with_the_command_an_editor_types(told: Told) -> None:
    """The account names the commands in their order and, for each, what came of it."""
    typed = re.findall(r"^\$ newsletter (\w+)", told.output, flags=re.M)
    steps = ["init", "pull", "build", "subscribers", "check", "approve", "send"]
    assert steps == [one for one, _ in itertools.groupby(typed)]
    assert "12 new, 2 skipped" in told.output
    assert "Sent 5 of 5" in told.output


def test_the_account_ends_with_places_that_are_there(told: Told) -> None:
    """Each place a person is told to look at exists."""
    places = [Path(one) for one in re.findall(r"^  [a-z, ]+  (/\S+)$", told.output, flags=re.M)]
    assert len(places) == 4
    assert [place for place in places if not place.exists()] == []


def test_the_account_says_what_to_go_on_with(told: Told) -> None:
    """Its issue is sent: without a name, the next one would be looked for, which nobody has drafted."""
    assert f" preview {told.slug}\n" in told.output


def test_each_reader_has_one_mail_with_just_their_topics(told: Told) -> None:
    """The outbox holds one mail a reader, and each mail, in both its parts, the articles of their topics."""
    mails = told.mails()
    assert sorted(email for email, _ in READERS) == sorted(mails)
    assert len(READERS) == len(told.outbox())
    titles = titles_by_section()
    for email, wanted in READERS:
        topics = Topics.parse(wanted)
        for section, in_it in titles.items():
            for title in in_it:
                assert (section in topics) == (title in shown(mails[email], "plain")), (email, title)
                assert (section in topics) == (title in shown(mails[email], "html")), (email, title)


def titles_by_section() -> dict[str, list[str]]:
    rules = Classifier(SECTIONS)
    found: dict[str, list[str]] = {section.id: [] for section in SECTIONS}
    for post in library.load(NOW):
        if not post.quirk:
            place = rules.place(post.plain_title, post.terms, path_of(f"http://x{post.path}"))
            found[place.section].append(post.plain_title)
    assert [len(titles) for titles in found.values()] == [5, 5, 5]
    return found


def test_nothing_that_readers_or_the_theme_wrote_is_in_a_mail_or_in_the_store(told: Told) -> None:
    """No comment, name, dose, share button or subscribe box of the sample site gets past the collecting."""
    comments = [one for post in library.load(NOW) for one in post.comments]
    forbidden = {one.text for one in comments} | {one.name for one in comments} | set(FURNITURE)
    forbidden |= set(re.findall(r"\d+ mc?g", " ".join(one.text for one in comments)))
    assert len(forbidden) > 50
    kept = [*stored(told.site), *mailed(told), *written(told.site)]
    assert {words for words in forbidden for text in kept if words in text} == set()


def stored(site: Path) -> Iterator[str]:
    with sqlite3.connect(site / "subscribers" / "newsletter.db") as store:
        yield from store.iterdump()
    store.close()


def mailed(told: Told) -> Iterator[str]:
    for mail in told.mails().values():
        yield from (shown(mail, "plain"), shown(mail, "html"), str(mail["Subject"]))


def written(site: Path) -> Iterator[str]:
    for folder in ("build", "content", "look"):
        for path in (site / folder).rglob("*.[hmtj][tdsx]*"):
            yield path.read_text(encoding="utf-8")


def test_the_sample_site_has_what_must_not_get_through(told: Told) -> None:
    """The comments and the furniture of the test above really stand in the feed's articles."""
    with sample_site(NOW) as stage:
        feed = stage.site.feed(1) or ""
        feed += stage.site.feed(2) or ""
    assert [words for words in FURNITURE if words not in feed] == []
    comments = [one.text for post in library.load(NOW) for one in post.comments]
    assert len(comments) >= 15
    assert [text for text in comments if etree_text(text) not in feed] == []


def etree_text(text: str) -> str:
    return text.replace("&", "&amp;")


def test_every_picture_of_the_issue_is_the_sample_site_s_own(told: Told) -> None:
    """A mail of the demo asks nobody else for a picture, and the page to look at asks nobody at all."""
    page = (told.site / "look" / "issue.html").read_text(encoding="utf-8")
    sources = re.findall(r"<img[^>]+src=\"([^\"]+)\"", page)
    assert len(set(sources)) == 15
    assert [one for one in sources if not (told.site / "look" / one).is_file()] == []
    assert "ytimg" not in page
    assert "@@" not in page


# --- the kept site ---------------------------------------------------------------------------------------


def test_sending_again_in_the_kept_site_sends_nothing_twice(told: Told) -> None:
    """`send` and `status` in the kept site find every reader served, and the mails stay as they are."""
    before = told.outbox()
    assert run("send", told.slug, where=told.site).returncode == 0
    status = json.loads(run("status", "--json", where=told.site).stdout)
    assert {key: status[key] for key in ("audience", "sent", "queued")} == {
        "audience": 5,
        "sent": 5,
        "queued": 0,
    }
    assert before == told.outbox()


def test_the_kept_site_builds_without_its_feed(told: Told) -> None:
    """The issue is built again, byte for byte, when the sample site is gone."""
    html = told.site / "build" / told.slug / "all.html"
    before = html.read_bytes()
    done = run("build", told.slug, "--offline", where=told.site)
    assert (done.returncode, done.stderr) == (0, "")
    assert before == html.read_bytes()


def test_the_sample_site_can_be_served_again(told: Told) -> None:
    """`demo --serve` brings it back at its old address: a pull finds nothing changed."""
    serving = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "demo", "--serve", str(told.site)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        assert "is served at http://127.0.0.1:" in serving.stdout.readline()
        pulled = json.loads(run("pull", "--json", where=told.site).stdout)
        assert [feed["state"] for feed in pulled["feeds"]] == ["same"]
    finally:
        serving.terminate()
        serving.communicate(timeout=10)


def test_a_site_that_is_there_already_is_left_alone(told: Told) -> None:
    """`--keep` on a site is refused as a mistake, and changes nothing."""
    before = told.outbox()
    done = run("demo", "--keep", str(told.site), where=told.site)
    assert (done.returncode, "there is a site already" in done.stderr) == (2, True)
    assert before == told.outbox()


def test_only_a_site_of_the_demo_can_be_served_again(tmp_path: Path) -> None:
    """`--serve` on another folder says what is wrong."""
    done = run("demo", "--serve", str(tmp_path), where=tmp_path)
    assert (done.returncode, "is not a site that the demo made" in done.stderr) == (2, True)


@pytest.mark.parametrize("now", ["2027-12-31T23:59:30+00:00", "2028-03-02T09:30:00+00:00"])
def test_the_story_holds_at_any_time_of_the_week(tmp_path: Path, now: str) -> None:
    """Also at the end of a year, when a usual sending time has just gone by, and behind a proxy; in a
    temporary folder."""
    odd = {"TMPDIR": str(tmp_path), "TZ": "Pacific/Auckland", "http_proxy": "http://127.0.0.1:9"}
    done = run("--now", now, "demo", where=tmp_path, **odd)
    assert (done.returncode, done.stderr) == (0, "")
    assert "with 15 picks" in done.stdout
    assert len(list(tmp_path.glob("newsletter-demo-*/outbox/*/*.eml"))) == 5


# --- the sample site -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with sample_site(NOW) as served:
        yield served


def items(stage: Stage) -> list[etree._Element]:
    pages = [requests.get(f"{stage.url}/feed/?paged={page}", timeout=10) for page in (1, 2)]
    return [item for page in pages for item in etree.fromstring(page.content).iterfind("channel/item")]


def test_the_feed_is_written_as_wordpress_writes_it(stage: Stage) -> None:
    """RSS 2.0 with WordPress's namespaces, and for each article what WordPress says of one."""
    feed = etree.fromstring(requests.get(f"{stage.url}/feed/", timeout=10).content)
    assert (feed.tag, feed.get("version")) == ("rss", "2.0")
    assert feed.nsmap == NAMESPACES
    articles = [item for item in items(stage) if item.find("slash:comments", NAMESPACES) is not None]
    for item in articles:
        guid = item.find("guid")
        assert guid is not None
        assert re.fullmatch(rf"{stage.url}/\?p=\d+", guid.text or "")
        assert guid.get("isPermaLink") == "false"
        assert item.findtext("dc:creator", namespaces=NAMESPACES)
        assert f"{item.findtext('link')}feed/" == item.findtext("wfw:commentRss", namespaces=NAMESPACES)
        assert "appeared first on" in (item.findtext("description") or "")
        assert len(item.findall("category")) >= 1
        assert "youtube.com/embed/" in (item.findtext("content:encoded", namespaces=NAMESPACES) or "")


def test_there_are_fifteen_articles_and_two_problems(stage: Stage) -> None:
    """Seventeen entries: one without title and date, one behind a password."""
    dates = [item.findtext("pubDate") for item in items(stage)]
    titles = [item.findtext("title") or "" for item in items(stage)]
    assert 17 == len(titles) == len(set(titles))
    assert dates.count("Wed, 30 Nov -0001 00:00:00 +0000") == 1
    assert sum(title.startswith("Protected: ") for title in titles) == 1


def test_no_words_can_break_the_feed(stage: Stage) -> None:
    """What an author writes may end a CDATA section or hold an ampersand: the feed stays whole."""
    post = replace(stage.site.posts[0], title="A & B", body="<p>One ]]> two.</p>", tags=("]]>",))
    feed = etree.fromstring((SampleSite(stage.url, (post,)).feed() or "").encode())
    assert "One ]]&gt; two." in (feed.findtext(".//content:encoded", namespaces=NAMESPACES) or "")
    assert feed.findtext("channel/item/title") == "A & B"


def test_the_feed_ends_after_its_last_page(stage: Stage) -> None:
    """Ten entries a page, and behind the last page a 404, as WordPress answers."""
    first = etree.fromstring(requests.get(f"{stage.url}/feed/", timeout=10).content)
    assert len(first.findall("channel/item")) == 10
    assert requests.get(f"{stage.url}/feed/?paged=3", timeout=10).status_code == 404


def test_a_feed_is_not_sent_again_to_who_has_it(stage: Stage) -> None:
    """A 304 for the marks of the last answer; when both are sent, both must hold."""
    first = requests.get(f"{stage.url}/feed/", timeout=10).headers
    both = {"If-None-Match": first["ETag"], "If-Modified-Since": first["Last-Modified"]}
    one_wrong = {**both, "If-None-Match": '"another"'}
    answers = [
        requests.get(f"{stage.url}/feed/", headers=sent, timeout=10).status_code
        for sent in (both, {"If-None-Match": first["ETag"]}, one_wrong)
    ]
    assert answers == [304, 304, 200]


def test_there_are_feeds_of_comments_to_stay_away_from(stage: Stage) -> None:
    """The site's and each article's, well formed, with the readers' names."""
    everybody = etree.fromstring(requests.get(f"{stage.url}/comments/feed/", timeout=10).content)
    assert everybody.findtext("channel/title") == "Comments for The Quiet Nerve"
    assert len(everybody.findall("channel/item")) >= 15
    path = "/pain-library/conditions/sciatica/feed/"
    sciatica = etree.fromstring(requests.get(f"{stage.url}{path}", timeout=10).content)
    assert sciatica.findtext("channel/item/title") == "By: Gloria P."


def test_every_address_of_an_article_leads_somewhere(stage: Stage) -> None:
    """Each article's page and picture is served, and each article it points to exists."""
    known = {post.slug for post in stage.site.posts}
    for post in stage.site.posts:
        assert requests.get(f"{stage.url}{post.path}", timeout=10).status_code == 200
        related = re.search(r"^\[related (.+)\]$", post.body, flags=re.M)
        assert set(related[1].split() if related else ()) <= known
        if not post.quirk:
            picture = requests.get(f"{stage.url}/wp-content/uploads/{post.picture}.jpg", timeout=10)
            assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
            assert post.alt


def test_nothing_but_the_pictures_is_read_from_the_disk(stage: Stage) -> None:
    """An address with dots in it gets no file of the machine."""
    for path in ("/wp-content/uploads/../library.py", "/wp-content/uploads/%2e%2e/library.py", "/etc/passwd"):
        request = requests.Request("GET", stage.url).prepare()
        request.url = f"{stage.url}{path}"
        with requests.Session() as session:
            assert session.send(request, timeout=10).status_code == 404


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.jpg")), ids=lambda path: path.stem)
def test_a_picture_is_wide_and_light(path: Path) -> None:
    """1200 × 675 pixels, 60 KB at most: many of them stand in one mail."""
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 675))
    assert path.stat().st_size <= 60_000
