"""Whatever the machine does, a person gets a sentence, scripts an exit code, and files are whole or not there."""

from __future__ import annotations

import os
import pty
import random
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from issue_kit import TUESDAY, article, make_site
from issue_site import ISSUE
from issue_site import SETTINGS as PLAIN

from newsletter.whole import make_file, replace_file

SLUG = "2026-11-26"
NOW = TUESDAY.isoformat()
NONE = "There is no such article. `newsletter pull` collects them.\n"


def run(
    folder: Path, *args: str, env: dict[str, str] | None = None, room: int | None = None
) -> subprocess.CompletedProcess[str]:
    """A command. `room`: from so many blocks of 512 bytes on, no file takes more, as on a full disk."""
    command = [sys.executable, "-m", "newsletter", "--site", str(folder), "--now", NOW, *args]
    if room is not None:
        command = ["sh", "-c", f'ulimit -f {room} && exec "$@"', "sh", *command]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="latin-1",
        env={**os.environ, "PYTHONPATH": "", **(env or {})},
        check=False,
    )


def calm(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A site with one issue by hand, and no store."""
    (tmp_path / "newsletter.toml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "content" / "issues").mkdir(parents=True)
    (tmp_path / "content" / "issues" / f"{SLUG}.md").write_text(ISSUE, encoding="utf-8")
    return tmp_path


# --- words and exit codes --------------------------------------------------------------------------------


def test_what_nobody_foresaw_is_a_sentence(tmp_path: Path) -> None:
    """No part of the program expects to run in a folder that is gone; a person, or cron's mail, is still told."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = Path(sys.executable).with_name("newsletter")
    done = subprocess.run(
        ["sh", "-c", f"rmdir '{gone}' && exec '{program}' status"],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    calm(done, 1, "No such file or directory", "Run it again")


@pytest.mark.parametrize("place", [0, 2])
def test_debug_may_stand_anywhere(written: Path, place: int) -> None:
    """One adds it to the end of the line that has just failed."""
    (written / "newsletter.toml").write_text("x = 1\n")
    words = ["build", SLUG]
    words.insert(place, "--debug")
    done = run(written, *words)
    assert "Traceback" in done.stderr
    assert "unknown key 'x'" in done.stderr


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31T23:59:59", "yesterday"])
def test_a_moment_without_issues_is_a_mistake_of_use(written: Path, moment: str) -> None:
    """No calendar reaches there."""
    done = run(written, "--now", moment, "cron")
    assert done.returncode == 2
    assert "Invalid value for '--now'" in done.stderr


def test_a_store_that_is_none_is_said(written: Path) -> None:
    """Its place, and what the database says of it."""
    (written / "subscribers").mkdir()
    (written / "subscribers" / "newsletter.db").write_text(
        "not a database, but long enough to look like one\n" * 9
    )
    calm(run(written, "articles"), 1, "newsletter.db: the database cannot be opened: file is not a database")


def test_a_terminal_of_few_letters_shows_the_others_by_number(written: Path) -> None:
    """Latin-1 has no curly quotes: that is no reason to say nothing."""
    issue = written / "content" / "issues" / f"{SLUG}.md"
    issue.write_text(ISSUE.replace("What a nerve block", "“What” a nerve block"), encoding="utf-8")
    done = run(written, "build", SLUG, "--offline", env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert r"\u201cWhat\u201d a nerve block" in done.stdout
    done = run(written, "build", SLUG, "--offline", "--json", env={"PYTHONIOENCODING": "latin-1"})
    assert r'"subject": "\u201cWhat\u201d a nerve block' in done.stdout


def test_a_reader_of_the_output_may_go(written: Path) -> None:
    """`newsletter build | head -c1` is no failure, also under `set -o pipefail`; nor is a closed output."""
    program = f"'{sys.executable}' -m newsletter --site '{written}' --now {NOW}"
    for line in (f"{program} build {SLUG} --offline --json | true", f"{program} articles >&-"):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": "", "PYTHONUNBUFFERED": "1"},
            check=False,
        )
        assert (done.returncode, done.stderr.replace(NONE, "")) == (0, "")


@pytest.mark.parametrize(
    ("columns", "line"), [("40", "title: All about sciatica\r\n"), ("100", "date        section")]
)
def test_a_narrow_terminal_cuts_no_word(tmp_path: Path, columns: str, line: str) -> None:
    """Where a table has no room, each cell stands on a line of its own."""
    make_site(tmp_path, [article("sciatica", at="11-20 08:00")]).database.dispose()
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "newsletter", "--site", str(tmp_path), "articles"],
        stdout=theirs,
        env={**os.environ, "PYTHONPATH": "", "COLUMNS": columns, "TERM": "dumb"},
        check=True,
    )
    os.close(theirs)
    shown = re.sub(r"\x1b\[[\d;]*m", "", os.read(ours, 10_000).decode())
    os.close(ours)
    assert line in shown


