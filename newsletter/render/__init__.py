"""A layout in, editions out: Jinja → MJML → HTML with inline styles, and a text part of the same stories.

`Renderer` is imported when first asked for: finished mails can be filled and sent without any of the above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsletter.render.renderer import Renderer

__all__ = ["Renderer"]


def __getattr__(name: str) -> Any:
    if name == "Renderer":
        from newsletter.render.renderer import Renderer

        return Renderer
    raise AttributeError(name)
