"""Is this the feed of what readers wrote? On a pain site comments hold names, drugs and diagnoses: never take them.

The shapes are WordPress's (`/comments/feed/`, an article's own `feed/`, `Comment on … by …`, `By: …`,
`#comment-12`, see wp-includes/feed-rss2-comments.php), those of its translations, and of the other systems a
site may have (Atom's threading, RFC 4685; Blogger, Drupal, Disqus, bbPress).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

_FEED_PATH = re.compile(
    r"/(?:comments|kommentare|commentaires|comentarios|reviews)/(?:feed|default|rss|atom)\b", re.I
)
_FEED_TITLE = re.compile(
    r"(?:comments?|replies|kommentare?|commentaires?|comentarios?|comentários?|commenti|reacties|kommentarer|komentarze)"
    r"\s*(?:on|for|to|by|zu|für|auf|sur|pour|en|para|em|a|su|per|op|voor|till|til|do)\b",
    re.I,
)
_ENTRY_TITLE = re.compile(
    r"(?:(?:comment|reply|kommentar|commentaire|comentario|comentário|commento|reactie)\s+"
    r"(?:on|to|zu|auf|sur|en|em|su|op)\s.+\s(?:by|von|par|de|por|di|door)\s.+"
    r"|(?:reply to|antwort auf):?\s.+"
    r"|(?:by|von|par|por|di|door)\s?:\s.+)",
    re.I | re.S,
)
_ENTRY_LINK = re.compile(
    r"#(?:comment|respond|reply|c)-?\d+|[?&]showcomment=|/comment/\d+|/comments?/\d+/?$", re.I
)


def is_comment_address(url: str) -> bool:
    """Does the address alone say that comments are behind it?"""
    parts = urlsplit(url)
    wanted = parse_qs(parts.query)
    named = any(
        "comment" in value.lower() for name in ("feed", "rest_route") for value in wanted.get(name, ())
    )
    return (
        bool(_FEED_PATH.search(parts.path))
        or named
        or "withcomments" in wanted
        or "/wp/v2/comments" in parts.path
    )


def is_comment_title(title: str) -> bool:
    """Is this what WordPress calls a feed of comments: `Comments on: …`, `Comments for …`?"""
    return bool(_FEED_TITLE.match(title))


def is_comment(entry: dict[str, Any], title: str) -> bool:
    """Was this entry of a feed written by a reader?"""
    places = (str(entry.get(name, "")) for name in ("link", "id"))
    if any(_ENTRY_LINK.search(place) for place in places) or "thr_in-reply-to" in entry:
        return True
    # Articles carry the address of their comments, and categories; comments never do. So an article may well
    # be called "By: the numbers", or "Comment on the new guideline by Dr. Hale".
    article = "wfw_commentrss" in entry or bool(entry.get("tags"))
    return bool(_ENTRY_TITLE.fullmatch(title)) and not article


def mostly(flags: Iterable[bool]) -> bool:
    """More than half of them, and at least one."""
    known = list(flags)
    return sum(known) * 2 > len(known)
