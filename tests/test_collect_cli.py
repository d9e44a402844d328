"""`newsletter pull` says what happened, and `newsletter articles` what can be picked."""

from __future__ import annotations

import json
import socket

import pytest
from feed_server import running
from sample_feeds import Post, rss

from newsletter.cli import main

SETTINGS = """
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@pain.example>"
site_url = "https://pain.example"
public_url = "https://letters.pain.example"
postal_address = "1 Relief Road, Phoenix, AZ 85001"
timezone = "America/Phoenix"
"""


@pytest.fixture
def server():
    with running() as one:
        one.serve(
            "/feed/",
            rss(
                Post("nerve-blocks", title="Nerve blocks, explained", categories=("Treatments",)),
                Post(
                    "sciatica",
                    title="Living with sciatica",
                    categories=("Conditions",),
                    date="2026-11-10T08:00:00",
                ),
                Post("secret", title="Protected: For some", categories=("News",)),
            ),
        )
        yield one


@pytest.fixture
def folder(tmp_path, server):
    write_feeds(tmp_path, server.url + "/feed/")
    return tmp_path


def write_feeds(folder, *urls):
    feeds = "".join(f'[[feed]]\nurl = "{url}"\n' for url in urls)
    (folder / "newsletter.toml").write_text(SETTINGS + feeds)


@pytest.fixture
def run(folder, capsys):
    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main(["--site", str(folder), "--now", "2026-11-24T06:00:00+00:00", *args])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


def test_pull_says_what_is_new_and_what_was_skipped_and_why(run):
    """A line for the feed, one for each article with its section and reason, one for each that was left out."""
    code, out, err = run("pull")
    assert (code, err) == (0, "")
    assert "2 new, 0 updated, 0 unchanged, 1 skipped" in out
    assert "+ Nerve blocks, explained  [treatments: " in out
    assert "- For some: it is protected by a password" in out


def test_pull_again_says_that_nothing_is_new(run):
    """And takes nothing in twice."""
    run("pull")
    assert "0 new, 0 updated, 2 unchanged, 1 skipped" in run("pull")[1]


def test_pull_as_json_is_one_object(run, server):
    """With everything the text says."""
    code, out, _ = run("pull", "--json")
    report = json.loads(out)
    assert (code, report["ok"], report["new"], report["skipped"]) == (0, True, 2, 1)
    (feed,) = report["feeds"]
    assert (feed["url"], feed["state"], feed["error"]) == (server.url + "/feed/", "read", None)
    assert {"title", "url", "section", "reason"} == set(feed["new"][0])


def test_pull_with_a_failing_feed_exits_1_and_pulls_the_others(run, folder, server):
    """What failed, where, and what to do goes to stderr."""
    write_feeds(folder, server.url + "/gone/", server.url + "/feed/")
    code, out, err = run("pull")
    assert code == 1
    assert "2 new" in out
    assert f"{server.url}/gone/: answers with HTTP status 404" in err
    assert "usually at /feed/" in err
    assert "Traceback" not in err
    assert json.loads(run("pull", "--json")[1])["feeds"][0]["error"]["what"] == "answers with HTTP status 404"


def test_pull_of_a_dead_server_is_no_traceback(run, folder):
    """Nobody listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        write_feeds(folder, f"http://127.0.0.1:{free.getsockname()[1]}/feed/")
        code, _, err = run("pull")
    assert code == 1
    assert "connection refused" in err


def test_pull_without_feeds_says_how_to_enter_one(run, folder):
    """A mistake in the settings: exit 2."""
    write_feeds(folder)
    code, _, err = run("pull")
    assert code == 2
    assert "[[feed]]" in err


def test_articles_lists_what_can_be_picked(run):
    """Newest first; columns parted by tabs where no terminal is."""
    run("pull")
    code, out, _ = run("articles")
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert [row[:2] + row[3:] for row in rows] == [
        ["2026-11-20", "treatments", "Nerve blocks, explained", ""],
        ["2026-11-10", "conditions", "Living with sciatica", ""],
    ]
    assert all(row[2] for row in rows)


def test_articles_as_json_is_what_scripts_rely_on(run):
    """An array of objects with exactly these keys; nothing there is an empty array."""
    assert json.loads(run("articles", "--json")[1]) == []
    run("pull")
    first, _ = json.loads(run("articles", "--json")[1])
    assert first["reason"]
    assert {**first, "guid": "g", "reason": "r"} == {
        "title": "Nerve blocks, explained",
        "url": "https://pain.example/nerve-blocks/",
        "guid": "g",
        "section": "treatments",
        "reason": "r",
        "published_at": "2026-11-20T08:00:00+00:00",
        "updated_at": None,
        "issues": [],
    }


ISSUE = """---
subject: A week of relief
preheader: What is new
date: 2026-11-26
picks:
  treatments:
    - url: http://pain.example/nerve-blocks?utm_source=x
---
Hello.
"""


def test_articles_knows_the_issues_that_hold_an_article(run, folder):
    """By canonical address: an editor may have pasted another form of it. `--unused` leaves them out."""
    run("pull")
    (folder / "content" / "issues").mkdir(parents=True)
    (folder / "content" / "issues" / "2026-11-26.md").write_text(ISSUE)
    assert [one["issues"] for one in json.loads(run("articles", "--json")[1])] == [["2026-11-26"], []]
    assert [one["title"] for one in json.loads(run("articles", "--unused", "--json")[1])] == [
        "Living with sciatica"
    ]


def test_articles_can_be_narrowed(run):
    """By section and by day; a section that is not there is a mistake that names those that are."""
    run("pull")
    titles = [one["title"] for one in json.loads(run("articles", "--section", "conditions", "--json")[1])]
    assert titles == ["Living with sciatica"]
    assert len(json.loads(run("articles", "--since", "2026-11-15", "--json")[1])) == 1
    code, _, err = run("articles", "--section", "nws")
    assert code == 2
    assert "conditions, treatments, news" in err


@pytest.mark.parametrize("command", ["pull", "articles"])
def test_help_has_an_example(run, command):
    """For each of the two commands."""
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"newsletter {command}" in out.split("Example:")[1]
