"""A site in a folder with one issue whose picks carry their own words: nothing has to be collected for it."""

from __future__ import annotations

from pathlib import Path

SLUG = "2026-11-26"
SETTINGS = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://example.org"
public_url = "https://letters.example.org"
postal_address = "12 Harbour Road, Springfield"
timezone = "Europe/Berlin"

[schedule]
draft = "Tue 06:00"
send = "Thu 09:00"
window = "6h"

[brand]
call_to_action = { label = "Find a doctor", url = "https://example.org/doctors" }

[checks]
spam = "off"
"""
"""SpamAssassin takes a second whenever it is asked. What is added to these settings may begin with more checks."""
ISSUE = """\
---
subject: What a nerve block can and cannot do
preheader: Also this week, walking with sciatica
date: 2026-11-26
author: Mira Lang
picks:
  conditions:
    - url: https://example.org/sciatica
      title: Walking with sciatica
      blurb: Short walks help most people more than rest does.
  treatments:
    - url: https://example.org/nerve-block
      title: What a nerve block is
      blurb: An injection near a nerve that quiets it for hours or weeks.
  news:
    - url: https://example.org/guideline
      title: A new guideline for migraine
      blurb: Three societies agree on what to try first.
---

Good morning, and welcome.
"""


def make_site(root: Path, *, settings: str = "", issue: str = ISSUE) -> Path:
    """Write the site; `settings` is added to newsletter.toml. The root is given back."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "newsletter.toml").write_text(SETTINGS + settings, encoding="utf-8")
    if issue:
        write_issue(root, issue)
    return root


def write_issue(root: Path, text: str = ISSUE, slug: str = SLUG) -> Path:
    path = root / "content" / "issues" / f"{slug}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(SLUG, slug), encoding="utf-8")
    return path
