"""Text of tables into numbers, days and codes.  Faults are collected, each with file and row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.allocation.book.columns import TABLES
from backsim.allocation.book.settings import Settings
from backsim.errors import nearest
from backsim.quantities import MOST
from backsim.tables.dates import EPOCH, DateReader
from backsim.tables.excel import ERRORS
from backsim.tables.faults import TableError
from backsim.tables.numbers import POINT
from backsim.tables.spec import NUMERIC, Column
from backsim.tables.table import Table
from backsim.tables.values import Numerals, Unclear, learn, read_moments, untyped

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

Value = TypeVar("Value")
DAY = 86_400_000_000
"""Microseconds."""
YES = {"yes": True, "y": True, "true": True, "1": True, "": False}
NO = {"no": False, "n": False, "false": False, "0": False}


class Parser:
    """Reads columns; `check` raises all faults that were found so far."""

    def __init__(self, tables: Mapping[str, Table], settings: Settings) -> None:
        self.tables = tables
        self.date_format, self.today = settings.date_format, settings.today
        numeric = {t.place: (t, _of_kind(t, *NUMERIC)) for t in tables.values()}
        self.numerals = Numerals(numeric, settings.decimal)
        self.faults: list[str] = []

    def check(self) -> None:
        """Raises TableError, if there were faults."""
        if self.faults:
            raise TableError(self.faults)

    def fault(self, table: Table, i: int, column: str, expected: str, found: str = "") -> None:
        """Note a fault in entry i of a table."""
        got = f", got {found!r}" if found else ", got nothing"
        self.faults.append(f"{table.place}:{table.rows[i]}: {column}: expected {expected}{got}")

    def read(self, table: Table) -> dict[str, Any]:
        """All columns of a table as they are declared: lists of names, arrays of all else."""
        return {one.name: self._read(table, one) for one in TABLES[table.name].columns}

    def _read(self, table: Table, column: Column) -> Any:
        named = column.kind in ("name", "names")
        if column.required:
            missing = "a name" if named else "a value"
            for i in [i for i, text in enumerate(self.texts(table, column.name)) if not text]:
                self.fault(table, i, column.name, missing)
        if named:
            return self._names(table, column.name, str(column.empty or ""))
        empty = float(column.empty)
        if column.kind == "date":
            return self.dates(table, column.name, empty)
        if column.kind == "yes":
            return self.flags(table, column.name)
        most = 1.0 if column.kind == "share" else MOST
        return self.numbers(table, column.name, empty, most=most)

    def _names(self, table: Table, column: str, empty: str) -> list[str]:
        """A column of names; what is empty has this one."""
        found = [text or empty for text in self.texts(table, column)]
        for i in [i for i, name in enumerate(found) if name in ERRORS]:
            self.fault(table, i, column, "a name, not a formula that failed", found[i])
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
        for i in unknown[: TableError.MOST + 1]:
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
        texts = self.texts(table, column)
        typed = table.numbers.get(column, {})
        try:
            style = self.numerals.style(table.place, column) if any(texts) else POINT
        except Unclear as unclear:
            self.fault(table, texts.index(unclear.text), column, unclear.expected, unclear.text)
            return np.zeros(len(texts))

        def read(text: str) -> float:
            value = style.read(text)
            if not least <= value <= most:
                raise ValueError
            return value

        def wanted(text: str) -> str:
            bounds = f"a number of at least {least:g}"
            return f"{bounds} and at most {most:g}" if most < MOST or _is_large(text) else bounds

        plain = ["" if i in typed else text for i, text in enumerate(texts)] if typed else texts
        values = np.array(self._each(table, column, plain, read, wanted, float("nan")), float)
        for i, value in typed.items():
            values[i] = value
            if not least <= value <= most:
                self.fault(table, i, column, wanted(texts[i]), texts[i])
        if column == "units":
            for i in table.copies.get(column, ()):
                self.fault(table, i, column, "units of each row, not one merged cell", texts[i])
        return np.where([not text for text in texts], default, values)

    def dates(self, table: Table, column: str, default: float) -> Floats:
        """A column of dates as days from today."""
        texts = self.texts(table, column)
        if not any(texts):
            return np.full(len(texts), default)
        reader = DateReader(self.date_format)
        try:
            learn(table, column, reader, partial(self._other_dates, table, column))
        except Unclear as unclear:
            self.fault(table, texts.index(unclear.text), column, unclear.expected, unclear.text)
            return np.zeros(len(texts))
        moments, codes = read_moments(table, column, reader)
        today = self.today.toordinal() - EPOCH.toordinal()
        days = np.array([np.nan if m is None else m[0] // DAY - today for m in moments], float)
        found = np.where([not text for text in texts], default, days[codes])
        for i in np.flatnonzero(np.isnan(found)).tolist():
            form = self.date_format
            hint = f"as {form}" if form else "as YYYY-MM-DD, or a date_format"
            self.fault(table, i, column, f"a date written {hint}", texts[i])
        return found

    def _other_dates(self, table: Table, column: str) -> list[str]:
        """The dates of the book's other columns, which may tell how this one's are written."""
        return [
            text
            for other in self.tables.values()
            for name in _of_kind(other, "date")
            if (other.place, name) != (table.place, column)
            for text in untyped(other, name)
            if text
        ]

    def flags(self, table: Table, column: str) -> Flags:
        """A column of yes and no."""
        words = {**YES, **NO}
        texts = self.texts(table, column)
        found = self._each(
            table, column, texts, lambda t: words[t.lower()], lambda t: "yes or no", False
        )
        return np.array(found, bool)

    def texts(self, table: Table, column: str) -> list[str]:
        """A column as it is; nothing in each row where the table does not have it."""
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


def _of_kind(table: Table, *kinds: str) -> list[str]:
    """The columns of some kinds that a table has."""
    specs = TABLES[table.name].columns
    return [c.name for c in specs if c.kind in kinds and c.name in table.columns]


def _is_large(text: str) -> bool:
    try:
        return float(text) > MOST
    except ValueError:
        return False
