"""From one row's cells to one reader. Nothing outside the row and the site's rules is known here."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from newsletter.addresses import read_address
from newsletter.errors import AddressError
from newsletter.first_names import clean_name
from newsletter.listed import ListRow, Standing
from newsletter.lists.columns import Columns, fold
from newsletter.lists.standing import NO, PENDING, YES, read_status
from newsletter.types import Topics

_ACTIVE = Standing.ACTIVE.value
SAY_STANDING = frozenset({"status", "subscribed", "disabled", "left_at", "bounced_at", "reason"})
_FORMULA = re.compile(r"\s*=").match
_AS_TEXT = re.compile(r"\s*=\s*\"([^\"()]*)\"\s*").fullmatch
"""`="ann@example.org"`: how some exports keep a spreadsheet from guessing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What reading a list takes from the site and from the person at the command line."""

    format: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column → field, see columns.FIELDS."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """Folded id or title → section id."""
    unwanted: Container[str] = ()
    """Domains whose addresses are refused."""
    first_names: bool = True
    """False: they are not taken in."""
    only_addresses: bool = False
    """Whatever else a row says is not looked at."""
    hide_network: Callable[[str], str | None] = lambda network: None
    """Makes a keyed hash of a network address: nothing else of it is carried on."""


class RowReader:
    """Reads the rows of one file. A standing of the whole file (Mailchimp has one each) is settled first."""

    def __init__(self, file_name: str, columns: Columns, rules: Rules) -> None:
        passed_over = () if rules.first_names else ("first_name", "name")
        places = {name: place for name, place in columns.places.items() if name not in passed_over}
        if rules.only_addresses:
            places = {"email": places["email"]}
        self._email = places.pop("email")
        self._says = {name: places[name] for name in places if name in SAY_STANDING}
        by_name = columns.format == "mailchimp" or (columns.format == "csv" and not self._says)
        self._whole = _standing_of_file(file_name) if by_name and not rules.only_addresses else None
        self._bare = not places and self._whole is None
        if not self._says:
            self._whole = self._whole or Standing.ACTIVE
        self._names = (places.get("first_name", -1), places.get("name", -1))
        self._others = tuple(places.get(name) for name in ("topics", "given_at", "left_at", "network"))
        self._width = max(columns.places.values()) + 1
        self._unwanted = rules.unwanted
        self._hide_network = rules.hide_network
        # Thousands of rows say the same.
        self._read_topics = lru_cache(4096)(lambda cell: read_topics(cell, rules.topics))
        self._read_name = lru_cache(4096)(read_name)

    def read(self, line: int, cells: list[str]) -> ListRow:
        """The reader in these cells, or why there is none."""
        if len(cells) <= self._email:
            return _refused(line, "is cut off before the address")
        try:
            address = read_address(_plain(cells[self._email]), unwanted=self._unwanted)
        except AddressError as error:
            return _refused(line, f"the address {error.what}")
        if self._bare:
            return ListRow(line, address.email, address.key, _ACTIVE)
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        standing = self._whole or self._standing(cells)
        if isinstance(standing, str):
            return _refused(line, standing)
        first, full = self._names
        name = self._read_name(cells[first] if first >= 0 else "", cells[full] if full >= 0 else "")
        particulars = self._particulars(standing, cells)
        return ListRow(line, address.email, address.key, int(standing), name, *particulars)

    def _standing(self, cells: list[str]) -> Standing | str:
        return read_standing({name: cells[place].strip() for name, place in self._says.items()})

    def _particulars(self, standing: Standing, cells: list[str]) -> tuple[str | None, str | None, str | None]:
        """Topics, moment and network."""
        topics, given, left, network = self._others
        moment = given if standing is Standing.ACTIVE else left
        return (
            None if topics is None else self._read_topics(cells[topics]),
            None if moment is None else read_moment(cells[moment].strip()),
            None if network is None else self._hide_network(cells[network].strip()) or None,
        )


def read_standing(values: Mapping[str, str]) -> Standing | str:
    """How a row stands, or why nobody can say. The worst of what its cells say counts. `left_at` and `bounced_at` are
    moments, or a yes or no."""
    bounced, left = _has_happened(values.get("bounced_at", "")), _has_happened(values.get("left_at", ""))
    if bounced:
        return Standing.BOUNCED
    if left:
        return Standing.COMPLAINED if _is_complaint(values.get("reason", "")) else Standing.LEFT
    if (switched := values.get("disabled")) is not None and switched.lower() not in NO:
        return Standing.LEFT if switched.lower() in YES else "does not say whether mail was switched off"
    if (wants := values.get("subscribed")) is not None and wants.lower() not in YES:
        return Standing.LEFT if wants.lower() in NO else "does not say whether it is subscribed"
    if (status := values.get("status")) is not None:
        return read_status(status)
    told_of = [happened for name, happened in (("bounced_at", bounced), ("left_at", left)) if name in values]
    if "subscribed" not in values and told_of and False not in told_of:
        # A file of those who left, and this row's moment is missing: certainly no yes.
        return "does not say whether it is subscribed"
    return Standing.ACTIVE


def _has_happened(cell: str) -> bool | None:
    """None where the cell says nothing."""
    return cell.lower() not in NO if cell else None


def read_name(name: str, full: str = "") -> str | None:
    """A first name; of a full name the first word, of "Doe, Ann" the word after the comma."""
    return clean_name(name if name.strip() else next(iter(full.rpartition(",")[2].split()), ""))


def read_topics(cell: str, known: Mapping[str, str]) -> str | None:
    """The topics among a cell's tags, in stored form; None when it names none that the site has."""
    tags = re.split(r"[,;|]", cell.replace('"', "").strip("[]{}"))
    chosen = sorted({known[folded] for tag in tags if (folded := fold(tag.strip(" '"))) in known})
    return str(Topics(tuple(chosen))) if chosen else None


def read_moment(text: str | None) -> str | None:
    """ISO 8601 in UTC; None for a moment that is missing or written so that it can be misread (3/4/2021)."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat()
    except OverflowError:  # the first or last hours of the calendar
        return None


def _plain(cell: str) -> str:
    """A cell as text. Raises AddressError for a formula: what it would show is not in the file."""
    if "=" not in cell or not _FORMULA(cell):
        return cell
    if as_text := _AS_TEXT(cell):
        return as_text[1]
    raise AddressError("is a spreadsheet formula")


def _standing_of_file(name: str) -> Standing | str | None:
    """Mailchimp's archive holds one file a standing and says so in its name alone. "cleaned" is what it calls bounced,
    and what people call a list that they have tidied: only its own long name counts."""
    for pattern, standing in (
        (r"unsubscribed", Standing.LEFT),
        (r"cleaned_\w*export", Standing.BOUNCED),
        (r"nonsubscribed", PENDING),
    ):
        if re.match(pattern, name, flags=re.IGNORECASE):
            return standing
    return None


def _is_complaint(reason: str) -> bool:
    return bool(re.search(r"abuse|complain|spam", reason, flags=re.IGNORECASE))


def _refused(line: int, reason: str) -> ListRow:
    return ListRow(line, None, None, Standing.NOBODY.value, reason=reason)
