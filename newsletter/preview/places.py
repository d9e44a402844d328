"""Where a finding is: the lines of its file, and the part of the mail that they make. And the way there and back."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from newsletter.checks import Finding
from newsletter.config import FILE_NAME
from newsletter.gallery.remarks import Remark
from newsletter.mistakes import find_line
from newsletter.preview.source import Made
from newsletter.preview.trouble import SourceLine, excerpt, place_of
from newsletter.render.templates import default_templates

_SETTING = re.compile(rf"{re.escape(FILE_NAME)}: \[\[?([\w.-]+)\]?\](?: (\w+))?")
_VARIANT = re.compile(r"variant ([\w,-]+)")
_MARKUP = re.compile(r"[*_`\[\]()<>#|\\]+|https?://\S+")
_STYLE = (
    "<style>#place,.place{outline:3px solid #c2410c !important;outline-offset:3px;border-radius:2px;"
    "scroll-margin:30vh}</style>"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an editor finds what was found. What is empty does not apply."""

    remark: Remark
    source: tuple[SourceLine, ...] = ()
    """The lines of the issue file, of a template or of the settings."""
    inbox: bool = False
    """It is in the subject or the preheader: see the inbox line."""
    address: str = ""
    """What a link or a picture of the mail leads to."""
    words: str = ""
    """Words of the note, as they stand in the mail."""
    variant: str = ""
    """The variant it was found in, where that matters."""
    look: str = ""
    """The look that it shows in."""

    @property
    def finding(self) -> Finding:
        return self.remark.finding


def find_place(remark: Remark, made: Made) -> Place:
    finding, site = remark.finding, made.app.site
    look = finding.message.partition(":")[0] if finding.check == "contrast" else ""
    look = look if look in ("dark", "inverted") else ""
    if found := _VARIANT.match(finding.where):
        return Place(remark, variant=found[1])
    if found := _SETTING.match(finding.where):
        return Place(remark, source=_setting(site.root / FILE_NAME, found[1], found[2]), look=look)
    path, line = place_of(finding.where)
    if path is None:
        return Place(remark, address=finding.where if "://" in finding.where else "")
    if path.parts[:1] == ("templates",):
        return Place(remark, source=excerpt(_template(site.templates, path), line))
    path = site.root / path
    if path == made.app.composer.path(made.slug):
        return _in_issue(remark, made, path, line)
    return Place(remark, source=excerpt(path, line))


def _in_issue(remark: Remark, made: Made, path: Path, line: int) -> Place:
    lines = made.text.decode("utf-8", "replace").splitlines()
    said = lines[line - 1] if 0 < line <= len(lines) else ""
    source = excerpt(path, line)
    if line > _end_of_front(lines):
        return Place(remark, source, words=_words(said), address=_address_in(said))
    if re.match(r"(subject|preheader)\s*:", said):
        return Place(remark, source, inbox=True)
    picks = [pick for _, chosen in made.composed.issue.picks for pick in chosen if pick.line <= line]
    above = max(picks, key=lambda pick: pick.line, default=None)
    return Place(remark, source, address=_address_in(said) or (above.url if above else ""))


def _end_of_front(lines: list[str]) -> int:
    """The line (from 1) that closes the front matter."""
    ends = [number for number, text in enumerate(lines, start=1) if text.rstrip() == "---"]
    return ends[1] if len(ends) > 1 else len(lines)


def _address_in(text: str) -> str:
    found = re.search(r"https?://[^\s\"'<>)\]]+", text)
    return found[0] if found else ""


def _words(text: str) -> str:
    """The longest run of plain words in a line of Markdown: markup stands between them in the mail, too."""
    runs = (" ".join(run.split()) for run in _MARKUP.split(re.sub(r"^\s*(?:[-+>]|\d+\.)\s", "", text)))
    return max(runs, key=len, default="")


def _setting(path: Path, table: str, key: str | None) -> tuple[SourceLine, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    line = find_line(text, (*table.split("."), *([key] if key else [])))
    return excerpt(path, line) if line else ()


def _template(own: Path, path: Path) -> Path:
    """`templates/parts/head.mjml.j2` as a file: the site's own, else that of the default look."""
    name = Path(*path.parts[1:])
    return own / name if (own / name).is_file() else default_templates() / name


# --- the place in the mail -------------------------------------------------------------------------------


def marked(page: str, place: Place) -> str:
    """The mail with the place outlined, and its first element named `place`: a browser scrolls there by itself."""
    if place.address:
        page, count = _mark_address(page, place.address)
        if count:
            return page.replace("</head>", f"{_STYLE}</head>", 1)
    if place.words:
        page = _mark_words(page, place.words).replace("</head>", f"{_STYLE}</head>", 1)
    return page


def _mark_address(page: str, address: str) -> tuple[str, int]:
    """Every link and picture of this address; the first that is not only there for pointing is where one lands."""
    pattern = rf'<(a|img)\b(?=[^>]*\s(?:href|src)="{re.escape(html.escape(address))}")([^>]*)>'
    landed = False

    def mark(found: re.Match[str]) -> str:
        nonlocal landed
        name = "" if landed or 'aria-hidden="true"' in found[2] else ' id="place"'
        landed = landed or bool(name)
        rest = re.sub(r'\sclass="', ' class="place ', found[2], count=1)
        rest = rest if rest != found[2] else f' class="place"{found[2]}'
        return f"<{found[1]}{name}{rest}>"

    return re.subn(pattern, mark, page)


def _mark_words(page: str, words: str) -> str:
    """The first time that these words stand between tags, wherever their lines break."""
    body = max(page.find("<body"), 0)
    pattern = r"\s+".join(re.escape(html.escape(word, quote=False)) for word in words.split())
    found = re.compile(rf"(?<=[>\s\w.,;:!?”“’])(?:{pattern})(?=[^<>]*<)").search(page, body)
    if not found:
        return page
    return f'{page[: found.start()]}<span id="place">{found[0]}</span>{page[found.end() :]}'
