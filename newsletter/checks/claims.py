"""Promises that no doctor would sign: that a thing cures, is sure, is safe for all, works at once or for ever.

It goes sentence by sentence. A promise that the sentence itself denies, doubts, asks or only quotes is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from newsletter.checks import Case, Found
from newsletter.checks._promises import HYPE, PROMISES
from newsletter.checks._prose import Passage, passages, quoted, sentences
from newsletter.checks._words import any_of, words

SOURCE = "FTC, Health Products Compliance Guidance (2022), section III"
WORDS = "G. Schwitzer, The seven words you shouldn't use in medical news"

_NO = any_of(r"""
    no | not | never | nobody | nothing | none | neither | nor | without | cannot | rarely | few | hardly
    unable | fails? | \w+n['’]t | cant | wont | dont | instead of | rather than | far from | short of | failed
    lack(?:s|ing)?
""")
_DENIED = re.compile(rf"\b{_NO}\b(?:[\W_]+[\w'’-]+){{0,6}}[\W_]*$", re.I)
_DENIED_AFTER = re.compile(
    r"^[\s”’\"]*(?:[\w'’-]+\s+){0,4}"
    + any_of(r"""
        (?:is|are|was|does|do|will|can)(?: not|n['’]t)\b | cannot\b | does not exist\b | yet to\b | unlikely\b
        rare(?:ly)?\b | myths?\b | scams?\b | (?:still )?unknown\b | remains? (?:elusive|unknown|far)\b
        in (?:mice|rats|animals|the lab\w*)\b | [;,–—-]+\s*(?:but )?no (?:study|trial|evidence|proof)\b
    """),
    re.I,
)
_DISTANT = re.compile(
    words(r"""
        search(?:ing)? | look(?:ing)? | hop(?:e|es|ed|ing) | wait(?:ing)? | race | quest | hunt | path | road
        steps? | closer | towards? | more than | beyond | before | one day | some ?day | whether | in mice
        in rats | aims? | try | trying | tried | attempts? | meant | wish(?:es)? | dream(?:s|ed)?
    """)
    + r"(?:[\W_]+[\w'’-]+){0,8}[\W_]*$",
    re.I,
)
"""Hoped for, tried, or far away: said of a cure or an end, never of safety."""
_DOUBTED = re.compile(
    words(r"""
        myths? | scams? | fraud\w* | beware | be(?:ing)? wary | wary of | careful | caution(?:ed|s)? | avoid
        suspicio\w+ | suspect | too good to be true | so[- ]called | supposed(?:ly)? | alleged(?:ly)?
        purported(?:ly)? | bogus | false(?:ly)? | fake | hoax | unproven | unapproved | misleading | misled
        quack\w* | snake oil | warn(?:s|ed|ing|ings)? | red flags? | hype | debunk\w*
        claim(?:s|ed|ing)? (?:of|to|that|about) | promis(?:e|es|ed|ing) | really means? | s[ck]eptic\w*
        anyone who | ads? | advert\w* | marketed as | sold as | touted
        don['’]t (?:trust|believe|fall for|buy) | steer clear | watch out | lawsuit | fined | sued | words?
        phrase | term | slogan
    """),
    re.I,
)
_LAW = re.compile(
    words(r"""
        access | coverage | leave | income | rights? | laws? | court(?:['’]s)? | pension | admission | loans?
        bond | minimum | issue | constitution\w* | privacy | wage | eligib\w+ | insur\w+
    """),
    re.I,
)
_NAMES = re.compile(
    any_of(r"""
        miracle network | cure (?:alzheimer|sma|jm|arthritis foundation|act\b) | \bCURE ID\b | cures? act\b
        manu[ck]a | cure rates?\b
        cur(?:e|es|ed|ing) (?:the|an?) (?:\w+ )?(?:crisis|epidemic|shortage|system|problem|loneliness|boredom)
        cure for hiccups | \bcured (?:meat|ham|fish|resin|epoxy|concrete) | radical cure
        reverse (?:shoulder|total|engineering|trendelenburg)
    """),
    re.I,
)
"""Cures that are none: names, laws, hams, operations."""
_CLAUSE = re.compile(r"[…:;]\s+|,? (?:but|so|then|yet)\s+|, (?:you|we|it|this|they|your)\s+", re.I)
MOST = 20
"""Promises of one sentence that are looked at: more is no better."""
_FAR = {"cure", "end", "ever", "wonder", "soon", "sure", "only"}
_ASKABLE = _FAR | {"safe", "all"}
_UNDENIABLE = {"hidden", "trick", "shock", "instead"}


def find(case: Case) -> Iterator[Found]:
    for passage in passages(case):
        strong = list(claims(passage, case.limits.claims_allowed))
        for claim in strong:
            yield _say(passage, f"promises too much: {quoted(claim)}", SOURCE)
        if not strong and passage.role != "setting" and (word := hype(passage, case.limits.claims_allowed)):
            yield _say(passage, f"praises: {quoted(word)}", WORDS, mild=True)


def _say(passage: Passage, what: str, source: str, *, mild: bool = False) -> Found:
    return Found(
        "claims", f"the {passage.role} {what}", passage.where,
        "No treatment helps everybody, and who is told so stops one that helps.",
        "Say what was found, for how many, and what is not known.", source, mild=mild,
    )  # fmt: skip


def claims(passage: Passage, allowed: tuple[str, ...] = ()) -> Iterator[str]:
    """What in a passage claims too much: not what denies, doubts or asks."""
    said: set[str] = set()
    for sentence in sentences(passage.text):
        first = PROMISES.search(sentence)
        if first is None or _is_excused(sentence, allowed):
            continue
        for found in islice(PROMISES.finditer(sentence, first.start()), MOST):
            if found[0].lower() not in said and not _is_meant_otherwise(sentence, found):
                said.add(found[0].lower())
                yield found[0]


def hype(passage: Passage, allowed: tuple[str, ...] = ()) -> str | None:
    """A word that praises where it should report; None in a sentence that takes it back."""
    for sentence in sentences(passage.text):
        found = HYPE.search(sentence)
        if (
            found
            and not _is_excused(sentence, allowed)
            and not _DENIED.search(sentence[: found.start()][-200:])
        ):
            return found[0]
    return None


def _is_excused(sentence: str, allowed: tuple[str, ...]) -> bool:
    return bool(_DOUBTED.search(sentence)) or any(one.casefold() in sentence.casefold() for one in allowed)


def _is_meant_otherwise(sentence: str, found: re.Match[str]) -> bool:
    kind = found.lastgroup or ""
    around = sentence[max(0, found.start() - 25) : found.end() + 25]
    if _NAMES.search(around) or _is_mention(sentence, found) or (kind == "sure" and _LAW.search(sentence)):
        return True
    before, after = sentence[: found.start()][-200:], sentence[found.end() :][:100]
    before = before[max((one.end() for one in _CLAUSE.finditer(before)), default=0) :]
    if kind not in _UNDENIABLE and (_DENIED.search(before) or _DENIED_AFTER.match(after)):
        return True
    if kind in _FAR and _DISTANT.search(before):
        return True
    return sentence.rstrip(" ”’\"')").endswith("?") and kind in _ASKABLE


def _is_mention(sentence: str, found: re.Match[str]) -> bool:
    """The word itself is spoken of: it stands in quotation marks alone."""
    before, after = sentence[: found.start()][-1:], sentence[found.end() :].lstrip(",.!?")[:1]
    return before in set('“"‘«„') and after in set('”"’»“')
