"""What can be done with readers, each in one transaction: the verbs with the site's store, keys and rules.

Doors call these. `now` and where a wish came from are theirs to say; a result says what this call changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.addresses import read_address, read_domains
from newsletter.config import Config
from newsletter.errors import UsageError
from newsletter.lists.cells import Rules
from newsletter.lists.columns import fold
from newsletter.lists.rows import read_list
from newsletter.pipeline import import_list, subscribe
from newsletter.storage import subscribers as store
from newsletter.storage.consent import Log
from newsletter.storage.database import reading, writing
from newsletter.types import Origin, Subscriber, SubscriberState, Topics

if TYPE_CHECKING:
    from sqlalchemy import Engine

COMMAND = "command"


@dataclass(frozen=True)
class Readers:
    database: Engine
    config: Config
    log: Log
    folder: Path
    """The site's `subscribers/`: where reports of imports go."""

    def add(
        self, email: str, topics: str | Topics, source: str, now: datetime, *, first_name: str | None = None
    ) -> subscribe.Added:
        """Add a reader whose consent the operator vouches for. Raises AddressError, UsageError for an unknown
        topic, SubscriberError for one who left or is suppressed."""
        address = read_address(email)
        chosen = self.read_topics(topics)
        origin = Origin(form=COMMAND, source=source)
        with writing(self.database) as conn:
            return subscribe.add(
                conn, address, topics=chosen, origin=origin, log=self.log, now=now, first_name=first_name
            )

    def iter_all(self, state: SubscriberState | None = None) -> Iterator[Subscriber]:
        with reading(self.database) as conn:
            yield from store.iter_subscribers(conn, state)

    def get(self, email: str) -> Subscriber:
        with reading(self.database) as conn:
            return store.get_by_address(conn, read_address(email))

    def import_list(
        self,
        path: Path,
        consent: str,
        now: datetime,
        *,
        format: str | None = None,
        mapping: Mapping[str, str] | None = None,
        rehearse: bool = False,
        report: Path | None = None,
        progress: import_list.Progress = import_list.silent,
    ) -> import_list.Imported:
        """Take in a list of subscribers, whole or not at all; a rehearsal only says what would become of it.

        `consent` says where the readers' consent came from: needed when any of them is to be active.
        `mapping` is column → field. Raises ListError, UsageError.
        """
        rules = Rules(
            format=format,
            mapping=mapping or {},
            topics={fold(name): one.id for one in self.config.sections for name in (one.title, one.id)},
            unwanted=self.unwanted,
            hide_network=self.log.hash_network,
        )
        return import_list.import_list(
            self.database,
            read_list(path, rules),
            path,
            consent=consent,
            log=self.log,
            now=now,
            rehearse=rehearse,
            report=report or self.folder / "imports" / f"{path.stem}-{now:%Y%m%dT%H%M%S}.csv",
            progress=progress,
        )

    @cached_property
    def unwanted(self) -> frozenset[str]:
        """Domains whose addresses are not accepted."""
        file = self.config.web.disposable_domains
        return read_domains(self.folder.parent / file) if file else frozenset()

    def read_topics(self, topics: str | Topics) -> Topics:
        """Section ids, separated by commas. Raises UsageError for one that the site does not have."""
        chosen = Topics.parse(topics) if isinstance(topics, str) else topics
        known = self.config.section_ids
        if unknown := [topic for topic in chosen.ids if topic not in known]:
            raise UsageError(f"there is no topic {unknown[0]!r}", hint=f"There are: {', '.join(known)}.")
        return chosen
