"""The studio shows the very editions that would be sent, each with its size as sent and its readers now."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import requests
from issue_site import ISSUE, SLUG, make_site
from preview_kit import files_in, frame, inspected, text_of

from newsletter.app import App, make_app
from newsletter.gallery.shown import Shown, sent_links, show
from newsletter.preview.serve import open_studio
from newsletter.render.personalise import MailTemplate
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Recipient

LEAVE, CHOOSE = "http://x/link/unsubscribe", "http://x/link/preferences"
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def shown_of(app: App) -> Shown:
    return show(app.config, SLUG, app.editions(SLUG)[2], (LEAVE, CHOOSE))


def test_it_shows_the_very_editions_that_would_be_sent(tmp_path: Path) -> None:
    """Every variant, html and text, byte for byte but for a reader's own two links."""
    app = make_app(make_site(tmp_path))
    by_key = {one.key: one for one in shown_of(app).variants}
    _, _, editions = app.editions(SLUG)
    assert sorted(by_key) == sorted(str(one.topics) for one in editions)
    for edition in editions:
        mine = by_key[str(edition.topics)]
        for ours, theirs in ((mine.html, edition.html), (mine.text, edition.text), (mine.mjml, edition.mjml)):
            assert ours.replace(LEAVE, UNSUBSCRIBE_MARK).replace(CHOOSE, PREFERENCES_MARK) == theirs


def test_the_fullest_variant_comes_first(tmp_path: Path) -> None:
    """An editor sees the whole issue on opening the page."""
    labels = [one.label for one in shown_of(make_app(make_site(tmp_path))).variants]
    assert labels == [
        "Everything",
        "Conditions + Treatments",
        "Conditions + News",
        "Treatments + News",
        "Conditions",
        "Treatments",
        "News",
    ]


def test_a_variants_size_is_that_of_its_mail(tmp_path: Path) -> None:
    """To the byte what a mail program gets: a reader's own links are long, and lines end in CRLF."""
    app = make_app(make_site(tmp_path))
    leave, choose = sent_links(app.config)
    envelope = app.sending.envelope(SLUG, NOW)
    sizes = {one.key: one.size for one in shown_of(app).variants}
    for edition in app.editions(SLUG)[2]:
        mail = MailTemplate(edition, envelope).fill(Recipient("1-1", "ana@example.net", leave, choose))
        page = message_from_bytes(mail.content, policy=policy.default).get_body(("html",))
        assert page is not None
        assert sizes[str(edition.topics)] == len(page.get_payload(decode=True))


def test_the_links_it_is_weighed_with_are_as_long_as_readers_own(tmp_path: Path) -> None:
    """Of the reader with the number one million, in the thousandth issue."""
    app = make_app(make_site(tmp_path))
    leave, choose = sent_links(app.config)
    assert len(leave) == len(app.links.unsubscribe(1_000_000, 1000))
    assert len(choose) == len(app.links.preferences(1_000_000, 1000))


@pytest.mark.parametrize(
    ("limits", "weight"), [((90, 100), "under"), ((20, 100), "near"), ((10, 20), "over")]
)
def test_a_variant_is_weighed_by_the_sites_own_limits(
    tmp_path: Path, limits: tuple[int, int], weight: str
) -> None:
    """The meter says what the gate will say."""
    settings = f"size_warning_kb = {limits[0]}\nsize_limit_kb = {limits[1]}\n"
    app = make_app(make_site(tmp_path, settings=settings))
    assert shown_of(app).variants[0].weight == weight


def test_another_word_is_another_tag_and_only_where_it_is_read(tmp_path: Path) -> None:
    """A frame is loaded anew only when its own bytes changed."""
    root = make_site(tmp_path)
    before = {one.key: one.tag for one in shown_of(make_app(root)).variants}
    path = root / f"content/issues/{SLUG}.md"
    path.write_text(path.read_text().replace("Three societies agree", "Four societies agree"))
    after = {one.key: one.tag for one in shown_of(make_app(root)).variants}
    assert {key for key in before if before[key] != after[key]} == {key for key in before if "news" in key}


