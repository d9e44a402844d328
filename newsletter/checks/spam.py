"""SpamAssassin's opinion of the real message, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks import Case, Found

SOURCE = "https://spamassassin.apache.org/tests.html"


def find(case: Case) -> Iterator[Found]:
    if case.spam is None:
        return
    points, rules = case.spam
    limit = case.limits.spam_points
    if points >= limit / 2:
        yield Found(
            "spam", f"SpamAssassin gives it {points:g} points: {', '.join(rules)}", "mail: issue",
            f"From {limit:g} on many servers file it as spam.", "Look up what each rule means.", SOURCE,
            mild=points < limit,
        )  # fmt: skip
