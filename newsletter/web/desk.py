"""What every page works with: the site's parts, its templates, and a few answers that many pages share."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import structlog
from flask import Response, current_app, request

from newsletter.corrections import find_corrections
from newsletter.errors import ContentError
from newsletter.render import templates
from newsletter.render.archive import correction_note
from newsletter.types import Correction, Origin, Topics, Wording
from newsletter.web.names import host_of, origin_of, prefix_of

if TYPE_CHECKING:
    from markupsafe import Markup

    from newsletter.app import App
    from newsletter.config import Config
    from newsletter.selfservice import SelfService
    from newsletter.web.worker import Worker

log = structlog.get_logger("newsletter.web")


@dataclass
class Desk:
    app: App
    clock: Callable[[], datetime]

    @property
    def config(self) -> Config:
        return self.app.config

    @property
    def readers(self) -> SelfService:
        """What a reader can do, each in a transaction of its own."""
        return self.app.self_service

    @cached_property
    def worker(self) -> Worker:
        from newsletter.web.worker import Worker

        return Worker(self.app, self.clock)

    @cached_property
    def own_origin(self) -> str:
        return origin_of(self.config.newsletter.public_url)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Under which the service answers."""
        return frozenset(map(host_of, (self.own_origin.partition("://")[2], *self.config.web.hosts)))

    @cached_property
    def guests(self) -> frozenset[str]:
        """Other sites whose pages may carry the form."""
        return frozenset(map(origin_of, self.config.web.origins)) - {""}

    @cached_property
    def prefix(self) -> str:
        """The path under which the service lies on its host; mostly none."""
        return prefix_of(self.config.newsletter.public_url)

    @cached_property
    def wording(self) -> Wording:
        """What a reader agrees to, under the site's name for it."""
        web = self.config.web
        text = web.wording.replace("{name}", self.config.newsletter.name)
        return Wording(text, version=web.wording_version)

    @property
    def wording_mark(self) -> str:
        """Stands in every form: a copy on another site's page may show older words."""
        return self.wording.hash[:16]

    @cached_property
    def style(self) -> str:
        return templates.render(self._look, "web/style.css.j2", {"brand": self.config.brand})

    @cached_property
    def style_url(self) -> str:
        """Named after its content, so that browsers may keep it for ever."""
        return f"{self.prefix}/style.css?v={hashlib.sha256(self.style.encode()).hexdigest()[:12]}"

    @cached_property
    def _look(self) -> Any:
        return templates.environment(self.app.site.templates)

    def text_of(self, name: str, **context: Any) -> str:
        known = {
            "newsletter": self.config.newsletter,
            "brand": self.config.brand,
            "sections": self.config.sections,
            "style_url": self.style_url,
        }
        return templates.render(self._look, f"web/{name}", {**known, **context})

    def corrections_of(self, slug: str) -> tuple[Markup | None, datetime | None]:
        """What stands above this issue in the archive, and when it was corrected last; (None, None): never.

        A file of corrections that cannot be read hides no page, and does not hide that there is a correction.
        """
        try:
            found: tuple[Correction, ...] | None = find_corrections(self.app.site.issues, slug)
        except ContentError as error:
            log.error("corrections cannot be read", where=error.where, what=error.what)
            found = None
        return correction_note(self._look, self.config, found), max(
            (one.at for one in found or ()), default=None
        )

    def page(self, name: str, status: int = 200, **context: Any) -> Response:
        """A page from `templates/web/<name>.html.j2`."""
        return Response(self.text_of(f"{name}.html.j2", **context), status, mimetype="text/html")

    def asked(self) -> Response:
        """The same for everybody, so it is made once."""
        return Response(self._asked, mimetype="text/html")

    @cached_property
    def _asked(self) -> bytes:
        return self.text_of("asked.html.j2").encode()

    def message(
        self, heading: str, *words: str, status: int = 200, link: dict[str, str] | None = None
    ) -> Response:
        return self.page("message", status, heading=heading, words=words, link=link)

    def home(self, label: str) -> dict[str, str]:
        """A way on, for `message`: to the first page, which has the form."""
        return {"url": f"{self.config.newsletter.public_url}/", "label": label}

    def origin(self, form: str, *, wording: bool = False) -> Origin:
        """Where this request's wish came from, for the consent log."""
        return Origin(
            form=form,
            source=request.path.split("/", 2)[1],
            wording=self.wording if wording else None,
            network=network(),
        )

    def topics_from(self, values: list[str]) -> Topics:
        """What somebody ticked. All of them, or none, is everything, also what the site adds later."""
        known = self.config.section_ids
        chosen = [topic for topic in known if topic in values]
        return Topics() if len(chosen) in (0, len(known)) else Topics(tuple(sorted(chosen)))

    def titles(self, topics: Topics) -> str:
        return ", ".join(section.title for section in self.config.sections if section.id in topics)


def desk() -> Desk:
    """The desk of the service that answers this request."""
    return cast(Desk, current_app.extensions["desk"])


def network() -> str:
    """The network a request came from: an IPv4 address, or the /64 of an IPv6 one, which is one household."""
    try:
        address = ipaddress.ip_address(_without_port(request.remote_addr or ""))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return (
            str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False).network_address)
        )
    return str(address)


def _without_port(text: str) -> str:
    """Some proxies report `192.0.2.1:4711` or `[2001:db8::1]:4711`."""
    found = re.fullmatch(r"\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+", text)
    return (found[1] or found[2]) if found else text
