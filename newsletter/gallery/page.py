"""The gallery: an issue in all its variants, widths and looks on one page that needs nothing else, for a reviewer.

It works from a disk or out of a mail: one file, no script, and nothing it fetches but the mail's own pictures. Made
of the issue alone, so that the same issue gives the same bytes; the checks are held as of the day it goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from newsletter.gallery.looks import LOOKS, as_seen
from newsletter.gallery.remarks import Remark
from newsletter.gallery.shown import CLIP, DEVICES, Shown, Variant
from newsletter.render.templates import compiled

NAME = "gallery.html"
LINKS = ("#reader-links", "#reader-links")
STATIC = Path(__file__).parent / "static"


def make_gallery(shown: Shown, remarks: Sequence[Remark], note: str, hash: str) -> str:
    """The page. `shown` has LINKS in it; `note` says what the checks came to."""
    page = environment(STATIC).get_template(NAME)
    return page.render(
        shown=shown,
        remarks=remarks,
        note=note,
        hash=hash,
        looks=LOOKS,
        devices=DEVICES,
        clip=CLIP,
        frame=_frame,
    )


def _frame(variant: Variant, look: str) -> Markup:
    """A whole mail inside of an attribute: only what would end it is escaped, or every tag would grow by half."""
    html = as_seen(variant.html, look)
    return Markup(html.replace("&", "&amp;").replace('"', "&quot;"))  # noqa: S704 - it stands between quotes


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
