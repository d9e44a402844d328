"""[brand]: how mails and pages look, and what stands at their end."""

from __future__ import annotations

from pydantic import Field

from newsletter.kinds import Colour, Line, Table, WebAddress


class Action(Table):
    label: Line
    url: WebAddress


class Resource(Table):
    """Help for people in crisis or looking for support."""

    label: Line
    url: WebAddress
    text: str = ""


class Colours(Table):
    """Each of the two palettes must stand alone: most mail programs never use the dark one."""

    background: Colour = "#f4f1ea"
    surface: Colour = "#ffffff"
    text: Colour = "#22292c"
    muted: Colour = "#485257"
    accent: Colour = "#0a565d"
    on_accent: Colour = "#ffffff"
    line: Colour = "#dcd6c9"


class DarkColours(Colours):
    background: Colour = "#14191b"
    surface: Colour = "#1d2427"
    text: Colour = "#e9e6df"
    muted: Colour = "#aab4b7"
    accent: Colour = "#7fd0d3"
    on_accent: Colour = "#0d2124"
    line: Colour = "#364145"


class Brand(Table):
    logo: WebAddress | None = None
    logo_alt: str = ""
    logo_width: int = Field(default=160, ge=16, le=552)
    colours: Colours = Colours()
    dark: DarkColours = DarkColours()
    font: str = "'Segoe UI', Helvetica, Arial, sans-serif"
    """Fonts the reader's machine has; none is fetched. The first must be one Outlook on Windows knows, or
    it falls back to Times."""
    heading_font: str = "Georgia, 'Times New Roman', serif"
    call_to_action: Action | None = None
    resources: tuple[Resource, ...] = ()
    disclaimer: str = (
        "This newsletter gives general information. It is not medical advice and does not replace a visit to "
        "your doctor. We cannot answer personal medical questions by e-mail."
    )
    social: tuple[Action, ...] = ()
