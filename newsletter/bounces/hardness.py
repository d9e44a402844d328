"""Is a failed delivery for good? Judged by the enhanced status code (RFC 3463) and the words, which say more than the
first digit: servers write 5 before a full mailbox and before a block list as well.

An address is lost by a mistake here, and only a mail by the other: what nothing speaks for is not for good.
"""

from __future__ import annotations

import re

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_FOR_GOOD = {
    "1.0",  # other address status
    "1.1",  # no such mailbox
    "1.2",  # no such domain
    "1.3",  # not an address
    "1.4",  # ambiguous
    "1.6",  # moved, without saying where to
    "1.10",  # a domain that takes no mail (RFC 7505, section 4.2)
    "2.1",  # a mailbox that is switched off
    "4.4",  # no server for the domain
}


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_NOT_THE_READER = _any(
    r"sender (?:address|domain|verify|verification)",
    r"return[- ]path",
    r"mail from",
    r"gr[ea]y[- ]?list",
    r"try again later",
)
"""About us, or about the moment, whatever else is said."""
_NOBODY_THERE = _any(
    r"(?:user|recipient|mailbox|address|account|addressee) (?:is )?(?:unknown|not found|invalid|non-?existent)",
    r"(?:unknown|invalid|no such|non-?existent|undeliverable) (?:\w+ )?"
    r"(?:user|recipient|mailbox|address|account|person)",
    r"(?:user|recipient|mailbox|address|account|domain)[^.;\n]{0,60}?(?:does ?n[o']t|does not|do not) exist",
    r"that you tried to reach does not exist",
    r"doesn'?t have an? [\w. ]+ account",
    r"no mailbox (?:here )?by that name",
    r"(?:account|mailbox|user)[^.;\n]{0,30} (?:is |has been )?"
    r"(?:disabled|deactivated|closed|terminated|suspended|inactive)",
    r"recipient address rejected: access denied",
    r"recipient not found",
    r"not a (?:valid|known) (?:user|recipient|mailbox|address)",
    r"(?:host|domain)(?: or domain)?(?: name)? (?:not found|unknown|lookup failed)",
    r"unrouteable (?:address|mail domain)",
    r"couldn'?t find any host named",
    r"nullmx|null mx|does not accept mail",
)
_FOR_NOW = _any(
    r"quota|mailbox (?:is )?full|storage|disk space|too (?:large|big|many|much)|size limit|exceeds",
    r"spam|unsolicited|bulk|virus|malware|phish|block|black ?list|\brbl\b|dnsbl|reputation|listed|policy|content",
    r"\bspf\b|\bdkim\b|\bdmarc\b|authenticat|relay",
    r"temporar|timed? ?out|expired|too busy|throttl|rate|try again|connection|refused to talk|resources",
)


def is_for_good(status: str, words: str) -> bool:
    """`status` as a report gives it (`5.1.1`), or empty; `words` what the receiving server said."""
    code = _STATUS.search(status) or _STATUS.search(words)
    if code and code[1] == "4":
        return False
    if _NOT_THE_READER.search(words):
        return False
    if _NOBODY_THERE.search(words):
        return True
    if _FOR_NOW.search(words):
        return False
    return bool(code) and f"{code[2]}.{code[3]}" in _FOR_GOOD if code else False
