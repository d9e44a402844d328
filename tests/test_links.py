"""A link does one thing for one reader, and cannot be bent into doing another."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import LinkExpired, LinkInvalid
from newsletter.links import Link, Links

KEYS = ["the newest key of them all", "an older key, still known"]
LINKS = Links(KEYS, "https://letters.example.org/")
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
DETAIL = string.ascii_letters + string.digits + "_"


@given(
    st.integers(1, 10**12),
    st.none() | st.integers(1, 10**9),
    st.none() | st.integers(1_500_000_000, 4_000_000_000),
    st.text(DETAIL, max_size=20),
)
def test_a_link_says_what_was_put_into_it(
    reader: int, issue: int | None, made: int | None, detail: str
) -> None:
    """Reader, issue, time to the second and detail come back as they were."""
    made_at = datetime.fromtimestamp(made, UTC) if made else None
    token = LINKS.token("export", reader, issue, made_at=made_at, detail=detail)
    assert Link("export", reader, issue, made_at, detail) == LINKS.read("export", token)


def test_the_addresses_are_what_the_web_service_serves() -> None:
    """{public_url}/<purpose>/<token>, without a slash too many."""
    assert LINKS.unsubscribe(7, 3).startswith("https://letters.example.org/unsubscribe/7-3.")
    assert LINKS.preferences(7).startswith("https://letters.example.org/preferences/7-.")


@given(st.lists(st.integers(1, 10**12), max_size=5), st.integers(1, 10**9))
def test_the_links_of_an_issue_are_made_quicker_and_are_the_same(readers: list[int], issue: int) -> None:
    """To the letter: a mail program compares what it was given."""
    assert LINKS.of_issue(issue, readers) == [
        (LINKS.unsubscribe(reader, issue), LINKS.preferences(reader, issue)) for reader in readers
    ]
    assert LINKS.confirm(7, now=NOW).startswith(
        f"https://letters.example.org/confirm/7--{int(NOW.timestamp())}."
    )


@given(st.data())
def test_one_changed_character_voids_a_link(data: st.DataObject) -> None:
    """Wherever it stands and whatever it becomes."""
    token = LINKS.token("unsubscribe", 7, 3)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda one: one != token[place]))
    with pytest.raises(LinkInvalid):
        LINKS.read("unsubscribe", token[:place] + other + token[place + 1 :])


@given(st.integers(1, 10**9))
def test_a_signature_has_one_spelling(reader: int) -> None:
    """Decoders of Base64 overlook letters that are none and take two for one: such a link is refused all the same."""
    payload, _, signature = LINKS.token("unsubscribe", reader, 3).rpartition(".")
    others = {
        f"{signature[:5]}~{signature[5:]}",
        f"{signature}=",
        signature.replace("-", "+").replace("_", "/"),
    }
    for other in others - {signature}:
        with pytest.raises(LinkInvalid):
            LINKS.read("unsubscribe", f"{payload}.{other}")


@given(st.text())
def test_whatever_else_is_refused_as_invalid(text: str) -> None:
    """No text makes it fail in another way."""
    with pytest.raises(LinkInvalid):
        LINKS.read("unsubscribe", text)


def test_a_link_for_one_purpose_does_nothing_else() -> None:
    """An unsubscribe link from a forwarded mail cannot export, erase or confirm."""
    token = LINKS.token("unsubscribe", 7, 3)
    for purpose in ("preferences", "confirm", "export", "erase"):
        with pytest.raises(LinkInvalid):
            LINKS.read(purpose, token)


def test_an_unsubscribe_link_never_expires() -> None:
    """It holds no time, so nothing can make it too old."""
    assert LINKS.read("unsubscribe", LINKS.token("unsubscribe", 7), now=NOW + 1000 * WEEK).subscriber_id == 7


def test_a_confirm_link_expires_and_says_when_it_was_made() -> None:
    """Good on the last second, too old after it; a link without a time is none where one must expire."""
    token = LINKS.token("confirm", 7, made_at=NOW)
    assert LINKS.read("confirm", token, max_age=WEEK, now=NOW + WEEK).made_at == NOW
    with pytest.raises(LinkExpired) as caught:
        LINKS.read("confirm", token, max_age=WEEK, now=NOW + WEEK + timedelta(seconds=1))
    assert caught.value.made_at == NOW
    with pytest.raises(LinkInvalid):
        LINKS.read("confirm", LINKS.token("confirm", 7), max_age=WEEK, now=NOW)


def test_keys_can_be_rotated() -> None:
    """A link signed with an older key is read; one signed with a key that was dropped is not."""
    old = Links(KEYS[1:], "https://x.example").token("unsubscribe", 7)
    assert LINKS.read("unsubscribe", old).subscriber_id == 7
    assert old != LINKS.token("unsubscribe", 7)
    with pytest.raises(LinkInvalid):
        Links(KEYS[:1], "https://x.example").read("unsubscribe", old)


def test_a_fresh_link_to_the_preferences_says_when_it_was_made() -> None:
    """So that what takes a fresh one can tell it from that of an old mail."""
    token = LINKS.fresh_preferences(7, now=NOW).rpartition("/")[2]
    assert LINKS.read("preferences", token, max_age=WEEK, now=NOW) == Link("preferences", 7, None, NOW)


def test_a_confirm_link_is_bound_to_what_it_confirms() -> None:
    """Its detail comes back with it."""
    token = LINKS.confirm(7, now=NOW, detail="new_address").rpartition("/")[2]
    assert LINKS.read("confirm", token).detail == "new_address"


def test_an_unsubscribe_link_says_whose_mail_it_was_in() -> None:
    """If it was in an issue's, and genuine; a link to anything else says nothing."""
    assert LINKS.delivery_of(LINKS.token("unsubscribe", 7, 3)) == "3-7"
    assert LINKS.delivery_of(LINKS.token("unsubscribe", 7)) is None
    assert LINKS.delivery_of(LINKS.token("preferences", 7, 3)) is None
    assert LINKS.delivery_of("7-3.x") is None


@pytest.mark.parametrize("payload", ["", "seven", "7-3-1-a-b", "7-3\n", "-3"])
def test_what_we_signed_in_another_form_is_no_link(payload: str) -> None:
    """A signature says who wrote it, not that it can be read."""
    with pytest.raises(LinkInvalid):
        LINKS.read("unsubscribe", LINKS._for("unsubscribe")[0].sign(payload).decode())


@pytest.mark.parametrize("token", ["\ud800." + "A" * 43, "7-3.\ud800", "7-3.\xe9", "\u0667-3.x"])
def test_a_letter_that_no_link_has_makes_it_invalid(token: str) -> None:
    """Also one that is half of a pair, as a broken browser may send it."""
    with pytest.raises(LinkInvalid):
        LINKS.read("unsubscribe", token)


def test_a_detail_that_could_break_the_form_is_refused_when_made() -> None:
    """A fault of the program, not of a reader."""
    with pytest.raises(ValueError, match="cannot hold"):
        LINKS.token("confirm", 7, detail="a-b")
