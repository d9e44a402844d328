"""newsletter.toml: what a site can set, what each setting means, and exact errors when one is wrong.

Secrets are never in the file: they come from the environment, `NEWSLETTER_<NAME>`, or from a file that a
`<name>_file` setting points to.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from newsletter.brand import Brand as Brand
from newsletter.checklist import Checks as Checks
from newsletter.errors import ConfigError
from newsletter.kinds import Moment, Span, Table, WebAddress, elsewhere, written_like
from newsletter.kinds import span as span  # read by those who use a Span setting
from newsletter.mistakes import explain

FILE_NAME = "newsletter.toml"
MAX_TOPICS = 6
"""Every set of sections is an edition of its own: six sections make at most 63."""


class Newsletter(Table):
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
        zones = available_timezones()
        if value in zones:
            return value
        cities = [zone for zone in zones if zone.endswith("/" + value.replace(" ", "_"))]
        near = sorted(cities) or difflib.get_close_matches(value, sorted(zones), n=1)
        raise PydanticCustomError(
            "zone",
            "is not a time zone name such as Europe/Berlin or America/Phoenix",
            {"hint": f"It is {value!r} now." + (f" Did you mean {near[0]!r}?" if near else "")},
        )

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


class Match(Table):
    categories: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    words: dict[str, float] = Field(default_factory=dict)

    @field_validator("words", mode="before")
    @classmethod
    def _weights(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError('must be a list of words, or a table such as { "fda" = 6, "study" = 0 }')
        return dict.fromkeys(value, 1.0) if isinstance(value, list) else value


class Section(Table):
    id: Annotated[
        str,
        written_like(
            r"[a-z][a-z0-9-]{0,31}", "small letters, digits and hyphens (at most 32), a letter first"
        ),
    ]
    title: str
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


class Web(Table):
    """The readers' pages, and what keeps them from being misused."""

    origins: tuple[WebAddress, ...] = ()
    """Sites whose pages may carry the form and read its answer (CORS), beside `public_url` itself."""
    hosts: tuple[str, ...] = ()
    """Names under which the service answers, beside the host of `public_url`."""
    proxies: int = Field(default=0, ge=0, le=10)
    """How many proxies of yours stand before it: so many entries of X-Forwarded-For are believed."""
    wording: str = "Yes, send me {name} by e-mail, about once a week. I can leave at any time."
    wording_version: str = "1"
    """What the wording is called in the consent log: change it whenever you change the wording."""
    confirm_within: Span = "7d"
    forget_after: Span = "30d"
    """An address that was never confirmed is forgotten by `newsletter cron` so long after it was last asked for."""
    min_fill_seconds: float = Field(default=2, ge=0, le=60)
    """A form sent back sooner was filled by a machine: it is shown again."""
    cooldown: Span = "10m"
    """Between two mails of one kind to one address."""
    mails_per_address: int = Field(default=3, ge=1)
    """Confirmation mails to one address in a week at most."""
    mails_per_network: int = Field(default=20, ge=1)
    """Confirmation mails that one network can cause in an hour at most."""
    mails_per_hour: int = Field(default=1000, ge=1)
    """Confirmation mails of the whole service in an hour at most."""
    requests_per_minute: int = Field(default=60, ge=1)
    """Requests of one network that change something, at most, for each process of the service."""
    challenge: bool = False
    """Ask browsers for a little work before they subscribe. Needs script: turn it on only under attack."""
    first_name: bool = False
    """Ask for a first name, which readers need not give: mails to them alone then begin with it."""
    welcome_mail: bool = False
    """Send the latest issue after confirmation."""
    keep_network_address: bool = False
    """Keep network addresses in the consent log in the clear, not as keyed hashes."""
    disposable_domains: str | None = None
    """A file with one domain a line whose addresses are not accepted."""

    @field_validator("hosts")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.lower() for one in value)


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
    def _sections_are_known(self) -> Config:
        ids = self.section_ids
        for at, section in enumerate(ids):
            if section in ids[:at]:
                raise elsewhere(
                    ("section", at, "id"), f"is {section!r} a second time", "Each id names one section."
                )
        for at, feed in enumerate(self.feeds):
            if feed.section and feed.section not in ids:
                near = difflib.get_close_matches(feed.section, ids, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(ids)}."
                raise elsewhere(("feed", at, "section"), f"names no section: {feed.section!r}", hint)
        return self

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
    text = text.removeprefix("\ufeff")  # Windows editors like to begin a file with it
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
