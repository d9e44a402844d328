"""The same issue gives the same bytes: in another folder, year, time zone, language, on another machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from issue_kit import TUESDAY, article, make_site

from newsletter.types import Article

SLUG = "2026-11-26"


def articles() -> list[Article]:
    """Twelve with pictures, videos and letters of many kinds, four a section."""
    return [
        replace(
            article(
                f"a{n}",
                section,
                f"11-{18 + n} 0{n}:30",
                image=n != 2,
                video=n == 1,
                title=f"Nº {n} “{section}” & más 🦴",
            ),
            author="Zoë Łuć",
            categories=("b", "a"),
        )
        for section in ("conditions", "treatments", "news")
        for n in range(4)
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a drafted and edited issue."""
    root = tmp_path_factory.mktemp("here") / "site"
    app = make_site(root, articles())
    app.composer.draft(SLUG, TUESDAY)
    path = app.composer.path(SLUG)
    path.write_text(
        path.read_text(encoding="utf-8") + "\nA *note* with a [link](https://x.example/).\n", encoding="utf-8"
    )
    app.database.dispose()
    return root


def build(root: Path, *, seed: str, zone: str, language: str, now: str, folder: Path) -> dict[str, bytes]:
    """What `newsletter build --offline` writes, as a process of its own in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LANG": language,
        "LC_ALL": language,
        "HOME": str(folder),
    }
    command = [
        sys.executable,
        "-m",
        "newsletter",
        "--site",
        str(root),
        "--now",
        now,
        "build",
        SLUG,
        "--offline",
    ]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in (root / "build" / SLUG).iterdir()}


@pytest.fixture(scope="module")
def here(site: Path) -> dict[str, bytes]:
    return build(
        site,
        seed="1",
        zone="America/Phoenix",
        language="C.UTF-8",
        now="2026-11-24T13:00:00+00:00",
        folder=site,
    )


def test_another_folder_year_zone_and_language_give_the_same_bytes(
    site: Path, here: dict[str, bytes], tmp_path: Path
) -> None:
    """Nothing of the machine reaches an edition: every file of the build is the same, byte for byte."""
    root = tmp_path / "a deeper" / "élsewhere"
    shutil.copytree(site, root, ignore=shutil.ignore_patterns("build"))
    there = build(
        root,
        seed="4242",
        zone="Asia/Kathmandu",
        language="C",
        now="2031-03-01T00:00:00+00:00",
        folder=tmp_path,
    )
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_a_build_over_an_older_one_gives_the_same_bytes(
    site: Path, here: dict[str, bytes], tmp_path: Path
) -> None:
    """A second run adds and changes nothing."""
    again = build(
        site, seed="7", zone="UTC", language="C.UTF-8", now="2026-11-25T13:00:00+00:00", folder=tmp_path
    )
    assert again == here


def test_no_file_names_the_folder_it_was_made_in(site: Path, here: dict[str, bytes]) -> None:
    """Neither the site's path nor the user's home."""
    for private in (str(site), str(Path.home()), sys.prefix):
        assert [name for name, content in here.items() if private.encode() in content] == []


def test_the_order_in_which_articles_came_does_not_show(
    site: Path, here: dict[str, bytes], tmp_path: Path
) -> None:
    """A store filled the other way round makes the same draft and the same editions."""
    app = make_site(tmp_path / "site", reversed(articles()))
    app.composer.draft(SLUG, TUESDAY)
    path = app.composer.path(SLUG)
    path.write_text(
        path.read_text(encoding="utf-8") + "\nA *note* with a [link](https://x.example/).\n", encoding="utf-8"
    )
    assert path.read_bytes() == (site / "content/issues" / path.name).read_bytes()
    app.database.dispose()
    there = build(
        app.site.root,
        seed="9",
        zone="UTC",
        language="C.UTF-8",
        now="2026-11-24T13:00:00+00:00",
        folder=tmp_path,
    )
    assert there == here
