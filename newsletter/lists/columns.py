"""Which column of a list holds what: the names that other services give them, in the languages they speak."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.errors import ListError

FIELDS = (
    "email",
    "first_name",
    "name",
    "status",
    "subscribed",
    "disabled",
    "topics",
    "given_at",
    "left_at",
    "bounced_at",
    "reason",
    "network",
)
"""What a column can be mapped to."""

_EMAIL = """email e-mail mail emailaddress subscriberemail contactemail useremail
    e-mail-adresse adressee-mail adresseemail adressedemessagerie adresseelectronique courriel correo
    correoelectronico direcciondecorreoelectronico direcciondeemail indirizzoemail
    indirizzodipostaelettronica
    enderecodeemail e-mailadres adresemail e-postadress e-postadresse e-mailadresse epost sahkoposti
    sahkopostiosoite eposta epostaadresi メールアドレス 电子邮件 电子邮件地址 邮箱 電子郵件地址
    адресэлектроннойпочты электроннаяпочта"""
_FIRST_NAME = """firstname fname givenname forename vorname prenom nombre primernombre nome primonome
    primeironome voornaam imie fornamn fornavn etunimi isim ad 名 名字 имя"""

_ANYWHERE: dict[str, str] = {
    "email": _EMAIL,
    "first_name": _FIRST_NAME,
    "name": "name fullname subscribername",
    "status": "status subscriberstatus subscriptionstatus memberstatus emailstatus",
    "subscribed": "subscribed issubscribed optin optedin",
    "topics": "topics tags labels tag",
    "given_at": "optintime confirmtime confirmedat subscribedat optindate consentdate",
    "left_at": """unsubtime unsubscribedat unsubscribedate unsubscriptiondate optouttime unsubscribed isunsubscribed
        unsubscribedfromallemail optout optedout emailoptout donotemail""",
    "bounced_at": "cleantime bouncedat bounced hardbounced",
    "reason": "unsubreason unsubscriptionreason",
    "network": "confirmip optinip ipaddress",
}
_BY_FORMAT: dict[str, dict[str, str]] = {
    "mailchimp": {},
    "listmonk": {"given_at": "createdat"},
    "ghost": {"subscribed": "subscribedtoemails subscribed", "left_at": "deletedat", "given_at": "createdat"},
    # active_subscription says who pays, not who reads: it is looked at by nobody.
    "substack": {"disabled": "emaildisabled", "given_at": "createdat startdate"},
    "buttondown": {"status": "subscribertype type", "given_at": "creationdate"},
    "kit": {"status": "state status", "given_at": "createdat"},
    "csv": {},
}
FORMATS = tuple(_BY_FORMAT)

_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("substack", frozenset({"activesubscription"})),
    ("ghost", frozenset({"subscribedtoemails"})),
    ("ghost", frozenset({"complimentaryplan", "email"})),
    ("buttondown", frozenset({"subscribertype"})),
    ("buttondown", frozenset({"unsubscriptiondate"})),
    ("buttondown", frozenset({"emailaddress", "type", "creationdate"})),
    ("listmonk", frozenset({"uuid", "attributes"})),
    ("mailchimp", frozenset({"leid", "euid"})),
    ("mailchimp", frozenset({"memberrating"})),
    ("mailchimp", frozenset({"optintime", "lastchanged"})),
    ("kit", frozenset({"firstname", "state", "createdat"})),
    ("kit", frozenset({"emailaddress", "state", "createdat"})),
)
"""Columns that no other service's export has: the first that are all there name the format."""


@dataclass(frozen=True, slots=True)
class Columns:
    format: str
    width: int
    """How many cells the header has; 0 when there is none."""
    places: Mapping[str, int]
    """Field → index of its column."""


def read_columns(
    header: Sequence[str], *, format: str | None = None, mapping: Mapping[str, str] | None = None
) -> Columns:
    """What a header's columns hold. `mapping` (column → field) has the last word.

    Raises ListError when no column holds addresses, or the mapping names a column or field there is not.
    """
    names = [fold(cell) for cell in header]
    found = format or next((name for name, sign in _SIGNS if sign <= set(names)), "csv")
    places: dict[str, int] = {}
    for field, aliases in (_ANYWHERE | _BY_FORMAT[found]).items():
        index = _place(aliases, names)
        if index is not None:
            places[field] = index
    for column, field in (mapping or {}).items():
        places[field] = _mapped(column, field, names)
    if "email" not in places:
        raise ListError(
            f"no column of addresses is known among: {', '.join(filter(None, map(str.strip, header)))}",
            hint="Name it: --map COLUMN=email.",
        )
    return Columns(found, len(header), places)


def _place(aliases: str, names: Sequence[str]) -> int | None:
    return next((names.index(alias) for alias in map(fold, aliases.split()) if alias in names), None)


def _mapped(column: str, field: str, names: Sequence[str]) -> int:
    if field not in FIELDS:
        raise ListError(f"--map knows no field {field!r}", hint=f"There are: {', '.join(FIELDS)}.")
    if fold(column) not in names:
        raise ListError(f"--map names a column {column!r} that the file does not have")
    return names.index(fold(column))


def fold(name: str) -> str:
    """A column's name without case, accents, spaces and marks."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^\w]|_", "", "".join(char for char in plain if not unicodedata.combining(char)))
