"""Every link is whole, leads where it says, and answers."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from newsletter.checks import Answer, Case, Found
from newsletter.checks._page import Link, host_of, page_of, said
from newsletter.checks._prose import note_links, note_paragraphs
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

OWN = {UNSUBSCRIBE_MARK, PREFERENCES_MARK}
_BACK_ROOM = re.compile(
    r"/wp-admin/|/wp-login\.php|[?&]preview(?:_id|_nonce)?=|/ghost/#|/draft/preview"
    r"|docs\.google\.com/\w+/d/[^/]+/edit|\.(?:wpengine|wpenginepowered|kinsta|myftpupload|ngrok(?:-free)?)\.(?:com|cloud|io|app|dev)\b",
    re.I,
)
_STAGING = {"staging", "stage", "stg", "preprod", "uat", "dev", "sandbox", "localhost"}
_NO_WORDS = re.compile(r"\]\([^()\[]{0,2000}\)|<[^<>]{0,2000}>|`[^`\n]{0,500}`|^\[[^\[\]]{0,500}\]:.*", re.M)
_BARE = re.compile(r"(?<![\w(<\[/.@])(?:https?://|www\.)[^\s<>\"\])]+")
HTTPS = "RFC 9110, section 4.2"


def find(case: Case) -> Iterator[Found]:
    seen: set[str] = set()
    typed = list(_typed(case))
    yield from [*typed, *_bare(case)]
    for edition in case.editions:
        page = page_of(edition.html)
        for link in page.links:
            # Of a link that cannot be one the renderer leaves an empty one: it was named as it was typed.
            if link.href not in seen and link.href not in OWN and (link.href or not typed):
                seen.add(link.href)
                yield from _form(case, link, page.anchors)
    yield from _answers(case, seen)


# --- its form --------------------------------------------------------------------------------------------


def _typed(case: Case) -> Iterator[Found]:
    """The note's links of which the renderer makes none."""
    made = {one.href for one in page_of(case.editions[0].html).links}
    for _, address, _, where in note_links(case):
        if address not in made and (fault := form_fault(address, set())):
            yield _say(f"{address or 'an empty link'} {fault[0]}", where, fault[1])


def _bare(case: Case) -> Iterator[Found]:
    """Addresses in the note that stand there as plain words."""
    for line, paragraph in note_paragraphs(case):
        for found in _BARE.finditer(_NO_WORDS.sub(" ", paragraph)):
            yield _say(f"{found[0]} is no link: nobody can press it", f"{case.issue.path}:{line}",
                       "Write [its words](its address), or put it between < and >.", mild=True)  # fmt: skip


def _form(case: Case, link: Link, anchors: set[str]) -> Iterator[Found]:
    if not (fault := form_fault(link.href, anchors)):
        return
    message, hint = fault
    site, plain = urlsplit(case.config.newsletter.site_url), message.startswith(PLAIN)
    own = host_of(link.href) == site.hostname
    if own and message.startswith(UNREACHABLE):
        return  # a site on one's own machine is there to try things out
    where = case.place_of(link.href or said(link.element), case.issue.path)
    yield _say(
        f"{link.href or 'an empty link'} {message}", where, hint, mild=own and plain and site.scheme == "http"
    )


def _say(message: str, where: str, hint: str, *, mild: bool = False) -> Found:
    return Found("link_form", message, where, "It leads nowhere, or not safely.", hint, HTTPS, mild=mild)


PLAIN, UNREACHABLE = "goes by plain http", "leads to a machine"


def form_fault(href: str, anchors: set[str]) -> tuple[str, str] | None:
    """What is wrong with an address by itself, and what to do."""
    if not href:
        return "has no address", "Give it one, or take the link away."
    if href.startswith("#"):
        return (
            None
            if href[1:] in anchors
            else ("leads to an anchor that is not there", "Name the anchor as it is; a note has none.")
        )
    try:
        parts = urlsplit(href)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address", "Copy it again."
    if parts.scheme in ("mailto", "tel", "sms"):
        return None if _can_be_called(parts) else ("names nobody", "Write whom it is to reach.")
    if parts.scheme not in ("http", "https"):
        what = f"begins with {parts.scheme}:" if parts.scheme else "is no whole address"
        return what, "Links of a mail begin with https://."
    return _host_fault(parts, host) or _page_fault(href, parts)


