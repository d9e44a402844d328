"""An excerpt is the article's own first words: no reader's comment and no furniture of the theme is ever in it."""

# ruff: noqa: E501 - markup stands here as themes write it, on one line
from __future__ import annotations

import pytest

from newsletter.feeds.excerpt import LIMIT, excerpt, sentences

FIRST = "Interventional pain management treats pain with injections and small procedures."
SECOND = "It is used where tablets and exercise have not helped enough."
WANTED = f"{FIRST} {SECOND}"
ARTICLE = f"<p>{FIRST} {SECOND}</p><p>A third thing follows in a paragraph of its own.</p>"

COMMENTS = {
    "list": '<ol class="commentlist"><li class="comment byuser" id="comment-7"><p>Secret: I take 40 mg oxycodone daily.</p></li></ol>',
    "html5": '<div id="comments" class="comments-area"><article id="div-comment-3"><p>Secret words of a patient, all of them.</p></article></div>',
    "block": '<ul class="wp-block-latest-comments"><li>Maria on <a href="#comment-4">Secret</a><p>Secret words of a patient.</p></li></ul>',
    "respond": '<div id="respond"><h3>Secret</h3><p>Your secret will not be published, says the form.</p></div>',
    "schema": '<div itemprop="comment" itemscope itemtype="https://schema.org/Comment"><p>Secret words of a patient here.</p></div>',
    "disqus": '<div id="disqus_thread"><p>Secret words of a patient, all of them, here.</p></div>',
    "wpdiscuz": '<div class="wpd-thread-wrapper wpdiscuz_top"><p>Secret words of a patient, all of them.</p></div>',
    "facebook": '<div class="fb-comments"><p>Secret words of a patient, all of them, here.</p></div>',
    "testimonial": '<div class="testimonial-slider"><p>“Secret: Dr. Hale cured my CRPS”, says Maria K. today.</p></div>',
    "reviews": '<section class="reviews"><p>Secret: five stars from a patient with a name.</p></section>',
    "hidden": '<div style="display: none"><p>Secret words of a patient, all of them, here.</p></div>',
    "comment-in-markup": "<!-- <p>Secret words of a patient, all of them, here.</p> -->",
    "theme": '<div class="post-comments"><p>Secret words of a patient, all of them, here.</p></div>',
    "camel": '<div class="userComments2"><p>Secret words of a patient, all of them, here.</p></div>',
    "react": '<div id="commentBody"><p>Secret words of a patient, all of them, here.</p></div>',
    "bbpress": '<div class="bbp-reply-content"><p>Secret words of a patient, all of them, here.</p></div>',
    "heading": "<h3>18 Comments</h3><p>Secret: I take 40 mg oxycodone since my surgery failed.</p>",
    "heading-plain": "<h2>Comments</h2><div>Secret: I take 40 mg oxycodone since my surgery failed.</div>",
    "heading-thoughts": "<h2>3 thoughts on “Nerve blocks”</h2><p>Secret: I take 40 mg oxycodone since then.</p>",
    "heading-responses": "<strong>Responses</strong><p>Secret: I take 40 mg oxycodone since then.</p>",
    "leave": "<h3>Leave a Reply</h3><p>Secret words that a form asks for, all here.</p>",
    "says": "<p>Maria K. says:</p><p>Secret: I take 40 mg oxycodone since my surgery failed.</p>",
    "dated": "<p>March 3, 2017 at 5:12 pm</p><p>Secret: I take 40 mg oxycodone since then.</p>",
    "named-and-dated": "<p>Maria on March 3, 2017</p><p>Secret: I take 40 mg oxycodone since then.</p>",
    "closed": "<p>Comments are closed.</p><p>Secret: I take 40 mg oxycodone since my surgery failed.</p>",
    "german": "<h3>12 Kommentare</h3><p>Secret: ich nehme seit der OP 40 mg Oxycodon am Tag.</p>",
    "count-line": "<p>18 Comments</p><p>Secret: I take 40 mg oxycodone since my surgery failed.</p>",
}


