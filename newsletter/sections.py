"""Which section an article belongs to, and why: the site's categories first, then the address, then words.

Nothing here is learned. The rules are read from `vocabulary.toml`, which ships with the program and knows
pain medicine, and from `[[section]] match` in newsletter.toml, which is laid over it: a site's own category,
path or word replaces the shipped one.

Words are weighed like this, and each section for itself:

- A word stands for its plural too; a phrase wins over the shorter ones inside it.
- The strongest word of a section counts whole, each further one half: a title that names three diseases and
  one operation is still about the operation.
- What weighs most decides. Equal weights, or none, go to the feed's own section when it has one, and else to
  the narrower section: news before treatments before conditions. An article about a treatment names a
  condition, and news about a treatment names the treatment, but not the other way round.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote, urlsplit

from newsletter.config import Section
from newsletter.types import Placement

VOCABULARY = "vocabulary.toml"
_LONGEST = 5
"""Words of a phrase at most."""
_STRAIGHT = dict.fromkeys("‘’‛ʼ`´", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("‐‑‒–—−", "-")


@dataclass(frozen=True, slots=True)
class Sign:
    """Something in an article that speaks for a section (or, with a negative weight, against it)."""

    section: str
    words: str
    """As an editor would recognise it."""
    weight: float = 0


@dataclass(frozen=True)
class Classifier:
    """Rules made ready once, for any number of articles.

    `place` is a pure function of its arguments: the same article always goes to the same section.
    """

    rules: Sequence[Section]
    _categories: dict[str, str] = field(init=False, repr=False, default_factory=dict)
    _paths: dict[tuple[str, ...], str] = field(init=False, repr=False, default_factory=dict)
    _words: dict[str, dict[str, float]] = field(init=False, repr=False, default_factory=dict)
    _patterns: list[tuple[re.Pattern[str], Sign]] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError("there is no section to put an article into")
        shipped = _vocabulary()
        for rule in self.rules:
            if rule.id in shipped:
                self._add_shipped(rule.id, shipped[rule.id])
        for rule in self.rules:
            self._add(rule.id, rule.match.categories, rule.match.paths, rule.match.words)

    def _add_shipped(self, section: str, table: Mapping[str, Any]) -> None:
        words = {word: group["weight"] for group in table["words"] for word in group["words"]}
        self._add(section, table["categories"], table["paths"], words)
        for one in table["patterns"]:
            sign = Sign(section, one["about"], one["weight"])
            self._patterns.append(
                (re.compile(one["pattern"], 0 if one.get("exact_case") else re.IGNORECASE), sign)
            )

    def _add(
        self, section: str, categories: Iterable[str], paths: Iterable[str], words: Mapping[str, float]
    ) -> None:
        self._categories.update((plain(name), section) for name in categories)
        self._paths.update((_segments(path), section) for path in paths)
        for word, weight in words.items():
            self._words.setdefault(_key(word), {})[section] = weight

    def place(
        self, title: str, categories: Iterable[str] = (), path: str = "", default: str | None = None
    ) -> Placement:
        """The section for an article, and the reason in words for an editor.

        `path` is the article's address with or without its host; `default` is the feed's own section. A
        default that is not one of the sections is passed over.
        """
        names = tuple(categories)
        open_to = [rule.id for rule in self.rules]
        for signs in (list(self._by_category(names)), list(self._by_path(path))):
            named = [sign for sign in signs if sign.section in open_to]
            if len({sign.section for sign in named}) == 1:
                return Placement(named[0].section, named[0].words)
            # Two that disagree do not decide, but they do say between which sections the words decide.
            open_to = list(dict.fromkeys(sign.section for sign in named)) or open_to
        slug = next(reversed(_segments(path)), "")
        for text, where in (
            (title, "words"),
            (" , ".join(names), "categories’ words"),
            (slug, "address’s words"),
        ):
            scores = self.scores(text, open_to)
            if any(score > 0 for score, _ in scores.values()):
                return self._heaviest(scores, where, default)
        return self._undecided(open_to, default)

    def scores(self, text: str, among: Iterable[str]) -> dict[str, tuple[float, list[Sign]]]:
        """For each section: what the words of `text` weigh for it, and these words, heaviest first."""
        found: dict[str, list[Sign]] = {section: [] for section in among}
        for sign in self._signs(text):
            if sign.section in found:
                found[sign.section].append(sign)
        return {section: (_weigh(signs), sorted(signs, key=_by_weight)) for section, signs in found.items()}

    def _by_category(self, categories: Iterable[str]) -> Iterator[Sign]:
        for name in categories:
            if section := self._categories.get(plain(name)):
                yield Sign(section, f"category “{name.strip()}”")

    def _by_path(self, path: str) -> Iterator[Sign]:
        """The longest listed stretch of the address; of equally long ones, all."""
        parts = _segments(path)
        for length in range(len(parts), 0, -1):
            stretches = [parts[at : at + length] for at in range(len(parts) - length + 1)]
            found = [stretch for stretch in stretches if stretch in self._paths]
            for stretch in found:
                section = self._paths[stretch]
                yield Sign(section, f"its address has /{'/'.join(stretch)}/")
            if found:
                return

    def _signs(self, text: str) -> Iterator[Sign]:
        spoken = _spoken(text)
        words = plain(text).split()
        taken: dict[str, int] = {}
        for at in range(len(words)):
            for length in range(min(_LONGEST, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + length])
                for section, weight in self._weights(phrase):
                    if taken.get(section, 0) <= at:
                        taken[section] = at + length
                        yield Sign(section, f"“{phrase}”", weight)
        for pattern, sign in self._patterns:
            if pattern.search(spoken):
                yield sign

    def _weights(self, phrase: str) -> Iterable[tuple[str, float]]:
        found: dict[str, float] = {}
        for key in _spellings(phrase):
            # A word as it stands is nearer than its beginning or end: the first found counts.
            found = self._words.get(key, {}) | found
        return found.items()

    def _heaviest(
        self, scores: Mapping[str, tuple[float, list[Sign]]], where: str, default: str | None
    ) -> Placement:
        best = max(score for score, _ in scores.values())
        first = [section for section, (score, _) in scores.items() if score == best]
        section = self._narrowest(first, default, unknown=-1)
        words = ", ".join(sign.words for sign in scores[section][1] if sign.weight > 0)
        reason = f"{where}: {words} ({section} {best:+g})"
        if len(first) == 1:
            return Placement(section, reason)
        others = " and ".join(other for other in first if other != section)
        why = "the feed’s default" if section == default else "the narrower of them"
        return Placement(section, f"{reason}, as much as {others}; {why}")

    def _undecided(self, open_to: Sequence[str], default: str | None) -> Placement:
        section = self._narrowest(open_to, default, unknown=99)
        why = "the feed’s default" if section == default else f"{section} takes what names no other subject"
        return Placement(section, f"nothing decided; {why}")

    def _narrowest(self, sections: Sequence[str], default: str | None, *, unknown: int) -> str:
        """A section that a site made up is narrower than the shipped ones where its own words spoke (-1), but
        nothing goes there unasked (99)."""
        if default in sections:
            return str(default)
        order = _vocabulary()["narrowest_first"]
        return min(sections, key=lambda one: order.index(one) if one in order else unknown)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(files("newsletter").joinpath(VOCABULARY).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Lower case without accents, apostrophes and punctuation, so that `Spinal-Cord` is `spinal cord`."""
    return re.sub(r"[^a-z0-9%$]+", " ", re.sub(r"(?<=\w)'(?=\w)", "", _spoken(text).casefold())).strip()


