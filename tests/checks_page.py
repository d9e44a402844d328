"""docs/checks.md, the page that explains every check, read for the tests that hold the code against it."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.checks import Finding

PAGE = (Path(__file__).parent.parent / "docs" / "checks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, flags=re.M | re.S))


def is_documented(finding: Finding) -> bool:
    """Whether the section of its check names who says so. A site cannot weigh `build`: it has none."""
    section = " ".join(SECTIONS.get(finding.check, PAGE).split())
    if finding.check == "build" or finding.source in section:
        return True
    if finding.source.startswith("our own rule"):
        return "ur own rule" in section
    # `RFC 5322, section 3.4.1` where the page says `RFC 5322, section 3.6 (3.3, 3.4.1)`
    rfc, _, number = finding.source.partition(", section ")
    return rfc in section and number in section