@pytest.mark.parametrize("comments", COMMENTS.values(), ids=COMMENTS)
def test_what_readers_wrote_is_never_in_an_excerpt(comments):
    """Whatever a theme calls it, or when it calls it nothing; also when the article has no other words."""
    assert excerpt(ARTICLE + comments) == WANTED
    short = excerpt(f"<p>{FIRST}</p>{comments}")
    assert short == FIRST
    alone = excerpt(comments) if comments is not COMMENTS["count-line"] else ""
    assert "ecret" not in alone


FURNITURE = {
    "meta": "<p>By Dr. Ada Hale | March 3, 2017 | Tags: CRPS, Spine | 18 Comments</p>",
    "meta-parts": '<div>By <a href="/author/ada">Dr. Ada Hale</a> | <span>March 3, 2017</span> | <a href="#comments">18 Comments</a></div>',
    "byline": '<p class="byline">Written with care by Dr. Ada Hale for all of our patients.</p>',
    "byline-plain": "<p>By Dr. Ada Hale, MD</p>",
    "posted": "<p>Posted on March 3, 2017 by Dr. Ada Hale in Treatments and more.</p>",
    "reviewed": "<p>Medically reviewed by Dr. Ben Ode, MD, on the third of March 2017.</p>",
    "count": "<p>18 Comments</p>",
    "jump": '<p><a href="#respond">Leave your thoughts about this article here now, please do.</a></p>',
    "tags": "<p>Tags: epidural steroid injections, facet joints, sciatica, back pain, spine.</p>",
    "filed": "<p>Filed under: Treatments. Tagged with: injections, spine, nerves, and more.</p>",
    "share": '<div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li>Click to share on Facebook (Opens in new window)</li></ul></div>',
    "share-plain": "<p>Share this: Facebook Twitter LinkedIn Pinterest Email</p>",
    "share-line": "<p>Click to share on Facebook (Opens in new window), and on all the others.</p>",
    "social": "<p>Facebook · Twitter · Pinterest · WhatsApp · Email · Print · More · Copy Link</p>",
    "addtoany": '<div class="addtoany_share_save_container"><p>Pass this on to somebody whom it may help today.</p></div>',
    "subscribe-box": '<div class="mc4wp-form"><p>Weekly updates on conditions, treatments, and news about everything.</p></div>',
    "subscribe": "<p>Subscribe to our newsletter and get weekly updates in your inbox for free.</p>",
    "subscribe-2": "<p>Sign up for weekly updates on conditions, treatments, and news about everything happening.</p>",
    "subscribe-3": "<p>Join over 10,000 readers of our weekly newsletter who know more about pain.</p>",
    "weekly": "<p>Weekly updates on conditions, treatments, and news about everything happening inside pain medicine.</p>",
    "success": "<p>Success! Please check your inbox to confirm your subscription to our list.</p>",
    "success-2": "<p>Thank you for subscribing! We have sent you a mail with a link in it.</p>",
    "success-3": "<p>You have successfully joined our subscriber list.</p>",
    "failure": "<p>There was an error while trying to send your request. Please try again.</p>",
    "form": "<form><label>Email address</label><p>We never share your address with anybody at all.</p><button>Go</button></form>",
    "author-box": '<div class="saboxplugin-wrap"><p>Ada Hale is a doctor who has treated pain for thirty years.</p></div>',
    "author-box-2": '<section class="author-bio"><p>Ada Hale is a doctor who has treated pain for thirty years.</p></section>',
    "closed-line": '<p class="nocomments">Comments are closed.</p>',
    "appointment": '<div class="wp-block-buttons"><div class="wp-block-button"><a>Book an appointment with one of our doctors today</a></div></div>',
    "appointment-plain": "<p>Schedule your appointment today!</p>",
    "find": "<p>Find a pain doctor near you</p>",
    "call": "<p>Call us now at (555) 010-4477 to speak with one of our kind people.</p>",
    "toc": '<div id="ez-toc-container"><p>Table of Contents of everything that is written about below here.</p></div>',
    "related": '<div class="jp-relatedposts"><p>Ten things that you should know about your lower back, today.</p></div>',
    "yarpp": '<div class="yarpp yarpp-related"><p>Ten things that you should know about your lower back.</p></div>',
    "breadcrumbs": '<nav class="breadcrumb">Home » Treatments » Injections » Everything there is to know about them.</nav>',
    "reading": "<p>Estimated reading time: 7 minutes, or a little more with the video below.</p>",
    "ad": "<p>Advertisement</p>",
    "figure": "<figure><img src='a.jpg'><figcaption>A doctor shows a patient where the needle goes in.</figcaption></figure>",
    "caption": '<p class="wp-caption-text">A doctor shows a patient where the needle goes in.</p>',
    "table": "<table><tr><td>Drug and dose and how often it is to be taken each day.</td></tr></table>",
    "script": "<script>var secret = 'Many words that stand in a script are not prose.';</script>",
    "style": "<style>.a { content: 'Many words that stand in a style are not prose.' }</style>",
    "noscript": "<noscript><p>Please switch on scripts to see all of this page as it is.</p></noscript>",
    "iframe": '<iframe src="https://www.youtube.com/embed/AbCdEfGhIj1">Your browser shows no frames at all, sorry.</iframe>',
    "quote": "<blockquote><p>As we wrote in an earlier article, nerves remember what hurt them.</p></blockquote>",
    "heading": "<h2>What is interventional pain management, and for whom is it meant today?</h2>",
    "watch": "<p>Watch the video below</p>",
    "disclaimer": "<p>Disclaimer: this article gives general information and is no medical advice for you.</p>",
    "appeared": '<p>The post <a href="#">Nerve blocks</a> appeared first on <a href="#">Pain Library</a>.</p>',
    "label": "<p>Quick facts</p>",
}


