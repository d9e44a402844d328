"""A pull writes down what a site published: once each, edits as edits, and nothing that is no article."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from feed_server import Answer, FeedServer, running
from sample_feeds import Post, atom, rest, rest_page, rss
from sqlalchemy import select

from newsletter.config import Feed
from newsletter.errors import FeedRefused, FeedUnreachable
from newsletter.pipeline.collect import collect
from newsletter.storage.articles import articles_by_url, list_articles
from newsletter.storage.database import open_database, reading
from newsletter.storage.schema import articles, feeds
from newsletter.types import Placement

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def by_first_category(article, feed):
    return Placement((article.categories or ("news",))[0].lower(), f"category {article.categories[:1]}")


class Site:
    """A server with a feed at /feed/, and a store that collects it."""

    def __init__(self, server: FeedServer, engine) -> None:
        self.server = server
        self.engine = engine
        self.feeds = [Feed(url=server.url + "/feed/")]

    def publish(self, *posts, path="/feed/", **headers):
        self.server.serve(path, rss(*posts), Content_Type="application/rss+xml; charset=UTF-8", **headers)

    def pull(self, now=NOW, place=by_first_category):
        return collect(self.engine, self.feeds, place, now)

    def pull_one(self, now=NOW):
        (report,) = self.pull(now).feeds
        return report

    def known(self):
        with reading(self.engine) as conn:
            return {one.title: one for one in list_articles(conn)}

    def rows(self):
        with reading(self.engine) as conn:
            return [
                [dict(row._mapping) for row in conn.execute(select(table).order_by(table.c.id))]
                for table in (articles, feeds)
            ]


@pytest.fixture
def site(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'newsletter.db'}")
    with running() as server:
        yield Site(server, engine)
    engine.dispose()


def titles(taken):
    return [one.title for one in taken]


def test_a_first_pull_takes_in_every_article(site):
    """With author, dates, categories, excerpt, picture with its description, and the still of a video."""
    body = (
        "<p>A nerve block quiets a nerve for a while. It is given under imaging.</p>"
        '<img src="/i/block.jpg" alt="A doctor at work" width="800" height="450">'
        '<iframe src="https://www.youtube.com/embed/AbCdEfGhIj1?rel=0"></iframe>'
    )
    site.publish(
        Post("nerve-blocks", content=body, author="Dr. Ada Hale", categories=("Treatments", "Blocks"))
    )
    report = site.pull_one()
    assert (titles(report.new), report.updated, report.unchanged) == (["Nerve blocks"], (), 0)
    article = site.known()["Nerve blocks"]
    assert article.excerpt == "A nerve block quiets a nerve for a while. It is given under imaging."
    assert (article.author, article.categories) == ("Dr. Ada Hale", ("Treatments", "Blocks"))
    assert article.published_at == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert article.image.url == "https://pain.example/i/block.jpg"
    assert (article.image.alt, article.image.width) == ("A doctor at work", 800)
    assert article.video.url == "https://www.youtube.com/watch?v=AbCdEfGhIj1"
    assert article.video.still == "https://i.ytimg.com/vi/AbCdEfGhIj1/hqdefault.jpg"
    assert (article.section, article.reason) == ("treatments", "category ('Treatments',)")


def test_atom_is_read_like_rss(site):
    """The date of the last edit comes with it; RSS has none."""
    site.server.serve("/feed/", atom(Post("crps", modified="2026-11-22T10:00:00")))
    assert titles(site.pull_one().new) == ["Crps"]
    assert site.known()["Crps"].updated_at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_second_pull_changes_nothing(site):
    """The same feed again: all unchanged, and no row differs but for the time of asking."""
    site.publish(Post("a"), Post("b"))
    site.pull_one()
    before = site.rows()[0]
    report = site.pull_one(LATER)
    assert (report.new, report.updated, report.unchanged) == ((), (), 2)
    assert site.rows()[0] == before


def test_a_feed_that_has_not_changed_is_not_sent_again(site):
    """Both validators go out, and 304 is a good answer."""

    def answer(request):
        headers = {"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT"}
        same = request.headers.get("if-none-match") == '"v1"' and "if-modified-since" in request.headers
        return Answer(b"", 304, headers) if same else Answer(rss(Post("a")), 200, headers)

    site.server.routes["/feed/"] = answer
    assert site.pull_one().state == "read"
    assert site.pull_one(LATER).state == "same"
    assert len(site.known()) == 1


# --- edits and identity ----------------------------------------------------------------------------------


def row_of(site, title):
    return next(row for row in site.rows()[0] if row["title"] == title)


def test_an_edit_is_one_article_and_one_more_revision(site):
    """Title, text and even the address may change under one guid; when it was seen is kept."""
    site.publish(Post("a", title="Old title", guid="g1"))
    site.pull_one()
    site.publish(Post("a", title="New title", guid="g1"))
    assert titles(site.pull_one(LATER).updated) == ["New title"]
    row = row_of(site, "New title")
    assert (row["revision"], row["changed_at"], row["first_seen_at"]) == (2, LATER, NOW)
    assert len(site.known()) == 1


def test_a_later_date_of_edit_alone_is_an_edit(site):
    """The beginning of the text may be as it was: the site says that something is not."""
    site.server.serve("/feed/", atom(Post("a", modified="2026-11-20T09:00:00")))
    site.pull_one()
    site.server.serve("/feed/", atom(Post("a", modified="2026-11-23T09:00:00")))
    assert titles(site.pull_one(LATER).updated) == ["A"]


def test_a_slug_edited_after_publication_is_the_same_article(site):
    """Known by its guid; that it moved is said."""
    site.publish(Post("spinal-cord-stimulatoin", title="Stimulation", guid="g1"))
    site.pull_one()
    site.publish(Post("spinal-cord-stimulation", title="Stimulation", guid="g1"))
    report = site.pull_one(LATER)
    assert len(site.known()) == 1
    assert site.known()["Stimulation"].url.endswith("/spinal-cord-stimulation/")
    assert "has moved from" in report.notes[0]


def test_guids_that_change_to_https_bring_nothing_twice(site):
    """A site's move to https changes every guid and every address."""
    site.publish(Post("a", guid="http://pain.example/?p=1", link="http://pain.example/a/"))
    site.pull_one()
    site.publish(Post("a", guid="https://pain.example/?p=1", link="https://www.pain.example/a/"))
    report = site.pull_one(LATER)
    assert (report.new, report.updated, len(site.known())) == ((), (), 1)
    assert site.known()["A"].url == "https://www.pain.example/a/"


