"""A mistake in newsletter.toml is said with file, line, key and what to do; nothing else is read wrongly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from newsletter.config import Config, find_site, load_site, parse_config, secret
from newsletter.errors import ConfigError
from newsletter.mistakes import find_line, keys_of, model_in

ROOT = Path(__file__).parent.parent
GOOD = """\
[newsletter]
name = "Pain Weekly"
from = "Pain Weekly <weekly@example.org>"
site_url = "https://www.example.org/"
public_url = "https://newsletter.example.org"
postal_address = "1 Example Street, Springfield"
"""
"""Six lines: what follows begins at line 7."""


def said(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return str(caught.value)


MISTAKES = {
    "text for a number": ('[sending]\nrate = "fast"', "newsletter.toml:8: 'sending.rate' must be a number"),
    "a number in quotes": ('[sending]\nbatch = "100"', ":8: 'sending.batch' must be a whole number, without"),
    "true for a number": ("[sending]\nbatch = true", ":8: 'sending.batch' must be a whole number"),
    "yes for true": ('[approval]\nrequired = "yes"', ":8: 'approval.required' must be true or false"),
    "an infinite rate": ("[sending]\nrate = inf", ":8: 'sending.rate' must be a number that ends"),
    "a rate beyond one": (
        "[sending]\nmax_bounce_rate = 5",
        ":8: 'sending.max_bounce_rate' must be 1.0 or less",
    ),
    "text for a list": (
        'editors = "a@example.org"',
        ":7: 'newsletter.editors' must be a list in square brackets",
    ),
    "an unknown table": (
        '[shedule]\ndraft = "Tue 06:00"',
        ":7: unknown key 'shedule'\n  Did you mean 'schedule'?",
    ),
    "an unknown check": (
        '[checks]\nclaim = "off"',
        ":8: unknown key 'checks.claim'\n  Did you mean 'claims'?",
    ),
    "a severity of another name": ('[checks]\nclaims = "warn"', ":8: 'checks.claims' must be one of:"),
    "an unknown key": ('tag_line = "x"', ":7: unknown key 'newsletter.tag_line'\n  Did you mean 'tagline'?"),
    "an unknown key in a nested table": (
        '[brand]\nfont = "x"\n[brand.colours]\nacent = "#000000"',
        ":10: unknown key 'brand.colours.acent'\n  Did you mean 'accent'?",
    ),
    "an unknown key in an array of tables": (
        '[[feed]]\nurl = "https://a.example"\n[[feed]]\nurl = "https://b.example"\nsecton = "news"',
        ":11: unknown key 'feed.secton'\n  Did you mean 'section'?",
    ),
    "an unknown key in an inline table": (
        '[[section]]\nid = "news"\ntitle = "News"\nmatch = { categorys = ["x"] }',
        ":10: unknown key 'section.match.categorys'\n  Did you mean 'categories'?",
    ),
    "an unknown key like no other": ("[zzz]\nx = 1", "docs/configuration.md"),
    "one pair of brackets": ('[feed]\nurl = "https://a.example"', ":7: 'feed' must be a list"),
    "a city for a zone": ('timezone = "Berlin"', "Did you mean 'Europe/Berlin'?"),
    "a misspelt zone": ('timezone = "America/Pheonix"', "Did you mean 'America/Phoenix'?"),
    "a bad moment": (
        '[schedule]\nsend = "Thursday 9:00"',
        ":8: 'schedule.send' must be a day and a time such as",
    ),
    "a bad span": (
        '[schedule]\nwindow = "6 hours"',
        ":8: 'schedule.window' must be a length of time such as 30m",
    ),
    "a bad colour": ('[brand.dark]\nline = "red"', ":8: 'brand.dark.line' must be a colour such as #0b5c63"),
    "a colour after resources": (
        '[[brand.resources]]\nlabel = "a"\nurl = "https://a.example"\n[brand.colours]\nline = "red"',
        ":11: 'brand.colours.line' must be a colour",
    ),
    "the second of two resources": (
        '[[brand.resources]]\nlabel = "a"\nurl = "https://a.example"\n[[brand.resources]]\nlabel = "b"\n'
        'url = "988"',
        ":12: 'brand.resources.url' must be an address that begins with https://",
    ),
    "an id twice": (
        '[[section]]\nid = "news"\ntitle = "A"\n[[section]]\nid = "news"\ntitle = "B"',
        ":11: 'section.id' is 'news' a second time",
    ),
    "an id with a capital": (
        '[[section]]\nid = "News"\ntitle = "A"',
        ":8: 'section.id' must be small letters",
    ),
    "too many sections": (
        "".join(f'[[section]]\nid = "s{n}"\ntitle = "x"\n' for n in range(7)),
        ":7: 'section' must have at most 6 of them, and has 7",
    ),
    "a section without title": (
        '[[section]]\nid = "news"',
        ":7: 'section.title' is missing\n  Add title = …",
    ),
    "a feed's section that is none": (
        '[[feed]]\nurl = "https://a.example"\nsection = "nws"',
        ":9: 'feed.section' names no section: 'nws'\n  Did you mean 'news'?",
    ),
    "a feed's kind": (
        '[[feed]]\nurl = "https://a.example"\nkind = "atom"',
        "must be one of: 'rss' or 'wordpress'",
    ),
    "a word's weight": (
        '[[section]]\nid = "news"\ntitle = "N"\n[section.match]\nwords = { "a" = "much" }',
        ":11: 'section.match.words.a' must be a number",
    ),
    "words as text": (
        '[[section]]\nid = "news"\ntitle = "N"\nmatch = { words = "fda" }',
        ":10: 'section.match.words' must be a list of words, or a table",
    ),
    "words that are no text": (
        '[[section]]\nid = "news"\ntitle = "N"\nmatch = { words = [["fda"]] }',
        ":10: 'section.match.words' must be a list of words, or a table",
    ),
    "a star in the middle": (
        '[[section]]\nid = "news"\ntitle = "N"\nmatch = { words = { "neuro*thy" = 3 } }',
        ":10: 'section.match.words.neuro*thy' must be one to five words; a star only at its beginning or end",
    ),
    "a phrase too long to be found": (
        '[[section]]\nid = "news"\ntitle = "N"\nmatch = { words = ["one two three four five six"] }',
        ":10: 'section.match.words.one two three four five six' must be one to five words",
    ),
    "a path of nothing": (
        '[[section]]\nid = "news"\ntitle = "N"\nmatch = { paths = ["/"] }',
        ":10: 'section.match.paths' must be text with a letter or a digit in it",
    ),
    "a section without words for its title": (
        '[[section]]\nid = "news"\ntitle = " "',
        ":9: 'section.title' must be words on one line, not empty",
    ),
    "a feed twice": (
        '[[feed]]\nurl = "https://a.example/feed"\n[[feed]]\nurl = "https://a.example/feed"',
        ":10: 'feed.url' is 'https://a.example/feed' a second time",
    ),
    "a password in an address": (
        '[[feed]]\nurl = "https://me:secret@a.example/feed"',
        ":8: 'feed.url' must be a web address, without blanks, user name or password in it",
    ),
    "a table in the middle of another": (
        'feed = ["https://a.example/feed"]',
        ":7: unknown key 'newsletter.feed'\n  [[feed]] is a table of its own: write it below all keys of [newsletter].",
    ),
    "a provider that is none": (
        '[provider]\nname = "mailgunn"',
        ":8: 'provider.name' names no provider: 'mailgunn'\n  Did you mean 'mailgun'?",
    ),
    "a store that forgets": (
        '[storage]\nurl = "sqlite:///:memory:"',
        ":8: 'storage.url' must be such as sqlite",
    ),
    "a store of another kind": (
        '[storage]\nurl = "mysql://db"',
        ":8: 'storage.url' must be such as sqlite:///",
    ),
    "answers to nobody": ('reply_to = "the editors"', ":7: 'newsletter.reply_to' must be an address such as"),
    "a header in an address": (
        'reply_to = "a@example.org\\r\\nBcc: b@example.org"',
        ":7: 'newsletter.reply_to' must be an address such as",
    ),
    "an editor without address": ('editors = ["Ana"]', ":7: 'newsletter.editors' must be an address such as"),
    "a language in words": ('language = "American English"', ":7: 'newsletter.language' must be a language"),
    "a span without end": (
        '[schedule]\nwindow = "9999999d"',
        ":8: 'schedule.window' must be a length of time",
    ),
    "a limit of nothing": ("[checks]\nsize_limit_kb = 0", ":8: 'checks.size_limit_kb' must be more than 0"),
    "lists without end": (f"x = {'[' * 3000}{']' * 3000}", ": is nested too deeply"),
    "text without quotes": ("[brand]\nfont = Georgia", ":8: is not valid TOML"),
    "a key twice": ('name = "B"', ":7: is not valid TOML"),
    "a secret in the file": ('secret_key = "x"', ":7: unknown key 'newsletter.secret_key'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_with_line_key_and_reason(mistake: str) -> None:
    """Each mistake an editor is likely to make leads to its line."""
    text, expected = MISTAKES[mistake]
    assert expected in said(GOOD + text + "\n")


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("name", '"  "', "must be words on one line, not empty"),
        ("name", r'"Pain\r\nBcc: a@example.org"', "must be words on one line"),
        ("from", '"Pain Weekly <wöchentlich@example.org>"', "must be an address such as"),
        ("site_url", '"https://www.exa mple.org"', "must be a web address"),
        ("site_url", '"https://www.example.org:99999"', "must be a web address"),
        ("public_url", '"https://letter.example.org/?x=1"', "must end before the ? or #"),
    ],
)
def test_what_would_break_every_mail_is_refused(key: str, value: str, why: str) -> None:
    """What stands in each mail's headers and links is looked at before there is a mail."""
    changed = re.sub(rf"(?m)^{key} = .*$", lambda _: f"{key} = {value}", GOOD)
    assert f"'newsletter.{key}' {why}" in said(changed)


