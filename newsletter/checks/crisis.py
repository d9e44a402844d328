"""An issue that speaks of suicide, overdose or withdrawal says where there is help."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._prose import passages, quoted

SOURCE = "WHO, Preventing suicide: a resource for media professionals (2023)"
_GRAVE = re.compile(
    r"\bsuicid(?:e|es|al|ality)\b|\bself[- ]harm\w*|\bkill(?:ed|ing)? (?:him|her|them"
    r"|my|your)sel(?:f|ves)\b|\b(?:end|ending|took|take|taking) "
    r"(?:his|her|their|my|your) (?:own )?li(?:fe|ves)\b|\boverdos(?:e|es|ed|ing)\b|\btaper(?:ing"
    r"|ed)? (?:off|down)\b|\btapering\b"
    r"|\b(?:opioid|drug|benzodiazepine|alcohol|medication|antidepressant|nicotine)s? withdrawal\b"
    r"|\bdetox\w*\b|\bcold turkey\b",
    re.I,
)
_WITHDRAWAL = re.compile(
    r"\bwithdrawals?\b(?! (?:from|of) (?:the )?(?:market|consent|support|funding|study"
    r"|trial|application|marketing))(?! reflex)",
    re.I,
)
_COMMERCE = re.compile(
    r"\b(?:market|recall\w*|company|maker|manufacturer|consent|shelves|application|trial"
    r"|study|sales|troops|bank|reflex|social|approval|guideline|paper)\b",
    re.I,
)
_HELP = re.compile(
    r"\b988\b|\b116 ?123\b|\b741 ?741\b|\bcrisis (?:line|text|lifeline)|\blifeline\b"
    r"|\bhelplines?\b|\bhotlines?\b|\bsamaritans\b|findahelpline"
    r"|\b1[- ]?800[- ]?662[- ]?(?:4357|HELP)\b|\bSAMHSA\b|\btelefonseelsorge\b|\bemergency (?:number"
    r"|services)\b|\bcall (?:911|112|999|000)\b",
    re.I,
)


def find(case: Case) -> Iterator[Found]:
    grave = next(((one, word) for one in passages(case) if (word := grave_word(one.text))), None)
    if grave is None:
        return
    lacking = [edition for edition in case.editions if not offers_help(case, edition.text)]
    if lacking:
        passage, word = grave
        yield Found(
            "crisis_help", f"the issue speaks of {quoted(word)} and names no help", passage.where,
            "Some readers are in that place while they read.",
            "Add [[brand.resources]] to newsletter.toml, or name a crisis line in the note.", SOURCE,
        )  # fmt: skip


def grave_word(text: str) -> str | None:
    """What in a text asks for help to be named. A drug's withdrawal from the market is none of it."""
    if found := _GRAVE.search(text):
        return found[0]
    found = _WITHDRAWAL.search(text)
    return found[0] if found and not _COMMERCE.search(text) else None


def offers_help(case: Case, text: str) -> bool:
    shown = [help for help in case.config.brand.resources if help.url in text or help.label in text]
    return bool(shown) or bool(_HELP.search(text))