@pytest.mark.parametrize("furniture", FURNITURE.values(), ids=FURNITURE)
def test_what_stands_above_an_article_is_not_in_its_excerpt(furniture):
    """Themes and plugins put their boxes before the first paragraph."""
    assert excerpt(furniture + ARTICLE) == WANTED


@pytest.mark.parametrize("furniture", FURNITURE.values(), ids=FURNITURE)
def test_what_stands_below_an_article_is_not_in_its_excerpt(furniture):
    """A short article does not fill up with what comes after it."""
    assert excerpt(f"<p>{FIRST}</p>{furniture}") == FIRST


@pytest.mark.parametrize("furniture", FURNITURE.values(), ids=FURNITURE)
def test_furniture_alone_makes_no_excerpt(furniture):
    """Better none than one that says `Share this`. A quotation alone is no article either."""
    assert excerpt(furniture) == ""


@pytest.mark.parametrize(
    "ending",
    [
        " [&hellip;]",
        " […]",
        " [...]",
        ' <a class="more-link" href="#">Continue reading <span>Nerve blocks</span> →</a>',
        ' <a href="#">Read more</a>',
        " Read more »",
        " (more…)",
        '</p><p>The post <a href="#">Nerve blocks</a> appeared first on <a href="#">Pain Library</a>.',
        " The post Nerve blocks appeared first on Pain Library.",
    ],
)
def test_what_wordpress_adds_to_an_end_is_taken_off(ending):
    """Whatever cut the text, and wherever it leads on."""
    assert excerpt(f"<p>{FIRST}{ending}</p>") == FIRST


@pytest.mark.parametrize(
    "prose",
    [
        "Share your pain diary with your doctor, since it shows what helps and what does not.",
        "Comments from a doctor can hurt more than a needle, as a study has shown this year.",
        "Reply letters from insurers come late, and patients wait for months on end.",
        "By the time they see a specialist, most people have been in pain for two years.",
        "By 2030, one in three adults will live with arthritis, a new count says.",
        "Related conditions such as fibromyalgia often come with migraine and poor sleep.",
        "Posted doses on old labels may be wrong, and a pharmacist can tell you more.",
        "Subscribe is not a word that you will hear from a surgeon, but prescribe is.",
        "Success of a nerve block is measured by how well people sleep after a month.",
        "Find out what works: ice helps some, and heat helps others a great deal.",
        "Call your doctor at once when numbness spreads, or when you cannot hold water.",
        "More than half of all adults have back pain at some time in their lives.",
        "See a doctor when pain lasts for longer than three months, whatever its cause.",
        "Contact sports are a frequent cause of neck pain in people under thirty.",
        "Follow the plan for six weeks, and write down what hurts and when it does.",
        "Reviewed trials show a small effect of acupuncture on migraine, no more.",
        "Next to the spine lie the facet joints, which wear out as we grow older.",
        "Watch for redness, warmth and fever in the days after an injection.",
        "Read the label: many cold remedies hold the same drug as pain tablets do.",
        "You may also feel a dull ache for some days where the needle went in.",
        "Get the most out of an appointment by writing down your three main questions.",
        "Published studies disagree about how long the relief of an injection lasts.",
        "Tags of skin and small lumps are no cause for worry, most doctors agree.",
        "Thanks to better imaging, doctors now place the needle within a millimetre.",
        "What do you do when pain comes back at night? Doctors have some advice.",
    ],
)
def test_prose_that_sounds_like_furniture_stays(prose):
    """The sieve has holes where sentences go through."""
    from newsletter.feeds.text import plain

    assert excerpt(f"<p>{prose}</p>") == plain(prose)


