"""Single mails: a kind and its facts in, subject, HTML and text out.

Their words are in `templates/mail/<kind>.md.j2`: lines `Subject:`, `Preheader:`, `Heading:` and `Button:`, a blank
line, then Markdown, in which a line `[button]` says where the button goes.
"""

from __future__ import annotations

from typing import Any

from newsletter.errors import TemplateError
from newsletter.render import templates as look
from newsletter.render.clean import one_line, safe_address
from newsletter.render.markdown import note_html, note_text
from newsletter.render.renderer import Renderer
from newsletter.render.view import site_context
from newsletter.types import ALL_TOPICS, Edition, edition_hash

PLACE = "[button]"
_NEEDED = ("Subject", "Heading")


def render_letter(
    renderer: Renderer, kind: str, *, link: str = "", first_name: str | None = None, **facts: Any
) -> Edition:
    """The mail of this kind with the reader's `link` behind its button. Raises TemplateError.

    `first_name`: of the reader, to begin with. It stands in the look alone: in the words, which are Markdown, it could
    become markup.
    """
    name = f"mail/{kind}.md.j2"
    text = look.render(renderer.environment, name, {**site_context(renderer.config), "link": link, **facts})
    heads, body = _split(text, name)
    before, _, after = body.partition(PLACE)
    mjml, page, plain = renderer.page(
        "mail",
        subject=heads["Subject"],
        preheader=heads.get("Preheader", ""),
        heading=heads["Heading"],
        first_name=first_name or "",
        button=heads.get("Button", "") if link else "",
        link=safe_address(link) if link else "",
        before_html=note_html(before.strip()),
        before_text=note_text(before.strip()),
        after_html=note_html(after.strip()),
        after_text=note_text(after.strip()),
    )
    subject, preheader = heads["Subject"], heads.get("Preheader", "")
    return Edition(
        issue=kind,
        topics=ALL_TOPICS,
        subject=subject,
        preheader=preheader,
        html=page,
        text=plain,
        hash=edition_hash(subject, preheader, page, plain),
        mjml=mjml,
    )


def _split(text: str, name: str) -> tuple[dict[str, str], str]:
    head, _, body = text.strip().partition("\n\n")
    heads = {}
    for line in head.splitlines():
        key, _, value = line.partition(":")
        heads[key.strip()] = one_line(value)
    if missing := [key for key in _NEEDED if not heads.get(key)]:
        raise TemplateError(
            f"there is no line {missing[0]!r} at its top",
            where=name,
            hint=f"Write {missing[0]}: …, then a blank line.",
        )
    return heads, body
