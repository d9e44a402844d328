"""newsletter.toml: what a site can set, what each setting means, and exact errors when one is wrong.

Secrets are never in the file: they come from the environment, `NEWSLETTER_<NAME>`, or from a file that a
`<name>_file` setting points to.
"""

from __future__ import annotations

import difflib
import json
import os
import pkgutil
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from newsletter.brand import Brand as Brand
from newsletter.checklist import Checks as Checks
from newsletter.errors import ConfigError
from newsletter.frontdoor import Web as Web
from newsletter.kinds import Line, Moment, Span, Table, WebAddress, elsewhere, written_like
from newsletter.kinds import span as span  # read by those who use a Span setting
from newsletter.letterhead import Newsletter as Newsletter
from newsletter.mistakes import explain

FILE_NAME = "newsletter.toml"
MAX_TOPICS = 6
"""Every set of sections is an edition of its own: six sections make at most 63."""


class Schedule(Table):
    draft: Moment = "Tue 06:00"
    send: Moment = "Thu 09:00"
    window: Span = "6h"
    """How long after `send` an approved issue still goes out by itself."""


class Feed(Table):
    url: WebAddress
    kind: Literal["rss", "wordpress"] = "rss"
    section: str | None = None
    """Where its articles go when neither categories, path nor words decide."""


Rule = Annotated[str, written_like(r"[\s\S]*\w[\s\S]*", "text with a letter or a digit in it")]
Phrase = Annotated[
    str,
    written_like(
        r"\s*\*?(?:[^\s*]*\w[^\s*]*\s*){1,5}\*?\s*", "one to five words; a star only at its beginning or end"
    ),
]


class Match(Table):
    categories: tuple[Rule, ...] = ()
    paths: tuple[Rule, ...] = ()
    words: dict[Phrase, float] = Field(default_factory=dict)

    @field_validator("words", mode="before")
    @classmethod
    def _weights(cls, value: Any) -> Any:
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (texts or isinstance(value, dict)):
            raise ValueError('must be a list of words, or a table such as { "fda" = 6, "study" = 0 }')
        return dict.fromkeys(value, 1.0) if texts else value


class Section(Table):
    id: Annotated[
        str,
        written_like(
            r"[a-z][a-z0-9-]{0,31}", "small letters, digits and hyphens (at most 32), a letter first"
        ),
    ]
    title: Line
    intro: str = ""
    max: int = Field(default=5, ge=1, le=20)
    match: Match = Match()
    """Laid over the shipped rules for this id; a word of weight 0 switches a shipped one off."""


class Approval(Table):
    required: bool = True
    approvers: int = Field(default=1, ge=1, le=5)
    author_may_approve: bool = True


class Provider(BaseModel):
    """`name`, and whatever that provider's own settings are: its file says which."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = "outbox"
    api_url: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Sending(Table):
    rate: float = Field(default=0, ge=0)
    """Messages a second at most; 0: as fast as the provider takes them."""
    batch: int = Field(default=1000, ge=1, le=10_000)
    """Messages a call at most; a provider's own limit may be lower."""
    concurrency: int = Field(default=4, ge=1, le=64)
    stop_after_errors: int = Field(default=5, ge=1)
    """Failed calls in a row after which a run stops by itself."""
    soft_bounces: int = Field(default=3, ge=1, le=52)
    """Issues in a row that bounce, each only for now, after which an address is suppressed."""
    max_bounce_rate: float = Field(default=0.05, ge=0, le=1)
    max_complaint_rate: float = Field(default=0.001, ge=0, le=1)


class Storage(Table):
    url: str = "sqlite:///subscribers/newsletter.db"

    @field_validator("url")
    @classmethod
    def _lasting(cls, value: str) -> str:
        if not re.match(r"sqlite:///[^:?]|postgresql(?:\+psycopg)?://", value):
            raise ValueError(
                f"must be such as {cls.model_fields['url'].default} or postgresql://user@host/name"
            )
        return value


