"""What readers had before, and what has not been looked at for years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from newsletter.checks import Case, Found
from newsletter.urls import canonical_url


def find(case: Case) -> Iterator[Found]:
    for story in case.stories:
        page = canonical_url(story.url)
        if slug := case.past.articles.get(page):
            yield Found(
                "already_sent", f"“{story.title}” was in the issue of {slug}", case.place(story),
                "Readers notice, and trust the next subject less.", "Pick another article.",
            )  # fmt: skip
        article = case.articles.get(page)
        seen = [one.date() for one in (article.published_at, article.updated_at) if one] if article else []
        if seen and (years := _years(max(seen), case.today)) >= case.limits.old_after_years:
            yield Found(
                "old_article", f"“{story.title}” was last reviewed {years:.0f} years ago", case.place(story),
                "Medicine moves on; what was right may no longer be.",
                "Have a doctor read it and renew it on the site, or pick another.",
            )  # fmt: skip


def _years(since: date, today: date) -> float:
    return (today - since).days / 365.25
