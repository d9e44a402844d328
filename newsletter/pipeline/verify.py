"""Verify: what an issue left behind, one thing held against another, and what differs by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from quopri import decodestring

from newsletter import corrections, seal
from newsletter.errors import AddressError, NewsletterError
from newsletter.render.personalise import MailTemplate
from newsletter.seal import Change, Seal
from newsletter.types import Edition, Recipient, Tally, edition_hash, editions_hash, hash_of_hashes

PARTS = ("subject", "preheader", "html", "text")
SHOWN = 5
"""Mails that are named one by one."""
SPELLING = "its blanks, line ends or order are not as they were written"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing held against another."""

    what: str
    against: str
    faults: tuple[str, ...] = ()
    """What differs, by name; none: the two say the same."""
    remark: str = ""
    """What a person may want to know though nothing differs."""


@dataclass(frozen=True, slots=True)
class Verified:
    """All that could be compared of one issue."""

    issue: str
    hash: str
    """As it was frozen; before it is published, as it was sealed."""
    comparisons: tuple[Comparison, ...]

    @property
    def differing(self) -> tuple[Comparison, ...]:
        return tuple(one for one in self.comparisons if one.faults)


# --- the seal --------------------------------------------------------------------------------------------


def read_seal(text: str, where: str) -> tuple[Seal | None, Comparison]:
    """The seal in its file's text, None where it cannot be believed, and whether it is as it was written."""
    what, against = "the seal", "its checksum"
    try:
        found = seal.read_text(text, where=where)
    except NewsletterError as error:
        return None, Comparison(what, against, (f"{error.where}: {error.what}",))
    faults = [SPELLING] if seal.write_text(found) != text else []
    if hash_of_hashes(found.editions) != found.hash:
        faults.append("its hash is not that of its editions")
    faults += [f"{one.name} approved something else" for one in found.approvals if one.hash != found.hash]
    names = ", ".join(one.name for one in found.approvals) or "nobody"
    return found, Comparison(what, against, tuple(faults), f"approved by {names}")


# --- what was frozen -------------------------------------------------------------------------------------


def changed_editions(frozen: Iterable[Edition], hash: str) -> list[str]:
    """The frozen editions whose bytes are no longer those that were frozen under the issue's `hash`, by name."""
    editions = list(frozen)
    changed = [
        _named(one.topics)
        for one in editions
        if edition_hash(one.subject, one.preheader, one.html, one.text) != one.hash
    ]
    if not changed and editions_hash(editions) != hash:
        return ["the list of editions"]
    return changed


def hold_frozen(frozen: Sequence[Edition], hash: str, subject: str) -> Comparison:
    """The frozen bytes against the hashes that they were frozen under."""
    faults = changed_editions(frozen, hash)
    if subject not in {one.subject for one in frozen}:
        faults.append("the subject in the list of issues")
    return Comparison(_frozen(frozen), "their hashes", tuple(faults))


def hold_against_seal(frozen: Sequence[Edition], found: Seal) -> Comparison:
    """What was frozen against what was approved."""
    now = {str(one.topics): one.hash for one in frozen}
    known = sorted({*now, *found.editions})
    faults = [_named(topics) for topics in known if now.get(topics) != found.editions.get(topics)]
    return Comparison(_frozen(frozen), "the seal", tuple(faults))


def hold_page(page: str, sent: str, *, where: str = "the archive page") -> Comparison:
    """An archive page, less what the archive adds to it, against what was sent."""
    faults = () if page == sent else (f"it is not what was sent, from byte {_difference(page, sent):,} on",)
    return Comparison(where, "the frozen edition", faults)


def hold_ledger(tally: Tally, strays: Mapping[str, int]) -> Comparison:
    """The ledger's lines against the invariant, and against their batches and editions."""
    faults = [f"{what}: {count:,}" for what, count in strays.items() if count]
    parts = tally.sent + tally.refused + tally.skipped + tally.queued + tally.sending + tally.in_doubt
    if not tally.holds:
        faults.insert(0, f"an audience of {tally.audience:,} was planned, and there are {parts:,} deliveries")
    return Comparison("the ledger", "its plan", tuple(faults), _counted(parts, "delivery", "deliveries"))


