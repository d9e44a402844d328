"""What readers would see as garbage: markup and entities that are shown as they were typed, broken encodings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks import VARIANT, Case, Found
from newsletter.checks._page import lineage, page_of
from newsletter.checks._prose import note_paragraphs, quoted
from newsletter.checks._words import any_of
from newsletter.types import Edition

MARKUP = re.compile(
    "</?"
    + any_of("""
        a | abbr | address | article | aside | b | blockquote | br | button | center | cite | code | del | div
        em | embed | figure | font | footer | form | h[1-6] | header | hr | i | iframe | img | input | ins
        label | li | link | main | mark | meta | nav | object | ol | p | picture | pre | q | s | script
        section | small | span | strong | style | sub | sup | svg | table | tbody | td | th | thead | tr | u
        ul | video
    """)
    + r"(?:\s[^<>\n]{0,300})?/?>|<!--|-->|<!\[CDATA\[",
    re.I,
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}\d{0,2}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
_SHORTCODE = re.compile(
    any_of(r"""
        \[/?[a-z][\w-]{1,30}(?:\s+[\w-]{1,30}=[\"“”'][^\[\]\n]{0,200})\] | \[/[a-z][\w-]{1,30}\]
        \[(?:embed|gallery|playlist|caption|vc_\w+|et_pb_\w+|contact-form-\d)\b[^\[\]\n]{0,200}\]
    """),
    re.I,
)
_MARKDOWN = re.compile(
    any_of(r"""
        \*\* | ~~ | ``` | !\[ | \]\((?:https?:|/|\#|www|mailto:|javascript:|file:|data:) | ^\s{0,3}\#{1,6}\s
        (?<!\w)__\w | \w__(?!\w)
    """),
    re.M,
)
_ENCODING = re.compile("\ufffd|â€.?|Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›€]|Â[\u0080-\u00bf]|ï»¿|ðŸ")
"""UTF-8 that was read as Windows-1252: `â€™` for ’, `Ã©` for é."""
_ESCAPE = re.compile(
    any_of(r"""
        \\u[0-9a-f]{4} | \\u\{[0-9a-f]{1,6}\} | \\x[0-9a-f]{2} | \\[nt](?=[A-Z\s]|$) | (?:%[0-9A-F]{2}\w*){2}
    """),
    re.I,
)
_KINDS = (
    ("markup", MARKUP), ("an entity", _ENTITY), ("a shortcode", _SHORTCODE), ("Markdown", _MARKDOWN),
    ("a broken encoding", _ENCODING), ("an escape", _ESCAPE),
)  # fmt: skip
WHY = "Readers, and above all those who listen, meet signs that mean nothing to them."


def find(case: Case) -> Iterator[Found]:
    layout = case.layout
    yield from _say(case, "subject", layout.subject, case.key("subject"))
    yield from _say(case, "preheader", layout.preheader, case.key("preheader"))
    for line, paragraph in note_paragraphs(case):
        if found := re.search(r"!\[[^\[\]]{0,200}\]\(", paragraph):
            yield _found("note", "a picture as a link", found[0], f"{case.issue.path}:{line}")
    seen: set[str] = set()
    for edition in case.editions:
        yield from _on_page(case, edition, seen)


def _on_page(case: Case, edition: Edition, seen: set[str]) -> Iterator[Found]:
    where, page = f"{VARIANT}{edition.topics}", page_of(edition.html)
    for text, element in page.texts:
        if text in seen:  # variants share most of their words
            continue
        seen.add(text)
        if not any(one.tag in ("code", "pre") for one in lineage(element)):  # meant to be seen
            yield from _say(case, "page", text, where)
    for image in page.all("img"):
        yield from _say(case, "text of a picture", image.get("alt", ""), where)
    found = MARKUP.search(edition.text) or _ENTITY.search(edition.text)
    if found and not page.shows(found[0]):  # else it is said already
        yield from _say(case, "text part", found[0], where)


def garbage(text: str) -> tuple[str, str, str] | None:
    """What kind of garbage a shown text holds, the piece itself, and the piece with what stands around it."""
    for kind, pattern in _KINDS:
        if (kind != "an escape" or "://" not in text) and (found := pattern.search(text)):
            return kind, found[0], text[max(0, found.start() - 10) : found.end() + 10].strip()
    return None


def _say(case: Case, part: str, text: str, where: str) -> Iterator[Found]:
    if found := garbage(text):
        kind, piece, around = found
        yield _found(part, kind, around, case.place_of(around, "") or case.place_of(piece, where))


def _found(part: str, kind: str, piece: str, where: str) -> Found:
    return Found(
        "garbled", f"the {part} shows {kind}: {quoted(piece)}", where, WHY,
        "Write it as readers are to see it; a note takes Markdown without pictures, titles and texts take none.",
    )  # fmt: skip