def _can_be_called(parts: SplitResult) -> bool:
    if parts.scheme == "mailto":
        return bool(re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", unquote(parts.path)))
    return len(re.findall(r"\d", parts.path)) >= 3


def _host_fault(parts: SplitResult, host: str) -> tuple[str, str] | None:
    if "@" in parts.netloc:
        return "has a name before its host, and can pretend to be another site", "Write it without."
    if _is_private(host):
        return f"{UNREACHABLE} that no reader reaches", "Write the address that readers use."
    if _pretends(host):
        return (
            "mixes two alphabets in its host, and can pretend to be another site",
            "Copy it from the site itself.",
        )
    return None


def _page_fault(href: str, parts: SplitResult) -> tuple[str, str] | None:
    labels = (parts.hostname or "").split(".")
    if _BACK_ROOM.search(href) or (len(labels) > 2 and _STAGING & set(labels[:-2])):
        return "leads to a draft or to the site's back room", "Copy the address of the published page."
    if re.search(r"(?:%20|\s)$", parts.path):
        return "ends in a blank", "Copy it again."
    if parts.scheme == "http":
        return PLAIN, "Begin it with https://."
    return None


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".home", ".corp")):
        return True
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." not in host.strip(".") or ".." in host


def _pretends(host: str) -> bool:
    """A Latin name with a letter of another alphabet in it, which looks the same."""
    try:
        labels = host.encode("ascii").decode("idna").split(".") if host.isascii() else host.split(".")
    except UnicodeError:
        return True
    return any(
        _alphabets(label) >= {"LATIN"} and _alphabets(label) & {"CYRILLIC", "GREEK"} for label in labels
    )


def _alphabets(label: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}


# --- whether it answers ----------------------------------------------------------------------------------

_DEAD = {404: "is not found (404)", 410: "is gone (410)"}
_NO_ANSWER = {
    "no such host": "leads to a host that does not exist",
    "certificate": "has a certificate that does not hold",
    "too many redirects": "redirects without an end",
    "refused": "is refused by its host",
}


def _answers(case: Case, links: set[str]) -> Iterator[Found]:
    if case.answers is None:
        return
    for href in sorted(links):
        answer = case.answers.get(href)
        if answer and (fault := answer_fault(answer, href)):
            (message, mild), where = fault, case.place_of(href, case.issue.path)
            yield Found(
                "link_answers", f"{href} {message}", where, "Readers would meet an error.",
                "Mend the address, or take the link out." if not mild else "Open it yourself, and mend it if need be.",
                "RFC 9110, section 15", mild=mild,
            )  # fmt: skip


def answer_fault(answer: Answer, href: str = "") -> tuple[str, bool] | None:
    """What is wrong with an answer, and whether that is only a warning."""
    if answer.status in _DEAD:
        return _DEAD[answer.status], False
    if answer.status == 0:
        return _NO_ANSWER.get(
            answer.trouble, f"did not answer ({answer.trouble})"
        ), answer.trouble not in _NO_ANSWER
    if answer.status >= 400:
        return f"answers {answer.status} to a program", True
    if href and _is_front_page(answer.url, href):
        return f"leads to a front page, {answer.url}: the page itself may be gone", True
    if answer.moved:
        return f"has moved for good, to {answer.url}", True
    if href and _page(answer.url) != _page(href):
        return f"leads on to {answer.url}", True
    return None


def _is_front_page(answered: str, href: str) -> bool:
    return (
        len(urlsplit(href).path) > 4 and urlsplit(answered).path in ("", "/") and not urlsplit(answered).query
    )


def _page(url: str) -> tuple[str, str]:
    """What two spellings of an address have in common."""
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), unquote(parts.path).rstrip("/")