def test_a_guid_that_changes_to_https_still_names_its_article(site):
    """Also when the slug was edited on the same day."""
    site.publish(Post("old-slug", title="A", guid="http://pain.example/?p=1"))
    site.pull_one()
    site.publish(Post("new-slug", title="A", guid="https://pain.example/?p=1"))
    assert "has moved from" in site.pull_one(LATER).notes[0]
    assert site.known()["A"].url.endswith("/new-slug/")


def test_a_guid_that_is_no_address_means_nothing_in_another_feed(site):
    """Two sites may both number their articles."""
    site.feeds.append(Feed(url=site.server.url + "/other/"))
    site.publish(Post("a", guid="7"))
    site.publish(Post("b", guid="7", link="https://other.example/b/"), path="/other/")
    assert [titles(feed.new) for feed in site.pull().feeds] == [["A"], ["B"]]


def test_pictures_and_videos_of_comments_and_boxes_are_not_the_articles(site):
    """A reader's photograph, the author's face, a related article's video."""
    body = (
        '<div class="author-bio"><img src="/ada.jpg" width="300"></div><p>Words of an article are here.</p>'
        '<div class="related-posts"><iframe src="https://youtu.be/AbCdEfGhIj1"></iframe></div>'
        '<div class="comment"><img src="/scar.jpg" alt="My scar" width="800" height="600"></div>'
    )
    site.publish(Post("a", content=body))
    site.pull_one()
    assert (site.known()["A"].image, site.known()["A"].video) == (None, None)


def test_a_move_to_another_domain_brings_nothing_twice(site):
    """Guid and address both change; the content is the same, and the old page is no longer in the feed."""
    site.publish(Post("a", guid="https://old.example/?p=1", link="https://old.example/a/"))
    site.pull_one()
    site.publish(Post("a", guid="https://new.example/?p=1", link="https://new.example/a/"))
    assert site.pull_one(LATER).new == ()
    assert site.known()["A"].url == "https://new.example/a/"