def test_blocks_are_joined_with_blanks():
    """Words of two paragraphs never run together."""
    assert excerpt("<p>One thing is so.</p><p>Another is not.</p>") == "One thing is so. Another is not."
    assert (
        excerpt("<div>One thing<br>is here so.</div>Another is not so.") == "is here so. Another is not so."
    )


def test_inline_elements_do_not_part_words():
    """Emphasis and links inside a word or before a full stop."""
    html = "<p>Neuro<b>pathy</b> hurts at <a href='#'>night</a>, <em>often</em>.</p>"
    assert excerpt(html) == "Neuropathy hurts at night, often."


def test_an_excerpt_is_two_sentences_at_most():
    """The second only where both fit."""
    long = "It goes on " + "and on " * 40 + "until the end."
    assert excerpt(f"<p>{FIRST} {long}</p>") == FIRST
    assert (
        excerpt("<p>One is here now. Two is here now. Three is here now.</p>")
        == "One is here now. Two is here now."
    )


def test_a_sentence_too_long_is_cut_between_words():
    """With an ellipsis, within the limit."""
    text = excerpt("<p>" + "Pain that wanders " * 60 + "</p>")
    assert len(text) <= LIMIT
    assert text.endswith(("Pain…", "that…", "wanders…"))


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Hale treats it. She knows.",
        "Take 2.5 mg, i.e. half a tablet. Then wait.",
        "The U.S. Food and Drug Administration said no. It was late.",
        "“It hurts.” She left.",
        "Does it hurt? Yes.",
        "Smith et al. found it. It was there.",
        "Ice vs. heat is old. Both help.",
    ],
)
def test_abbreviations_end_no_sentence(text):
    """Two sentences each, whatever points are in them."""
    assert len(sentences(text)) == 2


def test_a_line_that_only_leads_to_a_list_is_left_out():
    """`There are three kinds:` says nothing without the list."""
    html = f"<p>{FIRST} There are three kinds of it:</p><ul><li>Epidural steroid injections for the legs and back.</li></ul>"
    assert excerpt(html) == FIRST


def test_a_list_is_taken_when_there_is_nothing_else():
    """Some articles are a list."""
    html = "<ul><li>Ice calms a fresh injury within some minutes.</li><li>Heat helps later on.</li></ul>"
    assert excerpt(html) == "Ice calms a fresh injury within some minutes. Heat helps later on."


@pytest.mark.parametrize(
    "html", ["", "   ", "<p></p>", "<!-- x -->", "<br>", "\x00", "<p>\u200b</p>", "<img src=x>"]
)
def test_nothing_makes_an_empty_excerpt(html):
    """No words, no excerpt, no error."""
    assert excerpt(html) == ""


def test_entities_are_letters():
    """Once escaped, once read."""
    assert excerpt("<p>Ice &amp; heat &#8211; both&nbsp;help.</p>") == "Ice & heat – both help."


def test_invisible_characters_are_gone():
    """Zero-width and direction marks, soft hyphens, controls."""
    assert excerpt("<p>Pa\u00adin re\u200blief \u202ehelps\u202c you.</p>") == "Pain relief helps you."


def test_a_post_that_wordpress_marks_with_its_terms_is_not_furniture():
    """`tag-newsletter` and `category-reviews` on the article itself are what it is about."""
    classes = "post-12 post type-post status-publish category-reviews tag-newsletter tag-social hentry"
    assert (
        excerpt(f'<div class="{classes}"><div class="entry-content has-share">{ARTICLE}</div></div>')
        == WANTED
    )
