"""What is made of any provider's words: its settings, its answers, its failures."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from api_stub import make_outgoing
from ledger_site import NOW
from pydantic import BaseModel, ConfigDict, Field

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, ProviderError, StopSending
from newsletter.pipeline.doubts import Settled, can_be_asked, may_go_again
from newsletter.providers import call, log_lag, look_up, read_api_key, read_settings
from newsletter.providers.memory import Memory
from newsletter.storage.doubts import Doubt
from newsletter.types import Outgoing, Receipt, Recipient


class Keys(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str = ""
    port: int = Field(default=25, ge=1)


def settings(**options: object) -> config.Provider:
    return config.Provider.model_validate({"name": "memory", **options})


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"hots": "a"}, "unknown key 'hots'", "Did you mean 'host'?"),
        ({"colour": "red"}, "unknown key 'colour'", "Remove it: memory does not have it."),
        ({"port": 0}, "Input should be greater than or equal to 1", ""),
    ],
)
def test_a_mistake_in_its_settings_is_named(options: dict[str, object], what: str, hint: str) -> None:
    """The key, what is wrong with it, and what to do."""
    with pytest.raises(ConfigError) as caught:
        read_settings(Keys, settings(**options))
    assert (caught.value.what, caught.value.hint) == (what, hint)
    assert caught.value.where == f"newsletter.toml: [provider] {next(iter(options))}"


def test_its_key_may_stand_in_a_file(tmp_path: Path) -> None:
    """As in the settings of a container; without one nothing is made."""
    (tmp_path / "key").write_text("a secret\n", encoding="utf-8")
    assert read_api_key(settings(), tmp_path, "key") == "a secret"
    with pytest.raises(ConfigError, match="memory needs an API key"):
        read_api_key(settings(), tmp_path, None)


class Says(Memory):
    """Answers as it is told to."""

    settles: Literal["lookup"] = "lookup"  # type: ignore[assignment]

    def __init__(self, what: Exception | list[Receipt] | dict[str, str]) -> None:
        super().__init__()
        self._what = what

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        if isinstance(self._what, Exception):
            raise self._what
        assert isinstance(self._what, list)
        return self._what

    def look_up(self, *_: object) -> dict[str, str]:
        if isinstance(self._what, Exception):
            raise self._what
        assert isinstance(self._what, dict)
        return self._what


@pytest.mark.parametrize(
    ("failure", "known"),
    [
        (NotTaken("busy"), NotTaken("busy")),
        (MaybeTaken("lost"), MaybeTaken("lost")),
        (StopSending("wrong key"), StopSending("wrong key")),
        (KeyError("id"), MaybeTaken("memory failed unexpectedly: KeyError: 'id'")),
    ],
    ids=str,
)
def test_a_call_that_fails_is_one_of_what_can_be_known(failure: Exception, known: ProviderError) -> None:
    """In the provider's own words; what nobody foresaw may have struck after the mails were taken."""
    with pytest.raises(ProviderError) as caught:
        call(Says(failure), make_outgoing(1))
    assert (type(caught.value), caught.value.what) == (type(known), known.what)


def test_why_a_reader_was_refused_is_kept_without_their_address() -> None:
    """It goes into the ledger, which outlives the reader's erasure."""
    said = Says([Receipt("7-1", "refused", reason="reader1@example.org: unknown")])
    assert call(said, make_outgoing(1)) == [Receipt("7-1", "refused", reason="(address): unknown")]


ASKED = [Recipient("7-1", "ana@example.org", "", "")]


@pytest.mark.parametrize(
    ("failure", "known"),
    [
        (NotTaken("busy"), NotTaken("busy")),
        (StopSending("wrong key"), StopSending("wrong key")),
        (KeyError("id"), NotTaken("memory could not be asked: KeyError: 'id'")),
    ],
    ids=str,
)
def test_a_question_that_fails_says_nothing_of_the_mails(failure: Exception, known: ProviderError) -> None:
    """It is asked again later, or not at all while no question can work."""
    with pytest.raises(ProviderError) as caught:
        look_up(Says(failure), "key", ASKED, NOW)
    assert (type(caught.value), caught.value.what) == (type(known), known.what)


def test_only_what_was_asked_about_is_answered() -> None:
    """A log may tell of other mails as well."""
    assert look_up(Says({"7-1": "<a>", "8-2": "<b>"}), "key", ASKED, NOW) == {"7-1": "<a>"}


DOUBT = Doubt(1, "2026-11-26", 1, 1, "key", "memory", "them", NOW, NOW, True, 2, "")


def test_only_its_own_provider_is_asked_and_only_if_it_can_be() -> None:
    """Another would not know of the call, and one without a log of none."""
    assert can_be_asked(DOUBT, Says({}))
    assert not can_be_asked(DOUBT, Memory())
    other = Says({})
    other.name = "another"
    assert not can_be_asked(DOUBT, other)


@pytest.mark.parametrize(("minutes", "goes"), [(5, False), (60, True)])
def test_a_log_may_be_some_minutes_behind(minutes: int, goes: bool) -> None:
    """Of a provider that does not say by how much: what is not in its log so soon may have been taken, and is not sent
    again. Within the hour it is certain."""
    assert may_go_again(DOUBT, log_lag(Says({})), NOW + timedelta(minutes=minutes)) == goes


def test_the_first_trouble_is_told() -> None:
    """Of several doubts that were asked about; what came of them adds up."""
    told = Settled(1, 2, 3, "busy") + Settled(10, 20, 30, "down")
    assert told == Settled(11, 22, 33, "busy")
    assert (Settled() + Settled(trouble="down")).trouble == "down"
