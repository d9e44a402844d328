"""What can be done with readers, each in one transaction: the verbs with the site's store, keys and rules.

Doors call these. `now` and where a wish came from are theirs to say; a result says what this call changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from newsletter.addresses import read_address
from newsletter.config import Config
from newsletter.errors import UsageError
from newsletter.pipeline import subscribe
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

    def read_topics(self, topics: str | Topics) -> Topics:
        """Section ids, separated by commas. Raises UsageError for one that the site does not have."""
        chosen = Topics.parse(topics) if isinstance(topics, str) else topics
        known = self.config.section_ids
        if unknown := [topic for topic in chosen.ids if topic not in known]:
            raise UsageError(f"there is no topic {unknown[0]!r}", hint=f"There are: {', '.join(known)}.")
        return chosen
