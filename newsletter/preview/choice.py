"""What an editor has chosen to look at. All of it stands in the address, so that no view needs script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import urlencode

from newsletter.gallery.looks import LOOKS

VIEWS = {
    "both": "Side by side",
    "phone": "Phone",
    "tablet": "Tablet",
    "desktop": "Desktop",
    "inbox": "Inbox",
    "text": "Text",
    "mjml": "MJML",
}
PANES = {"both": ("phone", "desktop"), "text": ("phone", "desktop"), "mjml": ("desktop",), "inbox": ()}
"""The frames of a view that is no frame's own name."""
SETTINGS = {
    "look": tuple(LOOKS),
    "pictures": ("on", "off"),
    "text": ("normal", "large"),
    "keys": ("on", "off"),
}
"""The first of each is what a page begins with."""


@dataclass(frozen=True, slots=True)
class Choice:
    view: str = "both"
    variant: str = ""
    """A variant's key; empty for the fullest."""
    look: str = "light"
    pictures: str = "on"
    text: str = "normal"
    keys: str = "on"
    """Whether single letters are keys: they are in the way of who speaks to the machine (WCAG 2.2, 2.1.4)."""
    finding: str = ""
    """The id of the finding whose place is shown; empty for none."""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Choice:
        """From an address; what is unknown there is passed over."""
        given = {one.name: asked[one.name] for one in fields(cls) if one.name in asked}
        allowed = {**SETTINGS, "view": tuple(VIEWS)}
        return cls(**{name: value for name, value in given.items() if value in allowed.get(name, (value,))})

    def but(self, **changes: str) -> str:
        """The address of the same page with these changes, from the studio's own on."""
        usual = asdict(Choice())
        chosen = asdict(replace(self, **changes))
        return "?" + urlencode({name: value for name, value in chosen.items() if value != usual[name]})

    def frame(self, kind: str) -> str:
        """What the address of a frame says of it; with the place of a finding, which a browser scrolls to."""
        wanted = ("variant", "look", "pictures", "text", "finding")
        query = urlencode({name: value for name, value in asdict(self).items() if name in wanted and value})
        return f"{kind}?{query}{'#place' if self.finding else ''}"

    @property
    def panes(self) -> tuple[str, ...]:
        return PANES.get(self.view, (self.view,))

    @property
    def kind(self) -> str:
        """What a frame of this view holds."""
        return self.view if self.view in ("text", "mjml") else "html"
