"""Our style sheet written into the elements, for the mail programs that ignore <style>. All else stays as it is.

premailer's defaults would strip !important, delete the rules for dark mode, give Outlook widths in percent and
fetch style sheets. mrml's own <style> elements are marked to be left alone; ours comes as text.
"""

from __future__ import annotations

import logging
import re

from newsletter.errors import TemplateError
from newsletter.render.mjml import TAG_OR_COMMENT


def inline(html: str, css: str, *, where: str) -> str:
    """`html` with the rules of `css` in style attributes. Raises TemplateError for an @import, which would be fetched."""
    if re.search(r"@import|@charset|@namespace", css, re.IGNORECASE):
        raise TemplateError(
            "a style sheet that is written into the elements cannot import another",
            where=where,
            hint="Copy its rules here: a build asks nothing of the network.",
        )
    import cssutils  # late: with premailer 200 ms, needed only to build
    from premailer import Premailer

    cssutils.log.setLevel(logging.CRITICAL)
    made: str = Premailer(
        _leave_alone(html),
        css_text=css,
        strip_important=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        disable_validation=True,
        disable_link_rewrites=True,
        align_floating_images=False,
        remove_unset_properties=False,
        allow_network=False,
    ).transform(pretty_print=False)
    # Left over where premailer passes a style by before it looks for the mark: those with a media attribute.
    return made.replace('<style data-premailer="ignore"', "<style") + "\n"


def _leave_alone(html: str) -> str:
    """Every <style> marked for premailer, but those in comments, which it does not see."""
    return TAG_OR_COMMENT.sub(_marked, html)


def _marked(match: re.Match[str]) -> str:
    tag = match[0]
    return '<style data-premailer="ignore"' + tag[6:] if tag[:6].lower() == "<style" else tag
