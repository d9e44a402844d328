"""What a theme and its plugins put around an article, and what readers wrote under it: none of it is the article.

Two sieves, because either alone lets something through. `strip` goes by elements: the names that WordPress,
its blocks and the widespread plugins give to their boxes. `is_label` and `is_end` go by words, for themes that
name nothing: a line such as `By … | date | Tags | 18 Comments` is dropped, and where the readers' part begins
the article ends, whatever follows.
"""

from __future__ import annotations

import re

from lxml import etree

from newsletter.feeds.text import writable


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER = _names("""
    script style template iframe object embed svg canvas video audio math form button input select textarea label
    fieldset nav aside footer header menu dialog dl table figcaption figure noscript head title meta link
""")
"""Elements whose words are no prose."""

_SCRIPTED = _names("script style template form nav dialog")
"""Those of them that hold no picture or video of the article either."""

_READERS = _names("""
    commentary commenter respond reply replies response responses disqus livefyre pingback pingbacks trackback
    trackbacks guestbook testimonial testimonials review reviews rating ratings wpdiscuz discussion forum bbp
""")
"""Names of boxes with readers' words, as a part of a class or id; any with `comment` in it is one too."""

_SHARING = _names("""
    share shares sharing sharedaddy shared addtoany a2a addthis sharethis shareaholic heateor ssba monarch social
    socials tweet facebook twitter pinterest linkedin whatsapp follow likes sd juiz scriptlesssocialsharing
""")
_SUBSCRIBING = _names("""
    subscribe subscription subscriptions newsletter newsletters signup optin optins mailchimp mc4wp mailpoet
    convertkit mailerlite bloom leadin hubspot wpforms gform wpcf7 nf popup modal
""")
_AUTHOR_AND_DATE = _names("""
    author authors authorbox saboxplugin abh byline bylines meta postmeta entrymeta reviewer reviewed posted
    breadcrumb breadcrumbs tagcloud
""")
_MORE_TO_READ = _names("""
    related relatedposts yarpp crp upprev recommended outbrain taboola toc lwptoc pagination pager navigation nav
    widget sidebar readmore
""")
_TO_PRESS = _names("""
    button buttons btn cta appointment booking advert adverts advertisement ads adsbygoogle sponsor sponsored promo
    banner cookie disclaimer caption gallery printfriendly sr
""")
_PARTS = _READERS | _SHARING | _SUBSCRIBING | _AUTHOR_AND_DATE | _MORE_TO_READ | _TO_PRESS

_WHOLE = _names("""
    tags tag-links tags-links post-tags entry-tags cat-links post-categories entry-categories more-link read-more
    wp-block-latest-posts wp-block-query wp-block-post-template post-password-form wp-smiley entry-footer
    entry-header post-footer post-header sign-up call-to-action find-a-doctor print-link pdf-link
    screen-reader-text visually-hidden about-author post-nav
""")
"""Names that say it only as a whole."""

_ABOUT_THE_POST = re.compile(
    r"(?:tag|category|type|status|format|has|no|not|without|wp-image|size|is-style|is-layout)-|post-\d"
)
"""WordPress marks a post itself with its terms (`tag-newsletter`) and a block with its look (`has-share-color`)."""

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.I)


def strip(tree: etree._Element) -> None:
    """Take out of `tree` all that its elements' names, classes and roles show to be no part of the article."""
    for element in list(tree.iter(etree.Element)):
        if element.tag in _SCRIPTED or (element.tag not in ("html", "body") and _is_box(element)):
            _drop(element)


def strip_silent(tree: etree._Element) -> None:
    """Take out, besides, the elements whose words are no prose: headings stay, they end and begin parts."""
    for element in list(tree.iter(*_NEVER)):
        _drop(element)


def _is_box(element: etree._Element) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if _HIDDEN.search(element.get("style", "")):
        return True
    if "comment" in element.get("itemtype", "").lower() or "comment" in element.get("itemprop", "").lower():
        return True
    if element.get("role", "") in ("navigation", "complementary", "form", "search", "button", "dialog"):
        return True
    if element.tag == "a" and re.search(r"#(?:comments?|respond|reply)\b", element.get("href", "")):
        return True
    names = f"{element.get('class', '')} {element.get('id', '')}".split()
    return any(_names_box(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()) for name in names)


def _names_box(name: str) -> bool:
    if name in _WHOLE:
        return True
    if _ABOUT_THE_POST.match(name):
        return False
    return "comment" in name or not _PARTS.isdisjoint(re.split(r"[-_:]+", name))


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    tail = " " + writable(element.tail or "")
    before = element.getprevious()
    if before is None:
        parent.text = writable(parent.text or "") + tail
    else:
        before.tail = writable(before.tail or "") + tail
    parent.remove(element)


