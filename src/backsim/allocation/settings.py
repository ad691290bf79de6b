"""The table of settings: what holds for a whole book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backsim.allocation.columns import SETTING_DOCS
from backsim.errors import nearest
from backsim.tables.dates import check_format
from backsim.tables.faults import TableError
from backsim.tables.numbers import COMMA, POINT, evidence
from backsim.tables.table import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a book; `columns.SETTING_DOCS` says what they mean."""

    today: date
    date_format: str | None = None
    decimal: str | None = None
    fairness: float | None = None
    promise_penalty: float = float("inf")
    whole_units: bool = False
    shipping_days: int = 5


def read_settings(
    table: Table | None,
    today: date | None,
    date_format: str | None,
    decimal: str | None = None,
) -> Settings:
    """The settings of a table; `today`, `date_format` and `decimal` come before it, where given.

    Raises TableError.
    """
    found: dict[str, object] = {}
    faults = []
    columns = {"name": [], "value": []} if table is None else table.columns
    for i, (name, text) in enumerate(zip(columns["name"], columns["value"], strict=True)):
        assert table is not None
        place = f"{table.place}:{table.rows[i]}"
        if name not in SETTING_DOCS:
            expected = f"a known setting ({nearest(name, list(SETTING_DOCS))})"
            faults.append(f"{place}: name: expected {expected}, got {name!r}")
        elif name in found:
            faults.append(f"{place}: name: expected each setting once, got {name!r}")
        else:
            try:
                found[name] = _value(name, text)
            except ValueError as error:
                faults.append(f"{place}: {name}: expected {error}, got {text!r}")
                found[name] = None
    if faults:
        raise TableError(faults)
    own = {"today": today, "date_format": date_format, "decimal": decimal}
    given = {**found, **{name: value for name, value in own.items() if value is not None}}
    return Settings(**{"today": date.today(), **given})  # type: ignore[arg-type]


def parse_day(text: str) -> date:
    """A date written as YYYY-MM-DD.  Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").date()


DECIMALS = {"point": ".", ".": ".", "comma": ",", ",": ","}
"""How the decimal sign may be said."""


def _value(name: str, text: str) -> object:
    if name == "today":
        try:
            return parse_day(text)
        except ValueError:
            raise ValueError("a date written as YYYY-MM-DD") from None
    if name == "date_format":
        return check_format(text)
    if name == "decimal":
        if text.lower() in DECIMALS:
            return DECIMALS[text.lower()]
        raise ValueError("point or comma")
    if name == "whole_units":
        if text.lower() in ("yes", "no"):
            return text.lower() == "yes"
        raise ValueError("yes or no")
    most, what = {
        "fairness": (1.0, "a number from 0 to 1"),
        "promise_penalty": (1e12, "a number of at least 0"),
        "shipping_days": (60.0, "a whole number from 0 to 60"),
    }[name]
    try:
        value = (COMMA if evidence([text]).comma else POINT).read(text)
    except ValueError:
        raise ValueError(what) from None
    whole = name == "shipping_days"
    if not 0.0 <= value <= most or (whole and value != int(value)):
        raise ValueError(what)
    return int(value) if whole else value
