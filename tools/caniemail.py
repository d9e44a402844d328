"""Renew newsletter/checks/data/caniemail.json from the npm package `caniemail` (MIT), pinned by its version.

    npm pack caniemail@2.0.2 && tar xzf caniemail-2.0.2.tgz
    python tools/caniemail.py package

Kept is what a mail can do nothing about at sending: CSS properties and HTML elements that a program does not
know, by its newest tested version.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "newsletter" / "checks" / "data"
_NO_PROPERTY = re.compile(
    r"(?:at|pseudo|selector|unit|function|modern|rgba?|variables|nesting|comments|important|sytem|inert)\b"
)
_VALUES = {"display-flex": "display:flex", "display-grid": "display:grid"}
_ELEMENTS = {
    "audio": "audio", "video": "video", "base": "base", "dialog": "dialog", "form": "form", "link": "link",
    "marquee": "marquee", "meter": "meter", "object": "object", "picture": "picture", "progress": "progress",
    "select": "select", "svg": "svg", "textarea": "textarea", "button-submit": "button", "input-text": "input",
    "image-maps": "map", "ruby": "ruby", "wbr": "wbr",
}  # fmt: skip


def reduced(data: dict[str, Any], version: str) -> dict[str, Any]:
    css: dict[str, Any] = {}
    html: dict[str, Any] = {}
    for feature in data["data"]:
        kind, _, name = feature["slug"].partition("-")
        without = unsupported(feature["stats"])
        if kind == "css" and without and not _NO_PROPERTY.match(name):
            css[_VALUES.get(name, name)] = without
        elif kind == "html" and without and name in _ELEMENTS:
            html[_ELEMENTS[name]] = without
    return {
        "source": "https://www.caniemail.com/", "package": f"caniemail@{version}", "date": data["last_update_date"],
        "css": css, "html": html,
    }  # fmt: skip


def unsupported(stats: dict[str, Any]) -> dict[str, list[str]]:
    """Family → the platforms whose newest tested version does not know it."""
    found = {
        family: sorted(
            name for name, versions in platforms.items() if list(versions.values())[-1].startswith("n")
        )
        for family, platforms in stats.items()
    }
    return {family: names for family, names in sorted(found.items()) if names}


def main(package: Path) -> None:
    version = json.loads((package / "package.json").read_text())["version"]
    data = json.loads((package / "data" / "caniemail.json").read_text())
    TARGET.mkdir(exist_ok=True)
    text = json.dumps(reduced(data, version), indent=None, separators=(",", ":"), sort_keys=True)
    (TARGET / "caniemail.json").write_text(text.replace('},"', '},\n"') + "\n")
    (TARGET / "caniemail.LICENSE").write_text((package / "LICENSE").read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
