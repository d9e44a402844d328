"""Nothing watches the reader: no link that knows who follows it, nothing fetched that tells who opened the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import Page, host_of, is_hidden, page_of, pixels, styles
from newsletter.checks._words import any_of
from newsletter.checks.links import OWN

TRACKING = (
    "https://www.ftc.gov/policy/advocacy-research/tech-at-ftc/2023/03/"
    "lurking-beneath-surface-hidden-impacts-pixel-tracking"
)
_SHORTENERS = re.compile(
    r"(?:^|\.)"
    + any_of(r"""
        bit\.ly | bitly\.com | t\.co | tinyurl\.com | goo\.gl | ow\.ly | buff\.ly | is\.gd | v\.gd
        rebrand\.ly | cutt\.ly | shorturl\.at | rb\.gy | lnkd\.in | dlvr\.it | tiny\.cc | t\.ly | bl\.ink
        short\.(?:io|gy|cm) | trib\.al | fb\.me | amzn\.(?:to|eu) | a\.co | s\.id | qr\.ae | j\.mp | soo\.gd
        clck\.ru | adf\.ly | shorte\.st | bc\.vc | po\.st | mcaf\.ee | hubs\.l[iy] | spr\.ly | ift\.tt
        wp\.me | snip\.ly | t2m\.io | qrco\.de | tny\.im | u\.to | x\.gd | shor\.by | lnk\.to | surl\.li
        urlz\.fr | dub\.sh | kutt\.it | conta\.cc | eepurl\.com | ebx\.sh | linktr\.ee
    """)
    + "$"
)
_COUNTED = r"(?:click|clicks|track|tracking|trk|tracker|pixel|beacon)"
_CLICK_HOSTS = re.compile(
    rf"^{_COUNTED}\."
    + r"|^(?:email|e|ct|go|links?\d*|lnk|mandrillapp)\.[^/]*"
    + any_of("""
        sendgrid | mail | list-manage | hubspot | mcsv | track | klclick | exacttarget | sparkpost
        convertkit | substack | pardot | marketo
    """)
    + r"|(?:^|\.)"
    + any_of(r"""
        list-manage\d?\.com | mandrillapp\.com | sendgrid\.net | hubspotlinks\.com | mailgun\.org
        emltrk\.com | mailtrack\.io | klclick\d?\.com | convertkit-mail\d?\.com | rs6\.net | exct\.net
        createsend\d?\.com | cmail\d+\.com | mjt\.lu | mkt\d+\.com | awstrack\.me | getnotify\.com
        bananatag\.com | yesware\.com | streak\.com | safelinks\.protection\.outlook\.com | urldefense\.com
    """)
    + "$"
)
_COUNTERS = re.compile(
    r"(?:^|\.)"
    + any_of(r"""
        google-analytics\.com | googletagmanager\.com | doubleclick\.net | facebook\.com | bat\.bing\.com
        hotjar\.com | litmus\.com | scorecardresearch\.com | quantserve\.com | matomo\.cloud | plausible\.io
        mixpanel\.com | segment\.(?:io|com)
    """)
    + "$"
)
_CLICK_PATHS = re.compile(
    r"/(?:track|tracking|trk)/(?:click|open|o|c|pixel)\b|/ls/click|/wf/(?:click|open)", re.I
)
_OPEN_PATHS = re.compile(
    r"/(?:open|pixel|beacon|collect|counter|spacer|blank|clear|1x1|o|t)(?:\.(?:gif|png|jpe?g|php|aspx?))?$"
    r"|/(?:e/)?o(?:pen)?/[\w=-]{12,}",
    re.I,
)
_PERSONAL = re.compile(
    any_of(r"""
        mc_eid | e-?mail(?:_?addr(?:ess)?)? | mail | subscriber(?:_?(?:id|key))? | sub_?id
        recipient(?:_?(?:id|key))? | reader(?:_?id)? | user(?:_?id|name)? | uid | member(?:_?id)?
        contact(?:_?id)? | person(?:_?id)? | customer(?:_?id)? | patient(?:_?id)? | _hsenc | _hsmi | vero_id
        vero_conv | mkt_tok | ck_subscriber_id | __s | oly_enc_id | oly_anon_id | wickedid | bsft_uid | dm_i
        sfmc_sub | _kx | ml_subscriber | fbclid | gclid | gbraid | wbraid | dclid | msclkid | twclid | ttclid
        li_fat_id | igshid | yclid | epik | s_kwcid | rb_clickid | irclickid | jsessionid | phpsessid
        session_?id | sid
    """),
    re.I,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.I)
_HASH = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I
)
_CODE = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,64}", re.I)
_FETCHED = {
    "link": "href", "script": "src", "iframe": "src", "frame": "src", "embed": "src", "object": "data", "video": "src",
    "audio": "src", "source": "src", "track": "src", "input": "src", "bgsound": "src",
}  # fmt: skip
_IN_STYLE = re.compile(r"url\(\s*[\"']?((?:https?:)?//[^\"')\s]+)|@import\s+[\"']([^\"']+)", re.I)


def find(case: Case) -> Iterator[Found]:
    seen: set[str] = set()
    for edition in case.editions:
        page = page_of(edition.html)
        for href in [one.href for one in page.links]:
            if href not in seen and href not in OWN:
                seen.add(href)
                if what := tracking_fault(href):
                    yield _say(f"{href} {what}", case.place_of(href, case.issue.path), _FOLLOWED)
        yield from _opened(case, page, f"{VARIANT}{edition.topics}")


_FOLLOWED = (
    "That somebody reads a pain newsletter is health information; and spam filters mistrust such links."
)
_OPENED = "It tells who opened the mail, and when."


def _say(message: str, where: str, why: str = _OPENED) -> Found:
    hint = "Use the address of the page itself." if why == _FOLLOWED else "Take it out of the template."
    return Found("link_tracking", message, where, why, hint, TRACKING)


def tracking_fault(href: str) -> str | None:
    """How an address hides where it leads, or tells who follows it."""
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme == "mailto":
        # Whom it is to reach is no secret; who writes is.
        return "holds an address in its words" if _ADDRESS.search(unquote(parts.query)) else None
    if _SHORTENERS.search(host):
        return "is a shortened address: nobody sees where it leads"
    if _CLICK_HOSTS.search(host) or _CLICK_PATHS.search(parts.path):
        return "goes through a counter of clicks"
    return _personal_part(parts.query, f"{parts.path}#{parts.fragment}")


def _personal_part(query: str, rest: str) -> str | None:
    for name, value in parse_qsl(query, keep_blank_values=True):
        coded = len(name) == 1 and _CODE.fullmatch(value)  # Mailchimp's ?e=9a8b7c6d5e
        if coded or _PERSONAL.fullmatch(name) or _HASH.fullmatch(value) or _ADDRESS.search(value):
            return f"tells who follows it ({name}=…)"
    if found := _ADDRESS.search(unquote(rest)) or re.search(r";jsessionid=", rest, re.I):
        return f"tells who follows it ({found[0]})"
    return None


# --- what is fetched when the mail is opened ---------------------------------------------------------------


def _opened(case: Case, page: Page, where: str) -> Iterator[Found]:
    for image in page.all("img"):
        src = image.get("src", "")
        if _is_pixel(image, src):
            yield _say(f"a picture that nobody sees: {src}", case.place_of(src, where))
        elif _counts(src):
            yield _say(f"a picture that counts who opens it: {src}", case.place_of(src, where))
    own = _own_site(case)
    for element in page.all():
        for address in _fetched(element, own):
            yield _say(f"<{element.tag}> fetches {address}", case.place_of(address, where))


def _is_pixel(image: Any, src: str) -> bool:
    own = styles(image)
    sizes = [_length(own.get(name) or image.get(name, "")) for name in ("width", "height")]
    known = [one for one in sizes if one is not None]
    return bool(src) and (any(one <= 2 for one in known) or is_hidden(image))


def _length(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,5}", text.strip()) else pixels(text)


def _counts(src: str) -> bool:
    try:
        parts = urlsplit(src)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    return bool(
        _COUNTERS.search(host) or _CLICK_HOSTS.search(host) or _CLICK_PATHS.search(parts.path)
        or _OPEN_PATHS.search(parts.path) or _personal_part(parts.query, f"{parts.path}#{parts.fragment}")
    )  # fmt: skip


def _own_site(case: Case) -> tuple[str, ...]:
    """Hosts of the letter itself: its pictures come from there anyway."""
    letter = case.config.newsletter
    hosts = [
        (urlsplit(one).hostname or "").removeprefix("www.") for one in (letter.site_url, letter.public_url)
    ]
    return tuple(one for one in hosts if one)


def _fetched(element: Any, own: tuple[str, ...]) -> Iterator[str]:
    """What else a mail program would fetch: style sheets, frames, films, and grounds from elsewhere."""
    name = _FETCHED.get(element.tag)
    if name and (address := element.get(name, "").strip()):
        yield address
    text = f"{element.get('style', '')} {element.text or '' if element.tag == 'style' else ''}"
    grounds = [found[1] or found[2] for found in _IN_STYLE.finditer(text)]
    for address in [*grounds, *([element.get("background")] if element.get("background") else [])]:
        host = host_of(address)
        if not any(host == one or host.endswith(f".{one}") for one in own) or _counts(address):
            yield address