# --- by words --------------------------------------------------------------------------------------------

_COUNT = r"(?:\d[\d,.]*|no|one|two|three|four|five|six|seven|eight|nine|ten|leave a|add a|post a|write a)"

_ENDS = re.compile(
    r"(?:"
    r"comments?(?: section)?(?: \(\d+\))?:?$"
    r"|(?:reader|patient|user|recent|latest|previous|older|newer)s?['’]? (?:comments?|responses|replies"
    r"|stories|questions)\b"
    r"|(?:leave|post|add|write|submit) (?:a |your )?(?:comment|reply|response|question)s?\b"
    r"|join the (?:conversation|discussion)\b|what (?:do you|are your) think\??$"
    r"|comments? (?:are|is)(?: now| currently)? (?:closed|disabled|off)\b"
    r"|(?:your )?comment is awaiting moderation|log ?in to (?:reply|comment|leave)|you must be logged in"
    r"|your e-?mail address will not be published|notify me of (?:follow-?up|new) "
    r"|save my name,? e-?mail"
    r"|(?:trackbacks?|pingbacks?|responses|replies|discussion)(?: \(\d+\))?:?$|cancel reply|reply$"
    rf"|{_COUNT} (?:thoughts?|responses?|replies|reply) (?:on|to) "
    r"|(?:related|similar|recommended|recent|popular|more) (?:posts?|articles?|reading|stories|links"
    r"|resources)\b.{0,30}$"
    r"|(?:you (?:may|might) (?:also )?(?:like|enjoy|be interested))"
    r"|about the author\b|author bio\b|(?:leser)?kommentare?(?: \(\d+\))?:?$"
    r")",
    re.I,
)

_COUNTED = re.compile(
    rf"{_COUNT} (?:comments?|responses?|replies|thoughts?|kommentare?)(?: so far)?(?: ?[.!:»›→])?$", re.I
)

_SPEAKS = re.compile(
    r".{1,60}\b(?:says|said|wrote|writes|replied|replies|commented|responded|asks|asked|schreibt|sagte?)\s?:$"
    r"|.{0,60}\b(?:at|@|um) \d{1,2}[:.]\d\d ?(?:[ap]\.?m\.?|uhr)?(?: ?(?:edt|est|cst|pst|utc|gmt))?"
    r"(?: ?[|·•-])?(?: ?(?:says|said|reply|permalink|#|edit)\b.{0,20})?:?$"
    r"|(?:[\w.'’-]+ ){0,4}[\w.'’-]+ (?:on )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.? \d{1,2},? \d{4}"
    r"(?:,? at .{0,12})? ?(?:says|said|wrote|reply)?:?$",
    re.I,
)
"""How a theme without classes heads a comment: `Maria says:`, `March 3, 2017 at 5:12 pm`."""

