"""What pydantic found wrong in a TOML file, as an error for a person: file, line, key, and what to do.

tomllib keeps no positions, so lines are found again by reading the file's table headers and keys.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from newsletter.errors import ConfigError

Location = tuple[int | str, ...]

_PLAIN = {
    "string_type": "must be text in double quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number",
    "finite_number": "must be a number that ends",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list in square brackets",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must have at least {min_length} characters",
    "literal_error": "must be one of: {expected}",
    "too_short": "must have at least {min_length} of them, and has {actual_length}",
    "too_long": "must have at most {max_length} of them, and has {actual_length}",
}
"""pydantic's kinds of mistakes in the words of a settings file."""


_OF_A_KEY = "[key]"
"""How pydantic says that a key itself is wrong, not its value."""


def explain(error: ValidationError, model: type[BaseModel], text: str, where: str) -> ConfigError:
    """The mistake a person should mend first. `where` names the file, `text` is what stands in it."""
    mistakes = error.errors()
    # A misspelt key usually makes another one "missing": the spelling is what the person has to see.
    unknown = [one for one in mistakes if one["type"] == "extra_forbidden"]
    first: Mapping[str, Any] = (unknown or mistakes)[0]
    location: Location = tuple(
        part for part in first.get("ctx", {}).get("at", first["loc"]) if part != _OF_A_KEY
    )
    line = find_line(text, location)
    place = f"{where}:{line}" if line else where
    name = ".".join(part for part in location if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        return ConfigError(f"unknown key {name!r}", where=place, hint=_nearest(model, location))
    if first["type"] == "missing":
        return ConfigError(f"{name!r} is missing", where=place, hint=_how_to_add(model, location))
    return ConfigError(f"{name!r} {_reason(first)}", where=place, hint=_advice(model, first, location))


def _reason(mistake: Mapping[str, Any]) -> str:
    if plain := _PLAIN.get(mistake["type"]):
        return plain.format(**mistake.get("ctx", {}))
    said = str(mistake["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _advice(model: type[BaseModel], mistake: Mapping[str, Any], location: Location) -> str:
    if "hint" in mistake.get("ctx", {}):
        return str(mistake["ctx"]["hint"])
    if mistake["type"] == "tuple_type" and _table_at(model, location):
        return f"Write [[{location[-1]}]] with two pairs of brackets: there may be several."
    shown = repr(mistake["input"])
    return f"It is {shown if len(shown) <= 60 else shown[:57] + '…'} now."


def _nearest(model: type[BaseModel], location: Location) -> str:
    key = str(location[-1])
    if len(location) > 1 and key in keys_of(model):
        header = f"[[{key}]]" if get_origin(keys_of(model)[key]) is tuple else f"[{key}]"
        return f"{header} is a table of its own: write it below all keys of [{location[0]}]."
    near = difflib.get_close_matches(key, list(_keys_at(model, location)), n=1)
    return (
        f"Did you mean {near[0]!r}?" if near else "Remove it, or see docs/configuration.md for what there is."
    )


def _how_to_add(model: type[BaseModel], location: Location) -> str:
    return (
        f"Add a table [{location[-1]}]." if _table_at(model, location) else f"Add {location[-1]} = … there."
    )


def _keys_at(model: type[BaseModel], location: Location) -> Mapping[str, Any]:
    """The keys that would have been right where `location` ends, each with its type."""
    table: type[BaseModel] | None = model
    for part in location[:-1]:
        if isinstance(part, str) and table:
            table = model_in(keys_of(table).get(part))
    return keys_of(table) if table else {}


def _table_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    return model_in(_keys_at(model, location).get(str(location[-1])))


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """A table's keys as they are written in the file, and the type of each."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The table class inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, getattr(annotation, "__args__", ()))), None)


def find_line(text: str, location: Location) -> int | None:
    """The line (from 1) of a key in TOML text, or else of the nearest table that it belongs to."""
    best: tuple[int, int] | None = None
    for number, path in _written(text):
        depth = min(len(path), len(location))
        if path[:depth] == location[:depth] and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None


def _written(text: str) -> Iterator[tuple[int, Location]]:
    """Each line that opens a table or sets a key, with the whole path of it."""
    counts: dict[Location, int] = {}
    table: Location = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$", line):
            parts = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            table = _numbered(parts[:-1], counts) + parts[-1:]
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
            table = _numbered(parts, counts)
            yield number, table
        elif key := re.match(r"\s*([\w.-]+|\"[^\"]+\")\s*=", line):
            yield number, (*table, *key[1].strip('"').split("."))


def _numbered(parts: tuple[str, ...], counts: Mapping[Location, int]) -> Location:
    """`("feed", "url")` → `("feed", 1, "url")` in the second [[feed]]."""
    path: Location = ()
    for part in parts:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    return path