def test_a_guid_that_two_articles_share_names_neither(site):
    """They are told apart by their addresses, now and at later pulls, and it is said."""
    site.publish(Post("a", guid="7"), Post("b", guid="7"))
    report = site.pull_one()
    assert titles(report.new) == ["A", "B"]
    assert "share the guid '7'" in report.notes[0]
    site.publish(Post("b", guid="7"))
    assert (site.pull_one(LATER).unchanged, len(site.known())) == (1, 2)


def test_a_guid_used_again_for_another_article_is_shown_not_guessed(site):
    """Nothing but the guid agrees: neither is overwritten."""
    site.publish(Post("a", guid="7"))
    site.pull_one()
    site.publish(Post("b", title="Something else", guid="7", date="2026-11-23T08:00:00"))
    report = site.pull_one(LATER)
    assert (report.new, report.updated) == ((), ())
    assert "a guid used twice?" in report.skipped[0].reason
    assert list(site.known()) == ["A"]


def test_guid_and_address_of_two_articles_are_shown_not_guessed(site):
    """The guid says A, the address says B: both stay as they are."""
    site.publish(Post("a", guid="g1"), Post("b", guid="g2"))
    site.pull_one()
    before = site.rows()[0]
    site.publish(Post("b", title="A or B", guid="g1"))
    assert "which one it is cannot be known" in site.pull_one(LATER).skipped[0].reason
    assert site.rows()[0] == before


def test_an_entry_that_is_twice_in_a_feed_comes_in_once(site):
    """With the same address; said."""
    site.publish(Post("a", guid="g1"), Post("a", title="A again", guid="g2"))
    report = site.pull_one()
    assert titles(report.new) == ["A"]
    assert "in the feed twice" in report.skipped[0].reason


def test_an_article_that_is_on_a_page_under_two_addresses_comes_in_once(site):
    """Same words, same moment, another slug: one of them is enough for an issue, also at a first pull."""
    words = "<p>Exactly the same words stand here under two addresses.</p>"
    site.publish(Post("a", title="Twin", content=words), Post("b", title="Twin", content=words))
    report = site.pull_one()
    assert titles(report.new) == ["Twin"]
    assert report.skipped[0].reason.startswith("it is the same as “Twin”")


def test_an_article_in_two_feeds_comes_in_once(site):
    """A category's feed beside the whole: said, and an edit is seen once."""
    site.feeds.append(Feed(url=site.server.url + "/category/news/feed/"))
    for title in ("First", "Edited"):
        site.publish(Post("a", title=title, guid="g1"))
        site.publish(Post("a", title=title, guid="g1"), Post("b", guid="g2"), path="/category/news/feed/")
        first, second = site.pull().feeds
        assert f"comes from {site.feeds[0].url} already" in second.skipped[0].reason
    assert titles(first.updated) == ["Edited"]
    assert set(site.known()) == {"Edited", "B"}


def test_a_feed_entered_under_another_address_takes_its_articles_along(site):
    """Nothing is new only because newsletter.toml says https now; edits are seen again."""
    site.publish(Post("a", title="First"))
    site.pull_one()
    site.feeds = [Feed(url=site.server.url + "/feed/rss2/")]
    site.publish(Post("a", title="Edited"), path="/feed/rss2/")
    report = site.pull_one(LATER)
    assert (titles(report.new), titles(report.updated)) == ([], ["Edited"])


# --- dates -----------------------------------------------------------------------------------------------


def test_new_is_what_comes_in(site):
    """The back list is as old as it says; afterwards an article is new when it came, or later when dated later."""
    site.publish(Post("old", date="2019-05-01T08:00:00"))
    site.pull_one()
    site.publish(
        Post("late", date="2019-06-01T08:00:00"),
        Post("ahead", date="2026-11-25T20:00:00"),
        Post("old", date="2019-05-01T08:00:00"),
    )
    site.pull_one(LATER)
    new_at = {title: one.new_at for title, one in site.known().items()}
    assert new_at["Old"] == datetime(2019, 5, 1, 8, 0, tzinfo=UTC)
    assert new_at["Late"] == LATER
    assert new_at["Ahead"] == datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", [None, "Wed, 30 Nov -0001 00:00:00 +0000", "Thu, 01 Jan 1970 00:00:00 +0000", "Xyz, soon"]
)
def test_an_article_without_a_usable_date_is_taken_in_and_said(site, date):
    """It counts as new from when it is first seen."""
    site.publish(Post("a", date=date))
    report = site.pull_one()
    assert "has no usable date" in report.notes[0]
    article = site.known()["A"]
    assert (article.published_at, article.new_at) == (None, NOW)


