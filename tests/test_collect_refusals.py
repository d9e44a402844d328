"""What is not a feed of articles is refused with a clear message, and nothing in the store changes."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from feed_server import running
from sample_feeds import RSS_HEAD, SITE, Post, rss
from sqlalchemy import select

from newsletter.config import Feed
from newsletter.errors import FeedRefused
from newsletter.feeds.parse import parse_feed
from newsletter.pipeline.collect import collect
from newsletter.storage.database import open_database, reading
from newsletter.storage.schema import articles
from newsletter.types import Fetched, Placement

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
WORDS = "I take 40 mg oxycodone since my failed back surgery."


def read(body, url=f"{SITE}/feed/", content_type="application/rss+xml; charset=UTF-8"):
    data = body.encode() if isinstance(body, str) else body
    return parse_feed(Fetched(url, 200, data, content_type=content_type), NOW)


def comment(title, link=f"{SITE}/a/#comment-7", guid=f"{SITE}/a/#comment-7"):
    """An item as wp-includes/feed-rss2-comments.php writes it."""
    return (
        f"<item><title>{title}</title><link>{link}</link><dc:creator><![CDATA[Maria K.]]></dc:creator>"
        f"<pubDate>Fri, 20 Nov 2026 08:00:00 +0000</pubDate><guid isPermaLink='false'>{guid}</guid>"
        f"<description>{WORDS}</description><content:encoded><![CDATA[<p>{WORDS}</p>]]></content:encoded></item>"
    )


COMMENT_FEEDS = {
    "site-wide": (
        f"{SITE}/comments/feed/",
        rss(comment("Comment on Nerve blocks by Maria K."), title="Comments for Pain Library"),
    ),
    "one-article": (
        f"{SITE}/nerve-blocks/feed/",
        rss(comment("By: Maria K."), comment("By: John"), title="Comments on: Nerve blocks"),
    ),
    "one-article-without-comments": (f"{SITE}/nerve-blocks/feed/", rss(title="Comments on: Nerve blocks")),
    "by-parameter": (f"{SITE}/?feed=comments-rss2", rss(comment("x", link="", guid=""))),
    "with-comments": (f"{SITE}/?feed=rss2&withcomments=1", rss(comment("x", link="", guid=""))),
    "german": (
        f"{SITE}/nervenblockade/feed/",
        rss(comment("Von: Maria K.", link=f"{SITE}/a/", guid="1"), title="Kommentare zu: Nervenblockade"),
    ),
    "titles-alone": (
        f"{SITE}/feed/x/",
        rss(
            comment("By: Maria K.", link=f"{SITE}/a/", guid="1"),
            comment("By: J", link=f"{SITE}/a/", guid="2"),
        ),
    ),
    "comment-on-alone": (
        f"{SITE}/feed/x/",
        rss(comment("Comment on Nerve blocks by Maria K.", link=f"{SITE}/a/", guid="1")),
    ),
    "links-alone": (f"{SITE}/feed/x/", rss(comment("Nerve blocks"), comment("Nerve blocks"))),
    "atom-thread": (
        f"{SITE}/feed/x/",
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'><title>x</title>"
        f"<entry><title>Nerve blocks</title><id>urn:1</id><link href='{SITE}/a/'/><thr:in-reply-to ref='urn:0'/>"
        f"<content type='html'>{WORDS}</content></entry></feed>",
    ),
    "most-of-a-mixed-one": (f"{SITE}/feed/x/", rss(Post("a"), comment("A"), comment("B"))),
    "blogger": (f"{SITE}/feeds/comments/default", rss(comment("x", link=f"{SITE}/a?showComment=1#c1"))),
}


@pytest.mark.parametrize(("url", "body"), COMMENT_FEEDS.values(), ids=COMMENT_FEEDS)
def test_feeds_of_comments_are_refused(url, body):
    """In every shape WordPress and others give them: by address, by title, by what is in them."""
    with pytest.raises(FeedRefused, match="readers' comments") as caught:
        read(body, url)
    assert "/feed/" in caught.value.hint


@pytest.mark.parametrize(
    ("title", "post"),
    [
        ("Comments and answers: the Pain Library", Post("a")),
        ("Pain Library", Post("a", title="By: the numbers of 2026")),
        ("Pain Library", Post("a", title="Comment on the new guideline by Dr. Hale")),
        ("Comments on pain research", Post("a")),
    ],
)
def test_articles_that_sound_like_comments_are_taken_in(title, post):
    """Articles have categories and an address for their comments; comments never do."""
    assert len(read(rss(post, title=title)).articles) == 1


EXPORT = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
    "<title>Pain Library</title><wp:wxr_version>1.2</wp:wxr_version><item><title>A draft</title>"
    f"<link>{SITE}/?p=1</link><wp:status>draft</wp:status><wp:comment><wp:comment_author>Maria K.</wp:comment_author>"
    f"<wp:comment_content>{WORDS}</wp:comment_content></wp:comment></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (EXPORT, "WordPress export file"),
        (EXPORT.replace("<rss version", "<!-- " + "x" * 6000 + " --><rss version"), "WordPress export file"),
        (
            f'<rss version="2.0"><channel><item xmlns:x="http://wordpress.org/export/1.2/"><title>A draft</title>'
            f"<link>{SITE}/?p=1</link><x:comment>{WORDS}</x:comment></item></channel></rss>",
            "WordPress export file",
        ),
        ("<!doctype html><html><head><title>Pain</title></head><body><p>Hello</p></body></html>", "web page"),
        ("\n\n<html><body><feed>x</feed></body></html>", "web page"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "web page"),
        ("", "is empty"),
        ("just words", "neither RSS nor Atom"),
        ('{"version": "https://jsonfeed.org/version/1"}', "neither RSS nor Atom"),
        ('<?xml version="1.0"?><urlset><url><loc>https://a.org</loc></url></urlset>', "neither RSS nor Atom"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "neither RSS nor Atom"),
    ],
)
def test_what_is_no_feed_is_refused(body, what):
    """With what it is instead."""
    with pytest.raises(FeedRefused, match=what):
        read(body)


def test_a_web_page_that_names_its_feed_is_a_hint():
    """The feed of articles, never that of comments."""
    page = (
        '<html><head><link rel="alternate" type="application/rss+xml" href="/comments/feed/" />'
        '<link rel="alternate" type="application/rss+xml" title="Pain &raquo; Feed" href="/feed/" /></head></html>'
    )
    with pytest.raises(FeedRefused) as caught:
        read(page, f"{SITE}/")
    assert f"{SITE}/feed/" in caught.value.hint


BILLION = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + ']><rss version="2.0"><channel><title>x</title>'
    + f"<item><title>&i;</title><link>{SITE}/a/</link></item></channel></rss>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel>'
    f"<title>x</title><item><title>&x;</title><link>{SITE}/a/</link></item></channel></rss>"
)


@pytest.mark.parametrize(
    "body",
    [
        BILLION,
        OUTSIDE,
        OUTSIDE.replace("file:///etc/passwd", "http://127.0.0.1:9/secret"),
        OUTSIDE.replace("<!DOCTYPE", "<!-- <rss> --><!DOCTYPE"),
        BILLION.encode("utf-16"),
        BILLION.replace("<?xml", " \n<?xml"),
    ],
    ids=["billion-laughs", "file", "web", "hidden", "utf-16", "behind-a-blank-line"],
)
def test_documents_that_declare_entities_are_refused(body):
    """Billion laughs and entities from outside alike, however they are wrapped."""
    began = time.monotonic()
    with pytest.raises(FeedRefused, match="entities"):
        read(body)
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 100_000 + "</a>" * 100_000,
        "<a>" * 100_000,
        "&bad;" + "<a>" * 100_000,
        '<a href="1">' * 100_000,
    ],
)
def test_deep_nesting_is_refused_at_once(inside):
    """A parser takes seconds for it."""
    body = f"{RSS_HEAD}<channel><item><title>x</title>{inside}</item></channel></rss>"
    began = time.monotonic()
    with pytest.raises(FeedRefused, match="elements deep"):
        read(body)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "content",
    [
        "<div>" * 100_000 + "<p>Deep down there is a sentence of eight words.</p>",
        "<p>" * 100_000,
        "<b><i>" * 50_000,
        "<!--" * 100_000,
        "<![CDATA[" * 50_000,
        "<" * 500_000,
        "&" * 500_000,
        "a " * 500_000,
        "A. " * 300_000,
        "The post " * 100_000,
        "[…] " * 100_000,
        "By a " * 100_000 + "|",
        "<a href='#comments'>" * 50_000,
        "word" * 250_000,
    ],
    ids=lambda content: content[:12],
)
def test_hostile_content_costs_no_time(content):
    """Whatever is in an article's HTML, reading it ends soon."""
    began = time.monotonic()
    page = read(rss(Post("a", content=content.replace("]]>", ""))))
    assert time.monotonic() - began < 3
    assert all(len(one.excerpt) <= 300 for one in page.articles)


