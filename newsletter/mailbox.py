"""Addresses and mailboxes as mail's headers, SMTP and providers take them."""

from __future__ import annotations

import re

from newsletter.errors import AddressError

_SAFE = r"[^\x00-\x20\x7f-\xa0<>,;:()\[\]\\\"\u2028\u2029"
is_plain = re.compile(rf"{_SAFE}]+@{_SAFE}@]+").fullmatch
"""Whether an address can be read as one address, and as nothing else."""
_PLAIN_NAME = re.compile(r'[^\x00-\x1f"(),.:;<>@\[\\\]\x7f]*').fullmatch


def plain_address(email: str) -> str:
    """An address as headers and SMTP take it, its domain in punycode. Raises AddressError when it could be
    read as anything else than one address: it would not have come in by any of our doors."""
    if not is_plain(email):
        raise AddressError("cannot stand in a mail's headers")
    return email if email.isascii() else ascii_domain(email)


def split_mailbox(value: str) -> tuple[str, str]:
    """Name and address of a setting such as `Pain Weekly, the newsletter <weekly@example.org>`, which need
    not quote its name as a header would have to."""
    found = re.fullmatch(r"\s*(.*?)\s*<\s*([^<>]+?)\s*>\s*", value, re.DOTALL)
    name, address = (found[1], found[2]) if found else ("", value.strip())
    return re.sub(r'^"(.*)"$', r"\1", name), address


def ascii_domain(email: str) -> str:
    local, _, domain = email.rpartition("@")
    if domain.isascii():
        return email
    import idna  # late: few domains need it

    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


def quoted_name(name: str) -> str:
    """A display name as it is, or in quotes where a comma or the like would end it (RFC 5322, section 3.2.4)."""
    if _PLAIN_NAME(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def readable_mailbox(value: str) -> str:
    """A mailbox for a provider that takes text, not headers: the name in its own letters, the domain in punycode."""
    name, address = split_mailbox(value)
    name = " ".join(name.split())
    return f"{quoted_name(name)} <{ascii_domain(address)}>" if name else ascii_domain(address)