_LABELS = re.compile(
    r"(?:"
    r"the (?:post|article|entry) .{1,300}(?:appeared first on|first appeared on|was first published on)\b"
    r"|(?:this (?:post|article) )?(?:first appeared|was originally published|originally appeared"
    r"|first published) (?:on|at|in) "
    r"|by .{1,120}\|"
    r"|(?:posted|published|updated|last updated|last modified|written|reviewed|medically reviewed|fact checked|edited)"
    r" ?(?:on|by|in|at|:)(?! (?:a|an|the|our|people|patients|which|means|in)\b)"
    r"|(?:by|from|von) (?:dr\.?|prof\.?|[A-Z][\w.'’-]+),? ?(?:[A-Z][\w.'’-]*,? ?){0,4}(?:m\.?d\.?|d\.?o\.?|ph\.?d\.?)?$"
    r"|(?:tags?|tagged|categor(?:y|ies)|filed under|filed in|topics?|keywords?)(?: ?:| (?:with|as|in)\b)"
    r"|(?:filed under|tagged)\b"
    r"|share (?:this|on|via|with|it|the)\b.{0,80}$|share:?$|(?:please )?(?:like|follow|find|join) us on\b"
    r"|click to (?:share|e-?mail|print|tweet)\b|tweet this|pin (?:it|this)\b|print this|like this:?|e-?mail this"
    r"|like loading|loading\.\.\.|\(?opens in (?:a )?new window"
    r"|(?:please )?(?:subscribe|sign[ -]?up)\b.{0,200}"
    r"(?:newsletter|updates?|inbox|e-?mails?|mailing list|blog|feed|channel|today|now|here|free|weekly)\b"
    r"|(?:join|get|receive) (?:our|the|weekly|free|monthly|over|more than|thousands|[\d,]+)\b.{0,160}"
    r"(?:newsletter|inbox|mailing list|subscribers|e-?mail|updates)\b"
    r"|(?:never|don['’]t) miss (?:a|an|any|out)\b.{0,80}(?:post|update|article|news|issue|out)\b"
    r"|weekly updates on\b|enter your (?:e-?mail|name)|(?:your )?e-?mail(?: address)?:?\*?$|first name:?\*?$"
    r"|(?:success|thanks?|thank you|hooray|great|almost done|congratulations|you(?:['’]re| are) in|yay)[!,.:]"
    r".{0,120}(?:subscri|sign|confirm|inbox|e-?mail|list|joined|check)"
    r"|(?:thanks?|thank you) for (?:subscribing|signing|joining|your (?:subscription|interest|message))"
    r"|you(?:['’]ve| have) (?:successfully|been) (?:joined|subscribed|signed|added)"
    r"|(?:please )?check your (?:inbox|e-?mail|spam)|there was an error (?:while|submitting)|we (?:hate|never) spam"
    r"|we respect your privacy|unsubscribe at any ?time|no spam\b"
    r"|(?:related|see also|read (?:more|next|also)|also read|more (?:on|from|about)|keep reading|continue reading"
    r"|previous|next|recommended|further reading)(?: (?:post|article|story|reading)s?)? ?(?::|→|»|…|\.\.\.|$|about\b)"
    r"|(?:read more|continue reading|learn more|find out more|view (?:post|article)|click here|tap here)\b"
    r"|(?:book|schedule|request|make|set up) (?:an?|your|my|the)?\s?.{0,30}(?:appointment|consultation|visit|call)\b"
    r"|(?:find|contact|call|visit|meet|see) (?:a|an|your|our|us)\b.{0,40}"
    r"(?:doctors?|specialists?|clinics?|physicians?|near you|today|now|office|team|!)$"
    r"|(?:call|text|phone|contact|tel)(?: us| now| today)*(?: at| on)?:? ?[+(]?\d[\d ().-]{6,}"
    r"|contact us\b|(?:watch|play|view) (?:the |this |our |full )*video\b.{0,40}$"
    r"|(?:photo|image|picture|video|featured image|source|credit)s?(?: (?:credit|by|courtesy"
    r"|source)s?)? ?(?::|by |courtesy )"
    r"|(?:medical )?disclaimer\b|disclosure\b|this (?:post|article|page) (?:may )?contains? affiliate"
    r"|(?:table of )?contents:?$|in this (?:article|post):?$|jump to\b|skip to\b|advertisement$|sponsored\b"
    r"|(?:estimated )?read(?:ing)? time\b|\d+ ?-?min(?:ute)?s?\.? read|[\d,.]+ (?:views|shares|likes)\b|rate this\b"
    r"|there is no excerpt because|copyright\b|©|all rights reserved"
    r"|(?:this (?:site|website) uses )?(?:akismet|cookies)\b"
    r")",
    re.I,
)

_SOCIAL = _names("""
    facebook twitter x linkedin pinterest email e-mail mail print whatsapp reddit tumblr telegram pocket share tweet
    pin save like copy link more instagram youtube rss google flipboard messenger sms buffer mastodon bluesky threads
    skype vk xing this on via by it 0 1 2 3 4 5 6 7 8 9 shares share: a to and or follow us link: plus google+ +1
    (opens in new window) click
""")


def is_end(line: str, *, heading: bool, prose_before: bool) -> bool:
    """Does the readers' part (or a list of other articles, or the author's box) begin with this line?

    A bare count, `18 Comments`, may also stand in a line above the article: there it ends nothing.
    """
    if len(line) > 160:
        return False
    if _COUNTED.match(line):
        return heading or prose_before
    return bool(_ENDS.match(line) or _SPEAKS.match(line))


def is_label(line: str) -> bool:
    """Is this line furniture: a byline, a share bar, an invitation to subscribe, a button?"""
    if _LABELS.match(line) or _COUNTED.match(line) or re.search(r"\| ?\d+ comments?\b", line, re.I):
        return True
    if len(line) < 120 and line.count("|") >= 2:
        return True
    tokens = line.lower().replace(",", " ").replace("|", " ").replace("·", " ").replace("•", " ").split()
    return all(token in _SOCIAL or not any(map(str.isalnum, token)) for token in tokens)
