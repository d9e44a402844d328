"""The text of a feed from its bytes, mended where WordPress sites are known to break it, and refused where it is
made to do harm. What comes out is clean UTF-8, so that the parser need not guess."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from newsletter.errors import FeedRefused
from newsletter.types import Fetched

MAX_DEPTH = 500
"""Elements inside elements. A feed has five or six levels; the parser takes seconds for a hundred thousand."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_LATIN = ("iso8859-1", "cp1252", "ascii", "iso8859-15", "latin-1")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf)\b", re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:<\?xml[^<>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TAGS = re.compile(r"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>")
_VOID = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr p li td tr th dt dd option
    """.split()  # noqa: SIM905 - a line for each would be a page
)
"""Elements that HTML leaves open: no sign of depth where a site forgot to escape its HTML."""


def decode(fetched: Fetched) -> tuple[str, list[str]]:
    """The document as text that begins with its root, and notes on what had to be mended.

    Raises FeedRefused for a document that declares entities or is nested to no sensible end.
    """
    notes: list[str] = []
    text = _text(fetched, notes)
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
        notes.append("control characters were taken out")
    root = None if _PAGE.match(text[:10_000]) else _ROOT.search(text)
    before = text[: root.start()] if root else text[:10_000]
    if any("<!entity" in part.lower() for part in _outside_cdata(text)):
        raise FeedRefused(
            "declares entities of its own, which a feed has no need of",
            where=fetched.url,
            hint="It may be an attack. Nothing of it was taken in; ask who runs the site.",
        )
    if _too_deep(text):
        raise FeedRefused(
            f"is nested more than {MAX_DEPTH} elements deep",
            where=fetched.url,
            hint="It is broken or an attack. Nothing of it was taken in.",
        )
    return (_from_root(text, root, before, notes) if root else text), notes


def _text(fetched: Fetched, notes: list[str]) -> str:
    body = fetched.body
    codec = next((name for mark, name in _MARKS if body.startswith(mark)), None) or _declared(fetched)
    if codec not in ("utf-8", *_LATIN):
        with suppress(UnicodeError):  # Python knows encodings, such as `idna`, that no document has
            return body.decode(codec, "replace").lstrip("\ufeff")
        codec = "utf-8"
    try:
        # Latin-1 is often declared by a server that was never told; hardly any text is UTF-8 by accident.
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if codec == "utf-8":
            notes.append(f"is not all UTF-8 (byte {error.start}): the stray bytes were read as Latin-1")
            return body.decode("utf-8", "newsletter.latin").lstrip("\ufeff")
        return body.decode("cp1252", "replace")


def _stray(error: UnicodeError) -> tuple[str, int]:
    """A stray byte among UTF-8 is nearly always one letter pasted in from Windows."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("newsletter.latin", _stray)


def _declared(fetched: Fetched) -> str:
    """The codec the document or the server names; UTF-8 when neither does, or neither is known."""
    head = re.search(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.-]+)", fetched.body[:2000])
    server = re.search(r"charset\s*=\s*\"?([\w.-]+)", fetched.content_type, re.IGNORECASE)
    names = (head[1].decode("ascii") if head else "", server[1] if server else "")
    if any(name.lower() in ("utf-8", "utf8") for name in names):
        return "utf-8"
    for name in names:
        try:
            info = codecs.lookup(name)
            if info._is_text_encoding:
                return info.name
        except LookupError:
            continue
    return "utf-8"


def _from_root(text: str, root: re.Match[str], before: str, notes: list[str]) -> str:
    """Without what a plugin printed first: blank lines, a PHP warning. XML allows nothing before `<?xml`."""
    prolog = before.find("<?xml")
    junk = (before[:prolog] if prolog >= 0 else before).strip()
    if junk and not junk.startswith("<"):
        notes.append(f"begins with words that are no part of a feed: {junk[:60]!r}")
    elif re.match(r"<(?:br|b|p|div)\b", junk, re.IGNORECASE):
        notes.append("begins with HTML that is no part of a feed, perhaps a PHP warning")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text[root.start() :]}'


def _too_deep(text: str) -> bool:
    """Counted without a parser, in one pass and outside of CDATA, where WordPress keeps its HTML."""
    depth = 0
    for part in _outside_cdata(text):
        for tag in _TAGS.finditer(part):
            if tag[3].endswith("/") or tag[2].lower() in _VOID:
                continue
            depth += -1 if tag[1] else 1
            if depth > MAX_DEPTH:
                return True
    return False


def _outside_cdata(text: str) -> list[str]:
    first, *rest = text.split("<![CDATA[")
    return [first, *(part.partition("]]>")[2] for part in rest)]
