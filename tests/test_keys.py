"""The site's secret keys: the newest makes, all are tried, and none is guessed at or shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from newsletter.errors import ConfigError
from newsletter.keys import KEY_FILE, fingerprint, keyed_hash, load_keys, make_key_file, matches

OLD, NEW = "an-old-key-of-this-site", "a-new-key-of-this-site"


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """0600, long enough, and the same ever after."""
    first = load_keys(tmp_path, environ={})
    assert load_keys(tmp_path, environ={}) == first
    assert len(first) == 1
    assert len(first[0]) >= 32
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert not make_key_file(tmp_path / KEY_FILE)
    assert [path.name for path in (tmp_path / "subscribers").iterdir()] == ["secret.key"]


def test_keys_from_the_environment_come_first_and_make_no_file(tmp_path: Path) -> None:
    """Several, newest first, separated by commas."""
    assert load_keys(tmp_path, environ={"NEWSLETTER_SECRET_KEY": f"{NEW}, {OLD}"}) == (NEW, OLD)
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("value", ["short", f"{NEW},short", ","])
def test_a_key_too_short_to_be_one_is_refused(tmp_path: Path, value: str) -> None:
    """The message says how to make one, and does not repeat it."""
    with pytest.raises(ConfigError, match="at least 16") as refused:
        load_keys(tmp_path, environ={"NEWSLETTER_SECRET_KEY": value})
    assert "short" not in str(refused.value)


def test_a_hash_made_with_an_older_key_is_still_recognised(tmp_path: Path) -> None:
    """And one of another purpose, value or key is not."""
    made = keyed_hash(OLD, "erased address", "ann@example.org")
    assert matches((NEW, OLD), "erased address", "ann@example.org", made)
    assert not matches((NEW,), "erased address", "ann@example.org", made)
    assert not matches((NEW, OLD), "network address", "ann@example.org", made)
    assert not matches((NEW, OLD), "erased address", "bob@example.org", made)


def test_a_hash_names_its_key_and_gives_nothing_away() -> None:
    """The fingerprint tells which key is missing."""
    made = keyed_hash(NEW, "erased address", "ann@example.org")
    assert made.startswith(fingerprint(NEW) + ":")
    assert NEW not in made
    assert "ann" not in made