def test_an_article_dated_in_the_future_is_said(site):
    """Its date stays as the feed gave it, and it is new from then."""
    site.publish(Post("a", date="2027-03-01T08:00:00"))
    assert "is dated 2027-03-01, in the future" in site.pull_one().notes[0]
    assert site.known()["A"].new_at == datetime(2027, 3, 1, 8, 0, tzinfo=UTC)


# --- what is skipped -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "post",
    [
        Post(
            "p",
            title="Protected: For our patients",
            content="<p>Maria K., 40 mg oxycodone daily, since 2019.</p>",
        ),
        Post(
            "p", title="Geschützt: Nur für uns", content="<p>Maria K., 40 mg oxycodone daily, since 2019.</p>"
        ),
        Post(
            "p", content='<form class="post-password-form"><p>This content is password protected.</p></form>'
        ),
        Post("p", content="", summary="There is no excerpt because this is a protected post."),
    ],
)
def test_a_post_behind_a_password_is_skipped_and_said(site, post):
    """None of its words reach the store."""
    site.publish(post, Post("a"))
    report = site.pull_one()
    assert "protected by a password" in report.skipped[0].reason
    assert list(site.known()) == ["A"]
    assert "oxycodone" not in str(site.rows())


@pytest.mark.parametrize(
    "link", ["", "javascript:alert(1)", "ftp://pain.example/a", "https://user@evil.example/"]
)
def test_an_entry_without_a_web_address_is_skipped_and_said(site, link):
    """Only http and https are ever kept."""
    site.publish(Post("a", link=link, guid="no-address"), Post("b"))
    assert "no web address" in site.pull_one().skipped[0].reason
    assert list(site.known()) == ["B"]


def test_an_entry_without_a_title_is_called_by_its_first_words(site):
    """WordPress allows it; an entry without words too is skipped."""
    site.publish(
        Post("a", title="", content="<p>Ice or heat, which is better? It depends.</p>"),
        Post("b", title="", content="", summary=""),
    )
    report = site.pull_one()
    assert titles(report.new) == ["Ice or heat, which is better? It depends."]
    assert "neither title nor text" in report.skipped[0].reason


def test_a_comment_among_articles_is_skipped(site):
    """One entry that is a reader's, in a feed that is not. Their name comes into no log either."""
    comment = Post(
        "a",
        title="Comment on A by Maria K.",
        link="https://pain.example/a/#comment-77",
        content="<p>I take 40 mg.</p>",
    )
    site.publish(Post("a"), Post("b"), comment)
    report = site.pull_one()
    assert "reader's comment" in report.skipped[0].reason
    assert "40 mg" not in str(site.rows())
    assert "Maria" not in str(report)


# --- one feed among others -------------------------------------------------------------------------------


def test_a_feed_that_fails_does_not_stop_the_others(site):
    """The run says which and why; what is known of the failed one stays; the reason is kept until it works."""
    site.feeds.insert(0, Feed(url=site.server.url + "/gone/"))
    site.publish(Post("a"))
    report = site.pull()
    failed, read = report.feeds
    assert (report.ok, failed.state, read.state) == (False, "failed", "read")
    assert isinstance(failed.error, FeedUnreachable)
    assert "404" in site.rows()[1][0]["error"]
    site.publish(Post("c"), path="/gone/")
    assert site.pull(LATER).ok
    assert site.rows()[1][0]["error"] is None


def test_what_nobody_foresaw_in_one_feed_does_not_stop_the_others(site):
    """An address that the settings would have refused stands for whatever may come: it is one feed's trouble."""
    site.publish(Post("a"))
    site.feeds.insert(0, Feed.model_construct(url="https://[", kind="wordpress", section=None))
    failed, read = site.pull().feeds
    assert (failed.state, titles(read.new)) == ("failed", ["A"])
    assert "ValueError" in failed.error.what
    assert failed.error.where == "https://["


