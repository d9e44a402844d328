"""The issue file as an Issue. Every mistake in it is a ContentError with file, line, key and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from newsletter.content.tree import Source, compose, entries, is_empty, split
from newsletter.errors import ContentError
from newsletter.types import Image, Issue, Pick
from newsletter.urls import canonical_url, web_address

KEYS = ("subject", "preheader", "date", "author", "lead", "picks")
PICK_KEYS = ("url", "title", "blurb", "image", "alt")
MAX_BYTES = 1_000_000
SLUG = re.compile(r"\d{4}-\d{2}-\d{2}")
_STAMP = re.compile(
    r"(?:^|(?<=\r))[ \t]*# (?:Drafted|Refreshed) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.MULTILINE
)


def read_issue(path: Path, sections: Collection[str] | None = None) -> Issue:
    """The issue in the file at `path`. With `sections`, a section of another name is a mistake too.

    Raises ContentError with file, line and key; also when there is no such file.
    """
    return parse_issue(read_text(path), slug=path.stem, path=str(path), sections=sections)


def read_text(path: Path) -> str:
    """A file's text, exactly as it is. Raises ContentError when it is missing, too big, or not UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ContentError(
            "there is no such issue", where=str(path), hint=f"`newsletter build {path.stem}` drafts it."
        ) from None
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MAX_BYTES:
        raise ContentError("is larger than a megabyte", where=str(path), hint="Is it really an issue file?")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ContentError(
            f"is not UTF-8 (byte 0x{raw[error.start]:02x})", where=f"{path}:{line}", hint="Save it as UTF-8."
        ) from None


def list_slugs(folder: Path) -> list[str]:
    """The slugs of the issue files in a folder, oldest first. Files of other names are none of ours."""
    return sorted(path.stem for path in folder.glob("*.md") if SLUG.fullmatch(path.stem))


def list_issues(folder: Path, sections: Collection[str] | None = None) -> list[Issue]:
    """Every issue in a folder, oldest first. Raises ContentError naming the first file with a mistake."""
    return [read_issue(folder / f"{slug}.md", sections) for slug in list_slugs(folder)]


def find_issue_file(folder: Path, name: str) -> Path:
    """The file that an editor means by a slug or by a path. It need not exist yet.

    Raises ContentError when the name is no date, or names a file outside of `folder`.
    """
    slug = Path(name).name.removesuffix(".md")
    if not SLUG.fullmatch(slug) or not _is_date(slug):
        raise ContentError(
            f"{name!r} names no issue",
            hint="An issue is named by its date, such as 2026-11-26, or by its file.",
        )
    path = folder / f"{slug}.md"
    given = Path(name)
    if given.parent != Path() and given.with_name(f"{slug}.md").resolve() != path.resolve():
        raise ContentError(f"is not in {folder}", where=name, hint="Issues of this site stand there.")
    return path


def parse_issue(text: str, *, slug: str, path: str = "", sections: Collection[str] | None = None) -> Issue:
    """The issue that a file's text holds. Raises ContentError with line and key."""
    source = split(text, path or f"{slug}.md")
    root = compose(source)
    if root is None or not isinstance(root, MappingNode):
        raise source.error(
            "the front matter holds no keys", 0, "It needs at least subject, date and picks, one a line."
        )
    found = _keyed(source, root, KEYS, "key")
    picks = _picks(source, root, found.get("picks"), sections)
    return Issue(
        slug=slug,
        subject=_required(source, root, found, "subject"),
        preheader=_text(source, "preheader", found.get("preheader")) or "",
        date=_date(source, root, found, slug),
        author=_text(source, "author", found.get("author")),
        lead=_lead(source, found.get("lead"), picks),
        picks=picks,
        note=re.sub(r"\r\n?", "\n", source.body).strip(),
        path=path,
        drafted_at=_drafted_at(source.front),
    )


def _drafted_at(front: str) -> datetime | None:
    stamps = _STAMP.findall(front)
    try:
        return max(datetime.fromisoformat(stamp).astimezone(UTC) for stamp in stamps) if stamps else None
    except ValueError:  # an editor may write what they like in a comment
        return None


# --- keys and values -------------------------------------------------------------------------------------


def _keyed(source: Source, node: MappingNode, known: Iterable[str], what: str) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name, key, value in entries(node):
        if name not in known:
            raise source.error(f"unknown {what} {name!r}", key, _nearest(name, known))
        if name in found:
            raise source.error(f"{name!r} is there twice", key, "Keep one of the two.")
        found[name] = value
    return found


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There is {', '.join(known)}."


def _text(source: Source, name: str, node: Node | None) -> str | None:
    """One line of text as it was written; None when there is none."""
    if node is None or is_empty(node):
        return None
    if not isinstance(node, ScalarNode):
        kind = "a list" if isinstance(node, SequenceNode) else "keys of its own"
        raise source.error(f"{name!r} holds {kind}", node, 'It must be text: put it in double quotes, "…".')
    _refuse_lost_words(source, name, node)
    return " ".join(node.value.split()) or None


