"""newsletter.toml: what a site can set, what each setting means, and exact errors when one is wrong.

Secrets are never in the file: they come from the environment, `NEWSLETTER_<NAME>`, or from a file that a
`<name>_file` setting points to.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from newsletter.errors import ConfigError

FILE_NAME = "newsletter.toml"
MAX_TOPICS = 6
"""Every set of sections is an edition of its own: six sections make at most 63."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError("must be an address that begins with https:// (or http://)")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Moment = Annotated[str, Field(pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):[0-5]\d$")]
"""A moment of the week in the site's time zone, such as `Thu 09:00`."""
Span = Annotated[str, Field(pattern=r"^[1-9]\d*[mhd]$")]
"""A length of time: `30m`, `6h`, `2d`."""


class Newsletter(_Table):
    name: str = Field(min_length=1)
    tagline: str = ""
    sender: str = Field(alias="from", min_length=3)
    """`Pain Weekly <weekly@example.org>`: the From header."""
    reply_to: str | None = None
    site_url: WebAddress
    """The site whose articles these are."""
    public_url: WebAddress
    """Where readers reach `newsletter serve`: their links begin with it."""
    postal_address: str = Field(min_length=8)
    """Required on commercial mail (CAN-SPAM, 15 U.S.C. § 7704(a)(5))."""
    language: str = "en"
    timezone: str = "UTC"
    editors: tuple[str, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a time zone name such as Europe/Berlin or America/Phoenix")
        return value

    @field_validator("site_url", "public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("sender")
    @classmethod
    def _has_address(cls, value: str) -> str:
        if not re.fullmatch(r"(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)", value.strip()):
            raise ValueError("must be an address such as Pain Weekly <weekly@example.org>")
        return value.strip()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Schedule(_Table):
    draft: Moment = "Tue 06:00"
    send: Moment = "Thu 09:00"
    window: Span = "6h"
    """How long after `send` an approved issue still goes out by itself."""


class Feed(_Table):
    url: WebAddress
    kind: Literal["rss", "wordpress"] = "rss"
    section: str | None = None
    """Where its articles go when neither categories, path nor words decide."""


class Match(_Table):
    categories: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    words: dict[str, float] = Field(default_factory=dict)

    @field_validator("words", mode="before")
    @classmethod
    def _weights(cls, value: Any) -> Any:
        return dict.fromkeys(value, 1.0) if isinstance(value, list) else value


class Section(_Table):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    title: str
    intro: str = ""
    max: int = Field(default=5, ge=1, le=20)
    match: Match = Match()
    """Laid over the shipped rules for this id; a word of weight 0 switches a shipped one off."""


class Approval(_Table):
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


class Sending(_Table):
    rate: float = Field(default=0, ge=0)
    """Messages a second at most; 0: as fast as the provider takes them."""
    batch: int = Field(default=1000, ge=1, le=10_000)
    """Messages a call at most; a provider's own limit may be lower."""
    concurrency: int = Field(default=4, ge=1, le=64)
    stop_after_errors: int = Field(default=5, ge=1)
    """Failed calls in a row after which a run stops by itself."""
    max_bounce_rate: float = Field(default=0.05, ge=0, le=1)
    max_complaint_rate: float = Field(default=0.001, ge=0, le=1)


class Storage(_Table):
    url: str = "sqlite:///subscribers/newsletter.db"


class Action(_Table):
    label: str
    url: WebAddress


class Resource(_Table):
    """Help for people in crisis or looking for support."""

    label: str
    url: WebAddress
    text: str = ""


class Colours(_Table):
    """Each of the two palettes must stand alone: most mail programs never use the dark one."""

    background: Colour = "#f4f1ea"
    surface: Colour = "#ffffff"
    text: Colour = "#22292c"
    muted: Colour = "#566066"
    accent: Colour = "#0b5c63"
    on_accent: Colour = "#ffffff"
    line: Colour = "#dcd6c9"


class DarkColours(Colours):
    background: Colour = "#14191b"
    surface: Colour = "#1d2427"
    text: Colour = "#e9e6df"
    muted: Colour = "#aab4b7"
    accent: Colour = "#7fd0d3"
    on_accent: Colour = "#0d2124"
    line: Colour = "#364145"


class Brand(_Table):
    logo: WebAddress | None = None
    logo_alt: str = ""
    logo_width: int = Field(default=160, ge=16, le=552)
    colours: Colours = Colours()
    dark: DarkColours = DarkColours()
    font: str = "Georgia, 'Times New Roman', serif"
    heading_font: str = "Georgia, 'Times New Roman', serif"
    call_to_action: Action | None = None
    resources: tuple[Resource, ...] = ()
    disclaimer: str = (
        "This newsletter gives general information. It is not medical advice and does not replace a visit to "
        "your doctor. We cannot answer personal medical questions by e-mail."
    )
    social: tuple[Action, ...] = ()


class Config(_Table):
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
    brand: Brand = Brand()
    checks: dict[str, Any] = Field(default_factory=dict)

    @field_validator("sections")
    @classmethod
    def _each_once(cls, value: tuple[Section, ...]) -> tuple[Section, ...]:
        ids = [section.id for section in value]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"has the id {twice[0]!r} twice")
        return value

    @property
    def section_ids(self) -> tuple[str, ...]:
        return tuple(section.id for section in self.sections)


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
        if not url.startswith(prefix) or url.startswith((prefix + "/", prefix + ":memory:")):
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
    return Site(root=root, config=parse_config(text, where=str(path)))


def parse_config(text: str, *, where: str = FILE_NAME) -> Config:
    """Settings from the text of a newsletter.toml. Raises ConfigError with line and key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            f"is not valid TOML: {error}",
            where=f"{where}:{line[1]}" if line else where,
            hint="Text values stand in double quotes, lists in square brackets.",
        ) from None
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise _explain(error, text, where) from None


def _explain(error: ValidationError, text: str, where: str) -> ConfigError:
    mistakes = error.errors()
    # A misspelt key usually makes another one "missing": the spelling is what the person has to see.
    first = next((one for one in mistakes if one["type"] == "extra_forbidden"), mistakes[0])
    keys = [str(part) for part in first["loc"]]
    name = ".".join(keys)
    line = find_line(text, first["loc"])
    place = f"{where}:{line}" if line else where
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], _known_keys(first["loc"]), n=1)
        hint = (
            f"Did you mean {near[0]!r}?"
            if near
            else "Remove it, or see docs/configuration.md for what there is."
        )
        return ConfigError(f"unknown key {name!r}", where=place, hint=hint)
    if first["type"] == "missing":
        return ConfigError(f"{name!r} is missing", where=place, hint=f"Add {keys[-1]} = … there.")
    reason = first["msg"].removeprefix("Value error, ")
    return ConfigError(
        f"{name!r} {reason[:1].lower()}{reason[1:]}", where=place, hint=f"It is {first['input']!r} now."
    )


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """The names that would have been right where `location` ends."""
    model: Any = Config
    for part in location[:-1]:
        if isinstance(part, int) or model is None:
            continue
        model = next(
            (_model_in(f.annotation) for n, f in model.model_fields.items() if part in (n, f.alias)), None
        )
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_in(annotation: Any) -> Any:
    """The table class inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, getattr(annotation, "__args__", ()))), None)


def find_line(text: str, location: tuple[int | str, ...]) -> int | None:
    """The line (from 1) of a key in TOML text, or of the table nearest to it. tomllib keeps no positions."""
    wanted = [str(part) for part in location if isinstance(part, str)]
    nth = next((part for part in location if isinstance(part, int)), 0)
    best: tuple[int, int] | None = None
    for number, path, count in _keys_of(text):
        depth = sum(1 for a, b in zip(path, wanted, strict=False) if a == b)
        if path != wanted[: len(path)] or (path and count not in (None, nth)):
            continue
        if best is None or depth > best[0]:
            best = (depth, number)
    return best[1] if best else None


def _keys_of(text: str) -> Iterator[tuple[int, list[str], int | None]]:
    table: list[str] = []
    seen: dict[str, int] = {}
    count: int | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$", raw):
            table = [part.strip().strip("\"'") for part in header[2].split(".")]
            if header[1] == "[[":
                seen[table[0]] = seen.get(table[0], -1) + 1
            count = seen.get(table[0])
            yield number, table, count
        elif key := re.match(r"\s*([\w.-]+|\"[^\"]+\")\s*=", raw):
            yield number, [*table, *key[1].strip('"').split(".")], count


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
