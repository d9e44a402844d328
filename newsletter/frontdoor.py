"""[web]: the readers' pages, and what keeps them from being misused."""

from __future__ import annotations

from pydantic import Field, field_validator

from newsletter.kinds import Span, Table, WebAddress


class Web(Table):
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
