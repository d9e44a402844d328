"""The local list of retracted papers: made from Retraction Watch's file, read by the gate.

`content/retractions.tsv`: one paper a line, its DOI or PMID, a tab, and what happened to it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from newsletter.errors import UsageError
from newsletter.whole import replace_file

COLUMNS = ("OriginalPaperDOI", "OriginalPaperPubMedID", "RetractionNature")
"""Of the file that Crossref publishes; https://gitlab.com/crossref/retraction-watch-data."""


def read_list(path: Path) -> dict[str, str] | None:
    """DOI (in small letters) or PMID → what happened; None where there is no list."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            "cannot be read", where=str(path), hint="Make it anew: `newsletter retractions update FILE`."
        ) from None
    pairs = [line for line in lines if "\t" in line and not line.startswith("#")]
    return {key: nature for key, _, nature in (line.partition("\t") for line in pairs)}


def take_in(source: Path, target: Path) -> int:
    """Make the list from Retraction Watch's CSV; how many papers it names. Raises UsageError."""
    try:
        text = source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(source)) from None
    except UnicodeDecodeError:
        text = source.read_text(encoding="latin-1")
    rows = csv.DictReader(io.StringIO(text))
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise UsageError(
            f"has no column {missing[0]!r}",
            where=str(source),
            hint="It must be Retraction Watch's CSV, as Crossref publishes it.",
        )
    found = notices(rows)
    replace_file(target, "".join(f"{key}\t{nature}\n" for key, nature in sorted(found.items())))
    return len(found)


def notices(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Paper → its gravest notice. A paper that was reinstated is retracted no more."""
    grave = ("Correction", "Expression of concern", "Retraction", "Reinstatement")
    found: dict[str, str] = {}
    for row in rows:
        nature = (row["RetractionNature"] or "").strip()
        for key in (
            (row["OriginalPaperDOI"] or "").strip().lower(),
            (row["OriginalPaperPubMedID"] or "").strip(),
        ):
            known = "10." in key or (key.isdigit() and key != "0")
            if known and nature in grave and grave.index(nature) >= grave.index(found.get(key, grave[0])):
                found[key] = nature
    return {key: nature for key, nature in found.items() if nature != "Reinstatement"}
