"""A dose or a drug's name in a headline: read in an inbox, without what stands around it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._drugs import DOSE, DRUG, WITH_DRUG
from newsletter.checks._prose import HEADLINES, passages, quoted

WHY = "A headline is read alone, and followed; what is right for one reader harms another."


def find(case: Case) -> Iterator[Found]:
    for passage in passages(case):
        if passage.role not in HEADLINES:
            continue
        drug = DRUG.search(passage.text)
        dose = DOSE.search(passage.text) or (WITH_DRUG.search(passage.text) if drug else None)
        if dose:
            yield Found(
                "headline_dose", f"the {passage.role} names a dose: {quoted(dose[0])}", passage.where, WHY,
                "Leave doses to the article.",
            )  # fmt: skip
        elif drug:
            yield Found(
                "headline_dose", f"the {passage.role} names a medicine: {quoted(drug[0])}", passage.where, WHY,
                "Name what it is for, unless the medicine itself is the news.", mild=True,
            )  # fmt: skip