class Config(Table):
    newsletter: Newsletter
    schedule: Schedule = Schedule()
    feeds: tuple[Feed, ...] = Field(default=(), alias="feed")
    sections: tuple[Section, ...] = Field(
        default=(
            Section(id="conditions", title="Conditions"),
            Section(id="treatments", title="Treatments"),
            Section(id="news", title="News"),
        ),
        alias="section",
        min_length=1,
        max_length=MAX_TOPICS,
    )
    approval: Approval = Approval()
    provider: Provider = Provider()
    sending: Sending = Sending()
    storage: Storage = Storage()
    web: Web = Web()
    brand: Brand = Brand()
    checks: Checks = Checks()

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        ids = self.section_ids
        _each_once(ids, "section", "id", "Each id names one section.")
        _each_once([feed.url for feed in self.feeds], "feed", "url", "Keep one of the two tables.")
        for at, feed in enumerate(self.feeds):
            if feed.section is not None:
                _known(feed.section, ids, "section", ("feed", at, "section"))
        _known(self.provider.name, provider_names(), "provider", ("provider", "name"))
        return self

    @property
    def section_ids(self) -> tuple[str, ...]:
        return tuple(section.id for section in self.sections)


def _each_once(values: Sequence[str], table: str, key: str, hint: str) -> None:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise elsewhere((table, at, key), f"is {value!r} a second time", hint)


def _known(value: str, names: Sequence[str], what: str, at: tuple[int | str, ...]) -> None:
    if value not in names:
        near = difflib.get_close_matches(value, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
        raise elsewhere(at, f"names no {what}: {value!r}", hint)


def provider_names() -> list[str]:
    """Each file of `providers/` is one; none is named anywhere else."""
    return sorted(one.name for one in pkgutil.iter_modules([str(Path(__file__).parent / "providers")]))


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with `newsletter.toml`, `templates/`, `content/issues/`, `subscribers/`, and its settings."""

    root: Path
    config: Config

    @property
    def issues(self) -> Path:
        return self.root / "content" / "issues"

    @property
    def templates(self) -> Path:
        return self.root / "templates"

    @property
    def subscribers(self) -> Path:
        return self.root / "subscribers"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def storage_url(self) -> str:
        """The configured URL with a relative SQLite path made absolute from the site's folder."""
        prefix = "sqlite:///"
        url = self.config.storage.url
        if not url.startswith(prefix) or url.startswith(prefix + "/"):
            return url
        return f"{prefix}{(self.root / url.removeprefix(prefix)).as_posix()}"


def find_site(start: Path, *, site: Path | None = None) -> Path:
    """The site's folder: `site` when given, else the nearest folder upward from `start` with newsletter.toml.

    Raises ConfigError when there is none.
    """
    places = (site,) if site else (start, *start.parents)
    for place in places:
        if (place / FILE_NAME).is_file():
            return place.resolve()
    raise ConfigError(
        f"no {FILE_NAME} {'in ' + str(site) if site else 'here or in a folder above'}",
        where=str(site or start),
        hint="Run `newsletter init` to make a site, or name one with --site DIR or NEWSLETTER_SITE.",
    )


def load_site(root: Path) -> Site:
    """Read a site's settings. Raises ConfigError with file, line and key."""
    path = root / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no {FILE_NAME}", where=str(root), hint="Run `newsletter init`."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"is not UTF-8 (byte {error.start})", where=str(path), hint="Save it as UTF-8."
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return Site(root=root, config=parse_config(text, where=str(path)))


def parse_config(text: str, *, where: str = FILE_NAME) -> Config:
    """Settings from the text of a newsletter.toml. Raises ConfigError with line and key."""
    text = text.removeprefix("\ufeff")  # Windows editors like to begin a file with it
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ConfigError(
            "is nested too deeply", where=where, hint="No setting is a list of lists."
        ) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            f"is not valid TOML: {error}",
            where=f"{where}:{line[1]}" if line else where,
            hint="Text values stand in double quotes, lists in square brackets.",
        ) from None
    try:
        # By way of JSON a list may be a tuple, and yet "yes" is not true and "100" is not a number.
        return Config.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise explain(error, Config, text, where) from None


def secret(
    name: str, *, root: Path, file: str | None = None, environ: Mapping[str, str] = os.environ
) -> str | None:
    """A secret by name: `NEWSLETTER_<NAME>` from the environment, else the content of `file`, else None.

    `file` is relative to the site's folder. Raises ConfigError when a named file cannot be read.
    """
    value = environ.get(f"NEWSLETTER_{name.upper()}")
    if value:
        return value.strip()
    if file is None:
        return None
    path = root / file
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"the secret {name!r} cannot be read: {error.strerror}",
            where=str(path),
            hint=f"Write it there, or set NEWSLETTER_{name.upper()}.",
        ) from None
