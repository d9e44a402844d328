"""Nothing from outside can break a page, execute, or pass for one of ours.

Titles, blurbs, notes and addresses come from feeds and editors. Escaping keeps them from being markup; this
file keeps them from being anything else: control characters that end a parse, line breaks that end a header,
template expressions and providers' variables that a later program would fill, marks that would become a
reader's link.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

# What XML 1.0 and HTML forbid, C1 controls, halves of surrogate pairs, and what turns the direction of the
# text around it: one stray U+202E in a title would turn the rest of its page.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_LINE_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")

# Each is broken up by one blank: visible, harmless, and the same again when cleaned twice.
_DEFUSED = re.compile(
    r"\{(?=[{%#])"  # {{ }}, {% %}, {# #}: Jinja, Postmark, SES, Brevo, SendGrid
    r"|@(?=@)"  # our own marks
    r"|<(?=%)"  # <%asm_group_unsubscribe_url%>: SendGrid
    r"|%(?![0-9A-Fa-f]{2})(?=recipient|[A-Za-z_][\w.]*%)"  # %recipient.name%, %unsubscribe_url%: Mailgun
)

_ANY = re.compile(r"[^\n\t\x20-\x7e]|[{@<%]")

_SCHEMES = {"http", "https"}
_IN_ADDRESS = "!$&'()*+,;=:/?@[]~%-._#"


def clean(text: str) -> str:
    """`text` without what must not reach a page; line breaks become \\n. Cleaning twice changes nothing."""
    if not _ANY.search(text):  # nearly always; this is called for every value of a page
        return text
    text = _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text))
    return _DEFUSED.sub(r"\g<0> ", text)


def one_line(text: str) -> str:
    """`clean`, with every run of white space as one blank: titles, subjects, alt texts."""
    return clean(" ".join(_FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text)).split()))


class Address(str):
    """A web address that `safe_address` has checked: pages show it as it is."""

    __slots__ = ()


def safe_address(text: str, schemes: set[str] = _SCHEMES) -> Address | None:
    """`text` as an address in pure ASCII that cannot run, be filled in or pass for a mark, or None.

    Percent-encodes what RFC 3986 does not allow; a host in another script becomes punycode (RFC 3490). A user
    name in it is refused: it can make an address look like another site's.
    """
    text = _FORBIDDEN.sub("", text).strip()
    try:
        parts = urlsplit(text)
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in schemes or (scheme in _SCHEMES and not host) or re.search(r"[\s\"'<>\\{}%@]", host):
        return None
    rest = urlunsplit(("", "", _encoded(parts.path), _encoded(parts.query), _encoded(parts.fragment)))
    return Address(f"{scheme}://{host}{rest}" if scheme in _SCHEMES else f"{scheme}:{rest}")


def _encoded(part: str) -> str:
    part = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", part)
    return quote(part, safe=_IN_ADDRESS).replace("@@", "@%40").replace("'", "%27")
