"""Words from outside as plain text: nothing invisible, nothing that controls a terminal or a mail, one blank."""

from __future__ import annotations

import html
import re

from lxml import etree
from lxml import html as lxml_html

MAX_TITLE = 300
MAX_MARKUP = 200_000
"""Characters of an article's HTML that are looked at; ten times a long article."""

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Controls, soft hyphens, zero-width and direction marks, surrogates, tag characters: they hide or reorder words."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_BLANK = re.compile(r"\s+")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>|<!--")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SILENT = {"script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "head"}


def plain(text: str) -> str:
    """`text` on one line, without anything invisible."""
    return _BLANK.sub(" ", _INVISIBLE.sub("", text)).strip()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        head = head.rsplit(" ", 1)[0] if " " in head else head
    return head.rstrip(" ,;:–—-") + "…"


def title(value: str, kind: str = "text/plain") -> str:
    """A title as text, whichever way the feed wrote it.

    feedparser names the kind: `text/html` still holds tags and entities, `text/plain` is meant literally, but
    WordPress plugins write tags and double-escaped entities there too. A lone `<` is a lone `<`.
    """
    if kind != "text/plain" or _TAG.search(value):
        value = text_of(value)
    elif _ENTITY.search(value):
        value = html.unescape(value)
    return shorten(plain(value), MAX_TITLE)


def text_of(markup: str) -> str:
    """The words of a piece of HTML, without scripts and styles."""
    tree = parse(markup)
    return "" if tree is None else plain("".join(words(tree)))


def words(tree: etree._Element) -> list[str]:
    """The text of a tree in its order; what only a browser reads is left out. No recursion: depth is theirs."""
    found: list[str] = []
    silent: etree._Element | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        if event == "start" and silent is None:
            if element.tag in _SILENT:
                silent = element
            else:
                found.append(element.text or "")
        elif event == "end" and element is silent:
            silent = None
        if event != "start" and silent is None and element is not tree:
            found.append(element.tail or "")
    return found


def writable(text: str) -> str:
    """`text` as lxml lets it be written: a reference such as `&#12;` can bring in what XML has no room for."""
    return _NOT_XML.sub(" ", text)


def parse(markup: str) -> etree._Element | None:
    """A tree of HTML that need not be well formed; None when there is nothing in it."""
    markup = writable(_INVISIBLE.sub("", markup[:MAX_MARKUP]))
    if not markup.strip():
        return None
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return lxml_html.document_fromstring(
            f"<html><body>{markup}</body></html>".encode(), parser=parser, ensure_head_body=True
        )
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
