"""Pictures: what they say to who cannot see them, and whether every mail program can show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from newsletter.checks import Answer, Case, Found
from newsletter.checks._page import page_of
from newsletter.checks._prose import quoted
from newsletter.checks._words import any_of

ALT = "WCAG 2.2, 1.1.1"
FORMATS = "https://www.caniemail.com/features/image-webp/"
_FILE_NAME = re.compile(
    any_of(r"""
        [\w() -]+\.(?:jpe?g|png|gif|webp|svg|avif|heic|bmp|tiff?) | screen ?shot\b.* | [0-9a-f]{12,}
        (?:IMG|DSCF?|PXL|image|photo|untitled|bildschirmfoto|whatsapp image|scan)[ _-]?[\d(][\w .:()-]*
        (?:shutterstock|i?stock(?:photo)?|adobestock|getty ?images|pexels|unsplash)[ _-]?(?:photo[ _-]?)?\d[\w .-]*
    """),
    re.I,
)
_NOTHING = re.compile(
    r"(?:an? |the |my )?"
    + any_of("""
        image | picture | photo(?:graph)? | img | graphic | icon | banner | thumbnail | logo | alt(?: text)?
        untitled | placeholder | stock photo | screenshot | illustration | video | still | cover | header
        hero | figure
    """)
    + r"(?: \d+| here)?[.!]?|\W+",
    re.I,
)
_BAD_TYPES = {
    "image/webp": "WebP",
    "image/svg+xml": "SVG",
    "image/avif": "AVIF",
    "image/heic": "HEIC",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
_BAD_ENDINGS = {"webp": "WebP", "svg": "SVG", "avif": "AVIF", "heic": "HEIC", "tif": "TIFF", "tiff": "TIFF",
                "bmp": "BMP"}  # fmt: skip
HEAVY = 300_000
"""Bytes from which a picture is slow on a phone."""


def find(case: Case) -> Iterator[Found]:
    yield from _unsaid(case)
    seen = set()
    for edition in case.editions:
        for image in page_of(edition.html).all("img"):
            key = (image.get("src", ""), image.get("alt"))
            if key not in seen:
                seen.add(key)
                yield from _about(case, image)


def _unsaid(case: Case) -> Iterator[Found]:
    """A picture that an editor chose, without a word of what it shows. `alt: ""` says that it only decorates."""
    for _, picks in case.issue.picks:
        for pick in picks:
            if pick.image and pick.image.url and not pick.image.alt and not case.has_key(pick, "alt"):
                yield _say(
                    f"{_short(pick.image.url)} has no alternative text", f"{case.issue.path}:{pick.line}",
                    'Say what it shows, in alt: "…", or write alt: "" where it only decorates.', ALT,
                )  # fmt: skip


def _about(case: Case, image: Any) -> Iterator[Found]:
    src, alt = image.get("src", ""), image.get("alt")
    where = case.place_of(src, src or case.issue.path)
    if alt is None:
        yield _say(
            f"{_short(src)} has no alternative text",
            where,
            'Say what it shows, or alt="" where it only decorates.',
            ALT,
        )
    elif _FILE_NAME.fullmatch(alt.strip()):
        yield _say(
            f"{_short(src)} has a file's name for a text: {quoted(alt)}",
            where,
            "Say what the picture shows.",
            ALT,
        )
    elif alt.strip() and _NOTHING.fullmatch(alt.strip()):
        yield _say(
            f"the text of {_short(src)} says nothing: {quoted(alt)}",
            where,
            "Say what the picture shows.",
            ALT,
        )
    elif len(alt) > 200:
        yield _say(
            f"the text of {_short(src)} has {len(alt)} characters",
            where,
            "Say it in a sentence.",
            ALT,
            mild=True,
        )
    if fault := _address_fault(case, src):
        yield _say(
            f"{_short(src)} {fault}",
            where,
            "Use a JPEG or PNG at an address that begins with https://.",
            FORMATS,
        )
    answer = (case.answers or {}).get(src)
    if answer:
        for message, mild in answer_faults(answer, shown_at(image), case.limits.image_limit_kb):
            yield _say(
                f"{_short(src)} {message}",
                where,
                "Give it another picture, or make this one smaller.",
                FORMATS,
                mild=mild,
            )


def _address_fault(case: Case, src: str) -> str | None:
    if not src:
        return "has no address"
    if src.startswith("data:"):
        return "stands inside the mail (data:), which Gmail and Outlook do not show"
    try:
        parts = urlsplit(src)
    except ValueError:
        return "has no address that can be read"
    ending = parts.path.rpartition(".")[2].lower()
    if ending in _BAD_ENDINGS:
        return f"is {_BAD_ENDINGS[ending]}, which not every mail program shows"
    site = urlsplit(case.config.newsletter.site_url)
    if not parts.hostname:
        return "has no whole address"
    if parts.scheme != "https" and not (site.scheme == "http" and parts.hostname == site.hostname):
        return "does not come by https"
    return None


def answer_faults(answer: Answer, shown: int | None, limit_kb: float) -> Iterator[tuple[str, bool]]:
    """What is wrong with a picture as it came, and whether that is only a warning."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    if answer.status in (404, 410):
        yield f"is not there ({answer.status})", False
        return
    if answer.status == 0 or answer.status >= 400:
        yield f"did not come ({answer.trouble or answer.status})", True
        return
    if kind in _BAD_TYPES:
        yield f"is {_BAD_TYPES[kind]}, which not every mail program shows", False
    elif kind and not kind.startswith("image/") and kind != "application/octet-stream":
        yield f"is no picture but {kind}", False
    if answer.bytes and answer.bytes > limit_kb * 1000:
        yield f"weighs {answer.bytes / 1000:,.0f} kB", False
    elif answer.bytes and answer.bytes > HEAVY:
        yield f"weighs {answer.bytes / 1000:,.0f} kB", True
    if answer.width and shown and answer.width < shown:
        yield f"is {answer.width} pixels wide and shown at {shown}", True


def shown_at(image: Any) -> int | None:
    width = image.get("width", "")
    return int(width) if width.isdigit() else None


def _short(src: str) -> str:
    return src if len(src) <= 90 else src[:89] + "…"


def _say(message: str, where: str, hint: str, source: str, *, mild: bool = False) -> Found:
    why = "Many readers see no pictures, or hear them read out."
    return Found("images", message, where, why, hint, source, mild=mild)
