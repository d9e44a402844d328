"""The renderer: a layout in, the editions of an issue out. The same input gives the same bytes, anywhere."""

from __future__ import annotations

import re
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any

import jinja2

from newsletter.config import Config
from newsletter.errors import ContentError, TemplateError
from newsletter.render import templates as look
from newsletter.render.inline import inline
from newsletter.render.mjml import to_html
from newsletter.render.text import even
from newsletter.render.view import issue_context, sections_of, site_context, variants
from newsletter.types import (
    ALL_TOPICS,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Edition,
    Layout,
    Topics,
    edition_hash,
)

ISSUE = "issue"
_STYLES = "parts/inline.css.j2"


class Renderer:
    """One site's look. `templates` is its own folder; files it does not have come from the default look."""

    def __init__(self, config: Config, templates: Path | None = None) -> None:
        self.config = config
        self.templates = templates

    @cached_property
    def environment(self) -> jinja2.Environment:
        return look.environment(self.templates)

    @cached_property
    def _site(self) -> dict[str, Any]:
        return site_context(self.config)

    def variants(self, layout: Layout) -> tuple[Topics, ...]:
        """Every set of the layout's sections that a reader can have chosen, written out; the whole first."""
        return variants(layout)

    def edition(self, layout: Layout, topics: Topics = ALL_TOPICS) -> Edition:
        """What readers with these topics get.

        Raises TemplateError; ContentError when no story is left to show, or one has no proper address.
        """
        shown = Topics(tuple(id_ for id_ in sections_of(layout) if id_ in topics))
        if not shown.ids:
            raise ContentError(
                f"the issue has no story for the topics {str(topics)!r}",
                where=layout.slug,
                hint="Add a pick.",
            )
        context = issue_context(self.config, layout, shown)
        mjml, html, text = self.page(ISSUE, **context)
        _keep_marks(html, f"{ISSUE}.mjml.j2")
        _keep_marks(text, f"{ISSUE}.txt.j2")
        for one in context["corrections"]:
            _show(_words(str(one.html)), _words(html), f"{ISSUE}.mjml.j2")
            _show(_line(one.text), _line(text), f"{ISSUE}.txt.j2")
        subject, preheader = context["subject"], context["preheader"]
        return Edition(
            issue=layout.slug,
            topics=shown,
            subject=subject,
            preheader=preheader,
            html=html,
            text=text,
            hash=edition_hash(subject, preheader, html, text),
            mjml=mjml,
        )

    def page(self, name: str, **context: Any) -> tuple[str, str, str]:
        """A mail from `<name>.mjml.j2` and `<name>.txt.j2`: its MJML, HTML and text. Raises TemplateError."""
        known = {**self._site, **context}
        mjml = look.render(self.environment, f"{name}.mjml.j2", known)
        html = inline(to_html(mjml, where=f"{name}.mjml.j2"), self._styles, where=_STYLES)
        return mjml, html, even(look.render(self.environment, f"{name}.txt.j2", known))

    @property
    def _styles(self) -> str:
        return look.render(self.environment, _STYLES, self._site)


def _show(words: str, page: str, where: str) -> None:
    """A correction is told: a site's own look from before there were any would drop it in silence."""
    if words not in page:
        raise TemplateError(
            "the page does not show the correction of an earlier issue",
            where=where,
            hint="Show each of `corrections` in it: see docs/templates.md.",
        )


def _words(html: str) -> str:
    return _line(unescape(re.sub(r"<[^>]*>", "", html)))


def _line(text: str) -> str:
    """Without line breaks, and without the > that stands before each line of a quotation."""
    return " ".join(text.replace(">", " ").split())


def _keep_marks(page: str, where: str) -> None:
    """Every reader can leave: a look without the two links is a broken one, and so is a mark cut in half."""
    for mark, name in ((UNSUBSCRIBE_MARK, "unsubscribe_url"), (PREFERENCES_MARK, "preferences_url")):
        if mark not in page:
            raise TemplateError(
                f"the page has no {name}",
                where=where,
                hint=f"Put a link to {{{{ {name} }}}} into its footer.",
            )
    if page.count("@@") != 2 * (page.count(UNSUBSCRIBE_MARK) + page.count(PREFERENCES_MARK)):
        raise TemplateError(
            "'@@' stands in the page outside of a reader's link", where=where, hint="Write it another way."
        )