def test_a_big_honest_feed_is_read_in_time():
    """500 articles, some 2 MB."""
    long = "<p>" + "Pain has many causes, and a doctor looks for them one by one. " * 60 + "</p>"
    body = rss(*(Post(f"post-{n}", content=long) for n in range(500)))
    began = time.monotonic()
    assert len(read(body).articles) == 500
    assert time.monotonic() - began < 6


REFUSED = {
    "comments": COMMENT_FEEDS["one-article"][1],
    "export": EXPORT,
    "page": "<!doctype html><html><body>x</body></html>",
    "oversize": rss(Post("new", content="x" * 5_000_001)),
    "entities": BILLION,
    "deep": f"{RSS_HEAD}<channel><item>{'<a>' * 100_000}</item></channel></rss>",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_refused_answer_changes_nothing_in_the_store(tmp_path, body):
    """What was known stays word for word, and the run says why and is not ok."""
    engine = open_database(f"sqlite:///{tmp_path / 'newsletter.db'}")

    def place(article, feed):
        return Placement("news", "")

    def rows():
        with reading(engine) as conn:
            return conn.execute(select(articles)).all()

    with running() as server:
        feeds = [Feed(url=server.serve("/feed/", rss(Post("a"))))]
        assert collect(engine, feeds, place, NOW).ok
        before = rows()
        server.serve("/feed/", body)
        report = collect(engine, feeds, place, NOW)
        assert not report.ok
        assert isinstance(report.feeds[0].error, FeedRefused)
        assert rows() == before
        assert len(before) == 1
    engine.dispose()


# --- mended and said -------------------------------------------------------------------------------------


def test_one_stray_latin_byte_garbles_nothing():
    """The rest of the text is read as the UTF-8 it is, the stray byte as the letter it was."""
    body = rss(Post("a", title="Café für Rücken — naïve")).encode().replace("ï".encode(), b"\xef")
    page = read(body)
    assert page.articles[0].title == "Café für Rücken — naïve"
    assert "not all UTF-8" in page.notes[0]


@pytest.mark.parametrize("codec", ["iso-8859-1", "windows-1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(codec):
    """As the document declares them."""
    body = rss(Post("a", title="Rücken")).replace("UTF-8", codec.removesuffix("-sig")).encode(codec)
    assert read(body, content_type="text/xml").articles[0].title == "Rücken"


@pytest.mark.parametrize("name", ["idna", "punycode", "undefined", "unicode_escape", "hex", "no-such"])
def test_an_encoding_that_no_document_has_is_not_believed(name):
    """Python has codecs of these names; a feed that claims one is read as UTF-8, or refused, and nothing else."""
    body = rss(Post("a", title="Schmerz für alle")).replace("UTF-8", name).encode()
    with suppress(FeedRefused):
        assert read(body, content_type="text/xml").articles[0].title.startswith("Schmerz")


def test_a_server_that_claims_latin_about_utf_8_is_not_believed():
    """Apache's AddDefaultCharset says so about everything."""
    body = rss(Post("a", title="Rücken"))
    assert read(body, content_type="text/xml; charset=ISO-8859-1").articles[0].title == "Rücken"


@pytest.mark.parametrize(
    ("junk", "note"),
    [
        ("\n\n", None),
        ("\ufeff\n", None),
        (
            "<br />\n<b>Warning</b>: Undefined variable $x in <b>/var/www/a.php</b> on line <b>3</b><br />\n",
            "PHP",
        ),
        ("Notice: Undefined index in /var/www/a.php on line 3\n", "no part of a feed"),
    ],
)
def test_what_a_plugin_prints_before_the_feed_does_not_matter(junk, note):
    """XML allows nothing before its first line; sites print blank lines and PHP warnings there."""
    page = read(junk + rss(Post("a"), Post("b")))
    assert len(page.articles) == 2
    assert (page.notes == ()) if note is None else (note in page.notes[0])


def test_a_document_that_breaks_off_gives_its_whole_entries():
    """The last one was cut: it is left out, said, and asked for again at the next pull."""
    body = rss(Post("a"), Post("b"), Post("c"))
    page = read(body[: body.rindex("<content:encoded>") + 40])
    assert [one.title for one in page.articles] == ["A", "B"]
    assert "cut off" in page.skipped[0].reason
    assert "breaks off" in page.notes[0]


def test_a_document_that_breaks_off_between_entries_loses_none():
    """Only the end is missing."""
    body = rss(Post("a"), Post("b"))
    assert len(read(body.replace("</channel></rss>", "")).articles) == 2


def test_a_cut_document_is_asked_for_again(tmp_path):
    """Its validators are not kept: 304 would hide the rest for ever."""
    engine = open_database(f"sqlite:///{tmp_path / 'newsletter.db'}")
    with running() as server:
        body = rss(Post("a"), Post("b"))
        feeds = [Feed(url=server.serve("/feed/", body[:-400], ETag='"v1"'))]
        collect(engine, feeds, lambda *_: Placement("news", ""), NOW)
        collect(engine, feeds, lambda *_: Placement("news", ""), NOW)
        assert "if-none-match" not in server.asked[1].headers
    engine.dispose()


@pytest.mark.parametrize("body", ["Pain &nbsp; & gain", "Pain & gain", "<b>Pain <i>and</b> gain"])
def test_xml_that_is_not_well_formed_is_no_reason_to_refuse(body):
    """A raw ampersand or an HTML entity: browsers read it, and so do we."""
    item = f"<item><title>A</title><link>{SITE}/a/</link><description>{body}</description></item>"
    assert len(read(f'<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>').articles) == 1


def test_control_characters_and_direction_marks_reach_nothing():
    """They would rule a terminal, a header, or the order of a line's letters."""
    post = Post(
        "a", title="Pa\x1b[31min\u202e\u200b re\x00lief\x07", author="A\u2066da", categories=("Ne\x08ws",)
    )
    article = read(rss(post)).articles[0]
    assert (article.title, article.author, article.categories) == ("Pa[31min relief", "Ada", ("News",))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Ice &amp;amp; heat", "Ice & heat"),
        ("Ice &#8211; heat", "Ice – heat"),
        ("What is &lt;em&gt;CRPS&lt;/em&gt;?", "What is CRPS?"),
        ("Under &lt;5 mg &amp; over 3", "Under <5 mg & over 3"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Pain", "Pain"),
        ("<![CDATA[<b>Ice</b> &#8217;n heat]]>", "Ice ’n heat"),
        ("  Two\n lines\t", "Two lines"),
    ],
)
def test_titles_are_text_however_they_were_written(written, title):
    """Entities once or twice escaped, tags, scripts, line breaks: a title is one line of words."""
    item = f"<item><title>{written}</title><link>{SITE}/a/</link></item>"
    assert read(f'<rss version="2.0"><channel>{item}</channel></rss>').articles[0].title == title


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("ada@pain.example (Dr. Ada Hale)", "Dr. Ada Hale"),
        ("Dr. Ada Hale &lt;ada@pain.example&gt;", "Dr. Ada Hale"),
        ("ada@pain.example", None),
    ],
)
def test_an_author_is_a_name_without_an_address(author, name):
    """RSS 2.0 asks for an e-mail address; none is kept."""
    item = f"<item><title>A</title><link>{SITE}/a/</link><author>{author}</author></item>"
    assert read(f'<rss version="2.0"><channel>{item}</channel></rss>').articles[0].author == name
