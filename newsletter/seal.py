"""The seal: what an approval means. It names everything an issue was made of and every edition that came out.

    content/issues/2026-11-26.seal.json
      approvals   who, when, and the hash of what they saw
      editions    variant → hash of its bytes
      findings    what the checks said when it was approved last
      waivers     which errors a person let pass, and why
      hash        over the editions: what `status` shows and the ledger freezes
      inputs      "the issue file", "template …", "article …: title", "setting …", "program version" → hash
      checksum    over all of the above: notices a slip of the hand; it does not keep a forger out

An input's name is what an editor reads when it changed, so comparing two seals is comparing two dicts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsletter import records
from newsletter.config import Approval as Rules
from newsletter.errors import ApprovalError, UsageError
from newsletter.records import digest as digest
from newsletter.types import Edition, editions_hash

FORMAT = 1
SUFFIX = ".seal.json"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word, for the editions that hash to `hash`."""

    name: str
    at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """One person's word that what a check found may go out: for these findings, and no later one."""

    check: str
    reason: str
    name: str
    at: datetime
    findings: tuple[str, ...]
    """What was found, as it was said."""


@dataclass(frozen=True, slots=True)
class Seal:
    inputs: Mapping[str, str]
    editions: Mapping[str, str]
    hash: str
    approvals: tuple[Approval, ...] = ()
    findings: tuple[str, ...] = ()
    """`error claims: the title promises too much …`: one a line, for whoever reads the file later."""
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was approved. `before` None: it is new; `after` None: it is gone."""

    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.what} (new)"
        if self.after is None:
            return f"{self.what} (gone)"
        return f"{self.what} {self.before} → {self.after}" if self.what.endswith(" version") else self.what


# --- making and comparing --------------------------------------------------------------------------------


def make_seal(inputs: Mapping[str, str], editions: Iterable[Edition]) -> Seal:
    """A seal that nobody has approved yet."""
    editions = tuple(editions)
    return Seal(
        inputs=dict(inputs),
        editions={str(one.topics): one.hash for one in editions},
        hash=editions_hash(editions),
    )


def compare(seal: Seal, now: Seal) -> list[Change]:
    """What is not as it was sealed, by name; empty when nothing changed.

    An edition is named only when no input explains why it differs.
    """
    return _collapsed(_differences(seal.inputs, now.inputs)) or [
        replace(change, what=f"the edition {change.what}")
        for change in _differences(seal.editions, now.editions)
    ]


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _collapsed(changes: list[Change]) -> list[Change]:
    """An article that came or went is one change, not one for each of its fields."""
    whole = {
        (owner, change.before is None)
        for change in changes
        for owner, _, field in [change.what.rpartition(": ")]
        if field == "title" and None in (change.before, change.after)
    }
    kept: dict[str, Change] = {}
    for change in changes:
        owner = change.what.rpartition(": ")[0]
        if (owner, change.before is None) in whole:
            change = replace(change, what=owner)
        kept.setdefault(change.what, change)
    return list(kept.values())


# --- approving -------------------------------------------------------------------------------------------


def sign(seal: Seal, name: str, at: datetime, *, rules: Rules, author: str | None) -> Seal:
    """The seal with this person's approval; the same seal when they had given it before.

    Raises UsageError for a name that is none, ApprovalError when the author approves and must not.
    """
    name = clean_name(name)
    if not rules.author_may_approve and author is None:
        raise ApprovalError(
            "nobody is named as this issue's author, and an author may not approve",
            hint="Add `author: NAME` to the issue file.",
        )
    if not rules.author_may_approve and same_person(name, author or ""):
        raise ApprovalError(
            f"{name} wrote this issue and may not approve it",
            where="newsletter.toml: [approval] author_may_approve",
            hint="Ask somebody else to look at it and approve.",
        )
    if any(same_person(name, one.name) for one in seal.approvals):
        return seal
    moment = at.astimezone(UTC).replace(microsecond=0)
    return replace(seal, approvals=(*seal.approvals, Approval(name, moment, seal.hash)))


def counted(seal: Seal, *, rules: Rules, author: str | None) -> tuple[Approval, ...]:
    """The approvals that count under today's rules: each person once, for this hash, not the author's where
    the author may not."""
    people: dict[str, Approval] = {}
    for one in seal.approvals:
        if one.hash == seal.hash and (rules.author_may_approve or not same_person(one.name, author or "")):
            people.setdefault(_key(one.name), one)
    return tuple(people.values())


def clean_name(name: str) -> str:
    """A person's name on one line. Raises UsageError when nothing is left or it cannot be a name."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 100 or any(unicodedata.category(c) in ("Cc", "Cs") for c in cleaned):
        raise UsageError(f"{name!r} is not a name", hint='Say who approves: --by "Ada Novak".')
    return cleaned


def same_person(one: str, other: str) -> bool:
    """Whether two spellings name one person: case and blanks do not tell people apart."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    # Nor do characters that nobody sees.
    seen = (one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")
    return "".join("".join(seen).split()).casefold()


# --- the file --------------------------------------------------------------------------------------------

KIND = records.Kind(
    "seal",
    FORMAT,
    ApprovalError,
    "Bring it back from version control, or delete it, look at the issue and approve again.",
)


def find_seal(path: Path) -> Seal | None:
    """The seal in a file, None when there is none. Raises ApprovalError when it is not as we wrote it."""
    text = records.find_text(path, KIND)
    return None if text is None else read_text(text, where=str(path))


def read_text(text: str, *, where: str) -> Seal:
    """A seal from its file's text. Raises ApprovalError with file and line."""
    data = records.read(text, KIND, where=where)
    try:
        return _from_data(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KIND.broken("lacks what a seal must hold", where) from None


def _from_data(data: Mapping[str, Any]) -> Seal:
    return Seal(
        inputs=dict(data["inputs"]),
        editions=dict(data["editions"]),
        hash=str(data["hash"]),
        approvals=tuple(
            Approval(one["name"], datetime.fromisoformat(one["at"]), one["hash"]) for one in data["approvals"]
        ),
        findings=tuple(data.get("findings", ())),  # seals of before there were checks have none
        waivers=tuple(
            Waiver(
                one["check"],
                one["reason"],
                one["name"],
                datetime.fromisoformat(one["at"]),
                tuple(one["findings"]),
            )
            for one in data.get("waivers", ())
        ),
    )


def write_text(seal: Seal) -> str:
    """The seal as its file holds it."""
    data: dict[str, Any] = {
        "inputs": dict(seal.inputs),
        "editions": dict(seal.editions),
        "hash": seal.hash,
        "approvals": [
            {"name": one.name, "at": one.at.isoformat(), "hash": one.hash} for one in seal.approvals
        ],
        "findings": list(seal.findings),
        "waivers": [
            {**asdict(one), "at": one.at.isoformat(), "findings": list(one.findings)} for one in seal.waivers
        ],
    }
    return records.written(data, KIND)


def write_seal(path: Path, seal: Seal) -> None:
    """Write the seal's file, whole or not at all."""
    records.save(path, write_text(seal), KIND)
