"""`newsletter preview` opens the issue that is meant, and without a name the newest there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from issue_site import ISSUE, SLUG, make_site, write_issue

DURING, AFTER = "2026-11-25T08:00:00+00:00", "2026-11-27T08:00:00+00:00"


def command(root: Path, now: str, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "newsletter",
        "--site",
        str(root),
        "--now",
        now,
        "preview",
        "--no-browser",
        *arguments,
    ]


@contextmanager
def preview(root: Path, now: str, *arguments: str) -> Iterator[list[str]]:
    """The lines that the command says while it runs."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command(root, now, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout
        said = [process.stdout.readline().strip()]
        while "Ctrl-C" not in said[-1]:
            said.append(process.stdout.readline().strip())
            assert process.poll() is None, process.stderr and process.stderr.read()
        yield said
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_it_opens_the_next_issue(tmp_path: Path) -> None:
    """Its address answers until Ctrl-C."""
    root = make_site(tmp_path)
    with preview(root, DURING) as said:
        assert said[0].startswith(f"{SLUG} is at http://127.0.0.1:")
        assert requests.get(said[0].split()[-1], timeout=10).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(said[0].split()[-1], timeout=10)


def test_where_the_next_is_not_drafted_yet_it_opens_the_newest_and_says_so(tmp_path: Path) -> None:
    """As after a demo, whose issue has gone out."""
    root = make_site(tmp_path)
    write_issue(root, ISSUE, "2026-11-19")
    with preview(root, AFTER) as said:
        assert said[0] == f"2026-12-03 is not drafted yet: this is {SLUG}, the newest issue there is."
        assert said[1].startswith(f"{SLUG} is at http://127.0.0.1:")


@pytest.mark.parametrize("name", ["2026-12-03", "content/issues/2026-12-03.md"])
def test_an_issue_that_is_named_and_is_not_there_is_an_error(tmp_path: Path, name: str) -> None:
    """Another one is not what was asked for."""
    done = subprocess.run(
        command(make_site(tmp_path), AFTER, name), capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 2
    assert "there is no such issue" in done.stderr
    assert "`newsletter build 2026-12-03` drafts it." in done.stderr


def test_a_new_site_is_told_how_to_begin(tmp_path: Path) -> None:
    """There is no issue at all: the first one is to be drafted."""
    done = subprocess.run(
        command(make_site(tmp_path, issue=""), DURING), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "`newsletter build 2026-11-26` drafts it." in done.stderr) == (2, True)
