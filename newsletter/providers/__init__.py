"""Providers: who carries mail. One file each, found by listing this folder; none is named anywhere else.

A provider's file has `make(settings, root)`, which returns its Provider and raises ConfigError for settings
it cannot work with. What a call came to is decided here, once, for all of them: see `call`.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from newsletter import config
from newsletter.errors import ConfigError, MaybeTaken, NotTaken, StopSending
from newsletter.types import Outgoing, Receipt

S = TypeVar("S", bound=BaseModel)


class Provider(Protocol):
    """Carries mail. Called by several threads at once."""

    name: str
    max_batch: int
    """Messages a call at most."""
    settles: Literal["key", "lookup", "nothing"]
    """How a call of which nobody knows the outcome can be settled: by the same call with the same key again
    (taken once however often it comes), by asking, or not at all."""

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """One call: a receipt for each recipient. Raises NotTaken, MaybeTaken or StopSending; whatever else
        it raises counts as MaybeTaken."""


def names() -> list[str]:
    return sorted(one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]))


def make_provider(settings: config.Provider, root: Path) -> Provider:
    """The configured provider of the site in `root`. Raises ConfigError."""
    if settings.name not in names():
        near = difflib.get_close_matches(settings.name, names(), n=1)
        raise ConfigError(
            f"there is no provider {settings.name!r}",
            where="newsletter.toml: [provider] name",
            hint=f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names())}.",
        )
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

    An error nobody foresaw may have struck after the provider had taken the call: it counts as maybe taken.
    """
    try:
        return provider.send(outgoing)
    except (NotTaken, MaybeTaken, StopSending):
        raise
    except Exception as error:
        raise MaybeTaken(f"{provider.name} failed unexpectedly: {type(error).__name__}: {error}") from error
