"""build/<slug>/: an issue's editions as files for a person to look at, and a report for scripts.

    all.html all.txt all.mjml              the variant with every section of the issue
    conditions+news.html …                 one for each other set of sections
    report.json                            subject, picks with their reasons, variants with sizes and hashes

Made of the editions alone: no clock, no absolute path, so that the same issue gives the same bytes anywhere.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.types import Article, Edition, Issue, Layout, Story, editions_hash
from newsletter.urls import canonical_url

REPORT = "report.json"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Built:
    """An issue as it was written to a folder."""

    slug: str
    folder: Path
    report: Mapping[str, Any]
    """What report.json holds."""


def name_of(edition: Edition, whole: Edition) -> str:
    """The file name of a variant: `all`, or its sections."""
    return ALL if edition.topics == whole.topics else "+".join(edition.topics.ids)


def write_build(
    folder: Path, issue: Issue, layout: Layout, articles: Mapping[str, Article], editions: Sequence[Edition]
) -> Built:
    """Write an issue's files to `folder`, in place of what was there. `editions` begins with the whole."""
    report = make_report(issue, layout, articles, editions)
    files = {REPORT: json.dumps(report, ensure_ascii=False, indent=2) + "\n"}
    for edition in editions:
        name = name_of(edition, editions[0])
        files |= {f"{name}.html": edition.html, f"{name}.txt": edition.text, f"{name}.mjml": edition.mjml}
    _write_whole(folder, files)
    return Built(issue.slug, folder, report)


def make_report(
    issue: Issue, layout: Layout, articles: Mapping[str, Article], editions: Sequence[Edition]
) -> dict[str, Any]:
    lead = [layout.lead] if layout.lead else []
    stories = [*lead, *(story for _, chosen in layout.sections for story in chosen)]
    return {
        "issue": issue.slug,
        "subject": layout.subject,
        "preheader": layout.preheader,
        "author": issue.author,
        "hash": editions_hash(editions),
        "lead": layout.lead.url if layout.lead else None,
        "picks": [_picked(story, articles.get(canonical_url(story.url))) for story in stories],
        "corrections": [{"issue": one.issue, "text": one.text} for one in layout.corrections],
        "variants": [_variant(edition, editions[0]) for edition in editions],
    }


def _picked(story: Story, article: Article | None) -> dict[str, Any]:
    return {
        "section": story.section,
        "title": story.title,
        "url": story.url,
        "reason": article.reason if article else "only in the issue file",
        "image": story.image.url if story.image else None,
        "video": story.video.url if story.video else None,
    }


def _variant(edition: Edition, whole: Edition) -> dict[str, Any]:
    return {
        "name": name_of(edition, whole),
        "topics": list(edition.topics.ids),
        "hash": edition.hash,
        "html_bytes": len(edition.html.encode()),
        "text_bytes": len(edition.text.encode()),
    }


def _write_whole(folder: Path, files: Mapping[str, str]) -> None:
    """The folder holds these files and no other, from one moment to the next."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    waiting = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir()
    try:
        for name, text in files.items():
            (waiting / name).write_bytes(text.encode())
        _swap(waiting, folder)
    finally:  # half a folder on a full disk would only make it fuller
        shutil.rmtree(waiting, ignore_errors=True)


def _swap(waiting: Path, folder: Path) -> None:
    """Put one folder in another's place. Where two builds meet, both succeed and the later one stays."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    while True:
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            folder.rename(old)
        try:
            waiting.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            continue
        shutil.rmtree(old, ignore_errors=True)
        return
