"""content/issues/<date>.md ⇄ Issue: YAML front matter, and below it the editor's note in Markdown.

read.py      the file as an Issue, and every mistake in it with its line
tree.py      YAML as a tree that knows its lines
draft.py     the first version of a file, written for a person to go on from
refresh.py   lines added to a file without touching those that are there
"""

from __future__ import annotations

from newsletter.content.draft import LeftOut, Proposal, write_draft
from newsletter.content.read import find_issue_file, list_issues, list_slugs, parse_issue, read_issue
from newsletter.content.refresh import refresh_issue, refreshed

__all__ = [
    "LeftOut",
    "Proposal",
    "find_issue_file",
    "list_issues",
    "list_slugs",
    "parse_issue",
    "read_issue",
    "refresh_issue",
    "refreshed",
    "write_draft",
]
