"""A column of a table, declared: what is read, documented, and named in errors."""

from __future__ import annotations

from dataclasses import dataclass

NUMERIC = frozenset({"units", "number", "share", "days"})
"""Kinds of columns that hold numbers."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, kind of values, and meaning.

    Kinds: name, names (several, with ; between), units, number, share, days, date, yes.  `default`
    is told to readers only; `empty` is the value of an empty field: a number, a day from today, or
    a name.
    """

    name: str
    kind: str
    doc: str
    required: bool = False
    default: str = ""
    empty: float | str = 0.0


def needed(name: str, kind: str, doc: str) -> Column:
    """A column that a table must have."""
    return Column(name, kind, doc, required=True)