def hold_corrections(text: str, slug: str, hash: str | None, where: str) -> Comparison:
    """The corrections against their checksum, and against the issue that they correct."""
    what, against = "the corrections", "their checksum"
    try:
        found = corrections.read_text(text, slug, where=where)
    except NewsletterError as error:
        return Comparison(what, against, (f"{error.where}: {error.what}",))
    faults = [SPELLING] if corrections.write_text(slug, found) != text else []
    faults += [
        f"the one of {one.at:%Y-%m-%d %H:%M} is of something else" for one in found if one.hash != hash
    ]
    return Comparison(what, against, tuple(faults), f"{len(found)}, the issue itself untouched")


# --- a rebuild -------------------------------------------------------------------------------------------


def hold_rebuild(found: Seal, now: Seal) -> Comparison:
    """The issue as its files make it now against its seal; the inputs that changed are named."""
    changes = seal.compare(found, now)
    faults, remark = tuple(map(str, changes)), ""
    if changes and all(map(_is_version, changes)):
        if now.hash == found.hash:
            faults, remark = (), f"the same bytes by other programs: {', '.join(faults)}"
        else:
            remark = "only because of other programs: every other input is as it was sealed"
    return Comparison("a rebuild", "the seal", faults, remark)


def hold_unsealed(frozen: Sequence[Edition], made: Sequence[Edition]) -> Comparison:
    """The same for an issue without a seal, against what was frozen."""
    before, now = ({one.topics: one for one in some} for some in (frozen, made))
    faults = [f"{_named(topics)} (gone)" for topics in before if topics not in now]
    faults += [f"{_named(topics)} (new)" for topics in now if topics not in before]
    for topics in before.keys() & now.keys():
        parts = [part for part in PARTS if getattr(before[topics], part) != getattr(now[topics], part)]
        faults += [f"{_named(topics)}: {', '.join(parts)}"] if parts else []
    return Comparison("a rebuild", "the frozen editions", tuple(sorted(faults)))


def failed_rebuild(error: NewsletterError, against: str, changed: Iterable[str]) -> Comparison:
    """An issue that cannot be built any more is not what it was. `changed`: which of its files are not as sealed."""
    faults = [*changed]
    faults.append(f"it cannot be built: {error.where + ': ' if error.where else ''}{error.what}")
    return Comparison("a rebuild", against, tuple(faults))


def _is_version(change: Change) -> bool:
    return change.what.endswith(" version")


# --- mails that were kept --------------------------------------------------------------------------------


def is_as_made(
    template: MailTemplate | None, delivery_id: str, content: bytes, *, email: str | None, preferences: str
) -> bool:
    """Whether a mail is, byte for byte, what its frozen edition makes for its reader; there may be no such edition.

    The reader's links are those that the mail itself holds: keys may have been changed since. So is the address
    where `email` is None, because it was erased. `preferences`: what a link to them begins with.
    """
    to = re.search(rb"^To: (.*)\r$", content, re.MULTILINE)
    leave = re.search(rb"^List-Unsubscribe: <(.*)>\r$", content, re.MULTILINE)
    choose = re.search(re.escape(preferences).encode() + rb"[\w.-]*[\w-]", decodestring(content))
    if not (template and to and leave and choose):
        return False
    try:
        reader = Recipient(delivery_id, email or to[1].decode(), leave[1].decode(), choose[0].decode())
        return template.fill(reader).content == content
    except (AddressError, UnicodeDecodeError):
        return False


def hold_mails(names: Sequence[str], count: int) -> Comparison:
    """Mails that were kept, `count` of them, against what their editions make; `names` are those that differ."""
    more = len(names) - SHOWN
    faults = (*names[:SHOWN], f"{more:,} more") if more > 0 else tuple(names)
    return Comparison(
        "the mails in the outbox", "the frozen editions", faults, _counted(count, "mail", "mails")
    )


# --- words -----------------------------------------------------------------------------------------------


def _named(topics: object) -> str:
    return f"the edition {topics}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _frozen(frozen: Sequence[Edition]) -> str:
    return f"the frozen editions ({len(frozen)})"


def _difference(one: str, other: str) -> int:
    """How many bytes are the same from the beginning on."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return len("".join(letter for letter, _ in pairs).encode())
