"""The table of settings: what holds for a whole book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from backsim.allocation.model.constraints import CONSTRAINTS
from backsim.errors import InputError, nearest
from backsim.tables.dates import check_format
from backsim.tables.delimited import check_delimiter
from backsim.tables.faults import TableError
from backsim.tables.numbers import COMMA, POINT, evidence
from backsim.tables.opening import check_encoding
from backsim.tables.spec import Column
from backsim.tables.table import Table

OWN = (
    Column("today", "today", "the day of the book, as YYYY-MM-DD; the day of the run if not given"),
    Column(
        "date_format",
        "date_format",
        "how dates are written, such as %d/%m/%Y; found from the dates if not given",
    ),
    Column(
        "decimal",
        "decimal",
        "the decimal sign, point or comma; found from the numbers if not given",
    ),
    Column(
        "delimiter",
        "delimiter",
        "the character between fields of CSV files, or tab; found from the headers if not given",
    ),
    Column(
        "encoding",
        "encoding",
        "the encoding of CSV files, such as cp1252; found from the files if not given",
    ),
    Column(
        "shipping_days",
        "days",
        "days that units may wait for room at a dock or carrier; 5 if not given",
    ),
    Column(
        "strict_ranks",
        "yes",
        "yes: the costs of rank 1 are as small as can be, then those of rank 2, and so on",
    ),
    Column(
        "sure",
        "share",
        "plans go by the day on which a purchase is there with this probability; 0.8 if not given",
    ),
)


def setting_columns() -> dict[str, Column]:
    """The settings that a book may have by name: its own, then those of the constraints."""
    found = [*OWN, *(c for one in CONSTRAINTS.values() for c in one.settings)]
    return {column.name: column for column in found}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a book; `setting_columns` says what they mean.

    `own`: the values of the constraints' settings, by name, where they are given.
    """

    today: date
    date_format: str | None = None
    decimal: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    shipping_days: int = 5
    strict_ranks: bool = False
    sure: float = 0.8
    own: Mapping[str, Any] = field(default_factory=dict)


def read_settings(table: Table | None, given: Mapping[str, Any]) -> Settings:
    """The settings of a table; what is `given`, and not None, comes before it.

    Raises TableError.
    """
    found: dict[str, object] = {}
    faults, known = [], setting_columns()
    columns = {"name": [], "value": []} if table is None else table.columns
    for i, (name, text) in enumerate(zip(columns["name"], columns["value"], strict=True)):
        assert table is not None
        place = f"{table.place}:{table.rows[i]}"
        if name not in known:
            expected = f"a known setting ({nearest(name, list(known))})"
            faults.append(f"{place}: name: expected {expected}, got {name!r}")
        elif name in found:
            faults.append(f"{place}: name: expected each setting once, got {name!r}")
        else:
            try:
                found[name] = _value(known[name].kind, text)
            except ValueError as error:
                faults.append(f"{place}: {name}: expected {error}, got {text!r}")
                found[name] = None
    if faults:
        raise TableError(faults)
    own = found | {name: value for name, value in given.items() if value is not None}
    fields = {column.name: own.pop(column.name) for column in OWN if column.name in own}
    return Settings(**{"today": date.today(), **fields}, own=own)  # type: ignore[arg-type]


def option(name: str, text: Any) -> Any:
    """The value of a setting that is given as an option, or as a date; None where it is not.

    Raises InputError.
    """
    if text is None or (name == "today" and isinstance(text, date)):
        return text
    try:
        return _value(setting_columns()[name].kind, str(text))
    except ValueError as error:
        label = name.replace("_", "-")
        raise InputError(f"{label}: expected {error}, got {text!r}") from None


DECIMALS = {"point": ".", ".": ".", "comma": ",", ",": ","}
"""How the decimal sign may be said."""


NUMBERS = {
    "share": (1.0, "a number from 0 to 1"),
    "number": (1e12, "a number of at least 0"),
    "units": (1e12, "a number of at least 0"),
    "days": (60.0, "a whole number from 0 to 60"),
}
"""The most of each kind of number, and what is expected."""


def _value(kind: str, text: str) -> object:
    """The value of a setting of some kind.  Raises ValueError, which says what is expected."""
    if kind in READ:
        return READ[kind](text)
    most, what = NUMBERS[kind]
    try:
        value = (COMMA if evidence([text]).comma else POINT).read(text)
    except ValueError:
        raise ValueError(what) from None
    whole = kind == "days"
    if not 0.0 <= value <= most or (whole and value != int(value)):
        raise ValueError(what)
    return int(value) if whole else value


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ValueError("a date written as YYYY-MM-DD") from None


def _one_of(words: Mapping[str, Any], what: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text.lower() not in words:
            raise ValueError(what)
        return words[text.lower()]

    return read


READ: Mapping[str, Callable[[str], Any]] = {
    "today": _day,
    "date_format": check_format,
    "decimal": _one_of(DECIMALS, "point or comma"),
    "yes": _one_of({"yes": True, "no": False}, "yes or no"),
    "delimiter": lambda text: check_delimiter("\t" if text.lower() == "tab" else text),
    "encoding": check_encoding,
}
"""What reads a setting that is no number, by its kind."""