def _refuse_lost_words(source: Source, name: str, node: ScalarNode) -> None:
    # `subject: Pain #1` is "Pain" to YAML; a person who writes a remark puts a blank behind the #.
    if not node.style and re.match(r"[ \t]+#[^\s#]", source.front[node.end_mark.index :]):
        raise source.error(
            f"what follows # in {name!r} would be lost: YAML takes it for a remark",
            node,
            "Put the text in double quotes.",
        )


def _required(source: Source, root: Node, found: Mapping[str, Node], name: str) -> str:
    text = _text(source, name, found.get(name))
    if text is None:
        place = found.get(name, root)
        raise source.error(f"{name!r} is {'empty' if name in found else 'missing'}", place, f"Add {name}: …")
    return text


def _date(source: Source, root: Node, found: Mapping[str, Node], slug: str) -> date:
    text = _required(source, root, found, "date")
    node = found["date"]
    if not SLUG.fullmatch(text) or not _is_date(text):
        raise source.error(f"'date' is no date: {text!r}", node, f"Write it like this: date: {slug}")
    if text != slug:
        raise source.error(
            f"'date' is {text}, but the file is named {slug}",
            node,
            "An issue's file is named by its date: change one of the two.",
        )
    return date.fromisoformat(text)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _address(source: Source, name: str, node: Node | None) -> str | None:
    text = _text(source, name, node)
    if text is None or node is None:
        return None
    if web_address(text) != text:
        raise source.error(
            f"{name!r} is no web address: {_short(text)}",
            node,
            "It begins with https:// and has no blanks, < or > in it.",
        )
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


# --- picks -----------------------------------------------------------------------------------------------


def _picks(
    source: Source, root: Node, node: Node | None, sections: Collection[str] | None
) -> tuple[tuple[str, tuple[Pick, ...]], ...]:
    if node is None:
        raise source.error("'picks' is missing", root, "Add picks: with the sections below it.")
    if is_empty(node):
        return ()
    if not isinstance(node, MappingNode):
        raise source.error(
            "'picks' must hold sections", node, f"One a line: {', '.join(sections or ('news',))}."
        )
    known = list(sections) if sections is not None else [name for name, _, _ in entries(node)]
    found = _keyed(source, node, known, "section")
    picks = tuple((name, _section(source, name, value)) for name, value in found.items())
    _refuse_duplicates(source, picks)
    return picks


def _section(source: Source, name: str, node: Node) -> tuple[Pick, ...]:
    if is_empty(node):
        return ()
    if not isinstance(node, SequenceNode):
        raise source.error(
            f"the section {name!r} must hold a list", node, "One pick a line: - https://example.org/article/"
        )
    return tuple(_pick(source, name, item) for item in node.value)


def _pick(source: Source, section: str, node: Node) -> Pick:
    line = source.line(node.start_mark.index)
    if not isinstance(node, MappingNode):
        url = _address(source, f"a pick of {section}", node)
        if url is None:
            raise source.error(
                f"a pick of {section!r} is empty", node, "Write its address, or drop the dash."
            )
        return Pick(url, line=line)
    found = _keyed(source, node, PICK_KEYS, "key of a pick")
    url = _address(source, "url", found.get("url"))
    if url is None:
        raise source.error(f"a pick of {section!r} has no url", node, "Add url: https://…")
    return Pick(
        url=url,
        title=_text(source, "title", found.get("title")),
        blurb=_text(source, "blurb", found.get("blurb")),
        image=_image(source, found.get("image"), found.get("alt")),
        line=line,
    )


def _image(source: Source, image: Node | None, alt: Node | None) -> Image | None:
    """A picture of the editor's own; `image: none` is Image(''), which means: show none."""
    words = _text(source, "alt", alt) or ""
    if image is None or is_empty(image):
        if words and alt is not None:
            raise source.error(
                "'alt' stands without 'image'", alt, "It says what the picture shows: add image: https://…"
            )
        return None
    if isinstance(image, ScalarNode) and image.value == "none":
        return Image("")
    return Image(_address(source, "image", image) or "", words)


def _refuse_duplicates(source: Source, picks: Iterable[tuple[str, tuple[Pick, ...]]]) -> None:
    seen: dict[str, int] = {}
    for _, chosen in picks:
        for pick in chosen:
            key = canonical_url(pick.url)
            if key in seen:
                raise ContentError(
                    f"the same article is picked twice: {pick.url}",
                    where=f"{source.path}:{pick.line}",
                    hint=f"It is in line {seen[key]} already; keep one of the two.",
                )
            seen[key] = pick.line


def _lead(source: Source, node: Node | None, picks: Iterable[tuple[str, tuple[Pick, ...]]]) -> str | None:
    url = _address(source, "lead", node)
    if url is None or node is None:
        return None
    for _, chosen in picks:
        for pick in chosen:
            if canonical_url(pick.url) == canonical_url(url):
                return pick.url
    raise source.error(
        f"'lead' is not among the picks: {url}", node, "Copy the address of a pick, or drop the line."
    )
