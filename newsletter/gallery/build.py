"""The gallery of an issue: from what was built, with or without the gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError
from newsletter.gallery.page import LINKS, make_gallery
from newsletter.gallery.shown import show
from newsletter.types import editions_hash

if TYPE_CHECKING:
    from newsletter.checking import Verdict
    from newsletter.composer import Composed
    from newsletter.config import Site
    from newsletter.gallery.remarks import Remark

NOT_HELD = "The checks were not held: newsletter build --check shows here what they find."
LEFT_OUT = "Links, pictures and SpamAssassin were not asked."


def make_page(site: Site, made: Composed, judge: Callable[..., Verdict] | None = None) -> str:
    """The page. `judge` is the gate's: with it the page has findings, without those that asking the world would
    bring. It is asked as of the day the issue goes out: the page must not depend on when it is made."""
    shown = show(site.config, made.issue.slug, made.editions, LINKS)
    found, note = _judged(site, made, judge) if judge else ((), NOT_HELD)
    return make_gallery(shown, found, note, editions_hash(made.editions))


def _judged(site: Site, made: Composed, judge: Callable[..., Verdict]) -> tuple[tuple[Remark, ...], str]:
    from newsletter.gallery.remarks import near, remarks, said  # late: most builds are quick ones

    day = datetime.combine(made.issue.date, time(12), site.config.newsletter.zone)
    try:
        verdict = judge(made, day, thorough=False)
    except NewsletterError as error:
        # Of another issue's file, or of another mail's template: this one was built.
        return (), f"The checks could not be held: {near(str(error), site.root)}"
    return remarks(verdict.findings, site.root), f"{said(verdict, verdict.findings)} {LEFT_OUT}"
