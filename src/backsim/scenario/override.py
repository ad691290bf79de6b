"""Paths to fields, and changing one field of a document: `--set policy.reorder.s=10`."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

from backsim.errors import InputError
from backsim.scenario.yamlfile import Document, Fault, FileError, Location, show

_PART = re.compile(r'\[(\d+)\]|\.?(?:"((?:[^"]|"")*)"|([^.\[\]"]+))')
"""An index; or a name in quotes, those in it doubled; or a plain name."""


def parse_path(text: str) -> Location:
    """The path that `spell` prints as `text`: `stock[0].initial`, `products."A.1".price`.

    `stock.0.initial` is the same as `stock[0].initial`; `stock.A.initial` is that of the last entry
    that is for group A, or for product A, alone.
    """
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (at == 0) == text[at : at + 1].startswith((".", "[")):
            break
        index, quoted, plain = found.groups()
        name = plain if quoted is None else quoted.replace('""', '"')
        parts.append(int(index) if index else name)
        at = found.end()
    if at < len(text) or not parts:
        raise InputError(f"--set: expected a path such as policy.reorder.s, got {text!r}")
    return tuple(parts)


def put(document: Document, path: Location, value: Any, text: str) -> None:
    """Set one field of a document; a path that leads nowhere is refused.

    What it is in is copied first: others may have the same values.
    """
    values: Any = copy(document.values)
    here: Any = values
    real: Location = ()
    for part in path[:-1]:
        key = _key(document, here, real, part, text)
        if isinstance(here, dict) and here.get(key) is None:
            here[key] = {}
        here[key] = copy(here[key])
        here = here[key]
        real = (*real, key)
    last = _key(document, here, real, path[-1], text)
    here[last] = value
    document.values = values
    document.override((*real, last), text)


def value_at(document: Document, path: Location) -> Any:
    """The value of a field of a document; None where it has none, or the path leads nowhere."""
    found = located(document, path)
    return None if found is None else found[1]


def located(document: Document, path: Location) -> tuple[Location, Any] | None:
    """A path with the numbers of entries that it names, and the value there; None as above."""
    here: Any = document.values
    real: Location = ()
    try:
        for part in path:
            key = _key(document, here, (), part, "")
            here, real = here.get(key) if isinstance(here, dict) else here[key], (*real, key)
    except FileError:
        return None
    return real, here


def _key(document: Document, here: Any, path: Location, part: str | int, text: str) -> Any:
    """The part of a path as the key of a mapping or the index of a list."""
    if isinstance(here, dict) and not isinstance(part, int):
        return part
    if isinstance(here, dict):
        expected, found = f"a list with an entry [{part}]", "a mapping" if here else "nothing"
    elif not isinstance(here, list):
        expected, found = "a mapping or a list", show(here)
    elif (place := _named(here, str(part))) is not None:
        return place
    elif not str(part).isdecimal():
        expected, found = "the number of an entry, from 0", f"'{part}'"
    elif int(part) >= len(here):
        expected, found = f"an entry below {len(here)}", str(part)
    else:
        return int(part)
    raise FileError(document.name, [Fault(path, expected, found, source=text)])


def _named(entries: list[Any], name: str) -> int | None:
    """The last entry of `stock` that is for a group or a product of that name alone."""
    for key in ("groups", "products"):
        for i in reversed(range(len(entries))):
            entry = entries[i]
            chosen = entry.get(key) if isinstance(entry, dict) else None
            if chosen is not None and chosen in (name, [name]) and not name.isdecimal():
                return i
    return None
