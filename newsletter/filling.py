"""A mail as one provider's JSON wants it: built once for all readers, filled for each by joining bytes.

For providers whose calls carry every mail whole. What differs between readers stands in it as marks: the three
of newsletter.types, and TO_MARK.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from newsletter.mailbox import plain_address
from newsletter.types import DELIVERY_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK, Recipient

TO_MARK = "@@to@@"
"""Where the reader's address goes."""
_LINKS = {UNSUBSCRIBE_MARK: "@@html_unsubscribe_url@@", PREFERENCES_MARK: "@@html_preferences_url@@"}
_MARKS = (UNSUBSCRIBE_MARK, PREFERENCES_MARK, DELIVERY_MARK, TO_MARK, *_LINKS.values())
_SPLIT = re.compile("(" + "|".join(map(re.escape, _MARKS)) + ")")


def in_html(page: str) -> str:
    """`page` with its links marked as standing in HTML, where an ampersand is written otherwise."""
    for mark, marked in _LINKS.items():
        page = page.replace(mark, marked)
    return page


class Form:
    """One mail as JSON, cut at its marks. `mail` is what the provider wants, its HTML passed through `in_html`."""

    def __init__(self, mail: Mapping[str, Any]) -> None:
        self._pieces = _SPLIT.split(json.dumps(mail, ensure_ascii=False, separators=(",", ":")))

    def fill(self, reader: Recipient) -> bytes:
        """Raises AddressError for an address that no mail's header can hold."""
        values = {
            UNSUBSCRIBE_MARK: _inside(reader.unsubscribe_url),
            PREFERENCES_MARK: _inside(reader.preferences_url),
            DELIVERY_MARK: _inside(reader.delivery_id),
            TO_MARK: _inside(plain_address(reader.email)),
            _LINKS[UNSUBSCRIBE_MARK]: _inside(html.escape(reader.unsubscribe_url)),
            _LINKS[PREFERENCES_MARK]: _inside(html.escape(reader.preferences_url)),
        }
        return "".join([values.get(piece, piece) for piece in self._pieces]).encode()

    def fill_all(self, readers: tuple[Recipient, ...]) -> bytes:
        """A JSON array: the same bytes for the same readers, whenever it is made."""
        return b"[" + b",".join(map(self.fill, readers)) + b"]"


def _inside(value: str) -> str:
    """As it stands between the quotes of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]