def test_a_missing_key_is_said_where_its_table_is() -> None:
    """The line of the table is the place to add the key."""
    assert "newsletter.toml:2: 'newsletter.from' is missing" in said('\n[newsletter]\nname = "x"\n')


def test_an_empty_file_is_told_which_table_to_begin_with() -> None:
    """Nothing at all is a mistake like another."""
    assert said("") == "newsletter.toml: 'newsletter' is missing\n  Add a table [newsletter]."


def test_a_misspelling_is_named_before_what_it_makes_missing() -> None:
    """`form =` instead of `from =` is said to be unknown, not `from` to be missing."""
    assert "unknown key 'newsletter.form'\n  Did you mean 'from'?" in said(GOOD.replace("from =", "form ="))


def test_a_long_value_is_cut_in_the_message() -> None:
    """A message fits on a screen."""
    assert len(said(GOOD + f"timezone = {['x' * 500]}\n".replace("'", '"'))) < 250


def test_the_least_a_site_must_say_is_enough() -> None:
    """Everything but six keys has a default."""
    config = parse_config(GOOD)
    assert config.section_ids == ("conditions", "treatments", "news")
    assert config.newsletter.site_url == "https://www.example.org"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """Windows editors like to begin a file with it."""
    (tmp_path / "newsletter.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_site(tmp_path).config.newsletter.name == "Pain Weekly"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf8_is_refused_with_its_name(tmp_path: Path, encoding: str) -> None:
    """No half-read name with odd characters goes out to readers."""
    (tmp_path / "newsletter.toml").write_bytes(GOOD.replace("Weekly", "Wöchentlich").encode(encoding))
    with pytest.raises(ConfigError, match=r"newsletter\.toml: is not UTF-8"):
        load_site(tmp_path)


def test_without_a_site_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    """A person in the wrong folder is told about init and --site."""
    with pytest.raises(ConfigError, match="newsletter init"):
        find_site(tmp_path, site=tmp_path)


def test_the_nearest_site_upward_is_found(tmp_path: Path) -> None:
    """Commands work from a site's inner folders."""
    (tmp_path / "newsletter.toml").write_text(GOOD)
    inner = tmp_path / "content" / "issues"
    inner.mkdir(parents=True)
    assert tmp_path.resolve() == find_site(inner)


def test_words_as_a_list_weigh_one_each() -> None:
    """The short form and the long form of `words` mean the same."""
    text = GOOD + '[[section]]\nid = "news"\ntitle = "N"\nmatch = {{ words = {} }}\n'
    short, long = (
        parse_config(text.format(form)) for form in ('["fda", "law"]', '{ "fda" = 1, "law" = 1.0 }')
    )
    assert short == long


def test_a_secret_comes_from_the_environment_before_its_file(tmp_path: Path) -> None:
    """A key given to one process wins over the one kept on disk; a missing file is said."""
    (tmp_path / "key").write_text("from the file\n")
    assert secret("api_key", root=tmp_path, file="key", environ={}) == "from the file"
    assert secret("api_key", root=tmp_path, file="key", environ={"NEWSLETTER_API_KEY": " x "}) == "x"
    with pytest.raises(ConfigError, match="NEWSLETTER_API_KEY"):
        secret("api_key", root=tmp_path, file="gone", environ={})


def test_a_line_is_found_by_the_whole_path_of_a_key() -> None:
    """The same key in several tables is told apart, also below an array of tables."""
    text = "a = 1\n[x]\na = 2\n[[y]]\na = 3\n[[y]]\na = 4\n[y.z]\na = 5\n"
    found = [
        find_line(text, path)
        for path in [("a",), ("x", "a"), ("y", 0, "a"), ("y", 1, "a"), ("y", 1, "z", "a")]
    ]
    assert found == [1, 3, 5, 7, 9]
    assert find_line(text, ("nowhere",)) is None


# --- the page of settings ---------------------------------------------------------------------------------


def settings_of(model: type[BaseModel], at: str = "") -> dict[str, Any]:
    """`schedule.send` → its field, for every key of every table."""
    found: dict[str, Any] = {}
    for (key, annotation), field in zip(keys_of(model).items(), model.model_fields.values(), strict=True):
        inner = model_in(annotation)
        found |= settings_of(inner, f"{at}{key}.") if inner else {f"{at}{key}": field}
    return found


def documented() -> dict[str, str]:
    """The first and third columns of the tables in docs/configuration.md, under each heading's table."""
    table, found = "", {}
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ `\[+([a-z_.]+)\]+`", line):
            table = heading[1]
        elif row := re.match(r"\| `([a-z_.]+)` \| [^|]* \| ([^|]*) \|", line):
            found[f"{table}.{row[1]}"] = row[2].strip()
    return found


def test_every_setting_is_documented_and_nothing_else() -> None:
    """docs/configuration.md names the keys of the models, each once, under its table."""
    assert set(settings_of(Config)) == set(documented())


def test_every_documented_default_is_the_real_one() -> None:
    """A default that a page promises is the one the program takes."""
    written = documented()
    for key, field in settings_of(Config).items():
        if field.is_required():
            assert (key, "required") == (key, written[key])
        else:
            assert (key, _toml(field.get_default(call_default_factory=True))) == (
                key,
                written[key].strip("`"),
            )


def _toml(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 50 else "see below"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return "none" if value == {} else f"{value:g}"


def test_every_example_of_the_page_is_good() -> None:
    """What a person copies from the page is read without a mistake."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, flags=re.S)
    assert len(examples) >= 8
    for example in examples:
        head = "" if "[newsletter]" in example else GOOD
        parse_config(head + example)
