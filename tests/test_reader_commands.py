"""The commands about readers say what they did, exit as documented, and never show a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.cli import main

SETTINGS = (
    '[newsletter]\nname = "N"\nfrom = "n@pain.example"\nsite_url = "https://pain.example"\n'
    'public_url = "https://pain.example"\npostal_address = "1 Main Street"\n'
)


class Shell:
    """Runs a command in a site of its own."""

    def __init__(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.site, self._capsys = site, capsys
        (site / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")

    def __call__(self, *args: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        with pytest.raises(SystemExit) as ended:
            main(["--site", str(self.site), "--now", "2026-11-24T09:00:00+00:00", *args])
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    def file(self, text: str, name: str = "list.csv") -> str:
        (self.site / name).write_text(text, encoding="utf-8")
        return str(self.site / name)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def test_a_reader_is_added_listed_and_shown(shell: Shell) -> None:
    """As text and as JSON; twice is not an error."""
    add = ("subscribers", "add", "Ann@example.org", "--confirmed", "--source", "paper", "--topics", "news")
    assert shell(*add)[:2] == (0, "Added as reader 1, topics news.\n")
    assert "nothing changed" in shell(*add)[1]
    assert shell("subscribers", "list")[1] == "1\tAnn@example.org\tactive\tnews\t2026-11-24\tpaper\n"
    shown = json.loads(shell("subscribers", "show", "ann@example.org", "--json")[1])
    assert (shown["state"], shown["topics"]) == ("active", "news")


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("add", "ann@", "--confirmed", "--source", "x"), 2, "the address has nothing after the @"),
        (("add", "ann@example.org", "--source", "x"), 2, "--confirmed"),
        (("add", "a@example.org", "--confirmed", "--source", "x", "--topics", "nws"), 2, "no topic 'nws'"),
        (("show", "nobody@example.org"), 1, "nobody is here"),
        (("erase", "nobody@example.org"), 1, "nobody is here"),
        (("export", "nobody@example.org"), 1, "nobody is here"),
    ],
)
def test_what_cannot_be_done_says_why(shell: Shell, args: tuple[str, ...], code: int, message: str) -> None:
    """On stderr, with the documented exit code."""
    found, out, err = shell("subscribers", *args)
    assert (found, out) == (code, "")
    assert message in err


def test_an_import_needs_to_know_where_consent_came_from(shell: Shell) -> None:
    """Exit 2 in earnest and in a rehearsal, which shows its report all the same; nothing is added."""
    path = shell.file("email\nann@example.org\n")
    code, out, err = shell("subscribers", "import", path)
    assert (code, out) == (2, "")
    assert "--consent" in err
    code, out, err = shell("subscribers", "import", path, "--dry-run")
    assert (code, "--consent" in err) == (2, True)
    assert "1 added" in out
    assert shell("subscribers", "list")[1] == ""


def test_an_import_reports_as_json(shell: Shell) -> None:
    """One object: how the file was read, the four numbers, and where the report is."""
    path = shell.file("Wer;Post\nAnn;ann@example.org\nBob;bob\n")
    code, out, _ = shell("subscribers", "import", path, "--consent", "paper", "--map", "Post=email", "--json")
    done = json.loads(out)
    assert code == 0
    assert Path(done.pop("report")).read_text(encoding="utf-8").count("\n") == 3
    assert done == {
        "file": path,
        "dry_run": False,
        "format": "csv",
        "encoding": "utf-8",
        "rows": 2,
        "added": 1,
        "updated": 0,
        "suppressed": 0,
        "refused": 1,
    }


def test_a_workbook_is_refused_with_what_to_do(shell: Shell) -> None:
    """Whatever its name says; and a mapping that is none is a mistake in the command."""
    path = shell.site / "list.csv"
    path.write_bytes(b"PK\x03\x04 and so on")
    code, _, err = shell("subscribers", "import", str(path), "--consent", "x")
    assert (code, "Export the list as CSV" in err) == (2, True)
    assert shell("subscribers", "import", str(path), "--map", "email")[0] == 2


def test_erasing_leaves_a_suppression_that_names_nobody(shell: Shell) -> None:
    """And an import cannot bring the address back; lifting it by hand can."""
    shell("subscribers", "add", "ann@example.org", "--confirmed", "--source", "paper")
    assert shell("subscribers", "erase", "ann@example.org", "--yes")[:2] == (0, "Erased.\n")
    assert shell("suppressions", "list")[1] == "(erased)\terased\t2026-11-24\t\n"
    path = shell.file("ann@example.org\n")
    assert "0 added, 0 updated, 1 suppressed" in shell("subscribers", "import", path, "--consent", "x")[1]
    assert shell("suppressions", "remove", "ann@example.org")[0] == 0
    assert shell("suppressions", "remove", "ann@example.org")[0] == 1
    assert "1 added" in shell("subscribers", "import", path, "--consent", "x")[1]


def test_suppressions_are_added_by_hand_and_from_a_list(shell: Shell) -> None:
    """Rows that cannot be read are named, the others are taken."""
    assert shell("suppressions", "add", "ann@example.org", "--detail", "by telephone")[1] == "1 added.\n"
    code, out, err = shell("suppressions", "import", shell.file("ann@example.org\nbob@example.org\nbob\n"))
    assert (code, out) == (0, "1 added, 1 suppressed already.\n")
    assert err == "list.csv:3: the address has no @\n"
    code, _, err = shell("subscribers", "add", "ann@example.org", "--confirmed", "--source", "x")
    assert (code, "is suppressed (manual" in err) == (1, True)


def test_consent_is_verified_and_exported(shell: Shell) -> None:
    """Exit 1 and the anchor named when the log does not contain it."""
    shell("subscribers", "add", "ann@example.org", "--confirmed", "--source", "paper form")
    head = json.loads(shell("consent", "verify", "--json")[1])["head"]
    assert shell("consent", "verify", "--anchor", head)[0] == 0
    code, out, _ = shell("consent", "verify", "--anchor", "9:f00")
    assert (code, "9:f00" in out) == (1, True)
    (line,) = json.loads(shell("consent", "export", "ann@example.org")[1])
    assert (line["action"], line["source"]) == ("added", "paper form")


def test_statistics_count_readers_and_suppressions(shell: Shell) -> None:
    """By state, topics and reason."""
    shell("subscribers", "add", "ann@example.org", "--confirmed", "--source", "x", "--topics", "news")
    shell("suppressions", "add", "bob@example.org", "--reason", "bounced")
    found = json.loads(shell("subscribers", "stats", "--json")[1])
    assert found["states"]["active"] == found["sendable"] == 1
    assert (found["topics"], found["suppressed"]["bounced"]) == ({"news": 1}, 1)


def test_the_database_is_upgraded_and_copied(shell: Shell) -> None:
    """Upgrading twice says so; a copy is never written over a file."""
    assert shell("db", "upgrade")[0] == 0
    assert "already" in shell("db", "upgrade")[1]
    copy = str(shell.site / "copy.db")
    assert shell("db", "backup", copy)[0] == 0
    assert shell("db", "backup", copy)[0] == 2
