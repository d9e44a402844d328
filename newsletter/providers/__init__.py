"""Providers: who carries mail. One file each, found by listing this folder; none is named anywhere else.

A provider's file has `make(settings, root)`, which returns its Provider and raises ConfigError for settings
it cannot work with. What a call came to is decided here, once, for all of them: see `call`.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, StopSending
from newsletter.types import Outgoing, Receipt, Recipient

S = TypeVar("S", bound=BaseModel)


class Provider(Protocol):
    """Carries mail. Called by several threads at once."""

    name: str
    max_batch: int
    """Messages a call at most."""
    settles: Literal["key", "lookup", "nothing"]
    """How a call of which nobody knows the outcome can be settled: by the same call with the same key again
    (taken once however often it comes), by asking, or not at all.

    With a key that does not hold for ever, `key_lives: timedelta` says for how long. For asking there is `look_up`,
    as in LooksUp; `log_lag: timedelta` says after how long what is not found was certainly not taken."""

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """One call: a receipt for each recipient. Raises NotTaken, MaybeTaken or StopSending; whatever else
        it raises counts as MaybeTaken."""


class LooksUp(Protocol):
    """A provider that can be asked which mails it has."""

    def look_up(self, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
        """Delivery id → the provider's own name for the mail, for those it certainly accepted under this key.

        Raises NotTaken or StopSending when it cannot be asked."""


LOG_LAG = timedelta(minutes=10)
"""How long a provider's log may be behind, where its file does not say."""


def key_lives(provider: Provider) -> timedelta | None:
    """How long a key is remembered; None: for ever."""
    found: timedelta | None = getattr(provider, "key_lives", None)
    return found


def log_lag(provider: Provider) -> timedelta:
    found: timedelta = getattr(provider, "log_lag", LOG_LAG)
    return found


def look_up(provider: Provider, key: str, recipients: Sequence[Recipient], since: datetime) -> dict[str, str]:
    """Ask it. Raises NotTaken, also for what nobody foresaw, or StopSending."""
    try:
        asked: LooksUp = provider  # type: ignore[assignment]
        found = asked.look_up(key, recipients, since)
    except (NotTaken, StopSending):
        raise
    except Exception as error:
        raise NotTaken(f"{provider.name} could not be asked: {type(error).__name__}: {error}") from error
    known = {one.delivery_id for one in recipients}
    return {delivery: name for delivery, name in found.items() if delivery in known}


def make_provider(settings: config.Provider, root: Path) -> Provider:
    """The configured provider of the site in `root`. Raises ConfigError."""
    module = importlib.import_module(f"newsletter.providers.{settings.name}")
    provider: Provider = module.make(settings, root)
    return provider


def read_settings(model: type[S], settings: config.Provider) -> S:
    """A provider's own keys of [provider], by its model. Raises ConfigError that names the key."""
    try:
        return model.model_validate(settings.options)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"newsletter.toml: [provider] {key}"
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, model.model_fields, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Remove it: {settings.name} does not have it."
            raise ConfigError(f"unknown key {key!r}", where=where, hint=hint) from None
        raise ConfigError(first["msg"].removeprefix("Value error, "), where=where) from None


def read_api_key(settings: config.Provider, root: Path, file: str | None) -> str:
    """The provider's secret, from NEWSLETTER_API_KEY or from `file`. Raises ConfigError when there is none."""
    found = config.secret("api_key", root=root, file=file)
    if not found:
        raise ConfigError(
            f"{settings.name} needs an API key",
            where="newsletter.toml: [provider]",
            hint="Set NEWSLETTER_API_KEY, or name a file that holds it with api_key_file.",
        )
    return found


def call(provider: Provider, outgoing: Outgoing) -> list[Receipt]:
    """Send, and say what is known: receipts, or exactly one of NotTaken, MaybeTaken, StopSending.

    An error nobody foresaw may have struck after the provider had taken the call: it counts as maybe taken. Whatever
    the provider said, no reader's address is in it: it is written into the ledger and into logs.
    """
    try:
        receipts = provider.send(outgoing)
    except (NotTaken, MaybeTaken, StopSending) as error:
        error.what = without_addresses(error.what, but=outgoing.sender)
        raise
    except Exception as error:
        said = without_addresses(str(error), but=outgoing.sender)
        raise MaybeTaken(f"{provider.name} failed unexpectedly: {type(error).__name__}: {said}") from error
    return [
        one._replace(reason=without_addresses(one.reason, but=outgoing.sender)) if one.reason else one
        for one in receipts
    ]


_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]*@[^\s<>()\[\]\"',;:]+")


def without_addresses(text: str, *, but: str) -> str:
    """What a provider said, with `(address)` for every mail address but that of the sender `but`, which is ours. Also
    for half of one, where the text was cut off."""
    if "@" not in text:
        return text
    own = parseaddr(but)[1].lower()
    return _ADDRESS.sub(lambda one: one[0] if one[0].rstrip(".").lower() == own else "(address)", text)
