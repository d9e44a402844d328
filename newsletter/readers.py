"""What can be done with readers, each in one transaction: the verbs with the site's store, keys and rules.

Doors call these. `now` and where a wish came from are theirs to say; a result says what this call changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter.addresses import read_address, read_domains
from newsletter.config import Config
from newsletter.errors import UsageError
from newsletter.lists.cells import Rules
from newsletter.lists.columns import fold
from newsletter.lists.rows import read_list
from newsletter.pipeline import import_list, privacy, subscribe
from newsletter.storage import subscribers as store
from newsletter.storage import suppressions
from newsletter.storage.backup import checkpoint
from newsletter.storage.consent import Log, list_lines
from newsletter.storage.consent_check import Verdict, verify
from newsletter.storage.database import reading, writing
from newsletter.storage.suppressions import Reason, Suppression
from newsletter.types import Origin, Subscriber, SubscriberState, Topics

if TYPE_CHECKING:
    from sqlalchemy import Engine

COMMAND = "command"
BY_COMMAND = Origin(form=COMMAND)


@dataclass(frozen=True)
class Readers:
    database: Engine
    config: Config
    log: Log
    folder: Path
    """The site's `subscribers/`: where reports of imports go."""

    def add(self, email: str, topics: str | Topics, source: str, now: datetime) -> subscribe.Added:
        """Add a reader whose consent the operator vouches for. Raises AddressError, UsageError for an unknown
        topic, SubscriberError for one who left or is suppressed."""
        address = read_address(email)
        chosen = self.read_topics(topics)
        origin = Origin(form=COMMAND, source=source)
        with writing(self.database) as conn:
            return subscribe.add(conn, address, topics=chosen, origin=origin, log=self.log, now=now)

    def iter_all(self, state: SubscriberState | None = None) -> Iterator[Subscriber]:
        with reading(self.database) as conn:
            yield from store.iter_subscribers(conn, state)

    def get(self, email: str) -> Subscriber:
        with reading(self.database) as conn:
            return store.get_by_address(conn, read_address(email))

    def export(self, email: str, now: datetime) -> dict[str, Any]:
        """All that is held about an address, be it a reader's or not: see privacy.export. Raises SubscriberError."""
        address = read_address(email)
        with writing(self.database) as conn:
            if reader := store.find_by_address(conn, address):
                held = privacy.export(conn, reader.id, origin=BY_COMMAND, log=self.log, now=now)
            else:
                held = privacy.export_address(conn, address, log=self.log)
        if held is None:
            raise store.nobody()
        return held

    def erase(self, email: str, now: datetime) -> None:
        """Take an address out for good, be it a reader's or not: see privacy.erase. Raises SubscriberError."""
        address = read_address(email)
        with writing(self.database) as conn:
            if reader := store.find_by_address(conn, address):
                erased = privacy.erase(conn, reader.id, origin=BY_COMMAND, log=self.log, now=now)
            else:
                erased = privacy.erase_address(conn, address, log=self.log, now=now)
        if not erased:
            raise store.nobody()
        checkpoint(self.database)

    def stats(self, now: datetime) -> dict[str, Any]:
        """{states: {state: n}, sendable: n, topics: {topics: n}, suppressed: {reason: n}}"""
        with reading(self.database) as conn:
            return {
                "states": store.count_by_state(conn),
                "sendable": store.count_sendable(conn, now),
                "topics": store.count_by_topics(conn),
                "suppressed": suppressions.count_by_reason(conn),
            }

    def iter_suppressions(self) -> Iterator[Suppression]:
        with reading(self.database) as conn:
            yield from suppressions.iter_suppressions(conn)

    def suppress(self, emails: Iterable[str], reason: Reason, detail: str, now: datetime) -> int:
        """Never write to these addresses again. How many were not suppressed before. Raises AddressError: then
        none is added."""
        addresses = [read_address(email) for email in emails]
        with writing(self.database) as conn:
            return sum(
                suppressions.add_suppression(conn, address, reason, now=now, detail=detail)
                for address in addresses
            )

    def suppress_list(
        self, path: Path, reason: Reason, detail: str, now: datetime
    ) -> tuple[int, int, list[tuple[int, str]]]:
        """Suppress every address of a list; how many were new, how many known, and (line, why) for each row
        without one. Raises ListError: then none is added."""
        rows = list(read_list(path, Rules(only_addresses=True)).rows)
        found = [row.email for row in rows if row.email]
        added = self.suppress(found, reason, detail, now)
        return added, len(found) - added, [(row.line, row.reason or "") for row in rows if not row.email]

    def unsuppress(self, email: str) -> bool:
        """False when the address was not suppressed."""
        with writing(self.database) as conn:
            return suppressions.remove_suppression(conn, read_address(email), keys=self.log.keys)

    def verify_consent(self, anchor: str | None = None) -> Verdict:
        with reading(self.database) as conn:
            return verify(conn, keys=self.log.keys, anchor=anchor)

    def consent_of(self, email: str) -> list[dict[str, Any]]:
        """The log's lines about a reader, oldest first. Raises SubscriberError."""
        with reading(self.database) as conn:
            return list_lines(conn, store.get_by_address(conn, read_address(email)).id)

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
            first_names=self.config.web.first_name,
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
