"""What looks like a patient's words, name or address: on a pain site it is health information."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import Case, Found
from newsletter.checks._drugs import DRUG
from newsletter.checks._people import CREDENTIAL, NAME, TITLED
from newsletter.checks._prose import Passage, passages, quoted

SOURCE = "HIPAA, 45 CFR 164.514(b)(2); GDPR, Art. 9"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w./-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,6}){1,4}(?![\w/-]|\.\d)"
)
_FREE = re.compile(
    r"^(?:\+?1)?(?:800|888|877|866|855|844|833)|^0(?:800|808|300)|^\+?44(?:800|808)|^116\d{3}$|^13\d{4}$|^1300"
)
_NUMBERS = re.compile(r"(?:doi|pmid|isbn|issn|nct|version|model|lot|no\.|\$|€|£|10\.)[\s:.]*$", re.I)
_FURNITURE = re.compile(
    r"\b\d+ comments?\b|\bleave a (?:reply|comment)\b|\bcomments are closed\b|\bshare (?:this )?on"
    r" (?:facebook|twitter|x|linkedin)\b"
    r"|\b(?:says|wrote|said|commented)\s*:?\s+(?:on )?(?:jan|feb|mar|apr|may|jun|jul"
    r"|aug|sep|oct|nov|dec)\w* \d{1,2}, ?\d{4}"
    r"|\b\w+ \d{1,2}, ?\d{4} at \d{1,2}:\d\d|\bposted by\b|\b(?:wrote|says|writes): ?[“\"]?(?-i:I)\b"
    r"|\brepl(?:y|ied) (?:from|by) (?-i:[A-Z])|\breply to\b(?= [A-Z])",
    re.I,
)
_SALUTED = re.compile(
    r"\b(?:hi|hello|dear|thanks?|thank you),? (?:dr|doctor)\b|\bthank(?:s| you)[^.!?]{0,20}\bfor"
    r" (?:this|the|your) (?:article|post|blog|page|info\w*)\b|\bdoes any(?:one|body) else\b"
    r"|\bgreat (?:post|article|blog)\b",
    re.I,
)
_I = re.compile(
    r"\b(?:I|I['’](?:ve|m|d)|[Mm]e|[Mm]y (?:doctor|husband|wife|mother|father|mom|dad"
    r"|son|daughter|sister|brother|pain|surgeon|back|knees?|hips?))\b"
)
_SICK = re.compile(
    r"\b(?:diagnos\w+|suffer\w*|(?:have|had|has|live|living|lived) (?:\w+ )?(?:with|crps"
    r"|fibro\w*|migraines?|neuropathy|arthritis|sciatica|stenosis|pain)"
    r"|prescribed|(?:had|got) (?:the|an?|my) (?:injection|block|surgery|implant|ablation"
    r"|stimulator|procedure|operation)|put me on|takes?|taking|took|on \d+ ?mg|surger\w+"
    r"|operat\w+|pain clinic"
    r"|disab\w+|can(?:no|['’])t (?:sleep|work|walk)|cannot (?:sleep|work|walk))\b",
    re.I,
)
_DETAIL = re.compile(
    r"\b(?:was|were|is|been|got|being) (?:\w+ )?diagnosed|\bsuffer(?:s|ed|ing)\b|\b(?:lives?"
    r"|lived|living|struggl\w+|battl\w+|cop\w+) with\b"
    r"|\b(?:has|had|developed) (?:\w+ )?(?:crps|fibromyalgia|migraines?|neuropathy|arthritis"
    r"|sciatica|stenosis|cancer|chronic|severe|endometriosis|lupus|depression|ms\b)"
    r"|\b(?:takes?|took|taking|on|prescribed) (?:\d|(?:\w+ ){0,2}(?:opioids?|medic\w+"
    r"|pills?|injections?))|\b(?:herniated|slipped) disc|\boverdos\w+"
    r"|['’]s (?:crps|fibromyalgia|migraines?|neuropathy|arthritis|sciatica|pain|diagnosis|addiction|depression)\b"
    r"|\bwho (?:has|had) (?:\w+ )?(?:pain|crps|fibromyalgia|migraine|arthritis)",
    re.I,
)
_SIGNED = re.compile(r"[-–—]\s*(?:[A-Z][a-z]+ [A-Z]\.)")
_AGE = re.compile(r"^,? (?:\(?\d{2}\)?\b|from [A-Z]|of [A-Z])")


def find(case: Case) -> Iterator[Found]:
    own = _own_domains(case)
    help_lines = {
        digits(one)
        for help in case.config.brand.resources
        for one in _PHONE.findall(f"{help.label} {help.text}")
    }
    for passage in passages(case):
        if passage.role in ("title", "blurb", "alt"):
            for what in (*_contacts(passage.text, own, help_lines), *_persons(passage)):
                yield _say(passage, what)
        elif found := next(
            (one for one in _EMAIL.findall(passage.text) if not one.lower().endswith(own)), None
        ):
            yield _say(passage, f"an address of e-mail: {found}", mild=True)


def _own_domains(case: Case) -> tuple[str, ...]:
    letter = case.config.newsletter
    addresses = [letter.sender, letter.reply_to or "", *letter.editors]
    return tuple({"@" + one.rpartition("@")[2].strip("> ").lower() for one in addresses if "@" in one})


def digits(text: str) -> str:
    return re.sub(r"[^\d+]", "", text)


def _contacts(text: str, own: tuple[str, ...], help_lines: set[str]) -> Iterator[str]:
    for address in _EMAIL.findall(text):
        if not address.lower().endswith(own):
            yield f"an address of e-mail: {address}"
    for found in _PHONE.finditer(text):
        if is_private_phone(found[0], text[: found.start()]) and digits(found[0]) not in help_lines:
            yield f"a phone number: {found[0].strip()}"


def is_private_phone(number: str, before: str) -> bool:
    """Seven digits or more, written as phone numbers are; not a free line, a year, a price, a DOI."""
    plain = digits(number)
    if not 7 <= len(plain.lstrip("+")) <= 15 or _FREE.search(plain) or _NUMBERS.search(before):
        return False
    parts = re.findall(r"\d+", number)
    years = all(len(part) == 4 and part[0] in "12" for part in parts)
    groups_of_three = (
        len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and not number.startswith(("(", "+"))
    )
    iso_date = len(parts) == 3 and len(parts[0]) == 4 and len(parts[1]) == len(parts[2]) == 2
    return not (
        years
        or iso_date
        or (groups_of_three and " " in number and len(parts[0]) <= 3 and len(plain) in (7, 9))
    )


def _persons(passage: Passage) -> Iterator[str]:
    text = passage.text
    if found := _FURNITURE.search(text):
        yield f"what stands around a reader's comment: {quoted(found[0])}"
        return
    if found := _SALUTED.search(text):
        yield f"a reader's own words: {quoted(found[0])}"
        return
    unquoted = re.sub(r"[“\"‘][^”\"]{0,200}[”\"]", " ", text)
    if (
        passage.role == "blurb"
        and len(_I.findall(unquoted))
        and _SICK.search(unquoted)
        and not _is_asked(unquoted)
    ):
        yield f"a patient's own words: {quoted(text)}"
        return
    if found := _SIGNED.search(text):
        yield f"a name below somebody's words: {quoted(found[0])}"
        return
    if name := next(_named(text), None):
        yield f"a name beside a health detail: {quoted(name)}"


def _is_asked(text: str) -> bool:
    """`Should I take …?` speaks for every reader, and tells of none."""
    told = [
        one for one in re.findall(r"[^.!?]+[.!?]?", text) if not one.strip().endswith("?") and _I.search(one)
    ]
    return not any(_SICK.search(one) for one in told)


def _named(text: str) -> Iterator[str]:
    for found in NAME.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if TITLED.search(before) or CREDENTIAL.match(after):
            continue
        near = re.split(r"[.!?](?:\s|$)", after[:140])[0]
        detail = _DETAIL.search(near) or (
            DRUG.search(near) and re.search(r"\b(?:takes?|took|on|uses?)\b", near)
        )
        if (detail and (len(before.strip()) == 0 or before.rstrip()[-1:] not in "’'")) or (
            found["rest"] and _AGE.match(after) and _SICK.search(near)
        ):
            yield f"{found[0]}{near[:60]}"


def _say(passage: Passage, what: str, *, mild: bool = False) -> Found:
    return Found(
        "personal_data", f"the {passage.role} holds {what}", passage.where,
        "That somebody is in pain is theirs to tell; excerpts have carried comments into mails before.",
        "Give the pick a blurb of its own; waive it where the person agreed.", SOURCE, mild=mild,
    )  # fmt: skip
