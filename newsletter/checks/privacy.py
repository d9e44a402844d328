"""What looks like a patient's words, name or address: on a pain site it is health information."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.checks import Case, Found
from newsletter.checks._contacts import addresses, identifiers, is_mailbox, phones
from newsletter.checks._page import page_of
from newsletter.checks._people import persons
from newsletter.checks._prose import EXCERPTS, Passage, passages, quoted
from newsletter.checks._voices import comment

SOURCE = "HIPAA, 45 CFR 164.514(b)(2); GDPR, Art. 9"


def find(case: Case) -> Iterator[Found]:
    own, help_lines = _own_domains(case), _help_lines(case)
    for passage in passages(case):
        if passage.role == "setting":  # the letter's own address and its help lines
            continue
        for what, mild in _contacts(passage, own, help_lines):
            yield _say(f"the {passage.role} holds {what}", passage.where, mild=mild)
        if told := _told(passage):
            yield _say(f"the {passage.role} holds {told}", passage.where)
    yield from _linked(case, own)


def _own_domains(case: Case) -> tuple[str, ...]:
    letter = case.config.newsletter
    written = [letter.sender, letter.reply_to or "", *letter.editors]
    return tuple({"@" + one.rpartition("@")[2].strip("> ").lower() for one in written if "@" in one})


def _help_lines(case: Case) -> set[str]:
    said = [
        *(f"{one.label} {one.text}" for one in case.config.brand.resources),
        case.config.newsletter.postal_address,
    ]
    return {number for text in said for number in phones(text)}


def _contacts(passage: Passage, own: tuple[str, ...], help_lines: set[str]) -> Iterator[tuple[str, bool]]:
    """What can be called or written to, and whether that is only worth a look: an editor's note may name a clinic's."""
    note = passage.role == "note"
    for address in addresses(passage.text):
        if not address.lower().endswith(own):
            yield f"an address of e-mail: {address}", note and not is_mailbox(address)
    for number in phones(passage.text):
        if number not in help_lines:
            yield f"a phone number: {number}", note
    for what in identifiers(passage.text):
        yield what, False


def _told(passage: Passage) -> str | None:
    """A patient's own words, or a name with what ails its bearer."""
    if passage.role in ("blurb", "title") and (words := comment(passage.text, whole=passage.role == "blurb")):
        return words
    if passage.role in (*EXCERPTS, "subject", "preheader", "note") and (name := persons(passage.text)):
        return f"a name beside a health detail: {quoted(name)}"
    return None


def _linked(case: Case, own: tuple[str, ...]) -> Iterator[Found]:
    """A person's mailbox or phone behind the words of a link."""
    for link in page_of(case.editions[0].html).links:
        scheme, _, rest = link.href.partition(":")
        address = unquote(rest.partition("?")[0])
        if (
            scheme == "mailto"
            and is_mailbox(address)
            and not address.lower().endswith(own)
            and address not in link.words
        ):
            yield _say(
                f"a link leads to a person's mailbox: {address}", case.place_of(address, case.issue.path)
            )


def _say(message: str, where: str, *, mild: bool = False) -> Found:
    return Found(
        "personal_data", message, where,
        "That somebody is in pain is theirs to tell; excerpts have carried comments into mails before.",
        "Give the pick a blurb of its own; waive it where the person agreed.", SOURCE, mild=mild,
    )  # fmt: skip
