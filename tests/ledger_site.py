"""A store with readers, editions for every set of three sections, and what sends them: real parts, no site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from sqlalchemy import Engine, insert, text

from newsletter.config import Config, parse_config
from newsletter.links import Links
from newsletter.pipeline.publish import publish
from newsletter.providers import Provider
from newsletter.sending import Sending
from newsletter.storage.database import reading, writing
from newsletter.storage.issues import PublishedIssue
from newsletter.storage.schema import subscribers
from newsletter.types import Edition, Topics, edition_hash

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
SLUG = "2026-11-26"
SECTIONS = ("conditions", "news", "treatments")
LINKS = Links(["a key for tests only, long enough"], "https://letters.example.org")
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://example.org"
public_url = "https://letters.example.org"
postal_address = "12 Harbour Road, Springfield"

[sending]
"""


def settings(sending: str = "") -> Config:
    """Settings with these lines in [sending]."""
    return parse_config(SETTINGS + sending)


def add_readers(engine: Engine, count: int, topics: Sequence[str] = ("*",)) -> None:
    """Active readers reader1@example.org and so on, their topics taken in turns."""
    with writing(engine) as conn:
        first = conn.execute(text("SELECT coalesce(max(id), 0) + 1 FROM subscribers")).scalar_one()
        rows = [
            {
                "email": f"reader{number}@example.org",
                "email_key": f"reader{number}@example.org",
                "state": "active",
                "topics": topics[number % len(topics)],
                "source": "test",
                "created_at": NOW,
                "confirmed_at": NOW,
            }
            for number in range(first, first + count)
        ]
        for start in range(0, len(rows), 10_000):
            conn.execute(insert(subscribers), rows[start : start + 10_000])


def make_editions(slug: str = SLUG, sections: Sequence[str] = SECTIONS, size: int = 200) -> list[Edition]:
    """One for every set of the sections, the whole first."""
    sets = [one for length in range(len(sections), 0, -1) for one in combinations(sorted(sections), length)]
    return [_edition(slug, topics, size) for topics in sets]


def _edition(slug: str, topics: tuple[str, ...], size: int) -> Edition:
    words = f"{' and '.join(topics)} " + "x" * size
    page = f'<p>{words}</p><a href="@@unsubscribe_url@@">leave</a> <a href="@@preferences_url@@">choose</a>\n'
    plain = f"{words}\n\nLeave: @@unsubscribe_url@@\nChoose: @@preferences_url@@\n"
    subject, preheader = f"Pain Weekly {slug}", "This week"
    hash = edition_hash(subject, preheader, page, plain)
    return Edition(slug, Topics(topics), subject, preheader, page, plain, hash)


def publish_issue(
    engine: Engine, *, slug: str = SLUG, batch_size: int = 2, provider: str = "memory", now: datetime = NOW
) -> PublishedIssue:
    return publish(
        engine,
        slug,
        make_editions(slug),
        ["example.org/a"],
        provider=provider,
        batch_size=batch_size,
        now=now,
    )


def sending(engine: Engine, provider: Provider, lines: str = "concurrency = 1") -> Sending:
    return Sending(engine, settings(lines), lambda: LINKS, lambda: provider)


def states(engine: Engine) -> dict[int, str]:
    """Reader → state of their delivery, whatever issue."""
    with reading(engine) as conn:
        rows = conn.execute(text("SELECT subscriber_id, state FROM deliveries ORDER BY subscriber_id"))
        return {row[0]: row[1] for row in rows}


def change(engine: Engine, statement: str, **values: object) -> None:
    """Something that happens to a reader, as one statement."""
    with writing(engine) as conn:
        conn.execute(text(statement), values)


def outbox_of(folder: Path, slug: str = SLUG) -> dict[int, bytes]:
    """Reader → mail, for an issue's files."""
    return {int(one.stem.split("-")[1]): one.read_bytes() for one in (folder / slug).glob("*.eml")}
