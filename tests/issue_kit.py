"""Parts for tests about issues: a site's folder, articles, and a store that holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from newsletter.app import App, make_app
from newsletter.config import Config, parse_config
from newsletter.storage.articles import add_article, remember_feed
from newsletter.storage.database import writing
from newsletter.types import Article, FoundArticle, Image, Placement, Video
from newsletter.urls import canonical_url

SETTINGS = """
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@pain.example>"
site_url = "https://pain.example"
public_url = "https://letter.pain.example"
postal_address = "1 Example Street, Phoenix, AZ"
timezone = "America/Phoenix"

[[section]]
id = "conditions"
title = "Conditions"
max = 3

[[section]]
id = "treatments"
title = "Treatments"
max = 3

[[section]]
id = "news"
title = "News"
max = 2
"""

TUESDAY = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
"""06:00 in Phoenix: when the issue of 2026-11-26 is drafted."""


def config() -> Config:
    return parse_config(SETTINGS)


def moment(text: str) -> datetime:
    """`11-20 08:00` of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def article(
    name: str,
    section: str = "conditions",
    at: str = "11-20 08:00",
    *,
    title: str | None = None,
    image: bool = False,
    video: bool = False,
    seen: str | None = None,
) -> Article:
    url = f"https://pain.example/{section}/{name}/"
    return Article(
        id=0,
        guid=url,
        url=url,
        canonical_url=canonical_url(url),
        title=title or f"All about {name}",
        excerpt=f"What is known about {name}.",
        content_hash=name,
        section=section,
        reason=f"the path holds /{section}/",
        new_at=moment(at),
        first_seen_at=moment(seen or at),
        published_at=moment(at),
        image=Image(f"https://pain.example/{name}.jpg", f"A drawing of {name}") if image else None,
        video=Video(url, f"https://pain.example/{name}-still.jpg") if video else None,
    )


def make_site(folder: Path, articles: Iterable[Article] = ()) -> App:
    """A site in `folder`, with a store only where there are articles to put into it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
    app = make_app(folder)
    add_articles(app, articles)
    return app


def add_articles(app: App, articles: Iterable[Article]) -> None:
    for one in articles:
        with writing(app.database) as conn:
            feed = remember_feed(conn, "https://pain.example/feed/")
            place = Placement(one.section, one.reason)
            add_article(conn, feed.id, _found(one), place, now=one.first_seen_at, new_at=one.new_at)


def _found(one: Article) -> FoundArticle:
    return FoundArticle(
        guid=one.guid,
        url=one.url,
        canonical_url=one.canonical_url,
        title=one.title,
        excerpt=one.excerpt,
        content_hash=one.content_hash,
        published_at=one.published_at,
        image=one.image,
        video=one.video,
        papers=one.papers,
    )


def later(one: Article, at: str) -> Article:
    """The same article, new at another time."""
    return replace(one, new_at=moment(at), first_seen_at=moment(at), published_at=moment(at))
