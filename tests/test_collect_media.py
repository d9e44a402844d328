"""The picture and the video of an article: its own, fit for a mail, and never one that counts readers."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html

from newsletter.feeds.media import find_image, find_video, youtube
from newsletter.types import Image, Video

BASE = "https://pain.example/nerve-blocks/"
GOOD = '<img src="https://pain.example/good.jpg" alt="Good" width="800" height="450">'


def image(markup):
    return find_image(lxml_html.fromstring(f"<div>{markup}</div>"), BASE)


def video(markup):
    return find_video(lxml_html.fromstring(f"<div>{markup}</div>"), BASE)


@pytest.mark.parametrize(
    "bad",
    [
        '<img src="data:image/gif;base64,R0lGODlh">',
        '<img src="https://secure.gravatar.com/avatar/1?s=200">',
        '<img src="https://s.w.org/images/core/emoji/14/72x72/1f600.png" class="wp-smiley">',
        '<img src="https://pain.example/icon.png" width="32" height="32">',
        '<img src="https://pain.example/wide.png" width="600" height="40">',
        '<img src="https://pixel.wp.com/g.gif?host=pain.example">',
        '<img src="https://www.facebook.com/tr?id=1&ev=PageView">',
        '<img src="https://pain.example/img/spacer.gif">',
        '<img src="https://pain.example/1x1.png">',
        '<img src="https://pain.example/ada.jpg" class="avatar avatar-200">',
        '<img src="https://pain.example/logo.svg">',
        '<img src="javascript:alert(1)">',
        '<img src="">',
        "<img>",
        '<img src="file:///etc/passwd">',
    ],
)
def test_what_is_no_picture_of_the_article_is_passed_over(bad):
    """Faces, icons, pixels, stand-ins, vectors, and what is not on the web."""
    assert image(bad) is None
    assert image(bad + GOOD) == Image("https://pain.example/good.jpg", "Good", 800, 450)


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<img data-src="/a.jpg" src="data:image/gif;base64,R0">', "https://pain.example/a.jpg"),
        ('<img data-lazy-src="a.jpg" src="/placeholder.png">', BASE + "a.jpg"),
        ('<img data-src="/a.jpg" src="/b.jpg">', "https://pain.example/a.jpg"),
        ('<img src="data:," srcset="/s.jpg 300w, /m.jpg 768w, /l.jpg 2000w">', "https://pain.example/m.jpg"),
        ('<figure><a href="/x"><img src="//cdn.example/a.jpg"></a></figure>', "https://cdn.example/a.jpg"),
        ('<noscript><img src="/a.jpg"></noscript>', "https://pain.example/a.jpg"),
    ],
)
def test_a_picture_that_is_loaded_late_is_found(markup, url):
    """Lazy loading keeps it in another attribute; relative addresses hang on the article's."""
    assert image(markup).url == url


def test_a_description_is_one_plain_line():
    """It goes into an attribute, and into the text of the mail."""
    assert image('<img src="/a.jpg" alt=" A\n needle\u202e &amp; a nerve ">').alt == "A needle & a nerve"


ID = "AbCdEf-_hI1"
FOUND = Video(f"https://www.youtube.com/watch?v={ID}", f"https://i.ytimg.com/vi/{ID}/hqdefault.jpg")


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.youtube.com/embed/{ID}?feature=oembed",
        f"https://www.youtube-nocookie.com/embed/{ID}",
        f"https://youtube.com/watch?v={ID}&t=10",
        f"https://m.youtube.com/watch?list=x&v={ID}",
        f"https://youtu.be/{ID}?si=abc",
        f"https://www.youtube.com/shorts/{ID}",
        f"https://www.youtube.com/live/{ID}",
        f"https://www.youtube.com/v/{ID}",
    ],
)
def test_a_video_of_youtube_is_known_in_all_its_forms(address):
    """Its page and its still, without anything that follows a reader."""
    assert youtube(address) == FOUND
    assert video(f'<iframe src="{address.replace("&", "&amp;")}"></iframe>') == FOUND


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/embed/videoseries?list=PL1",
        "https://www.youtube.com/embed/live_stream?channel=UC1",
        "https://www.youtube.com/channel/UC12345678901",
        "https://www.youtube.com/embed/short",
        f"https://www.youtube.com/embed/{ID}x",
        f"https://youtube.com.evil.example/embed/{ID}",
        f"https://evil.example/youtube.com/embed/{ID}",
        "https://player.vimeo.com/video/12345678",
        "",
    ],
)
def test_what_has_no_known_still_is_no_video(address):
    """Playlists, channels, other sites, and those that only look like YouTube."""
    assert youtube(address) is None
    assert video(f'<iframe src="{address}"></iframe><iframe src="https://youtu.be/{ID}"></iframe>') == FOUND


@pytest.mark.parametrize(
    "markup",
    [
        f'<iframe data-src="//www.youtube.com/embed/{ID}" src="about:blank"></iframe>',
        f'<lite-youtube videoid="{ID}"></lite-youtube>',
        f'<div class="wp-block-embed__wrapper">\nhttps://www.youtube.com/watch?v={ID}\n</div>',
        f"<p>https://youtu.be/{ID}</p>",
        f'<object data="https://www.youtube.com/v/{ID}"></object>',
    ],
)
def test_a_video_is_found_however_it_is_embedded(markup):
    """Lazy frames, custom elements, and an address on a line of its own."""
    assert video(markup) == FOUND


def test_a_link_to_a_video_is_not_the_articles_video():
    """Only what is shown on the page is shown in the mail."""
    assert video(f'<p>See <a href="https://youtu.be/{ID}">this talk</a>.</p>') is None
