"""The line of an inbox: how much of sender, subject and preheader each mail program shows before a mail is opened.

No vendor publishes limits: what fits is a matter of widths. These are counts that others measured, with average
letters at the default text size; where two measurements differ, the lower one stands here.

Subjects
  Gmail on phones 37, on the web 70; Apple Mail on Macs 70, Outlook on desktops 60:
    https://lettercounter.org/blog/email-subject-line-length-guide
  Apple Mail on iPhones 41 (48 in another's test), Outlook's message list 54, Gmail 70:
    https://www.theorchardagency.com.au/insights/subject-line-length-and-open-rates/
    https://www.emailtooltester.com/en/blog/email-subject-lines-character-limit/
  Apple Mail on Macs 64, Outlook on phones 38:
    https://typecount.com/blog/email-subject-line-length
Preheaders
  Gmail on the web 97, Apple Mail on iPhones 81 and on Macs 140, Outlook on phones 55 and on Windows 35:
    https://themarketer.com/resources/knowledge-base/how-long-should-your-preview-texts-be
  Gmail on phones 40: https://knowledge.acellemail.com/articles/email-preheader-text-the-hidden-conversion-booster
  A preheader that is shorter is followed by the mail's own first words (Google's support, of Gmail's snippets):
    https://beforeiblog.blogspot.com/2015/08/how-gmail-handles-preview-text.html
Senders
  20 on phones, 25 at most elsewhere: https://campaign.name/tools/email-subject-line-tester/
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

_UNSEEN = re.compile(r"<!--.*?-->|<(style|script|title)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_LOOKED_AT = 20_000
"""Characters of a page in which its first words are looked for."""


class Inbox(NamedTuple):
    """One program's list of mails; the numbers are characters it shows."""

    program: str
    device: str
    sender: int
    subject: int
    preheader: int

    @property
    def name(self) -> str:
        return f"{self.program}, {self.device}"


INBOXES = (
    Inbox("Gmail", "phone", 20, 37, 40),
    Inbox("Apple Mail", "phone", 20, 41, 81),
    Inbox("Outlook", "phone", 20, 38, 55),
    Inbox("Gmail", "desktop", 25, 70, 97),
    Inbox("Apple Mail", "desktop", 25, 64, 140),
    Inbox("Outlook", "desktop", 25, 54, 35),
)


class Line(NamedTuple):
    """What one inbox shows of a mail."""

    inbox: Inbox
    sender: str
    subject: str
    preheader: str
    filling: str
    """The mail's own first words, where the preheader leaves room."""
    unseen: str
    """What of the subject nobody sees there."""
    unseen_preheader: str


def lines(sender: str, subject: str, preheader: str, page: str) -> tuple[Line, ...]:
    """The line of every inbox. `page` is the mail's HTML, whose first words follow the preheader."""
    words = first_words(page).removeprefix(preheader).strip()
    return tuple(_line(one, sender, subject, preheader, words) for one in INBOXES)


def _line(inbox: Inbox, sender: str, subject: str, preheader: str, words: str) -> Line:
    seen_subject, unseen = cut(subject, inbox.subject)
    seen_preheader, unseen_preheader = cut(preheader, inbox.preheader)
    room = inbox.preheader - width(preheader) - 1
    return Line(
        inbox=inbox,
        sender=cut(sender, inbox.sender)[0],
        subject=seen_subject,
        preheader=seen_preheader,
        filling=cut(words, room)[0] if room > 0 else "",
        unseen=unseen,
        unseen_preheader=unseen_preheader,
    )


def cut(text: str, room: int) -> tuple[str, str]:
    """What is shown of a text, with an ellipsis where it is cut, and what is not."""
    if width(text) <= room:
        return text, ""
    shown, used = 0, 1  # the ellipsis has a width, too
    while shown < len(text) and used + width(text[shown]) <= room:
        used += width(text[shown])
        shown += 1
    return text[:shown].rstrip() + "…", text[shown:].lstrip()


def width(text: str) -> int:
    """In average letters: CJK and emoji are two wide (Unicode, UAX 11), combining marks none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def first_words(page: str) -> str:
    """The page's text from its top, on one line: what programs make their snippet of."""
    start = page.find("<body")
    begun = page[max(start, 0) : max(start, 0) + _LOOKED_AT]
    text, _, _ = _TAG.sub(" ", _UNSEEN.sub(" ", begun)).partition("<")
    return " ".join(html.unescape(text).split())
