"""Which templates mails are made of: the entry points, and everything they include, import or extend."""

from __future__ import annotations

from functools import cache, lru_cache

import jinja2
from jinja2 import meta

from newsletter.errors import TemplateError
from newsletter.render.renderer import _STYLES, ISSUE, Renderer
from newsletter.render.templates import environment

SINGLE = "mail"


def issue_sources(renderer: Renderer) -> dict[str, str]:
    """Template name → its text, of all that an issue's mails are made of. Raises TemplateError.

    One that chooses a template by a computed name may use any: then all of them count.
    """
    return _sources(renderer, [f"{ISSUE}.mjml.j2", f"{ISSUE}.txt.j2", _STYLES])


def mail_sources(renderer: Renderer) -> dict[str, str]:
    """The same of single mails, too. Raises TemplateError."""
    return _sources(
        renderer, [f"{name}.{part}.j2" for name in (ISSUE, SINGLE) for part in ("mjml", "txt")] + [_STYLES]
    )


def _sources(renderer: Renderer, wanted: list[str]) -> dict[str, str]:
    env = renderer.environment
    found: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found[name] = _source(env, name)
        named = _named(found[name])
        wanted += env.list_templates() if None in named else [one for one in named if one is not None]
    return found


@lru_cache(256)  # every check asks, and of most templates nothing has changed
def _named(source: str) -> tuple[str | None, ...]:
    """The templates that this one names; None stands for a computed name."""
    try:
        return tuple(meta.find_referenced_templates(_parser().parse(source)))
    except jinja2.TemplateSyntaxError:
        return ()  # rendering names its mistake; here its text is all that counts


@cache
def _parser() -> jinja2.Environment:
    """All sites' templates are of one syntax."""
    return environment(None)


def _source(env: jinja2.Environment, name: str) -> str:
    assert env.loader is not None
    try:
        return env.loader.get_source(env, name)[0]
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"there is no template {error.name!r}", where="templates") from None