def test_each_variant_has_its_readers_of_this_moment(tmp_path: Path) -> None:
    """Those who may be written to now: not who is pending or left; and it is said who gets nothing."""
    head, others = ISSUE.split("  conditions:")[0], ISSUE.split("  news:")[1]
    app = make_app(make_site(tmp_path, issue=f"{head}  news:{others}"))
    for email, topics in (("a@example.net", "*"), ("b@example.net", "news"), ("c@example.net", "treatments")):
        app.add_subscriber(email, topics, "test", NOW)
    shares = app.shares(app.editions(SLUG)[2], NOW)
    assert shares is not None
    assert ({str(topics): count for topics, count in shares[0].items()}, shares[1]) == ({"news": 2}, 1)


def test_readers_are_on_the_page_and_a_store_is_not_made_for_it(tmp_path: Path) -> None:
    """A new site without a store shows its issue and no numbers; with readers it shows how many."""
    root = make_site(tmp_path)
    with open_studio(make_app(root), SLUG) as address:
        assert '<span class="readers"></span>' in inspected(address)
    assert not (root / "subscribers").exists()
    app = make_app(root)
    for number in range(3):
        app.add_subscriber(f"r{number}@example.net", "news", "test", NOW)
    with open_studio(app, SLUG) as address:
        assert '<span class="readers">3<span class="unseen"> readers</span>' in inspected(address)


def test_the_page_says_sender_subject_preheader_and_size(tmp_path: Path) -> None:
    """And how much of what Gmail shows whole each variant takes."""
    with open_studio(make_app(make_site(tmp_path)), SLUG) as address:
        page = text_of(address)
        assert "What a nerve block can and cannot do" in page
        assert "Also this week, walking with sciatica" in page
        assert 'title="Pain Weekly &lt;weekly@example.org&gt;"' in page
        assert "of the 102 kB that Gmail shows whole" in page


def test_the_frames_hold_every_kind(tmp_path: Path) -> None:
    """Any variant by its key as HTML, text and numbered MJML; an unknown one is the fullest."""
    with open_studio(make_app(make_site(tmp_path)), SLUG) as address:
        news = frame(address, "variant=news")
        assert "A new guideline for migraine" in news
        assert "Walking with sciatica" not in news
        assert "Walking with sciatica" in frame(address, "variant=nonsense", "text")
        assert '<span class="row" id="line-1">&lt;mjml' in frame(address, "variant=news", "mjml")


def test_readers_links_lead_to_a_page_that_does_nothing(tmp_path: Path) -> None:
    """A click on unsubscribe in the preview must not take anybody off anything."""
    with open_studio(make_app(make_site(tmp_path)), SLUG) as address:
        page = frame(address)
        assert f"{address}link/unsubscribe" in page
        assert "@@" not in page
        assert "does nothing" in text_of(address, "link/unsubscribe")


def test_the_gallery_can_be_had_from_the_studio(tmp_path: Path) -> None:
    """The same page that a build writes, as a file to keep, with what the checks found last."""
    app = make_app(make_site(tmp_path, issue=ISSUE.replace("A new guideline", "A guaranteed guideline")))
    with open_studio(app, SLUG, clock=lambda: NOW) as address:
        inspected(address)
        answer = requests.get(f"{address}gallery.html", timeout=10)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={SLUG}-gallery.html"
    assert answer.text.count("srcdoc=") == 7
    assert "the title promises too much: “guaranteed”" in answer.text
    assert address not in answer.text


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """Not into the store, not into the site, whatever is looked at."""
    root = make_site(tmp_path)
    before = files_in(root)
    with open_studio(make_app(root), SLUG) as address:
        inspected(address)
        for path in ("", "?view=text", "frame/1/html", "frame/1/text", "frame/1/mjml", "link/unsubscribe"):
            assert text_of(address, path)
    assert files_in(root) == before
