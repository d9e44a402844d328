"""Hosts and origins, brought into one form so that they can be compared. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

DEFAULT_PORTS = ("", "80", "443")


def host_of(netloc: str) -> str:
    """`Example.org.:443` → `example.org`; `[::1]:8000` stays. Another script becomes punycode; no host is ''."""
    name = netloc.rpartition("@")[2].lower()
    host, colon, port = name.rpartition(":")
    if not colon or "]" in port:
        host, port = name, ""
    host = host.rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    return host if port in DEFAULT_PORTS else f"{host}:{port}"


def origin_of(url: str) -> str:
    """`https://Example.org:443/blog/` → `https://example.org` (RFC 6454, section 6); '' for what has no host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = host_of(parts.netloc)
    return f"{parts.scheme.lower()}://{host}" if host else ""


def prefix_of(url: str) -> str:
    """`https://example.org/letter` → `/letter`; '' for a service that has a host of its own."""
    return urlsplit(url).path.rstrip("/")