def test_a_feed_is_written_whole_or_not_at_all(site):
    """An error in the middle of writing leaves no article of that feed."""

    def place(article, feed):
        if article.title == "B":
            raise RuntimeError("in the middle")
        return Placement("news", "")

    site.publish(Post("a"), Post("b"))
    with pytest.raises(RuntimeError):
        site.pull(place=place)
    assert site.known() == {}
    assert site.rows()[1][0]["first_pulled_at"] is None


def test_other_rules_place_known_articles_again(site):
    """At the next pull, even when the feed itself has not changed."""
    site.publish(Post("a"), Post("b"))
    assert site.pull().moved == 0
    report = site.pull(LATER, place=lambda article, feed: Placement("news", "the site's own rule"))
    assert report.moved == 2
    assert {one.section for one in site.known().values()} == {"news"}
    assert {row["revision"] for row in site.rows()[0]} == {1}


# --- gaps ------------------------------------------------------------------------------------------------


def paged(pages, per_page=3, status_behind=404):
    """A feed of many articles, newest first, as WordPress pages it."""

    def answer(request):
        number = int(request.query.get("paged", 1))
        part = pages[(number - 1) * per_page : number * per_page]
        return Answer(rss(*part)) if part else Answer("<!doctype html><title>x</title>", status_behind)

    return answer


def many(count, start=1):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Post(f"post-{n}", date=(moment + timedelta(hours=n)).replace(tzinfo=None).isoformat())
        for n in reversed(range(start, start + count))
    ]


def test_more_articles_than_a_page_holds_are_read_back_to_the_known_ones(site):
    """Ten came in between two pulls, a page holds three: none is missed, and it is said."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(13))
    report = site.pull_one(LATER)
    assert len(report.new) == 10
    assert "4 pages were read" in report.notes[0]
    assert [request.query.get("paged") for request in site.server.asked] == [None, None, "2", "3", "4"]


def test_a_first_pull_reads_one_page(site):
    """The back list is not needed."""
    site.server.routes["/feed/"] = paged(many(30))
    assert len(site.pull_one().new) == 3


def test_a_first_pull_reads_back_as_far_as_a_first_issue_does(site):
    """Twelve articles in ten days, ten on a page: the first issue must not miss two of them."""
    days = [
        Post(f"day-{n}", date=(NOW - timedelta(hours=20 * n)).replace(tzinfo=None).isoformat())
        for n in range(24)
    ]
    site.server.routes["/feed/"] = paged(days, per_page=10)
    assert len(site.pull_one().new) == 20
    assert [request.query.get("paged") for request in site.server.asked] == [None, "2"]


def test_a_page_that_meets_the_known_is_enough(site):
    """The usual week: no further question."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(5))
    report = site.pull_one(LATER)
    assert (len(report.new), report.notes, len(site.server.asked)) == (2, (), 2)


def test_the_end_of_the_feed_ends_the_search(site):
    """Behind the last page WordPress answers 404."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(6, start=100))
    report = site.pull_one(LATER)
    assert (report.state, len(report.new)) == ("read", 6)
    assert report.notes == ("more came in than one page holds: 2 pages were read",)


def test_a_known_article_moved_to_the_top_hides_no_gap(site):
    """An editor gave an old article a new date: what came in between is still read."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    newer = many(9)
    moved = Post("post-3", date="2026-01-02T00:00:00")
    site.server.routes["/feed/"] = paged([moved, *(one for one in newer if one.slug != "post-3")])
    assert len(site.pull_one(LATER).new) == 6


def test_an_article_dated_in_the_future_hides_no_gap(site):
    """It stands on top of every page and is newer than all that comes: that says nothing of what lies between."""
    far = Post("far", date="2099-01-01T00:00:00")
    site.server.routes["/feed/"] = paged([far, *many(2)])
    site.pull_one()
    site.server.routes["/feed/"] = paged([far, *many(12)])
    assert len(site.pull_one(LATER).new) == 10


def test_a_feed_that_is_new_from_end_to_end_is_no_second_page(site):
    """Nothing of it is known, and there is no older page: nothing is missing, and nothing is said."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(3, start=100))
    report = site.pull_one(LATER)
    assert (len(report.new), report.notes) == (3, ())


def test_the_search_has_an_end_and_says_what_may_be_missing(site):
    """Ten pages back and no further."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(90, start=100))
    report = site.pull_one(LATER)
    assert len(report.new) == 30
    assert any("may be missing" in note for note in report.notes)


