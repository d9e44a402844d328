"""`newsletter init` makes a whole site that works as it stands, and never writes over anything."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from test_config import settings_of

from newsletter.cli import Context
from newsletter.cli.init import command, next_steps, settings
from newsletter.config import Config, load_site, parse_config
from newsletter.errors import NewsletterError, UsageError
from newsletter.render.templates import default_templates

ROOT = Path(__file__).parent.parent
EXAMPLES = {
    "newsletter.reply_to", "section.max", "section.intro", "section.match", "provider.api_url", "brand.logo",
    "web.disposable_domains", "brand.resources.text", "feed.kind", "feed.section",
}  # fmt: skip
"""Settings whose line is an example, since no default can be written down, or that stand in a list."""


def init(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=Context(None, datetime.now(UTC)))


def uncommented(text: str) -> str:
    """As if a person had taken every "#" before a key or a table away."""
    return re.sub(r"^#(?=[\w\[])", "", text, flags=re.M)


def tree(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_new_site_has_all_its_parts(tmp_path: Path) -> None:
    """Settings, templates with a page about them, issues, a private place for readers' data, an outbox."""
    assert init(str(tmp_path / "site")).exit_code == 0
    assert list(tree(tmp_path / "site")) == [
        ".gitignore",
        "newsletter.toml",
        "subscribers/.gitignore",
        "subscribers/README.md",
        "subscribers/secret.key",
        "templates/README.md",
    ]
    assert (tmp_path / "site/content/issues").is_dir()
    assert (tmp_path / "site/outbox").is_dir()


def test_readers_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The folder is 0700 and the key 0600, whatever the umask, and no two sites have the same key."""
    for name in ("one", "two"):
        init(str(tmp_path / name))
    folder = tmp_path / "one/subscribers"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "secret.key").stat().st_mode & 0o777 == 0o600
    keys = {(tmp_path / name / "subscribers/secret.key").read_text().strip() for name in ("one", "two")}
    assert len(keys) == 2
    assert min(map(len, keys)) >= 32


def test_git_never_sees_readers_data(tmp_path: Path) -> None:
    """Of subscribers/ only the page about it can be committed, even where a .gitignore was there before."""
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    init(str(tmp_path))
    (tmp_path / "subscribers/newsletter.db").write_text("readers")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(tmp_path), "ls-files", "-o", "--exclude-standard", "subscribers"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert listed == ["subscribers/.gitignore", "subscribers/README.md"]


def test_a_site_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """A second init is an error that says so, and changes nothing."""
    init(str(tmp_path), "--name", "First")
    (tmp_path / ".gitignore").unlink()
    before = tree(tmp_path)
    found = init(str(tmp_path), "--name", "Second")
    assert isinstance(found.exception, UsageError)
    assert "there is a site already" in str(found.exception)
    assert tree(tmp_path) == before


def test_files_that_are_there_are_kept_and_named(tmp_path: Path) -> None:
    """A folder may hold things already: init fills in what is missing."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "subscribers").mkdir()
    mine = {".gitignore": "mine", "templates/README.md": "mine", "subscribers/secret.key": "k" * 40}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    found = init(str(tmp_path))
    assert {name: (tmp_path / name).read_text() for name in mine} == mine
    assert "Kept as they were: templates/README.md, .gitignore, subscribers/secret.key." in found.output


def test_what_cannot_be_made_is_said_and_no_site_begins(tmp_path: Path) -> None:
    """A file in the way is an error, not a traceback; without newsletter.toml it is no site yet."""
    (tmp_path / "templates").write_text("a file")
    found = init(str(tmp_path))
    assert isinstance(found.exception, UsageError)
    assert not (tmp_path / "newsletter.toml").exists()


@pytest.mark.parametrize(
    "option", [["--site-url", "example.org"], ["--name", ""], ["--feed", "ftp://x.example"]]
)
def test_a_bad_value_makes_nothing(tmp_path: Path, option: list[str]) -> None:
    """Values are checked by the rules of the settings before the first folder is made."""
    found = init(str(tmp_path / "site"), *option)
    assert isinstance(found.exception, NewsletterError)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    "name", ['Zoë’s "Pain" Letter', "Pain, Plainly", "Back\\slash", "a #comment", "$name", "Schmerz\tBrief"]
)
def test_any_name_can_stand_in_the_settings(tmp_path: Path, name: str) -> None:
    """Quotes, commas, backslashes and other scripts come back as they were given."""
    init(str(tmp_path), "--name", name, "--site-url", "https://www.example.com")
    newsletter = load_site(tmp_path).config.newsletter
    assert newsletter.name == name
    assert newsletter.sender.endswith("<newsletter@example.com>")


