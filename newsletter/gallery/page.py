"""The gallery: an issue in all its variants, widths and looks on one page that needs nothing else, for a reviewer.

It works from a disk or out of a mail: one file, and nothing it fetches but the mail's own pictures. Each mail is in it
once; a little script makes the dark and the inverted look of it, and without script all else is there. Made of the
issue alone, so that the same issue gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from newsletter.gallery.colours import darkened
from newsletter.gallery.looks import LOOKS, as_seen, colours, unnamed
from newsletter.gallery.shown import CLIP, DEVICES, Shown, Variant
from newsletter.render.templates import compiled

if TYPE_CHECKING:
    from newsletter.gallery.remarks import Remark

NAME = "gallery.html"
LINKS = ("#reader-links", "#reader-links")
STATIC = Path(__file__).parent / "static"


def make_gallery(shown: Shown, remarks: Sequence[Remark], note: str, hash: str) -> str:
    """The page. `shown` has LINKS in it; `note` says what the checks came to."""
    script = (STATIC / "gallery.js").read_text(encoding="utf-8")
    return (
        environment(STATIC)
        .get_template(NAME)
        .render(
            shown=shown,
            remarks=remarks,
            note=note,
            hash=hash,
            looks=LOOKS,
            devices=DEVICES,
            clip=CLIP,
            frame=_frame,
            turned=Markup(json.dumps(_turned(shown), sort_keys=True)),  # noqa: S704 - colours of ours
            script=Markup(script),  # noqa: S704 - of ours
            script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _frame(variant: Variant) -> Markup:
    """A whole mail inside of an attribute: only what would end it is escaped, or every tag would grow by half."""
    html = as_seen(variant.html, "light")
    return Markup(html.replace("&", "&amp;").replace('"', "&quot;"))  # noqa: S704 - it stands between quotes


def _turned(shown: Shown) -> dict[str, str]:
    """What becomes of each colour of the issue, for the script; what is unnamed comes as a style."""
    named = {one: darkened(one) for variant in shown.variants[:1] for one in colours(variant.html)}
    return {**named, "unnamed": unnamed()}


@lru_cache(maxsize=4)
def environment(*folders: Path) -> jinja2.Environment:
    """Templates from these folders; every value is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        bytecode_cache=compiled(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