def test_a_site_that_shows_one_page_only_is_not_asked_for_ever(site):
    """Some caches ignore the page's number."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = Answer(rss(*many(3, start=100)))
    report = site.pull_one(LATER)
    assert len(report.new) == 3
    assert any("one page only" in note for note in report.notes)
    assert len(site.server.asked) == 3


def test_an_older_page_that_cannot_be_read_now_is_asked_for_again(site):
    """Half of a week would hide the other half: nothing is taken in, and the next pull finds the gap again."""
    site.server.routes["/feed/"] = paged(many(3))
    site.pull_one()
    site.server.routes["/feed/"] = paged(many(3, start=100), status_behind=503)
    assert site.pull_one(LATER).state == "failed"
    assert len(site.known()) == 3
    site.server.routes["/feed/"] = paged(many(6, start=100))
    assert len(site.pull_one(LATER).new) == 6


# --- REST ------------------------------------------------------------------------------------------------


def serve_rest(site, *posts, per_page=2, **headers):
    def answer(request):
        number = int(request.query["page"])
        wanted = [
            one
            for one in posts
            if one["modified_gmt"] + "Z" > request.query.get("modified_after", "0")
            and one.get("date_gmt", "9") + "Z" > request.query.get("after", "0")
        ]
        part = wanted[(number - 1) * per_page : number * per_page]
        return Answer(rest_page(*part), 200, {"X-WP-TotalPages": str(-(-len(wanted) // per_page)), **headers})

    site.server.routes["/wp-json/wp/v2/posts"] = answer
    site.feeds = [Feed(url=site.server.url, kind="wordpress")]


def test_rest_brings_picture_terms_author_and_last_edit(site):
    """The featured picture in a size for mails, with its description."""
    media = {
        "source_url": "https://pain.example/full.jpg",
        "alt_text": "A hand &amp; a pen",
        "media_details": {
            "width": 4000,
            "height": 3000,
            "sizes": {
                "large": {"source_url": "https://pain.example/large.jpg", "width": 1024, "height": 768}
            },
        },
    }
    post = rest(Post("a", title="Shots &#038; blocks", modified="2026-11-21T08:00:00"))
    post["_embedded"]["wp:featuredmedia"] = [media]
    serve_rest(site, post)
    assert site.pull_one().state == "read"
    article = site.known()["Shots & blocks"]
    assert article.image.url == "https://pain.example/large.jpg"
    assert (article.image.alt, article.image.width) == ("A hand & a pen", 1024)
    assert article.categories == ("Treatments", "Spine")
    assert (article.author, article.updated_at) == ("Dr. Ada Hale", datetime(2026, 11, 21, 8, 0, tzinfo=UTC))


def test_rest_never_asks_for_comments_and_never_keeps_them(site):
    """A bare `_embed` brings them along; ours names what it wants, and what comes anyway is dropped."""
    serve_rest(site, rest(Post("a")))
    site.pull_one()
    assert site.server.asked[0].query["_embed"] == "author,wp:featuredmedia,wp:term"
    assert "oxycodone" not in str(site.rows())
    assert "Maria" not in str(site.rows())


def test_rest_reads_every_page_and_later_only_what_was_edited(site):
    """By the number of pages in the answer's header, and from a day before the last known edit."""
    posts = [
        rest(Post(f"p{n}", date="2026-11-01T08:00:00", modified=f"2026-11-{n:02}T08:00:00"))
        for n in range(20, 10, -1)
    ]
    serve_rest(site, *posts)
    assert len(site.pull_one().new) == 10
    assert len(site.server.asked) == 5
    edited = rest(Post("p11", title="P11 edited", date="2026-11-01T08:00:00", modified="2026-11-23T08:00:00"))
    serve_rest(site, edited, *posts[:-1])
    before = len(site.server.asked)
    report = site.pull_one(LATER)
    edits, published = site.server.asked[before:]
    assert edits.query["modified_after"] == published.query["after"] == "2026-11-19T08:00:00Z"
    assert (titles(report.new), titles(report.updated)) == ([], ["P11 edited"])


