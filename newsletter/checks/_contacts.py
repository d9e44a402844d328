"""Addresses of e-mail, phone numbers and numbers of identity in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks._words import any_of, words

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_AT, _DOT = r"\s?(?:\(at\)|\[at\]|\{at\}|<at>| at )\s?", r"\s?(?:\(dot\)|\[dot\]|\{dot\}|<dot>| dot |\.)\s?"
_SPELT = re.compile(rf"\b[\w.+-]{{2,40}}{_AT}[\w-]{{2,40}}{_DOT}(?:com|net|org|edu|de|uk|us|info|co)\b", re.I)
_FREE_MAIL = re.compile(
    "@"
    + any_of(r"""
        gmail | googlemail | yahoo | ymail | rocketmail | aol | aim | hotmail | outlook | live | msn | icloud
        me | mac | gmx | web | mail | proton(?:mail)? | pm | zoho | comcast | verizon | att | sbcglobal
        bellsouth | cox | charter | earthlink | btinternet | t-online | orange | free | wanadoo | laposte
        libero | qq | 163 | yandex
    """)
    + r"\.[\w.]+$",
    re.I,
)
_GROUPED = re.compile(
    r"(?<![\w./-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,7}){1,4}(?![\w/-]|\.\d)"
)
_ABROAD = re.compile(r"(?<![\w+])\+\d[\d ().-]{6,18}\d\b")
_IN_ONE = re.compile(r"(?<![\w./-])\(?[2-9]\d{2}\)?[2-9]\d{6}(?![\w/-]|\.\d)")
_CALLED = re.compile(
    words(r"""
        call | ring | phone | tele?phone | text | sms | whats ?app | signal | dial | reach | contact | number
        cell | mobile | tel | fax | at | on
    """)
    + r"[^.!?]{0,30}$",
    re.I,
)
_FREE = re.compile(
    r"^(?:\+?1)?(?:800|888|877|866|855|844|833)|^0(?:800|808|300)|^\+?44(?:800|808)|^116\d{3}$|^13\d{4}$|^1300"
)
"""Lines that cost nothing, and crisis lines: nobody's own."""
_NUMBERS = re.compile(
    any_of(r"""
        doi | pmid | pmc | isbn | issn | nct | version | model | serial | lot | batch | icd | cpt | ndc | no\.
        nos?\.? | # | \$ | € | £ | 10\.
    """)
    + r"[\s:.#]*$",
    re.I,
)
_COUNTED = re.compile(
    r"^\s?(?:%|"
    + words(r"""
        percent | mg | ml | people | patients | adults | women | men | records | cases | calls | hours | days
        weeks | years | dollars | euros | pounds | steps | votes | deaths
    """)
    + ")",
    re.I,
)
_BIRTH = r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4})"
_IDENTITY = (
    ("a social security number", re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-\d{2}-\d{4}(?![\w-])")),
    ("a number of a medical record",
     re.compile(r"\b(?:MRN|medical record (?:number|no\.?)|patient (?:id|number|no\.?))[\s:#]{0,3}[A-Z]?\d{4,}", re.I)),
    ("a date of birth", re.compile(rf"\b(?:DOB|d\.o\.b\.|date of birth|born(?: on)?)[\s:]{{0,2}}{_BIRTH}", re.I)),
)  # fmt: skip


def addresses(text: str) -> Iterator[str]:
    """Of e-mail, also where somebody wrote `jane (at) mail (dot) com`."""
    yield from _EMAIL.findall(text)
    for found in _SPELT.finditer(text):
        if "(" in found[0] or "[" in found[0] or _FREE_MAIL.search(_joined(found[0])):
            yield found[0]


def _joined(spelt: str) -> str:
    plain = re.sub(_AT, "@", spelt, count=1, flags=re.I)
    return re.sub(_DOT, ".", plain, flags=re.I).replace(" ", "")


def is_mailbox(address: str) -> bool:
    """Of a provider where people have theirs, not of an organisation."""
    return bool(_FREE_MAIL.search(address))


def phones(text: str) -> Iterator[str]:
    """Phone numbers as people write them; not free lines, years, prices, DOIs."""
    seen: list[tuple[int, int]] = []
    for pattern in (_ABROAD, _GROUPED, _IN_ONE):
        for found in pattern.finditer(text):
            inside = any(begin < found.end() and found.start() < end for begin, end in seen[-20:])
            if not inside and _is_private(pattern, found, text):
                seen.append(found.span())
                yield found[0].strip()


def _is_private(pattern: re.Pattern[str], found: re.Match[str], text: str) -> bool:
    number, before, after = (
        found[0],
        text[max(0, found.start() - 50) : found.start()],
        text[found.end() : found.end() + 20],
    )
    plain = re.sub(r"[^\d+]", "", number)
    if not 7 <= len(plain.lstrip("+")) <= 15 or _FREE.search(plain) or _NUMBERS.search(before):
        return False
    if pattern is _IN_ONE:
        return bool(_CALLED.search(before))
    return number.startswith(("+", "(")) or not (_is_date_or_count(number, plain) or _COUNTED.match(after))


def _is_date_or_count(number: str, plain: str) -> bool:
    parts = re.findall(r"\d+", number)
    years = all(len(part) == 4 and part[0] in "12" for part in parts)
    dates = len(parts) == 3 and sorted(map(len, parts)) in ([2, 2, 4], [2, 2, 2], [1, 2, 4])
    thousands = len(parts) > 1 and len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
    return years or dates or (thousands and len(plain) in (7, 8, 9) and ("." in number or " " in number))


def identifiers(text: str) -> Iterator[str]:
    """Numbers that stand for one person, each with what it is."""
    for what, pattern in _IDENTITY:
        if found := pattern.search(text):
            yield f"{what}: {found[0]}"
