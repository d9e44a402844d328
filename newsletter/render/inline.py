"""Our style sheet written into the elements, for mail programs that ignore <style>. All else stays as it is.

premailer's defaults would strip !important, delete the rules for dark mode, give Outlook widths in percent
and fetch style sheets. So mrml's own <style> elements are marked to be left alone, and ours comes as text.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from newsletter.errors import TemplateError

_STYLE_OR_COMMENT = re.compile(r"<!--.*?-->|<style\b", re.DOTALL | re.IGNORECASE)
_ONE_AT_A_TIME = threading.Lock()
"""cssutils keeps in a global whether it raises what it cannot read, and changes it while it reads."""
_FETCHERS = ("requests", "urllib.request")
_SETTINGS: dict[str, Any] = {
    "strip_important": False,  # or the rules for dark mode and phones lose against what stands in the element
    "disable_basic_attributes": ["width", "height", "align", "valign", "bgcolor"],
    "disable_validation": True,  # cssutils knows little of what is newer than CSS 2, and nothing of mso-…
    "disable_link_rewrites": True,
    "align_floating_images": False,
    "remove_unset_properties": False,
    "allow_network": False,
}


def inline(html: str, css: str, *, where: str) -> str:
    """`html` with the rules of `css` in style attributes.

    Raises TemplateError for an @import: cssutils would fetch it, whatever premailer is told.
    """
    if re.search(r"@\s*import|\\", css, re.IGNORECASE):
        raise TemplateError(
            "a style sheet that is written into the elements has no @import and no backslash",
            where=where,
            hint="Copy the other sheet's rules here: a build asks nothing of the network.",
        )
    with _ONE_AT_A_TIME:
        made: str = _premailer()(_leave_alone(html), css_text=css, **_SETTINGS).transform(pretty_print=False)
    # Left over where premailer passes a style by before it looks for the mark: those with a media attribute.
    return made.replace('<style data-premailer="ignore"', "<style") + "\n"


@cache
def _premailer() -> type[Any]:
    # Both late: together 50 ms, needed only to build.
    with _no_network():
        import cssutils
        from premailer import Premailer

    cssutils.log.setLevel(logging.CRITICAL)
    # Nothing is validated, but premailer forgets to say so for an element's own style: 20 ms of regexes.
    cssutils.profile.removeProfile(all=True)

    @lru_cache(maxsize=8)
    def rules(css: str, index: int) -> Any:
        return Premailer("", **_SETTINGS)._parse_style_rules(css, index)

    class Inliner(Premailer):  # type: ignore[misc]  # premailer has no types
        """Reads a style sheet once, not once a variant: that is half of its time."""

        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
            return rules(css_body, ruleset_index)

    return Inliner


@contextmanager
def _no_network() -> Iterator[None]:
    """Both import what fetches style sheets, which they must not do here: a third of their import, and one more way to
    the network. They get an empty module in its place, unless it is in use already."""
    stand_ins = {name: ModuleType(name) for name in _FETCHERS if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _leave_alone(html: str) -> str:
    """Every <style> marked for premailer, but those in comments, which it does not see."""
    return _STYLE_OR_COMMENT.sub(_marked, html)


def _marked(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("<!--") else '<style data-premailer="ignore"'