def test_options_fill_in_the_file(tmp_path: Path) -> None:
    """The feed is the site's own unless it is named; a feed alone names its site."""
    init(str(tmp_path / "a"), "--site-url", "https://www.a.example/")
    init(str(tmp_path / "b"), "--feed", "https://b.example/rss.xml")
    a, b = (load_site(tmp_path / one).config for one in ("a", "b"))
    assert [feed.url for feed in a.feeds] == ["https://www.a.example/feed/"]
    assert [feed.url for feed in b.feeds] == ["https://b.example/rss.xml"]
    assert b.newsletter.site_url == "https://b.example"
    assert b.newsletter.public_url == "https://newsletter.b.example"


def test_a_new_site_works_as_it_stands(tmp_path: Path) -> None:
    """The settings are read without a mistake, and building ends with an answer, not a traceback."""
    init(str(tmp_path))
    built = subprocess.run(
        [sys.executable, "-m", "newsletter", "--site", str(tmp_path), "build", "--offline"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "nothing new" in built.stderr
    assert built.returncode == 1


def test_every_setting_stands_in_the_new_file() -> None:
    """No setting is hidden from a person who only reads newsletter.toml."""
    data = tomllib.loads(
        uncommented(settings("N", "https://www.example.org", "https://www.example.org/feed/"))
    )
    missing = [key for key in settings_of(Config) if key not in EXAMPLES and not _has(data, key)]
    assert [key for key in missing if not key.startswith("section.match.")] == []


def test_every_commented_setting_is_the_default() -> None:
    """Taking a "#" away changes nothing until a person changes the value."""
    text = settings("N", "https://www.example.org", "https://www.example.org/feed/")
    data = tomllib.loads(uncommented(text))
    for key, field in settings_of(Config).items():
        table = key.split(".")[0]
        if key in EXAMPLES or field.is_required() or table in ("section", "feed"):
            continue
        default = field.get_default(call_default_factory=True)
        assert (key, _get(data, key)) == (key, list(default) if isinstance(default, tuple) else default)


def test_the_file_is_good_with_every_comment_taken_away() -> None:
    """Each example in it is a right one."""
    config = parse_config(
        uncommented(settings("N", "https://www.example.org", "https://www.example.org/feed/"))
    )
    assert config.brand.call_to_action is not None
    assert config.feeds[0].section == "news"


def test_the_page_about_templates_names_each_of_them(tmp_path: Path) -> None:
    """A person knows what to copy, and from where."""
    init(str(tmp_path))
    page = (tmp_path / "templates/README.md").read_text()
    assert str(default_templates()) in page
    assert "- `issue.mjml.j2`" in page


def test_the_cron_line_is_one_that_cron_understands() -> None:
    """Blanks are quoted, and a per cent sign, which ends a line for cron, is escaped."""
    line = next(
        one for one in next_steps(Path("/srv/my 5% site"), has_feed=True).splitlines() if "*/10" in one
    )
    assert line.endswith(r" --site '/srv/my 5\% site' cron")


def test_the_repository_is_a_site() -> None:
    """Its settings are read without a mistake and show what an issue needs."""
    config = load_site(ROOT).config
    assert config.section_ids == ("conditions", "treatments", "news")
    assert config.provider.name == "outbox"
    assert any("988" in one.label for one in config.brand.resources)
    assert "example.org" in config.newsletter.sender


def test_the_repositorys_page_about_subscribers_is_the_shipped_one() -> None:
    """One text, kept in two places."""
    shipped = (ROOT / "newsletter/new_site/subscribers.md").read_text(encoding="utf-8")
    assert (ROOT / "subscribers/README.md").read_text(encoding="utf-8") == shipped


def _get(data: Any, key: str) -> Any:
    for part in key.split("."):
        data = data[0] if isinstance(data, list) else data
        data = data[part]
    return data


def _has(data: Any, key: str) -> bool:
    try:
        _get(data, key)
    except (KeyError, IndexError):
        return False
    return True
