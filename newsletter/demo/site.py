"""The sample site's documents, as WordPress writes them: its feed, its comment feeds, its pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from newsletter.demo.library import Post

PER_PAGE = 10
"""WordPress's own default."""
WORDS = 55
"""As many as WordPress puts into an excerpt."""


@dataclass(frozen=True)
class SampleSite:
    """A site at `url` with its entries, newest first."""

    url: str
    posts: tuple[Post, ...]
    name: str = "The Quiet Nerve"
    tagline: str = "A pain library for patients."

    @property
    def built(self) -> datetime:
        """When something last changed."""
        return max(post.published for post in self.posts)

    def feed(self, page: int = 1, category: str | None = None) -> str | None:
        """One page of the feed, RSS 2.0; None past the end."""
        posts = [post for post in self.posts if category is None or category in map(_slug, post.categories)]
        shown = posts[(page - 1) * PER_PAGE : page * PER_PAGE]
        return self._fill("feed.xml.j2", posts=shown) if shown else None

    def comments_feed(self, only: Post | None = None) -> str:
        return self._fill("comments.xml.j2", posts=[only] if only else self.posts, only=only)

    def home(self) -> str:
        return self._fill("page.html.j2", posts=self.posts, post=None)

    def page(self, post: Post) -> str:
        return self._fill("page.html.j2", posts=self.posts, post=post)

    def find(self, path: str) -> Post | None:
        return next((post for post in self.posts if post.path == path), None)

    def _fill(self, name: str, **values: Any) -> str:
        return self._theme.get_template(name).render(site=self, built=self.built, **values)

    @cached_property
    def _theme(self) -> Environment:
        theme = Environment(
            loader=FunctionLoader(_theme_file),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
        )
        theme.filters.update(rfc822=format_datetime, cdata=_cdata, summary=_summary, content=self._content)
        return theme

    def _content(self, post: Post, _site: object) -> Markup:
        """The article with all that the theme and its plugins put around it."""
        parts = self._theme.get_template("parts.html.j2").module
        body = re.sub(
            r"^\[(\w+) ?(.*)\]$", lambda f: self._part(parts, post, f[1], f[2]), post.body, flags=re.M
        )
        page = self._theme.get_template("content.html.j2").render(site=self, post=post, body=Markup(body))  # noqa: S704 - ours
        return Markup(page)  # noqa: S704 - ours

    def _part(self, parts: Any, post: Post, kind: str, words: str) -> str:
        if kind == "picture":
            return str(parts.picture(self, post))
        if kind == "video":
            name, _, label = words.partition(" ")
            return str(parts.video(name, label))
        if kind == "related":
            return str(parts.related(self, self._by_slug(words.split())))
        return str(parts.button(self))

    def _by_slug(self, slugs: Sequence[str]) -> list[Post]:
        """Those that are published already."""
        known: Mapping[str, Post] = {post.slug: post for post in self.posts}
        return [known[slug] for slug in slugs if slug in known]


def _theme_file(name: str) -> str:
    return files("newsletter.demo").joinpath("theme", name).read_text(encoding="utf-8")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _cdata(text: str) -> Markup:
    """As WordPress does it: a section cannot hold its own end."""
    return Markup(str(text).replace("]]>", "]]&gt;"))  # noqa: S704 - it stands in a CDATA section


def _summary(post: Post, site: SampleSite) -> str:
    """The description: the first words, an ellipsis, and a line that says where the article is from."""
    if post.protected:
        words = "There is no excerpt because this is a protected post."
    else:
        plain = re.sub(r"<[^>]+>|^\[.*\]$", " ", post.body, flags=re.M).split()
        words = " ".join(plain[:WORDS]) + (" [&#8230;]" if len(plain) > WORDS else "")
    link = f'<a href="{site.url}{post.path}">{post.plain_title}</a>'
    home = f'<a href="{site.url}">{site.name}</a>'
    return f"<p>{words}</p>\n<p>The post {link} appeared first on {home}.</p>\n"
