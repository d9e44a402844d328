"""One page has one canonical address; nothing but http and https is taken in."""

import pytest

from newsletter.urls import canonical_url, path_of, web_address


@pytest.mark.parametrize(
    "same",
    [
        "https://example.org/back-pain/",
        "http://example.org/back-pain",
        "https://www.example.org/back-pain/",
        "HTTPS://EXAMPLE.org:443/back-pain/#comments",
        "http://example.org:80/back-pain/?utm_source=feed&utm_medium=rss",
        "https://example.org/back-pain/?fbclid=abc&mc_eid=123",
        "https://example.org./back%2Dpain/",
    ],
)
def test_addresses_of_one_page_are_one(same):
    """Scheme, www, port, fragment, tracking and a last slash do not make another page."""
    assert canonical_url(same) == "example.org/back-pain"


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/neck-pain/",
        "https://example.com/back-pain/",
        "https://example.org:8080/back-pain/",
        "https://example.org/back-pain/?p=2",
    ],
)
def test_addresses_of_other_pages_stay_apart(other):
    """A path, host, odd port or a real parameter does choose the page."""
    assert canonical_url(other) != canonical_url("https://example.org/back-pain/")


def test_parameters_count_in_any_order():
    """`?a=1&b=2` and `?b=2&a=1` are one page."""
    assert canonical_url("http://a.org/?b=2&a=1") == canonical_url("http://a.org/?a=1&b=2")


def test_letters_and_their_escapes_are_one():
    """`ü` as itself and percent-encoded, in path and host, name the same page."""
    assert canonical_url("https://müller.org/rücken") == canonical_url(
        "https://xn--mller-kva.org/r%c3%bccken/"
    )


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "/only/a/path",
        "mailto:a@example.org",
        "https://",
        "http://[bad",
        "https://example.org:99999/",
        "https://example.org@evil.test/",
        "https://exa mple.org/",
        "https://example.org/" + "a" * 2000,
        "",
    ],
)
def test_only_web_addresses_are_taken_in(text):
    """Anything that is not a plain http or https address is None."""
    assert web_address(text) is None


def test_a_web_address_is_made_absolute_and_harmless():
    """Relative ones are resolved; quotes, blanks and line breaks cannot leave an attribute or a header."""
    assert web_address('/a b"c\r\n', "https://example.org/x/") == "https://example.org/a%20b%22c"


def test_the_path_of_an_address_is_readable():
    """Section rules see the path as a person writes it."""
    assert path_of("https://example.org/r%C3%BCcken/?a=1") == "/rücken/"
    assert path_of("http://[bad") == ""
