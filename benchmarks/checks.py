"""How many faults the gate finds, and how many good issues it stops: over issues with one fault each, and good ones.

Target: 0.98 of the faults that must stop an issue, and at most 0.02 of the good issues. `-v` shows what was missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from broken_issues import Broken, broken, mild
from clean_issues import build, clean, near_misses

from newsletter.checks import Case, Finding, run
from newsletter.checks._prose import Passage
from newsletter.checks.claims import claims

RECALL, FALSE = 0.98, 0.02
TITLES = ("titles.jsonl", "titles_heldout.jsonl")


def missed(faults: Sequence[Broken]) -> list[tuple[Broken, tuple[Finding, ...]]]:
    """The faults of which the right check said nothing, or too little."""
    found = [(one, run(build(one.draft))) for one in faults]
    return [(one, findings) for one, findings in found if not is_found(one, findings)]


def is_found(fault: Broken, findings: Sequence[Finding]) -> bool:
    wanted = "warning" if fault.mild else "error"
    return any(one.check == fault.check and one.severity == wanted for one in findings)


def stopped(cases: Sequence[Case]) -> list[tuple[str, Finding]]:
    """The good issues that an error would stop, each with the first."""
    found = []
    for case in cases:
        errors = [one for one in run(case) if one.severity == "error"]
        if errors:
            found.append((case.layout.subject, errors[0]))
    return found


def stopped_titles() -> tuple[list[tuple[str, str]], int]:
    """Real headlines of medical sites that `claims` would stop, and how many there are."""
    rows = [
        json.loads(line)
        for name in TITLES
        for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    ]
    found = [(row["title"], word) for row in rows for word in claims(Passage("title", row["title"], ""))]
    return found, len(rows)


def main() -> int:
    faults, good = list(broken()), [build(one) for one in (*clean(), *near_misses())]
    lost, small, blocked = missed(faults), missed(list(mild())), stopped(good)
    titles, count = stopped_titles()
    recall, false = 1 - len(lost) / len(faults), len(blocked) / len(good)
    print(f"{'faults that must stop an issue':<44}{len(faults):>6}  found {recall:.3f}")
    print(f"{'faults that must be said':<44}{len(list(mild())):>6}  missed {len(small)}")
    print(f"{'good issues':<44}{len(good):>6}  stopped {false:.3f}")
    print(f"{'headlines of medical sites':<44}{count:>6}  stopped by claims {len(titles)}")
    began = time.perf_counter()
    for case in good[:10]:
        run(case)
    print(f"{(time.perf_counter() - began) * 100:.0f} ms an issue")
    if "-v" in sys.argv:
        for fault, findings in [*lost, *small]:
            print(
                f"   missed {fault.check}: {fault.fault}; said: {[one.message[:60] for one in findings][:4]}"
            )
        for subject, finding in blocked:
            print(f"   stopped {subject!r}: {finding.check}: {finding.message} ({finding.where})")
        for title, word in titles:
            print(f"   claims: {word!r} in {title!r}")
    return int(recall < RECALL or false > FALSE)


if __name__ == "__main__":
    sys.exit(main())
