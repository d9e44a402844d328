"""Draw docs/pictures/check.svg and status.svg: what a person sees of `newsletter check` and `newsletter status`.

    python tools/terminal_pictures.py

The commands run for real, in a terminal of their own, on a copy of this repository's example site: its issue with a few
faults for the one, sent to the first of two thousand invented readers for the other. Nothing leaves the machine.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
SLUG = "2026-11-26"
COLUMNS = 92
TITLES = {"check": f"newsletter check {SLUG} --offline", "status": f"newsletter status {SLUG}"}
BEFORE, THURSDAY = "2026-11-24T14:00:00+00:00", "2026-11-26T15:00:00+00:00"
FAULTS = (
    ("Dear reader,", "Dear {{first_name}},"),
    ('"Living with fibromyalgia, one day at a time"', '"A miracle cure for fibromyalgia"'),
    ("Be gentle with yourselves this week.", "Be gentle with yourselves. Our guide to winter is [here](http://www.example.org/winter/)."),
    ('"Physical therapy when moving hurts"', '"Oxycodone, or physical therapy when moving hurts"'),
)  # fmt: skip
_INK, _QUIET = (34, 41, 44), (72, 82, 87)
_PLAIN = [
    _INK,
    (166, 38, 38),
    (32, 110, 60),
    (146, 92, 0),
    (33, 80, 150),
    (120, 50, 130),
    (10, 86, 93),
    _QUIET,
]
THEME = TerminalTheme((251, 249, 244), _INK, _PLAIN, [(110, 120, 124), *_PLAIN[1:]])
"""Calm, on paper, with 4.5:1 at least: the colours of the default look."""


def main() -> None:
    for name, make in (("check", checked), ("status", sent)):
        with tempfile.TemporaryDirectory() as folder:
            draw(name, make(Path(folder)), TITLES[name])


def checked(site: Path) -> str:
    """What the gate says of the example issue with a few faults."""
    copy_example(site)
    issue = site / "content" / "issues" / f"{SLUG}.md"
    text = issue.read_text(encoding="utf-8")
    for old, new in FAULTS:
        assert old in text, old
        text = text.replace(old, new)
    issue.write_text(text, encoding="utf-8")
    return on_terminal(site, BEFORE, "check", SLUG, "--offline")


def sent(site: Path) -> str:
    """Status of an issue that went to three quarters of its readers."""
    copy_example(site)
    readers = site / "readers.csv"
    readers.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(2000)))
    run(site, BEFORE, "subscribers", "import", str(readers), "--consent", "An invented list, for a picture.")
    run(site, BEFORE, "approve", SLUG, "--by", "Ada Novak", "--offline")
    run(site, THURSDAY, "send", SLUG, "--limit", "1480", ends=1)  # some readers are left
    return on_terminal(site, THURSDAY, "status", SLUG)


def copy_example(site: Path) -> None:
    shutil.copy(ROOT / "newsletter.toml", site)
    shutil.copytree(ROOT / "content", site / "content", ignore=shutil.ignore_patterns("*.seal.json"))


def command(site: Path, now: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "newsletter", "--site", str(site), "--now", now, *arguments]


def run(site: Path, now: str, *arguments: str, ends: int = 0) -> None:
    done = subprocess.run(command(site, now, *arguments), cwd=ROOT, capture_output=True, text=True)
    if done.returncode != ends:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")


def on_terminal(site: Path, now: str, *arguments: str) -> str:
    """What a command writes to a terminal of COLUMNS columns, with its colours."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    words = command(site, now, *arguments)
    with subprocess.Popen(words, stdout=follower, stderr=follower, cwd=ROOT) as process:
        os.close(follower)
        said = b"".join(iter(lambda: _read(leader), b""))
        process.wait()
    os.close(leader)
    return said.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65_536)
    except OSError:  # so Linux ends a terminal that nobody writes to any more
        return b""


def draw(name: str, said: str, title: str) -> None:
    with (Path(os.devnull)).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, highlight=False)
        console.print(Text.assemble(("$ ", "dim"), (title, "bold")))
        console.print(Text.from_ansi(said))
        svg = console.export_svg(title=title, theme=THEME, code_format=without_fetching(), unique_id=name)
    lines = [line.rstrip() for line in svg.splitlines()]
    (PICTURES / f"{name}.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def without_fetching() -> str:
    """The format of rich's pictures, but for the font that it would fetch from a third party."""
    plain = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.S)
    return plain.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")


if __name__ == "__main__":
    main()