# --- a full disk -----------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_last_good_build(written: Path) -> None:
    """What was built stays, and what could not be written takes no room."""
    assert run(written, "build", SLUG, "--offline").returncode == 0
    before = {one.name: one.read_bytes() for one in (written / "build" / SLUG).iterdir()}
    calm(run(written, "build", SLUG, "--offline", room=20), 2, f"build/{SLUG}: cannot be written: ")
    assert {one.name: one.read_bytes() for one in (written / "build" / SLUG).iterdir()} == before
    assert [one.name for one in (written / "build").iterdir()] == [SLUG]


@pytest.mark.parametrize("room", [4, 100, 400])
def test_a_full_disk_leaves_a_store_that_can_go_on(written: Path, room: int) -> None:
    """However much of it could be written: once there is room, the next command works."""
    calm(run(written, "articles", room=room), 1, "database")
    assert run(written, "articles").returncode == 0


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """The editor's own words, when there is no room for more; nothing is left beside them."""
    place = tmp_path / "a.md"
    place.write_text("an editor's words")

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        fill()
        for write in (replace_file, make_file):
            with pytest.raises(OSError, match="too large"):
                write(place, "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert place.read_text() == "an editor's words"
    assert list(tmp_path.iterdir()) == [place]


def test_a_file_keeps_the_permissions_it_is_given(tmp_path: Path) -> None:
    """A key is its owner's alone; an issue that a group edits stays theirs."""
    assert make_file(tmp_path / "key", "secret", mode=0o600)
    assert not make_file(tmp_path / "key", "another", mode=0o600)
    replace_file(tmp_path / "issue", "x", mode=0o664)
    assert [one.stat().st_mode & 0o777 for one in sorted(tmp_path.iterdir())] == [0o664, 0o600]
    assert (tmp_path / "key").read_text() == "secret"


# --- killed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_no_file_is_half(tmp_path: Path, seed: int) -> None:
    """`build --refresh` is killed, again and again: each time the issue's file is one it had or was to have, a build
    folder is whole, and a last run ends well."""
    make_site(tmp_path, [article(name, at="11-20 08:00", image=True) for name in "abc"]).database.dispose()
    file, chance = tmp_path / "content" / "issues" / f"{SLUG}.md", random.Random(seed)
    for _ in range(4):
        command = [sys.executable, "-m", "newsletter", "--site", str(tmp_path), "--now", NOW]
        process = subprocess.Popen(
            [*command, "build", SLUG, "--offline", "--refresh"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.1, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if file.exists():
            assert file.read_text(encoding="utf-8").rstrip("\n").endswith("\n---")
        for folder in (tmp_path / "build").glob(SLUG):
            assert (folder / "report.json").read_text(encoding="utf-8").endswith("}\n")
    assert run(tmp_path, "build", SLUG, "--offline", "--refresh").returncode == 0
    made = {one.name for one in (tmp_path / "build" / SLUG).iterdir()}
    assert made == {"all.html", "all.txt", "all.mjml", "report.json", "gallery.html"}
