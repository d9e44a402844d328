"""How many faults the gate finds, and how many good issues it stops: over issues with one fault each, and good ones.

Target: 0.98 of the faults that must stop an issue, and at most 0.02 of the good issues. Of each round that was written
blind it also says what was found at first sight: the better estimate of what the checks do with issues yet unwritten.
`-v` shows what was missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from broken_issues import Broken, broken, mild
from clean_issues import Draft, build, clean, near_misses
from rounds import ROUNDS, faults, findings, good

from newsletter.checks import Finding, run
from newsletter.checks._prose import Passage
from newsletter.checks.claims import claims

RECALL, FALSE = 0.98, 0.02
TITLES = ("titles.jsonl", "titles_heldout.jsonl")


def missed(broken: Sequence[Broken]) -> list[tuple[Broken, tuple[Finding, ...]]]:
    """The faults of which the right check said nothing, or too little."""
    found = [(one, findings(one.draft)) for one in broken]
    return [(one, said) for one, said in found if not is_found(one, said)]


def is_found(fault: Broken, said: Sequence[Finding]) -> bool:
    wanted = "warning" if fault.mild else "error"
    return any(one.check == fault.check and one.severity == wanted for one in said)


def stopped(drafts: Sequence[Draft]) -> list[tuple[str, Finding]]:
    """The good issues that an error would stop, each with the first."""
    found = []
    for draft in drafts:
        errors = [one for one in findings(draft) if one.severity == "error"]
        if errors:
            found.append((draft.name, errors[0]))
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
    corpus = [("first and second", [*broken(), *mild()], [*clean(), *near_misses()], "")]
    corpus += [
        (one.name, [*faults(one)], [*good(one)], f"  at first sight {one.found:.2f} and {one.stopped:.3f}")
        for one in ROUNDS
    ]
    lost, blocked, counts = [], [], [0, 0]
    print(f"{'round':<18}{'faults':>7}{'found':>7}{'good':>6}{'stopped':>9}")
    for name, bad, well, blind in corpus:
        gone, wrong = missed(bad), stopped(well)
        found = 1 - len(gone) / max(1, len(bad))
        print(f"{name:<18}{len(bad):>7}{found:>7.3f}{len(well):>6}{len(wrong) / len(well):>9.3f}{blind}")
        lost, blocked = [*lost, *gone], [*blocked, *wrong]
        counts = [counts[0] + len(bad), counts[1] + len(well)]
    recall, false = 1 - len(lost) / counts[0], len(blocked) / counts[1]
    print(f"{'all':<18}{counts[0]:>7}{recall:>7.3f}{counts[1]:>6}{false:>9.3f}")
    titles, count = stopped_titles()
    print(f"headlines of medical sites: {count}, stopped by claims {len(titles)}")
    print(f"{speed():.0f} ms an issue")
    if "-v" in sys.argv:
        show(lost, blocked, titles)
    return int(recall < RECALL or false > FALSE)


def speed() -> float:
    """Milliseconds of work for all checks of one issue, without building it."""
    cases = [build(one) for one in clean(10)]
    began = time.process_time()
    for case in cases:
        run(case)
    return (time.process_time() - began) * 1000 / len(cases)


def show(
    lost: Sequence[tuple[Broken, tuple[Finding, ...]]],
    blocked: Sequence[tuple[str, Finding]],
    titles: Sequence[tuple[str, str]],
) -> None:
    for fault, said in lost:
        print(f"   missed {fault.check}: {fault.fault}; said: {[one.message[:60] for one in said][:4]}")
    for name, finding in blocked:
        print(f"   stopped {name[:60]!r}: {finding.check}: {finding.message} ({finding.where})")
    for title, word in titles:
        print(f"   claims: {word!r} in {title!r}")


if __name__ == "__main__":
    sys.exit(main())
