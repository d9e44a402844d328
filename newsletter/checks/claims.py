"""Promises that no doctor would sign."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._prose import Passage, passages, quoted, sentence_of

SOURCE = "FTC, Health Products Compliance Guidance (2022), section III"
_CLAIMS = re.compile(
    r"(?P<cure>\bcure(?:s|d|-all)?\b|\bcuring\b)"
    r"|(?P<sure>\bguarante(?:e|es|ed|eing)\b)"
    r"|(?P<wonder>\bmirac(?:le|les|ulous|ulously)\b|\bwonder[- ](?:drug|cure|pill)\b)"
    r"|(?P<safe>\b(?:risk[- ]free|zero[- ]risk)\b|\b(?:no|zero|without(?: any)?) (?:known )?(?:risks?"
    r"|side[- ]effects?)\b(?! of| that| to)"
    r"|\bside[- ]effect[- ]free\b|\b(?:completely|totally|absolutely|perfectly|100 ?%|entirely) safe\b)"
    r"|(?P<hidden>\b(?:doctors?|physicians?|surgeons?|big pharma|drug companies|they|hospitals?) (?:hates?|fears?)\b"
    r"|\b(?:does ?n['o’]?t|do ?n['o’]?t|wo ?n['o’]?t|never|will never|does not|do not"
    r"|will not) (?:want you to know|tell you|tells you)\b"
    r"|\b(?:secret|hidden) (?:remed|cure|trick|treatment|formula)(?:y|ies|s)?\b)"
    r"|(?P<shock>\b(?:doctors?|physicians?|surgeons?|experts|\w+ologists?) (?:(?:is|are"
    r"|were) (?:stunned|shocked|baffled|speechless|furious|amazed)|hates?)\b"
    r"|\bbig pharma (?:is|are|does|keeps?) (?:hiding|afraid|suppressing|silent|quiet)\b)"
    r"|(?P<trick>\b(?:one|this|these|\d+) (?:weird|simple|strange|odd|crazy) (?:old )?tricks?\b)"
    r"|(?P<all>\b100 ?(?:%|percent) (?:effective|success|pain[- ]free|relief|cured)\b"
    r"|\bworks? (?:for (?:everyone|everybody|all\b)|every time)"
    r"|\balways works\b|\bnever fails\b)"
    r"|(?P<ever>\b(?:pain|ache|arthritis|migraines?|sciatica|fibromyalgia|suffering)\b[^.!?]{0,25}\b(?:forever"
    r"|for good|for ever|permanently)\b"
    r"|\bpermanent(?:ly)? (?:ends?|end(?:s|ed)?|relief|eliminates?|erases?|removes?|gone|cures?|heals?|fix(?:es)?)\b"
    r"|\b(?:eliminates?|erases?|banish(?:es)?|ends?) (?:all |your )?(?:chronic )?pain\b"
    r"|\bnever (?:feel|have) pain again\b)"
    r"|(?P<soon>\b(?:gone|pain[- ]free|cured|healed) (?:in|within|after) (?:just |only )?(?:\d+"
    r"|one|two|three|five|a few) (?:minutes?|hours?|days?)\b"
    r"|\bnever (?:suffer|feel|have|worry)\w* (?:from |about )?(?:\w+ ){0,2}(?:pain|migraines?"
    r"|arthritis|sciatica|headaches?) again\b)"
    r"|(?P<now>\binstant(?:ly)? (?:pain )?(?:relief|cure|fix|relieves?|stops?|ends?|heals?)\b|\binstant pain relief\b"
    r"|\b(?:gone|healed|vanishe[sd]|disappears?|better) (?:overnight|in (?:minutes|seconds"
    r"|hours|a day|one day|24 hours))\b)"
    r"|(?P<back>\b(?:heals?|regrows?|regenerates?|rebuilds?) (?:your )?(?:cartilage|nerves|joints?|spine|arthritis)\b"
    r"|\brevers(?:es|ed|ing) (?:\w+ )?(?:arthritis|osteoarthritis|neuropathy"
    r"|fibromyalgia|crps|ageing|aging|nerve damage"
    r"|degeneration|disc disease|pain)\b|\b(?:heals|regrows|rebuilds) (?:your )?(?:cartilage|nerves|discs?|spine)\b)",
    re.I,
)
_DENIED = re.compile(
    r"\b(?:no|not|never|nobody|nothing|none|neither|nor|without|cannot|rarely|few|isn['’]?t"
    r"|aren['’]?t|wasn['’]?t|doesn['’]?t|don['’]?t"
    r"|didn['’]?t|can['’]?t|won['’]?t|hardly|instead of|rather than|far from|search(?:ing)? for"
    r"|look(?:ing)? for|hopes? for|hope of|wait(?:ing)? for"
    r"|towards?|race for|short of|more than|beyond|before)\b(?:[\W_]+[\w'’-]+){0,5}[\W_]*$",
    re.I,
)
_DENIED_AFTER = re.compile(
    r"^[\W_]*(?:[\w'’-]+\W+){0,3}(?:(?:is|are|was|does|do|will|can)(?: not|n['’]t)\b"
    r"|myths?\b|scams?\b|unlikely\b|does not exist\b)",
    re.I,
)
_DOUBTED = re.compile(
    r"\b(?:myths?|scams?|fraud|beware|too good to be true|so[- ]called|bogus|false|unproven"
    r"|misleading|quack\w*|warn(?:s|ed|ing)?"
    r"|claims? (?:of|to|that|about)|promis(?:e|es|ed|ing)|red flags?|suspicious|fake"
    r"|hoax|really means?|skeptic\w*|debunk\w*|hype)\b",
    re.I,
)
_LAW = re.compile(
    r"\b(?:access|coverage|leave|income|right|rights|law|court|court['’]s|pension|admission"
    r"|loan|loans|bond|minimum|issue)\b",
    re.I,
)
_NAMES = re.compile(
    r"miracle network|cur(?:e|es|ed|ing) (?:the|an?) (?:\w+ )?(?:crisis|epidemic|shortage"
    r"|system|problem|loneliness)|cure (?:alzheimer|sma|jm|arthritis foundation|act\b)"
    r"|\bCURE ID\b"
    r"|(?:21st century|cures) cures? act|manu[ck]a|\bcured (?:meat|ham|resin|epoxy)|cure rates?\b",
    re.I,
)


def find(case: Case) -> Iterator[Found]:
    for passage in passages(case):
        for claim in claims(passage, case.limits.claims_allowed):
            yield Found(
                "claims", f"the {passage.role} promises too much: {quoted(claim)}", passage.where,
                "No treatment helps everybody, and who is told so stops one that helps.",
                "Say what was found, for how many, and what is not known.", SOURCE,
            )  # fmt: skip


def claims(passage: Passage, allowed: tuple[str, ...] = ()) -> Iterator[str]:
    """What in a passage claims too much: not what denies, doubts or asks."""
    for found in _CLAIMS.finditer(passage.text):
        if not _is_meant_otherwise(passage.text, found, allowed):
            yield found[0]


def _is_meant_otherwise(text: str, found: re.Match[str], allowed: tuple[str, ...]) -> bool:
    sentence = sentence_of(text, found.start())
    around = text[max(0, found.start() - 25) : found.end() + 25]
    if any(phrase.casefold() in sentence.casefold() for phrase in allowed) or _NAMES.search(around):
        return True
    before = text[: found.start()][-len(sentence) :]
    before = before[max((one.end() for one in re.finditer(r"[.!?…:;]\s+", before)), default=0) :]
    kind = found.lastgroup
    if kind == "sure" and _LAW.search(sentence):
        return True
    if kind == "safe" and re.match(r"(?:no|zero|without)", found[0], re.I):
        before = re.sub(r"\bwithout$", "", before.rstrip())
    if kind not in ("hidden", "trick", "shock") and (
        _DENIED.search(before) or _DENIED_AFTER.match(text[found.end() :])
    ):
        return True
    if sentence.rstrip(" ”’\"'").endswith("?") and kind in ("cure", "wonder", "safe", "ever", "back", "all"):
        return True
    return bool(_DOUBTED.search(sentence))
