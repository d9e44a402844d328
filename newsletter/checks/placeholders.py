"""Words that were to be replaced, and were not: merge tags, gaps, dummy text, remarks among editors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import host_of, page_of
from newsletter.checks._prose import HEADLINES, Passage, passages, quoted
from newsletter.checks._words import any_of, words
from newsletter.checks.garbled import MARKUP
from newsletter.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK

_TAGS = re.compile(
    any_of(r"""
        \{ ?[{%#][^{}\n]{0,60}(?:[}%#]\}?)? | \{[^{}\n]{1,60}\} | <<[^<>\n]{1,40}>> | < ?%[^%\n]{0,40}%
        \*\|[^|\n]{1,40}\|\* | %%\w{2,40} | \[%\w{1,40}%?\] | %[A-Za-z_][\w.]{1,40}% | % ?recipient\b
        (?<![\w$])\$(?!USD|CAD|AUD)[A-Za-z_]\w{1,40} | \[\[[^\[\]\n]{1,60}\]\] | \|[A-Z_]{3,20}\|
        __[A-Z]\w{1,20}__ | «(?:[A-Z][a-z]+[A-Z]\w*|\w+_\w+|(?i:first|last|full)? ?(?i:name))»
    """)
)
"""Merge tags of Jinja and Kit (the first brace may have been set apart), Campaigner, SendGrid, Mailchimp, ExactTarget,
Mailgun, and of shells."""
_URL = re.compile(r"https?://\S+")
"""Percent signs of an address are no merge tags."""
_CHEVRONS = re.compile(r"<[A-Za-z][\w -]{1,30}>")
_FIELD = any_of(r"""
    f?name | first ?name | last ?name | surname | e-?mail | date | month | year | day | time | city | town
    country | place | address | title | headline | subject | pre-?header | preview | text | copy | body
    content | blurb | summary | excerpt | intro(?:duction)? | description | caption | sentences? | paragraphs?
    quote | link | url | image | photo | picture | logo | number | amount | company | clinic | phone | article
    story | topic | section | button | label | author
""")
_FIELDS = re.compile(
    rf"(?:(?:your|the|an?|my|our|first|last|full|new|main|reader['’]?s?|{_FIELD}) )*{_FIELD}s?(?: (?:goes )?here)?",
    re.I,
)
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,120})\]")
_TITLED = re.compile(rf"(?:[A-Z][\w'’]* ){{1,3}}(?i:{_FIELD})s?")
_KEPT = re.compile(words("withheld | changed | redacted | removed | unknown | omitted | sic"), re.I)
_TO_DO = any_of(
    "write | add | put | describe | insert | summari[sz]e | type | enter | explain | say | paste | drop | fill in"
)
_REMARK = any_of("""
    choose | select | replace | delete | check | verify | confirm | ask | update | fix | link to | note
    editors? | shorten | cut | trim | crop | rewrite | rephrase | expand | translate | proofread | todo | tk
    tb[acd] | source | citation needed | placeholder
""")
_ASKED = re.compile(
    any_of(rf"""
        ^(?:{_TO_DO}|{_REMARK}|your \w|xx+)\b | [?!]$
        ^(?!photo|image|video|audio|source|credit|via|from)\w{{1,20}}:\s
    """),
    re.I,
)
_LATIN = words("""
    lorem ipsum | dolor sit amet | ipsum dolor | consectetur | adipiscing | eiusmod | incididunt | aliquip
    ullamco | nostrud | cupidatat
""")
_WORDS = re.compile(
    any_of(rf"""
        \b(?:TODO|FIXME|WIP|TB[ACD]|TK|TKTK|PLACEHOLDER|YYYY|HH:MM|DD/MM|MM/DD)\b | \btodo: | \bX+(?:,X+)+\b
        \bXX?% | _{{3,}} | \?{{3,}} | \bXX+\b(?!\s*(?:/|(?:and|or|vs\.?) XY|chromosom|karyotyp))
        (?i:^\W*{_FIELD}\b.{{0,50}}\bto (?:come|follow|be (?:added|confirmed|written|supplied|announced))\W*$)
        (?i:{_LATIN}) | (?i:\b(?:asdf\w*|qwerty?\w*|blah blah|foo ?bar)\b)
        (?i:\b(?:your |the )?(?:\w+ )?{_FIELD}(?: \w+)? (?:goes|comes|to go) here\b)
        (?i:^{_TO_DO} [^.!?]{{0,80}} here[.!]*$)
        (?i:\b(?:insert|enter|type|put|fill in) (?:\w+ ){{0,3}}{_FIELD} (?:here|\W*$))
        (?i:\bnote to self\b|\bplaceholder\b) | (?i:\((?:{_REMARK}) (?:\w+ )?\w+[!?]{{1,3}}\))
        (?i:\bbefore (?:we send|sending)(?: this| it)?(?: out)?\s*(?:[!.)\]]|$))
        \b(?:123[ .-]?456[ .-]?7890|(?:555|000|111)[ .-]?(?:555|000|111)[ .-]?(?:5555|0000|1111))\b
        (?i:\b(?:your|my)-?(?:domain|website|site|company)\.(?:com|org|net)\b)
    """)
)
_NOTHING = any_of("""
    test | testing | dummy | sample | temp | tmp | draft | placeholder | untitled | none | null | n/?a | new
    xyz | abc | foo | bar | blah | hello world
""")
_WHOLE = re.compile(
    any_of(rf"""
        {_NOTHING}(?:[\s\d.,!-]+(?:test|testing|blah|foo|bar|abc|page|document|issue|post|newsletter))*[\s\d.,!-]*
        (?:your|the|an?|article|story|issue|section|e-?mail|some|more)? ?(?:\w+ )?{_FIELD}(?: text| line)? here[.!]*
        your (?:\w+ )?{_FIELD}(?: text| line)?[.!]* | (?:{_FIELD}|auto|sample) ?(?:draft|page|text|line)?[.!]*
        {_TO_DO} (?:an? |the |your |some |\w+ )?(?:\w+ )?{_FIELD}(?: here)?[.!]* | coming soon[.!]*
        (?:{_FIELD}|details|more) (?:is |are )?(?:coming soon|to come|to follow|pending)[.!]*
        \(?no (?:title|subject|excerpt|description)\)? | new (?:issue|post|document|newsletter) | auto draft
        hello world!?
    """),
    re.I,
)
_LABEL = re.compile(
    rf"(?:your )?{_FIELD} (?:text|label|line|here|goes here)|(?:button|label|headline) ?\d*", re.I
)
_BEGUN = re.compile(
    r"^\W*(?:(?i:draft|wip|copy of|do not send|dummy)|TEST)\b(?:\s*v?\d+)?\s*(?:[:–—|\])-]|of\b)"
    r"|(?i:\b(?:do not send|test (?:e-?mail|send|issue)|final[ _]v\d)\b|[\[(](?:draft|test|wip)[\])])|(?i:^copy of )"
)
_RESIDUE = re.compile(r"^(?:None|null|undefined|NaN|nan)$|\b(?:undefined|NaN)\b|\[object Object\]")
_HOSTS = re.compile(
    r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid|(?:your|my)-?(?:domain|website|site|company)\.\w+"
    r"|placeholder\.com|placehold\.(?:it|co)|placekitten\.com|dummyimage\.com|lorempixel\.com|picsum\.photos)$"
)
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid)$")
WHY = "A reader who sees it knows that nobody looked."


def find(case: Case) -> Iterator[Found]:
    said = False
    for passage in passages(case):
        if gap := gap_in(passage):
            said = True
            yield _say(f"the {passage.role} holds {quoted(gap)}", passage.where)
    if not said:  # else the page would only say it once more
        for edition in case.editions:
            where = f"{VARIANT}{edition.topics}"
            yield from _in_page(case, "page", page_of(edition.html).words, where)
            yield from _in_page(case, "text part", edition.text, where)
            yield from _alone(edition.html, where)
    yield from _addresses(case)


def gap_in(passage: Passage) -> str | None:
    """What in a passage was to be replaced."""
    text = passage.text
    for pattern in (_TAGS, _WORDS, _RESIDUE, *([_BEGUN] if passage.role in HEADLINES else [])):
        if found := pattern.search(text):
            return found[0]
    if (found := _CHEVRONS.search(text)) and not MARKUP.search(found[0]):
        return found[0]
    if passage.role == "setting":
        return text if _LABEL.fullmatch(text.strip()) else None
    if len(text) < 80 and passage.role != "alt" and _WHOLE.fullmatch(text.strip()):
        return text
    return next((found[0] for found in _BRACKETS.finditer(text) if _is_gap(found[1].strip())), None)


def _is_gap(words: str) -> bool:
    if _KEPT.search(words):
        return False
    return bool(_ASKED.search(words) or _FIELDS.fullmatch(words) or _TITLED.fullmatch(words))


def _in_page(case: Case, part: str, text: str, where: str) -> Iterator[Found]:
    plain = _URL.sub(" ", text.replace(UNSUBSCRIBE_MARK, "").replace(PREFERENCES_MARK, ""))
    whole = where.endswith(str(case.editions[0].topics))  # the others hold no word that it does not
    if found := _TAGS.search(plain) or re.search(r"@@\w*@?@?", plain) or (whole and _WORDS.search(plain)):
        yield _say(f"in the {part} stands {quoted(found[0])}", case.place_of(found[0], where))


def _alone(html: str, where: str) -> Iterator[Found]:
    for element in page_of(html).all("a", "h1", "h2", "h3", "h4", "p", "td"):
        text = (element.text or "").strip()
        if text and not len(element) and re.fullmatch(r"None|null|undefined|NaN", text):
            yield _say(f"in the page stands {quoted(text)}", where)


def _addresses(case: Case) -> Iterator[Found]:
    """An address that is kept for examples (RFC 2606), or that only fills a gap, in a letter of a real site."""
    own = urlsplit(case.config.newsletter.site_url).hostname or ""
    hosts = None if _RESERVED.search(own) else _HOSTS
    page = page_of(case.editions[0].html)
    for address in dict.fromkeys(
        [*(one.href for one in page.links), *(one.get("src", "") for one in page.all("img"))]
    ):
        if (found := _TAGS.search(unquote(address))) and found[0][0] in "{*%<[":
            yield _say(f"an address holds {quoted(found[0])}", case.place_of(address, case.issue.path))
        if hosts and hosts.search(host_of(address)):
            yield _say(f"{quoted(address, 90)} is an address kept for examples",
                       case.place_of(address, case.issue.path), "RFC 2606, section 3")  # fmt: skip


def _say(message: str, where: str, source: str = "") -> Found:
    return Found("placeholders", message, where, WHY, "Write what was meant to stand there.", source)
