"""The sample site's articles and comments, read from the files beside this one and dated to the last days."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.resources import files
from typing import Any

FIRST_NUMBER = 2017
"""The articles' numbers in the sample's database, `?p=`, go on from here."""

TEAM = "Library Team"


@dataclass(frozen=True)
class Comment:
    """What an invented reader wrote."""

    number: int
    name: str
    text: str
    reply: bool
    after: timedelta
    """How long after the article."""


@dataclass(frozen=True)
class Post:
    """One entry of the sample site. `body` is HTML; parts in square brackets are for the theme to fill in."""

    number: int
    title: str
    path: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    author: str
    published: datetime
    picture: str
    alt: str
    quirk: str
    """`undated`, `protected`, or nothing."""
    body: str
    comments: tuple[Comment, ...]

    @property
    def undated(self) -> bool:
        return self.quirk == "undated"

    @property
    def protected(self) -> bool:
        return self.quirk == "protected"

    @property
    def slug(self) -> str:
        return self.path.strip("/").rsplit("/", 1)[-1]

    @property
    def terms(self) -> tuple[str, ...]:
        """Categories and tags, mixed as WordPress mixes them."""
        return self.categories + self.tags

    @cached_property
    def plain_title(self) -> str:
        return re.sub(r"<[^>]+>", "", self.title)


def load(now: datetime) -> tuple[Post, ...]:
    """Every entry, newest first; what has no date comes where its file says it was saved."""
    comments = _comments()
    texts = sorted(
        (one.name, one.read_text(encoding="utf-8"))
        for one in files("newsletter.demo").joinpath("articles").iterdir()
        if one.name.endswith(".html")
    )
    posts = [
        _post(FIRST_NUMBER + place, text, comments, now.replace(second=0, microsecond=0))
        for place, (_, text) in enumerate(texts)
    ]
    return tuple(sorted(posts, key=lambda post: post.published, reverse=True))


def pictures() -> Iterable[str]:
    return sorted(one.name for one in files("newsletter.demo").joinpath("pictures").iterdir())


def picture(name: str) -> bytes:
    """A picture's bytes. `name` must be one of `pictures()`."""
    return files("newsletter.demo").joinpath("pictures", name).read_bytes()


def _post(number: int, text: str, comments: dict[str, tuple[Comment, ...]], now: datetime) -> Post:
    head, _, body = text.partition("\n---\n")
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in head.splitlines())}
    path = fields["Path"]
    title = fields["Title"]
    quirk = fields.get("Quirk", "")
    return Post(
        number=number,
        title=f"Protected: {title}" if quirk == "protected" else title,
        path=path,
        categories=_names(fields.get("Categories", "")),
        tags=_names(fields.get("Tags", "")),
        author=fields["Author"],
        published=now - timedelta(hours=float(fields["Hours"])),
        picture=fields.get("Picture", ""),
        alt=fields.get("Alt", ""),
        quirk=quirk,
        body=body,
        comments=comments.get(path.strip("/").rsplit("/", 1)[-1], ()),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _comments() -> dict[str, tuple[Comment, ...]]:
    text = files("newsletter.demo").joinpath("comments.toml").read_text(encoding="utf-8")
    found: dict[str, tuple[Comment, ...]] = {}
    number = 0
    for slug, wrote in tomllib.loads(text).items():
        made = []
        for place, one in enumerate(wrote):
            number += 1
            made.append(_comment(7000 + number, one, timedelta(minutes=97 * (place + 1))))
        found[slug] = tuple(made)
    return found


def _comment(number: int, one: dict[str, Any], after: timedelta) -> Comment:
    return Comment(number, one["name"], one["text"], one.get("reply", False), after)
