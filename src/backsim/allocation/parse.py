"""Text of tables into numbers, days and codes.  Faults are collected, each with file and row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.allocation.tables import BookError, Table
from backsim.errors import nearest
from backsim.quantities import MOST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

Value = TypeVar("Value")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
YES = {"yes": True, "y": True, "true": True, "1": True, "": False}
NO = {"no": False, "n": False, "false": False, "0": False}


class Parser:
    """Reads columns; `check` raises all faults that were found so far."""

    def __init__(self, date_format: str | None, today: date) -> None:
        self.date_format, self.today = date_format, today
        self.faults: list[str] = []

    def check(self) -> None:
        """Raises BookError, if there were faults."""
        if self.faults:
            raise BookError(self.faults)

    def fault(self, table: Table, i: int, column: str, expected: str, found: str = "") -> None:
        """Note a fault in entry i of a table."""
        got = f", got {found!r}" if found else ", got nothing"
        self.faults.append(f"{table.place}:{table.rows[i]}: {column}: expected {expected}{got}")

    def names(self, table: Table, column: str, default: str | Sequence[str] = "") -> list[str]:
        """A column of names; what is empty is the default, or a fault where there is none."""
        texts = self._texts(table, column)
        defaults = [default] * len(texts) if isinstance(default, str) else default
        found = [text or other for text, other in zip(texts, defaults, strict=True)]
        for i in [i for i, name in enumerate(found) if not name]:
            self.fault(table, i, column, "a name")
        return found

    def unique(self, table: Table, column: str, names: Sequence[Any]) -> None:
        """Note a fault for each entry that stands in the table already."""
        first: dict[Any, int] = {}
        for i, name in enumerate(names):
            if first.setdefault(name, i) != i:
                shown = " at ".join(name) if isinstance(name, tuple) else name
                row = table.rows[first[name]]
                self.fault(table, i, column, f"each {column} once (row {row} has it too)", shown)

    def codes(
        self, table: Table, column: str, names: Sequence[str], known: dict[str, int]
    ) -> Codes:
        """The code of each name; a fault for a name that is not known."""
        unknown = [i for i, name in enumerate(names) if name and name not in known]
        for i in unknown[: BookError.MOST + 1]:
            near = nearest(names[i], list(known))
            self.fault(table, i, column, f"a known {column} ({near})", names[i])
        return np.array([known.get(name, 0) for name in names], np.int64)

    def numbers(
        self,
        table: Table,
        column: str,
        default: float | Floats,
        least: float = 0.0,
        most: float = MOST,
    ) -> Floats:
        """A column of numbers between bounds."""

        def read(text: str) -> float:
            if "_" in text:  # Python's way to set thousands apart
                raise ValueError
            value = float(text)
            if not least <= value <= most:  # nan too
                raise ValueError
            return value

        def wanted(text: str) -> str:
            bounds = f"a number of at least {least:g}"
            return f"{bounds} and at most {most:g}" if most < MOST or _is_large(text) else bounds

        texts = self._texts(table, column)
        found = self._each(table, column, texts, read, wanted, float("nan"))
        values = np.array(found, float)
        return np.where([not text for text in texts], default, values)

    def dates(self, table: Table, column: str, default: float) -> Floats:
        """A column of dates as days from today."""
        texts = self._texts(table, column)
        found = self._each(table, column, texts, self._day, self._wanted_date, 0)
        return np.where([not text for text in texts], default, np.array(found, float))

    def flags(self, table: Table, column: str) -> NDArray[np.bool_]:
        """A column of yes and no."""
        words = {**YES, **NO}
        texts = self._texts(table, column)
        found = self._each(
            table, column, texts, lambda t: words[t.lower()], lambda t: "yes or no", False
        )
        return np.array(found, bool)

    def _texts(self, table: Table, column: str) -> list[str]:
        return table.columns.get(column) or [""] * len(table)

    def _each(
        self,
        table: Table,
        column: str,
        texts: Sequence[str],
        read: Callable[[str], Value],
        wanted: Callable[[str], str],
        empty: Value,
    ) -> list[Value]:
        """Read each text, equal ones once.  What cannot be read is a fault."""
        known: dict[str, Value] = {"": empty}
        bad = set()
        for text in set(texts) - {""}:
            try:
                known[text] = read(text)
            except (ValueError, KeyError, OverflowError):
                bad.add(text)
                known[text] = empty
        if bad:
            for i in [i for i, text in enumerate(texts) if text in bad]:
                self.fault(table, i, column, wanted(texts[i]), texts[i])
        return [known[text] for text in texts]

    def _day(self, text: str) -> int:
        if self.date_format is None:
            if not ISO.fullmatch(text):
                raise ValueError
            return (date.fromisoformat(text) - self.today).days
        return (datetime.strptime(text, self.date_format).date() - self.today).days

    def _wanted_date(self, text: str) -> str:
        if self.date_format is not None:
            return f"a date written as {self.date_format}"
        readings = _readings(text)
        if len(readings) > 1:
            return f"YYYY-MM-DD or a date_format, as this may be {' or '.join(readings)}"
        return "a date written as YYYY-MM-DD, or a date_format"


def _is_large(text: str) -> bool:
    try:
        return float(text) > MOST
    except ValueError:
        return False


def _readings(text: str) -> list[str]:
    """The days that a date with its parts in another order may mean."""
    found: dict[str, None] = {}
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y"):
        for year in (form, form.replace("%Y", "%y")):
            try:
                found[datetime.strptime(text, year).date().isoformat()] = None
            except ValueError:
                continue
    return list(found)
