"""An issue that speaks of suicide, overdose or withdrawal says where there is help."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._prose import passages, quoted
from newsletter.checks._words import any_of, words

SOURCE = "WHO, Preventing suicide: a resource for media professionals (2023)"
_GRAVE = re.compile(
    words(r"""
        suicid(?:e|es|al|ality) | self[- ]harm\w*
        (?:kill|harm|hurt)(?:ed|ing|s)? (?:him|her|them|my|your|one)sel(?:f|ves)
        (?:end|ending|took|take|taking) (?:his|her|their|my|your|one['’]s) (?:own )?li(?:fe|ves)
        overdos(?:e|es|ed|ing) | taper(?:ing|ed)? (?:off|down) | tapering
        (?:opioid|drug|benzodiazepine|alcohol|medication|antidepressant|nicotine)s? withdrawal | detox\w*
        cold turkey | (?:better off|wish(?:es|ed)? (?:to be|they were|I were)) dead | no reason to live
    """),
    re.I,
)
_WITHDRAWAL = re.compile(
    r"\bwithdrawals?\b(?! reflex)(?! (?:from|of) (?:the )?"
    + any_of("market | consent | support | funding | study | trial | application | marketing")
    + ")",
    re.I,
)
_COMMERCE = re.compile(
    words(r"""
        market | recall\w* | company | maker | manufacturer | consent | shelves | application | trial | study
        sales | troops | bank | reflex | social | approval | guideline | paper
    """),
    re.I,
)
_HELP = re.compile(
    words(r"""
        988 | 116 ?123 | 741 ?741 | crisis (?:line|text|lifeline) | lifeline | helplines? | hotlines?
        samaritans | findahelpline | 1[- ]?800[- ]?662[- ]?(?:4357|HELP) | SAMHSA | telefonseelsorge
        emergency (?:number|services) | call (?:911|112|999|000)
    """),
    re.I,
)


def find(case: Case) -> Iterator[Found]:
    said = (one for one in passages(case) if one.role != "setting")  # help that is offered is no trouble told
    grave = next(((one, word) for one in said if (word := grave_word(one.text))), None)
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
