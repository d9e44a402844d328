"""The only wiring: a site's folder in, everything that works on it out, each part opened when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import Config, Site, load_site

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from newsletter.pipeline.subscribe import Added
    from newsletter.readers import Readers
    from newsletter.types import Topics


@dataclass
class App:
    """One site with its store, templates, links and provider. Imports are late: most commands need few of them."""

    site: Site

    @property
    def config(self) -> Config:
        return self.site.config

    @cached_property
    def database(self) -> Engine:
        from newsletter.storage.database import open_database

        return open_database(self.site.storage_url)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The site's secret keys, newest first."""
        from newsletter.keys import load_keys

        return load_keys(self.site.root)

    @cached_property
    def readers(self) -> Readers:
        """All that can be done with subscribers."""
        from newsletter.readers import Readers
        from newsletter.storage.consent import Log

        return Readers(self.database, self.config, Log(self.keys))

    def add_subscriber(self, email: str, topics: str | Topics, source: str, now: datetime) -> Added:
        """Shorthand for `readers.add`."""
        return self.readers.add(email, topics, source, now)


def make_app(root: Path) -> App:
    """Read the settings of the site in `root`. Raises ConfigError; opens nothing else."""
    return App(load_site(root))