def _spoken(text: str) -> str:
    """Without accents, with straight quotes, short dashes and single blanks; punctuation stays."""
    text = unicodedata.normalize("NFKD", text)
    text = "".join(_STRAIGHT.get(c, c) for c in text if not unicodedata.combining(c))
    return " ".join(re.sub(r"(?<=\d),(?=\d{3})", "", text).split())


def _key(word: str) -> str:
    """A word of the rules as it is looked up; a star at its beginning or end stays."""
    head, tail = ("*" if word.startswith("*") else ""), ("*" if word.endswith("*") else "")
    return f"{head}{plain(word)}{tail}"


def _spellings(phrase: str) -> Iterator[str]:
    """How a phrase may stand in the rules: itself, its singular, and for one word its beginnings and ends."""
    yield phrase
    if len(phrase) > 3 and phrase.endswith("s"):
        yield phrase[:-1]
        if phrase.endswith("es"):
            yield phrase[:-2]
        if phrase.endswith("ies"):
            yield f"{phrase[:-3]}y"
    if " " not in phrase:
        yield from (f"*{phrase[at:]}" for at in range(len(phrase) - 2))
        yield from (f"{phrase[:at]}*" for at in range(len(phrase), 2, -1))


def _segments(path: str) -> tuple[str, ...]:
    """The parts of an address, without host, query and file ending."""
    parts = unquote(urlsplit(path if "//" in path else f"//-/{path}").path).lower().split("/")
    return tuple(re.sub(r"\.(html?|php|aspx?)$", "", part).replace("_", "-") for part in parts if part)


def _weigh(signs: Sequence[Sign]) -> float:
    """The strongest whole, each further one half; what speaks against, whole."""
    gains = sorted((sign.weight for sign in signs if sign.weight > 0), reverse=True)
    against = sum(sign.weight for sign in signs if sign.weight < 0)
    return sum(gains[:1]) + sum(gains[1:]) / 2 + against


def _by_weight(sign: Sign) -> float:
    return -sign.weight
