"""A paper that an issue cites and that was retracted since, by a local copy of Retraction Watch's list."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._prose import passages
from newsletter.papers import known_papers
from newsletter.urls import canonical_url

SOURCE = "https://gitlab.com/crossref/retraction-watch-data"


def find(case: Case) -> Iterator[Found]:
    if not case.retracted:
        return
    for text, where, who in _places(case):
        for key in known_papers(text, case.retracted):
            nature = case.retracted[key]
            yield Found(
                "retractions", f"a paper that {who} cites, {key}, has this notice: {nature.lower()}", where,
                "What it found may not be so.", "Say so, or take it out.", SOURCE,
                mild="retraction" not in nature.lower(),
            )  # fmt: skip


def _places(case: Case) -> Iterator[tuple[str, str, str]]:
    for passage in passages(case):
        yield passage.text, passage.where, f"the {passage.role}"
    yield case.layout.note, f"{case.issue.path}:{case.note_line}", "the note"
    for story in case.stories:
        where = case.place(story)
        yield story.url, where, "a pick"
        if article := case.articles.get(canonical_url(story.url)):
            yield " ".join(article.papers), where, f"the article “{story.title}”"
