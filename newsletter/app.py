"""The only wiring: a site's folder in, everything that works on it out, each part opened when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import Config, Site, load_site

if TYPE_CHECKING:
    from sqlalchemy import Engine


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


def make_app(root: Path) -> App:
    """Read the settings of the site in `root`. Raises ConfigError; opens nothing else."""
    return App(load_site(root))
