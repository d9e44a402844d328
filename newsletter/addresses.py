"""Mail addresses as people type and paste them: read once, kept in two forms.

`email` is what mail is sent to: the local part in the case the reader wrote it (RFC 5321, section 2.4: only
the receiving host may interpret it), the domain in lower case. `key` is what addresses are compared by: all
lower case, the domain in punycode. Nothing here asks the network.
"""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from newsletter.errors import AddressError, ConfigError

MAX_LOCAL = 64
MAX_LENGTH = 254
"""RFC 5321, section 4.5.3.1, with the erratum 1690 to RFC 3696."""

_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_UNSEEN = "\xad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff" + "".join(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x2070)))
)
"""Never part of an address wherever they stand. The two joiners (U+200C, U+200D) belong to some domain names:
they are only taken off the ends."""
_DOTS = ".\u3002\uff0e\uff61"
"""Those of other scripts separate the parts of a domain, too (RFC 3490, section 3.1)."""
_REMOVE_UNSEEN = {ord(char): None for char in _UNSEEN}
_ENDS = _SPACES + "\x00\u200c\u200d"

# A subset of what the full reading below accepts and leaves as it is; a test holds one against the other. Most
# addresses of a long list are of this shape, and it is thirty times quicker. The possessive quantifiers (`++`)
# never look back. A label of a domain has 63 characters at most: PLAIN_MAX sees to that, too.
PLAIN_MAX = 64
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,}+"
).fullmatch
_NAMED = re.compile(r"[^<>]*<([^<>]*)>").fullmatch
_QUOTED = re.compile(r"([\"'])(.*)\1").fullmatch


class Address(NamedTuple):
    """A tuple: lists have millions."""

    email: str
    key: str

    @property
    def domain(self) -> str:
        """In punycode."""
        return self.key.rpartition("@")[2]


def read_address(text: str, *, unwanted: Container[str] = ()) -> Address:
    """The address in `text`, also when pasted as `mailto:a@b` or `Name <a@b>`, unseen characters and all.

    `unwanted` holds domains (punycode) whose addresses, and those of their subdomains, are refused. Raises
    AddressError with a reason that a reader can act on and that does not repeat the address.
    """
    address = _read(text)
    if unwanted and _is_under(address.domain, unwanted):
        raise AddressError("is of a service for throw-away addresses", hint="Use an address that lasts.")
    return address


def _read(text: str) -> Address:
    if len(text) <= PLAIN_MAX and _PLAIN(text):
        return Address(text, text.lower())
    bare = _unwrap(text)
    if len(bare) <= PLAIN_MAX and _PLAIN(bare):
        return Address(bare, bare.lower())
    _refuse_by_shape(bare)
    return _read_fully(bare)


def _unwrap(text: str) -> str:
    """What is left without invisible characters, display name, brackets, `mailto:` and quotes around it."""
    bare = text.translate(_REMOVE_UNSEEN).strip(_ENDS).rstrip(",;" + _ENDS)
    if named := _NAMED(bare):
        bare = named[1].strip(_ENDS)
    if bare[:7].lower() == "mailto:":
        bare = unquote(bare[7:].partition("?")[0]).strip(_ENDS)
    if quoted := _QUOTED(bare):
        bare = quoted[2].strip(_ENDS)
    return bare


def _refuse_by_shape(bare: str) -> None:
    """The mistakes people make, in words they know. What is left is for the library."""
    if not bare:
        raise AddressError("is empty")
    if "@" not in bare:
        raise AddressError("has no @")
    if bare.count("@") > 1:
        raise AddressError("has more than one @", hint="Give one address.")
    local, _, domain = bare.partition("@")
    if not local or not domain:
        raise AddressError(f"has nothing {'before' if not local else 'after'} the @")
    if not any(dot in domain for dot in _DOTS):
        raise AddressError("has no dot after the @", hint="Addresses end like example.org.")
    if len(local) > MAX_LOCAL:
        raise AddressError(f"has more than {MAX_LOCAL} characters before the @")
    if len(bare) > MAX_LENGTH:
        raise AddressError(f"is longer than {MAX_LENGTH} characters")
    if any(char in _SPACES for char in bare):
        raise AddressError("has a space in it")


def _read_fully(bare: str) -> Address:
    from email_validator import EmailNotValidError, validate_email  # late: few addresses need it

    try:
        valid = validate_email(bare, check_deliverability=False)
    except EmailNotValidError as error:
        reason = str(error).removeprefix("The email address is not valid. ").rstrip(".")
        raise AddressError(f"is not valid: {reason[:1].lower()}{reason[1:]}") from None
    local = valid.local_part
    ascii_domain = valid.ascii_domain
    if len(local.encode()) > MAX_LOCAL:
        raise AddressError(f"has more than {MAX_LOCAL} bytes before the @")
    if len(local.encode()) + 1 + len(ascii_domain) > MAX_LENGTH:
        raise AddressError(f"is longer than {MAX_LENGTH} characters")
    return Address(f"{local}@{valid.domain.lower()}", f"{local.lower()}@{ascii_domain.lower()}")


def _is_under(domain: str, unwanted: Container[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[n:]) in unwanted for n in range(len(labels) - 1))


def read_domains(path: Path) -> frozenset[str]:
    """A list of domains, one a line, `#` for remarks. Raises ConfigError when it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the list of domains cannot be read: {error}", where=str(path)) from None
    bare = (line.partition("#")[0].strip().lower() for line in lines)
    return frozenset(domain.removeprefix("*.").removeprefix("@") for domain in bare if domain)
