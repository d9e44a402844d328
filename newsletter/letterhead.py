"""[newsletter]: who writes to whom, from where, in which language and time zone."""

from __future__ import annotations

import difflib
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from newsletter.kinds import Line, Mailbox, Table, WebAddress, written_like

Language = Annotated[
    str,
    written_like(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language as HTML names it, such as en or pt-BR"),
]


class Newsletter(Table):
    name: Line
    tagline: str = ""
    sender: Mailbox = Field(alias="from")
    """`Pain Weekly <weekly@example.org>`: the From header."""
    reply_to: Mailbox | None = None
    site_url: WebAddress
    """The site whose articles these are."""
    public_url: WebAddress
    """Where readers reach `newsletter serve`: their links begin with it."""
    postal_address: str = Field(min_length=8)
    """Required on commercial mail (CAN-SPAM, 15 U.S.C. § 7704(a)(5))."""
    language: Language = "en"
    timezone: str = "UTC"
    editors: tuple[Mailbox, ...] = ()

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
    def _place_to_add_to(cls, value: str) -> str:
        if "?" in value or "#" in value:
            raise ValueError("must end before the ? or #: paths are added to it")
        return value.rstrip("/")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
