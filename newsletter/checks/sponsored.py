"""A paid link says that it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from newsletter.checks import Case, Found
from newsletter.checks._prose import note_links, note_paragraphs
from newsletter.checks._words import any_of, words
from newsletter.urls import canonical_url

SOURCE = "FTC, 16 CFR Part 255; .com Disclosures (2013)"
_LABEL = re.compile(
    words(r"""
        sponsor(?:ed|s)?(?: by)? | advertisements? | advertorial | paid (?:partnership|content|post|link)
        affiliate | promoted | ad | anzeige | werbung
        we (?:may )?(?:earn|get|receive) (?:a )?(?:small )?commissions?
    """),
    re.I,
)
_PATH = re.compile(
    r"/(?:sponsored|advertorials?|partner-content|paid-posts?|brand-?voice|promoted|advertisements?)(?:[/-]|$)",
    re.I,
)
_CATEGORY = re.compile(
    any_of(r"""
        \bsponsor\w* | \badvert\w* | \baffiliate\w* | \bbrand ?voice\b | \bin partnership\b | ^promo\w*$
        \b(?:paid|partner|branded|promoted|native)\b.{0,12}\b(?:content|post|story|partnership|ad|article)s?\b
    """),
    re.I,
)
_OFFER = re.compile(
    words(r"""
        (?:promo|coupon|discount|voucher)[- ]codes? | (?:use|with) (?:the )?code (?-i:[A-Z0-9]{4,})
        \d{1,2} ?% off | special offer | (?:buy|order|shop) (?:now|today|here) | in (?:paid )?partnership with
        (?:brought to you|presented) by | free shipping | our (?:partners|sponsors?) at
    """),
    re.I,
)
"""Words that sell."""
_SHOP = re.compile(
    r"(?:^|[./-])(?:shop|store|buy|cart|checkout|products?|dp|gp)(?:[./-]|$)|\.shop$|\.store$", re.I
)
_NETWORKS = re.compile(
    r"(?:^|\.)(?:shareasale\.com|awin1\.com|clickbank\.net|hop\.clickbank\.net|cj\.com"
    r"|anrdoezrs\.net|jdoqocy\.com|tkqlhce\.com"
    r"|dpbolvw\.net|linksynergy\.com|impact\.com|pxf\.io|sjv\.io|rstyle\.me|skimresources\.com"
    r"|viglink\.com|redirectingat\.com"
    r"|partnerize\.com|prf\.hn|flexoffers\.com|avantlink\.com|digistore24\.com|go2cloud\.org|refersion\.com)$"
)
_PARAMETERS = re.compile(
    r"aff(?:iliate)?(?:_?(?:id|code|sub))?|affid|aid_ref|partner(?:_?id)?|irclickid|clickref|ascsubtag|afftrack",
    re.I,
)


def find(case: Case) -> Iterator[Found]:
    for story in case.stories:
        article = case.articles.get(canonical_url(story.url))
        categories = article.categories if article else ()
        what = (
            paid(story.url)
            or next((f"its category is {one!r}" for one in categories if _CATEGORY.search(one.strip())), None)
            or _offer(f"{story.title} {story.blurb}")
        )
        if what and not _LABEL.search(f"{story.title} {story.blurb}"):
            yield _say(f"“{story.title}” is paid for ({what}) and does not say so", case.place(story))
    for said, url, paragraph, where in note_links(case):
        if (what := paid(url)) and not _LABEL.search(paragraph):
            yield _say(f"the link “{said}” is paid for ({what}) and does not say so", where)
    for line, paragraph in note_paragraphs(case):
        if (what := _offer(paragraph)) and not _LABEL.search(paragraph):
            yield _say(f"the note sells ({what}) and does not say so", f"{case.issue.path}:{line}")
    action = case.config.brand.call_to_action
    if action and (what := paid(action.url)) and not _LABEL.search(action.label):
        yield _say(
            f"the button “{action.label}” is paid for ({what}) and does not say so",
            "newsletter.toml: [brand.call_to_action]",
        )


def _offer(text: str) -> str | None:
    return f"“{found[0]}”" if (found := _OFFER.search(text)) else None


def paid(url: str) -> str | None:
    """How an address tells that somebody pays for who follows it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if _NETWORKS.search(host):
        return f"{host} is a network of advertisers"
    if found := _PATH.search(parts.path):
        return f"its address holds {found[0].strip('/')}"
    for name, value in parse_qsl(parts.query):
        if _PARAMETERS.fullmatch(name) or (name == "tag" and re.search(r"(?:^|\.)amazon\.", host) and value):
            return f"{name}= in its address"
        if (
            name.lower() in ("ref", "referral", "via", "a_aid")
            and value
            and _SHOP.search(f"{host}{parts.path}")
        ):
            return f"{name}={value} in the address of a shop"
        if name.lower() in ("utm_medium", "utm_source") and re.search(r"affiliate|sponsor|paid", value, re.I):
            return f"{name}={value} in its address"
    return None


def _say(message: str, where: str) -> Found:
    return Found(
        "sponsored", message, where, "Readers take the letter's word for a doctor's.",
        "Begin its title with “Sponsored:”, or take it out.", SOURCE,
    )  # fmt: skip
