"""The gallery of an issue as it was built."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError
from newsletter.gallery.page import LINKS, make_gallery
from newsletter.gallery.remarks import near, remarks, said
from newsletter.gallery.shown import show
from newsletter.types import editions_hash

if TYPE_CHECKING:
    from newsletter.checking import Verdict
    from newsletter.composer import Composed
    from newsletter.config import Site

LEFT_OUT = "Links, pictures and SpamAssassin were not asked."


def make_page(site: Site, made: Composed, judge: Callable[..., Verdict]) -> str:
    """The page. `judge` is the gate's: what takes it long, or asks the world, is left out here.

    It is asked as of the day the issue goes out: the page must not depend on when it is made.
    """
    shown = show(site.config, made.issue.slug, made.editions, LINKS)
    day = datetime.combine(made.issue.date, time(12), site.config.newsletter.zone)
    try:
        verdict = judge(made, day, thorough=False)
    except (
        NewsletterError
    ) as error:  # of another issue's file, or another mail's template: this one was built
        note = f"The checks could not be held: {near(str(error), site.root)}"
        return make_gallery(shown, (), note, editions_hash(made.editions))
    found = remarks(verdict.findings, site.root)
    return make_gallery(
        shown, found, f"{said(verdict, verdict.findings)} {LEFT_OUT}", editions_hash(made.editions)
    )
