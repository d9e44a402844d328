"""Addresses: read as people paste them, compared as one, refused with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from newsletter import addresses
from newsletter.addresses import Address, read_address, read_domains
from newsletter.errors import AddressError, ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "  ann@example.org\r\n",
        "\ufeffann@example.org",
        "\xa0ann@example.org\u202f",
        "\u200bann@exam\u200bple.org\u200d",
        "\u202aann@example.org\u202c",
        "mailto:ann@example.org",
        "MAILTO:ann@example.org?subject=Hello",
        "mailto:ann%40example.org",
        "Ann Doe <ann@example.org>",
        '"Doe, Ann" <ann@example.org>',
        "<ann@example.org>",
        "Ann <mailto:ann@example.org>",
        "'ann@example.org'",
        '"ann@example.org"',
        "ann@example.org;",
        "ann@example.org,",
    ],
)
def test_pasted_forms_are_read_as_the_address_they_hold(text: str) -> None:
    """Unseen characters, display names and mailto: are not part of an address."""
    assert read_address(text) == Address("ann@example.org", "ann@example.org")


def test_the_local_parts_case_is_kept_for_sending_and_ignored_for_comparison() -> None:
    """RFC 5321, section 2.4: a host may tell Ann from ann, though none does."""
    assert read_address("Ann.Doe@Example.ORG") == Address("Ann.Doe@example.org", "ann.doe@example.org")


def test_a_domain_is_compared_in_punycode() -> None:
    """The two spellings of one domain are one reader."""
    assert read_address("ann@bücher.example").key == "ann@xn--bcher-kva.example"
    assert read_address("ann@XN--BCHER-KVA.example").key == "ann@xn--bcher-kva.example"
    assert read_address("ann@bücher.example").email == "ann@bücher.example"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \u200b", "is empty"),
        ("ann", "has no @"),
        ("ann@", "has nothing after the @"),
        ("@example.org", "has nothing before the @"),
        ("ann@example.org bob@example.org", "has more than one @"),
        ("ann @example.org", "has a space in it"),
        ("ann@localhost", "has no dot after the @"),
        ("ann@example", "has no dot after the @"),
        ("ann@site.invalid", "is not valid"),
        ("ann@-site.example", "is not valid"),
        ("ann..doe@example.org", "is not valid"),
        ("ann(doe)@example.org", "is not valid"),
        ("ann@[192.0.2.1]", "is not valid"),
        ("a" * 65 + "@example.org", "has more than 64 characters before the @"),
        ("ann@" + "a" * 60 + ".example" * 30, "is longer than 254 characters"),
        ("é" * 33 + "@example.org", "has more than 64 bytes before the @"),
    ],
)
def test_a_refused_address_has_a_reason_a_person_can_act_on(text: str, reason: str) -> None:
    """The reason says what is wrong and does not repeat the address."""
    with pytest.raises(AddressError) as refused:
        read_address(text)
    assert refused.value.what.startswith(reason)
    assert "ann@" not in str(refused.value)


def test_the_longest_allowed_address_is_taken() -> None:
    """64 characters before the @, 254 in all."""
    domain = ".".join(["b" * 60] * 3) + ".abcdef"
    longest = "a" * 64 + "@" + domain
    assert len(longest) == 254
    assert read_address(longest).email == longest


LOCAL = st.text("abzABZ019._+-'%é ü", max_size=70)
ODD = [
    "example.org",
    "site.test",
    "localhost",
    "a.onion",
    "x--y.org",
    "xn--a.org",
    "1.2.3.4",
    "a.b1",
    "a.b.c.de",
]
DOMAIN = st.text("abzAZ09.-_ü ", max_size=30).map(lambda text: text + ".org") | st.sampled_from(ODD)


@given(st.builds("{}@{}".format, LOCAL, DOMAIN))
def test_the_quick_reading_takes_only_what_the_full_one_takes(text: str) -> None:
    """The pattern for plain addresses is a shortcut, never a second opinion."""
    if not addresses._PLAIN(text) or len(text) > addresses.PLAIN_MAX:
        return
    valid = validate_email(text, check_deliverability=False)
    assert read_address(text).email == valid.normalized == text
    assert read_address(text).key == f"{valid.local_part.lower()}@{valid.ascii_domain}"


@given(st.text(max_size=40) | st.builds("{}@{}".format, LOCAL, DOMAIN))
def test_any_text_gives_an_address_or_a_reason(text: str) -> None:
    """Nothing but AddressError comes out, and what is taken is taken the same again."""
    try:
        address = read_address(text)
    except AddressError:
        return
    assert read_address(address.email) == address
    assert read_address(address.key).key == address.key
    assert re.search(r"[\s\x00-\x1f]", address.email) is None
    try:
        validate_email(address.email, check_deliverability=False)
    except EmailNotValidError as error:  # pragma: no cover - says what was let through
        pytest.fail(str(error))


def test_throw_away_services_are_refused_when_a_list_is_given(tmp_path: Path) -> None:
    """Also their subdomains, and not domains that only end alike."""
    path = tmp_path / "disposable.txt"
    path.write_text(
        "# from somewhere\nmailinator.example\n*.trash.example  # all of it\n\n", encoding="utf-8"
    )
    unwanted = read_domains(path)
    for text in ("ann@mailinator.example", "ann@x.mailinator.example", "ann@trash.example"):
        with pytest.raises(AddressError, match="throw-away"):
            read_address(text, unwanted=unwanted)
    assert read_address("ann@notmailinator.example", unwanted=unwanted)


def test_a_list_of_domains_that_cannot_be_read_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """ConfigError names the file."""
    with pytest.raises(ConfigError, match="nowhere"):
        read_domains(tmp_path / "nowhere.txt")
