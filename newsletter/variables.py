"""A mail whose readers' own values the provider fills in by itself: the body travels once for all of them.

For Mailgun, SendGrid and Brevo. Where the three marks of newsletter.types stand, the provider gets the names of
its own variables, and each reader's values beside.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from email.header import Header

from newsletter.errors import StopSending
from newsletter.types import DELIVERY_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK, Outgoing, Recipient

_MARKS = (UNSUBSCRIBE_MARK, PREFERENCES_MARK, DELIVERY_MARK)
_SPLIT = re.compile("|".join(map(re.escape, _MARKS)))


def name_marks(text: str, names: Mapping[str, str]) -> str:
    """`text` with the provider's own names of variables in place of the marks."""
    return _SPLIT.sub(lambda found: names[found[0]], text)


def fill_marks(text: str, reader: Recipient) -> str:
    """`text` with this reader's values in place of the marks: for headers, which have no variables everywhere."""
    return _SPLIT.sub(lambda found: values(reader)[found[0]], text)


def values(reader: Recipient) -> dict[str, str]:
    return {
        UNSUBSCRIBE_MARK: reader.unsubscribe_url,
        PREFERENCES_MARK: reader.preferences_url,
        DELIVERY_MARK: reader.delivery_id,
    }


def check_links(outgoing: Outgoing) -> None:
    """One value stands in HTML, in text and in headers, and some providers escape it: it must read the same.

    Raises StopSending. Only an odd `public_url` can be the reason: what we add to it is letters, digits, `-`, `.`.
    """
    for reader in outgoing.recipients:
        for url in (reader.unsubscribe_url, reader.preferences_url):
            if html.escape(url) != url:
                raise StopSending(
                    f"a reader's link cannot stand in HTML and in text alike: {url}",
                    where="newsletter.toml: [newsletter] public_url",
                    hint="Choose an address without & ' \" < >.",
                )


def ascii_value(value: str) -> str:
    """A header's value for providers that pass it on as it is: encoded words (RFC 2047) for what is not ASCII, but
    for an address in angle brackets at its end."""
    if value.isascii():
        return value
    found = re.fullmatch(r"(.*?)(\s*<[^<>]*>)?", value, re.DOTALL)
    words, address = (found[1], found[2] or "") if found else (value, "")
    return Header(words.strip().strip('"'), "utf-8", maxlinelen=75).encode(linesep="") + address
