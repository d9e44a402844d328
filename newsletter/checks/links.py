"""Every link is whole, leads where it says, answers, and does not know who follows it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from newsletter.checks import Answer, Case, Found
from newsletter.checks._page import Link, page_of
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

OWN = {UNSUBSCRIBE_MARK, PREFERENCES_MARK}
_SHORTENERS = re.compile(
    r"(?:^|\.)(?:bit\.ly|bitly\.com|t\.co|tinyurl\.com|goo\.gl|ow\.ly|buff\.ly|is\.gd"
    r"|v\.gd|rebrand\.ly|cutt\.ly|shorturl\.at"
    r"|rb\.gy|lnkd\.in|dlvr\.it|tiny\.cc|t\.ly|bl\.ink|short\.io|trib\.al|fb\.me|amzn\.to"
    r"|a\.co|youtu\.be\.short|s\.id|qr\.ae)$"
)
_CLICK_HOSTS = re.compile(
    r"^(?:click|clicks|track|tracking|trk|links?\d*|email|e|mandrillapp|ct|go)\.[^/]*(?:sendgrid"
    r"|mail|list-manage|hubspot|mcsv|track)"
    r"|(?:^|\.)(?:list-manage\.com|mandrillapp\.com|sendgrid\.net|hubspotlinks\.com|hs-sites\.com\.track|mailgun\.org)$"
)
_CLICK_PATHS = re.compile(
    r"/(?:track|tracking)/(?:click|open)|/ls/click|/wf/(?:click|open)|/(?:open|pixel|beacon)\.(?:gif|png)",
    re.I,
)
_PERSONAL = re.compile(
    r"mc_eid|email|e-mail|emailaddress|email_address|mail|subscriber(?:_?id)?|sub_?id"
    r"|recipient(?:_?id)?|reader(?:_?id)?"
    r"|user_?id|uid|contact(?:_?id)?|_hsenc|_hsmi|vero_id|mkt_tok|ck_subscriber_id|__s"
    r"|oly_enc_id|oly_anon_id|wickedid|bsft_uid",
    re.I,
)
_BACK_ROOM = re.compile(r"/wp-admin/|/wp-login\.php|[?&]preview(?:_id|_nonce)?=|/ghost/|/draft/preview", re.I)
HTTPS = "https://developer.mozilla.org/docs/Web/Security/Practical_implementation_guides/TLS"
TRACKING = "https://www.rfc-editor.org/rfc/rfc8058"


def find(case: Case) -> Iterator[Found]:
    seen: set[str] = set()
    for edition in case.editions:
        page = page_of(edition.html)
        for link in page.links:
            if link.href not in seen and link.href not in OWN:
                seen.add(link.href)
                yield from _form(case, link, page.anchors)
                yield from _tracking(case, link.href)
        yield from _pixels(edition.html, f"variant {edition.topics}")
    yield from _answers(case, seen)


# --- its form --------------------------------------------------------------------------------------------


def _form(case: Case, link: Link, anchors: set[str]) -> Iterator[Found]:
    if fault := form_fault(link.href, anchors):
        message, hint = fault
        http = urlsplit(case.config.newsletter.site_url).scheme == "http" and message.startswith(
            "goes by plain http"
        )
        own = urlsplit(link.href).hostname == urlsplit(case.config.newsletter.site_url).hostname
        if own and not message.startswith(("goes by plain http", "leads to a draft")):
            return  # a site on one's own machine is there to try things out
        where = case.line_of(link.href)
        yield Found(
            "link_form",
            f"{link.href or 'an empty link'} {message}",
            where,
            "It leads nowhere, or not safely.",
            hint,
            HTTPS,
            mild=http and own,
        )


def form_fault(href: str, anchors: set[str]) -> tuple[str, str] | None:
    """What is wrong with an address by itself, and what to do."""
    if not href:
        return "has no address", "Give it one, or take the link away."
    if href.startswith("#"):
        return (
            None
            if href[1:] in anchors
            else ("leads to an anchor that is not there", "Name the anchor as it is.")
        )
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").lower()
    except ValueError:
        return "is no address", "Copy it again."
    if parts.scheme in ("mailto", "tel", "sms"):
        return None
    if parts.scheme not in ("http", "https"):
        what = f"begins with {parts.scheme}:" if parts.scheme else "is no whole address"
        return what, "Links of a mail begin with https://."
    if "@" in parts.netloc:
        return "has a name before its host, and can pretend to be another site", "Write it without."
    if _is_private(host):
        return "leads to a machine that no reader reaches", "Write the address that readers use."
    if _BACK_ROOM.search(href):
        return "leads to a draft or to the site's back room", "Copy the address of the published page."
    if parts.scheme == "http":
        return "goes by plain http", "Begin it with https://."
    return None


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." not in host


# --- whom it tells ---------------------------------------------------------------------------------------


def _tracking(case: Case, href: str) -> Iterator[Found]:
    if what := tracking_fault(href):
        yield Found(
            "link_tracking", f"{href} {what}", case.line_of(href),
            "That somebody reads a pain newsletter is health information; and spam filters mistrust such links.",
            "Use the address of the page itself.", TRACKING,
        )  # fmt: skip


def tracking_fault(href: str) -> str | None:
    """How an address hides where it leads, or tells who follows it."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if _SHORTENERS.search(host):
        return "is a shortened address: nobody sees where it leads"
    if _CLICK_HOSTS.search(host) or _CLICK_PATHS.search(parts.path):
        return "goes through a counter of clicks"
    for name, value in parse_qsl(parts.query):
        if _PERSONAL.fullmatch(name) or re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", value):
            return f"tells who follows it ({name}=…)"
    return None


def _pixels(html: str, where: str) -> Iterator[Found]:
    for image in page_of(html).all("img"):
        size = {image.get("width", ""), image.get("height", "")}
        src = image.get("src", "")
        if (size <= {"0", "1"} and size) or _CLICK_PATHS.search(urlsplit(src).path if "//" in src else ""):
            yield Found(
                "link_tracking", f"a picture that nobody sees: {src}", where,
                "It tells who opened the mail, and when.", "Take it out of the template.", TRACKING,
            )  # fmt: skip


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
        if answer and (fault := answer_fault(answer)):
            message, mild = fault
            yield Found(
                "link_answers", f"{href} {message}", case.line_of(href), "Readers would meet an error.",
                "Mend the address, or take the link out." if not mild else "Open it yourself, and mend it if need be.",
                "RFC 9110, section 15", mild=mild,
            )  # fmt: skip


def answer_fault(answer: Answer) -> tuple[str, bool] | None:
    """What is wrong with an answer, and whether that is only a warning."""
    if answer.status in _DEAD:
        return _DEAD[answer.status], False
    if answer.status == 0:
        return _NO_ANSWER.get(
            answer.trouble, f"did not answer ({answer.trouble})"
        ), answer.trouble not in _NO_ANSWER
    if answer.status >= 400:
        return f"answers {answer.status} to a program", True
    if answer.moved:
        return f"has moved for good, to {answer.url}", True
    return None