def test_rest_brings_what_was_scheduled(site):
    """A scheduled article keeps the date of its last edit when it goes live, days later: it is no "edit since"."""
    known = [rest(Post("one", date="2026-11-22T08:00:00"))]
    serve_rest(site, *known)
    site.pull_one()
    serve_rest(
        site, rest(Post("scheduled", date="2026-11-24T07:00:00", modified="2026-11-16T09:00:00")), *known
    )
    assert titles(site.pull_one(LATER).new) == ["Scheduled"]


def test_rest_is_not_blinded_by_an_edit_dated_in_the_future(site):
    """A site's clock was wrong once: what comes after is still asked for."""
    wrong = rest(Post("one", date="2026-11-20T08:00:00", modified="2099-01-01T00:00:00"))
    serve_rest(site, wrong)
    site.pull_one()
    serve_rest(site, wrong, rest(Post("two", date="2026-11-24T09:00:00")))
    assert titles(site.pull_one(LATER).new) == ["Two"]


def test_rest_skips_protected_posts_and_says_so(site):
    """`content.protected` is WordPress's own word for it."""
    hidden = rest(Post("h", content=""), content={"rendered": "", "protected": True})
    serve_rest(site, hidden, rest(Post("a")))
    assert "protected by a password" in site.pull_one().skipped[0].reason
    assert list(site.known()) == ["A"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer('{"code":"rest_cannot_access","message":"Only authenticated users"}', 401),
        Answer('{"code":"rest_no_route","message":"No route"}', 404),
        Answer("<!doctype html><title>Blocked</title>", 403),
        Answer("<!doctype html><title>Are you human?</title>", 200),
        Answer('{"code":"rest_disabled"}', 200),
    ],
)
def test_a_closed_rest_interface_is_said_with_the_way_around(site, answer):
    """Security plugins close it in many ways; the feed is the way around."""
    serve_rest(site)
    site.server.routes["/wp-json/wp/v2/posts"] = answer
    report = site.pull_one()
    assert "REST interface is closed" in report.error.what
    assert 'kind = "rss"' in report.error.hint
    assert "/feed/" in report.error.hint


def test_the_rest_list_of_comments_is_refused(site):
    """By its address and by what is in it."""
    comment = {"id": 1, "post": 2, "author_name": "Maria K.", "content": {"rendered": "I take 40 mg."}}
    serve_rest(site, {**comment, "modified_gmt": "2026-11-20T08:00:00"})
    assert isinstance(site.pull_one().error, FeedRefused)
    site.server.serve("/wp-json/wp/v2/comments", rest_page(comment))
    site.feeds = [Feed(url=site.server.url + "/wp-json/wp/v2/comments", kind="wordpress")]
    assert isinstance(site.pull_one().error, FeedRefused)
    assert site.known() == {}


def test_posts_too_big_for_one_answer_are_asked_for_in_smaller_parts(site):
    """A hundred long articles may be more than one answer may hold."""

    def answer(request):
        size = 6_000_000 if request.query["per_page"] == "100" else 100
        return Answer(rest_page(rest(Post("a"))) + " " * size, 200, {"X-WP-TotalPages": "1"})

    site.server.routes["/wp-json/wp/v2/posts"] = answer
    site.feeds = [Feed(url=site.server.url, kind="wordpress")]
    assert len(site.pull_one().new) == 1


# --- finding again ---------------------------------------------------------------------------------------


def test_articles_are_found_by_address_however_written(site):
    """What an editor pastes into an issue is rarely the canonical address."""
    site.publish(Post("a", guid="g-1"), Post("b", guid="g-2"))
    site.pull_one()
    with reading(site.engine) as conn:
        found = articles_by_url(
            conn, ["http://www.pain.example/a?utm_source=x#top", "https://pain.example/none"]
        )
    assert list(found) == ["pain.example/a"]


def test_articles_come_newest_first_in_one_order(site):
    """Equal moments are told apart by the order in which they came."""
    site.publish(Post("c"), Post("b", date="2026-11-21T08:00:00"), Post("a"))
    site.pull_one()
    with reading(site.engine) as conn:
        assert [one.title for one in list_articles(conn)] == ["B", "C", "A"]
        assert [one.title for one in list_articles(conn, since=datetime(2026, 11, 21, tzinfo=UTC))] == ["B"]
