"""How the mail stands in an inbox: its size, its subject and preheader, its title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import page_of
from newsletter.checks._prose import quoted
from newsletter.checks._words import any_of, words
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

CLIP = "https://github.com/hteumeuleu/email-bugs/issues/41"
HONEST = "CAN-SPAM, 15 U.S.C. § 7704(a)(2)"
_REPLY = re.compile(r"^\W*(?:re|fwd?|aw|wg|tr|sv|antw|rv)\s*(?:\[\d+\])?\s*:", re.I)
_HURRY = re.compile(
    r"^\W*urgent\b(?! care)|"
    + words(r"""
        act (?:now|fast|today) | last chance | hurry | limited[- ]time | don['’]t (?:miss out|delete)
        only today | today only | final (?:notice|reminder|warning|call)
        expires (?:today|tonight|at midnight) | ends (?:tonight|today) | action required
        only \d+ (?:left|spots?|seats?) | immediate (?:action|response) | time is running out
        (?:open|read) (?:this )?(?:now|immediately) | (?:call|order|buy|click) now
    """),
    re.I,
)
_BAIT = re.compile(
    words(r"""
        you (?:won['’]t|will not|wouldn['’]t|will never) believe | what happen(?:s|ed) next
        will (?:shock|amaze|stun) you | shocking | this one (?:thing|weird|simple|trick|food)
        number \d+ will | click (?:here|below) | you(?:['’]ve| have)? (?:been selected|won)
    """)
    + r"|\bcongratulations(?: ?[!,:]|$)",
    re.I,
)
_MONEY = re.compile(
    any_of(r"""
        [$€£]{2,} | \b(?:100 ?%|totally|absolutely) free\b | \bfree (?:gift|trial|money|offer|sample)s?\b
        \b\d+ ?% off\b | \b(?:save|earn|win) (?:up to )?[$€£]
    """),
    re.I,
)
_SYMBOLS = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]"
)
_TRICKS = (
    (_HURRY, "presses", "People in pain need no hurry."),
    (_BAIT, "baits", "Who was baited once trusts the next subject less."),
    (_MONEY, "talks of money", "Spam filters count it, and a letter on health sells nothing."),
)
_TOKEN = 110
"""Letters of a reader's own link after the address of the letter, at most."""


def find(case: Case) -> Iterator[Found]:
    yield from _size(case)
    yield from _subject(case)
    yield from _preheader(case)
    yield from _repeated(case)
    for edition in case.editions:
        title = (page_of(edition.html).root.findtext(".//title") or "").strip()
        if " ".join(title.split()) != " ".join(edition.subject.split()):
            said = f"is {quoted(title)}" if title else "is missing"
            yield Found(
                "page_title", f"the page's title {said}, not the subject", f"{VARIANT}{edition.topics}",
                "Screen readers say it first, and spam filters compare the two.",
                "Let parts/head of the template hold <mj-title>{{ subject }}</mj-title>.", "WCAG 2.2, 2.4.2",
            )  # fmt: skip


def _size(case: Case) -> Iterator[Found]:
    limits = case.limits
    for edition in case.editions:
        size = as_sent(edition.html, case.config.newsletter.public_url) / 1000
        if size >= limits.size_warning_kb:
            yield Found(
                "size", f"the page has {size:.0f} kB", f"{VARIANT}{edition.topics}",
                "Gmail cuts a mail off at about 102 kB, and with it the link to unsubscribe.",
                "Take out a pick or two, or shorten the texts.", CLIP, mild=size < limits.size_limit_kb,
            )  # fmt: skip


def as_sent(html: str, public_url: str) -> int:
    """Bytes of a page once it holds a reader's own links in place of their marks."""
    marks = sum(
        html.count(mark) * (len(public_url) + _TOKEN - len(mark))
        for mark in (UNSUBSCRIBE_MARK, PREFERENCES_MARK)
    )
    return len(html.encode()) + marks


def _subject(case: Case) -> Iterator[Found]:
    subject, where = case.layout.subject, case.key("subject")

    def say(message: str, why: str, hint: str, *, mild: bool = False, source: str = "") -> Found:
        return Found("subject", message, where, why, hint, source, mild=mild)

    if _REPLY.match(subject):
        yield say(
            "the subject pretends to be an answer", "It deceives readers.", "Leave it out.", source=HONEST
        )
    if is_shouting(subject):
        yield say(
            "the subject shouts",
            "Capitals read badly, and spam filters count them.",
            "Write it in small letters.",
        )
    if re.search(r"[!?]{2,}|!.*!", subject):
        yield say("the subject has more than one exclamation mark", "It looks like spam.", "One is plenty.")
    if len(_SYMBOLS.findall(subject)) > 1:
        yield say(
            "the subject has more than one picture sign",
            "Screen readers read each out.",
            "One is plenty.",
            mild=True,
        )
    for pattern, what, why in _TRICKS:
        if found := pattern.search(subject):
            yield say(
                f"the subject {what}: {quoted(found[0])}", why, "Say what is in the issue.", source=HONEST
            )
    if len(subject) > 2 * case.limits.subject_length - 10:
        yield say(
            f"the subject has {len(subject)} characters", "No inbox shows half of it.", "Say the first thing."
        )
    elif len(subject) > case.limits.subject_length:
        yield say(
            f"the subject has {len(subject)} characters",
            "Phones show about 40.",
            "Put what matters first.",
            mild=True,
        )


def is_shouting(text: str) -> bool:
    """Capitals by the half of it. Abbreviations (FDA, CRPS, TENS) are no shouting: they stand alone or among words."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    loud = [word for word in words if word.isupper()]
    pairs = re.findall(r"\b[A-Z]{2,}(?:[ ,]+[A-Z]{2,}){2,}\b", text)
    long = [word for word in loud if len(word) > 5]
    return bool(words) and (
        (len(loud) > len(words) * 0.6 and len(words) > 2) or bool(pairs) or len(long) >= 2
    )


def _preheader(case: Case) -> Iterator[Found]:
    text, where = case.layout.preheader, case.key("preheader")
    fault = None
    if not text:
        fault, where = (
            "there is no preheader: inboxes show the first words of the mail",
            case.key("subject"),
        )
    elif _plain(text) == _plain(case.layout.subject):
        fault = "the preheader says the same as the subject"
    elif len(text) > case.limits.preheader_length:
        fault = f"the preheader has {len(text)} characters"
    if text and is_shouting(text):
        fault = "the preheader shouts"
    if fault:
        yield Found(
            "subject", fault, where, "It stands behind the subject in the inbox.",
            "Name two or three other things of the issue.", mild=True,
        )  # fmt: skip


def _repeated(case: Case) -> Iterator[Found]:
    earlier = {_plain(subject): slug for subject, slug in case.past.subjects.items()}
    if slug := earlier.get(_plain(case.layout.subject)):
        yield Found(
            "repeated_subject", f"the issue of {slug} had this subject", case.key("subject"),
            "Readers take it for a mail they know, and programs put the two together.", "Write another one.",
        )  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold().replace("&", " and ")))
