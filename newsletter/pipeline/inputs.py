"""What an issue's bytes depend on, each thing by the name an editor knows it by: the inputs of its seal."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

from newsletter import __version__
from newsletter.config import Config
from newsletter.seal import digest
from newsletter.types import Layout, Story

ISSUE_FILE = "the issue file"
_PACKAGES = (
    "ruamel.yaml",  # reads the issue file
    "markdown-it-py",  # the editor's note, with the two below
    "mdurl",
    "nh3",
    "jinja2",
    "markupsafe",
    "mjml-python",
    "premailer",  # styles into elements, with the three below
    "cssutils",
    "cssselect",
    "lxml",
)
"""What renders, in the order of its work: another version of any can give other bytes."""
_UNSEEN = {"editors"}
"""The settings of [newsletter] that reach neither a mail nor its headers."""


def gather_inputs(
    issue_file: bytes, layout: Layout, templates: Mapping[str, str], config: Config
) -> dict[str, str]:
    """Everything the editions depend on, by the name an editor knows it by."""
    return {
        ISSUE_FILE: digest(issue_file),
        **{template_input(name): digest(text) for name, text in templates.items()},
        **dict(_articles(layout)),
        **_corrections(layout),
        **{f"setting {name}": digest(value) for name, value in rendering_settings(config).items()},
        **program_versions(),
    }


def template_input(name: str) -> str:
    """What a template is called among the inputs."""
    return f"template {name}"


def rendering_settings(config: Config) -> dict[str, Any]:
    """The settings that reach a mail, by their place in newsletter.toml; not those of when and how fast."""
    identity = config.newsletter.model_dump(mode="json", exclude=_UNSEEN)
    brand = config.brand.model_dump(mode="json")
    palettes = {"colours": brand.pop("colours"), "dark": brand.pop("dark")}
    return {
        **{f"[newsletter] {_toml_name(key)}": value for key, value in identity.items()},
        "[[section]] order": list(config.section_ids),
        **{f"[[section]] {one.id} title": one.title for one in config.sections},
        **{f"[[section]] {one.id} intro": one.intro for one in config.sections},
        **{f"[brand] {key}": value for key, value in brand.items()},
        **{f"[brand.{name}] {key}": value for name, rows in palettes.items() for key, value in rows.items()},
    }


def program_versions() -> dict[str, str]:
    return {"program version": __version__, **_versions()}


@cache
def _versions() -> dict[str, str]:
    from lxml.etree import LIBXML_VERSION  # late: loaded by whatever renders, and by nothing else

    return {
        "python version": ".".join(platform.python_version_tuple()[:2]),
        "libxml2 version": ".".join(map(str, LIBXML_VERSION)),
        **{f"{name} version": version(name) for name in _PACKAGES},
    }


def _articles(layout: Layout) -> Iterator[tuple[str, str]]:
    stories = [*([layout.lead] if layout.lead else []), *(one for _, many in layout.sections for one in many)]
    for story in stories:
        for key, value in _shown(story).items():
            yield f"article {story.url}: {key}", digest(value)


def _corrections(layout: Layout) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for one in layout.corrections:
        told.setdefault(one.issue, []).append(one.text)
    return {f"correction of {issue}": digest(texts) for issue, texts in told.items()}


def _shown(story: Story) -> dict[str, Any]:
    fields = asdict(story)
    del fields["url"]
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in fields.items()
        if value is not None
    }


def _toml_name(key: str) -> str:
    return "from" if key == "sender" else key
