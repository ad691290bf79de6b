"""The opening from tables: open orders, stock and purchases as another system exports them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backsim.errors import nearest
from backsim.quantities import FINE
from backsim.scenario.counting.units import is_fine
from backsim.scenario.schema import Opening, OpenOrder, OpenPurchase, OpenStock, Scenario
from backsim.scenario.schema.opening import OpenTable
from backsim.scenario.yamlfile import Location
from backsim.tables.dates import EPOCH, DateReader
from backsim.tables.delimited import read_delimited
from backsim.tables.excel import read_workbook
from backsim.tables.faults import Unreadable, shown
from backsim.tables.opening import is_workbook, read_bytes
from backsim.tables.sheet import Sheet
from backsim.tables.spec import NUMERIC, Column, needed
from backsim.tables.table import Table, find_header
from backsim.tables.values import Numerals, Unclear, learn, read_moments

DAY = 86_400_000_000
"""Microseconds."""


PLACED = (
    needed("product", "name", "the product"),
    needed("units", "units", "units still open, on hand or under way"),
    Column("site", "name", "the site", default="the only one"),
)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "orders": (
        *PLACED,
        Column("customer", "name", "the customer class", default="the only one"),
        Column("order", "name", "rows of one order share it", default="each row is an order"),
        Column("ordered", "date", "when it was placed", default="today"),
        Column("due", "date", "the day for which it is wanted", default="as its class says"),
        Column("promised", "date", "the day promised last", default="no promise"),
        Column("told", "date", "when that was told", default="when it was placed"),
        Column("tolerance", "days", "days that the customer waits", default="as its class says"),
    ),
    "stock": PLACED,
    "purchases": (
        *PLACED,
        Column("ordered", "date", "when it was ordered", default="not known"),
        Column("arrives", "date", "when it arrives", default="drawn from its age"),
        Column("expected", "date", "when the supplier says that it arrives", default="see Inbound"),
    ),
}
"""The columns of each table of the opening; dates are days from the start where there is none."""

PARTS: Mapping[str, type[Any]] = {
    "orders": OpenOrder,
    "stock": OpenStock,
    "purchases": OpenPurchase,
}

Row = dict[str, Any]
Tell = Callable[[Location, str, Any], None]


@dataclass
class Read:
    """The opening with the rows of its tables, and for each of these where it stands."""

    opening: Opening
    lines: dict[str, list[int]] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)

    def place(self, path: Location) -> tuple[Location, str]:
        """Where the file has what stands at a path of the opening: a path, and a row's number."""
        name, number = (str(path[1]), path[2]) if len(path) > 2 else ("", 0)
        listed = self.listed.get(name)
        if path[0] != "opening" or listed is None or int(number) < listed:
            return path, ""
        line = self.lines[name][int(number) - listed]
        return ("opening", "tables", name, "file"), f" in line {line}"


def read_tables(scenario: Scenario, folder: Path, tell: Tell) -> Read:
    """Read the tables that an opening names; `tell` hears of faults."""
    opening = scenario.opening or Opening()
    tables = opening.tables
    found = Read(opening)
    if tables is None:
        return found
    changes: dict[str, Any] = {"tables": None}
    for name, part in PARTS.items():
        given: OpenTable | None = getattr(tables, name)
        if given is None:
            continue
        listed = getattr(opening, name) or ()
        reader = _Reader(scenario, name, given, folder, tell)
        parts = [
            (made, line)
            for row, line in reader.rows()
            if (made := reader.made(part, row, line)) is not None
        ]
        found.listed[name], found.lines[name] = len(listed), [line for _, line in parts]
        changes[name] = (*listed, *(made for made, _ in parts))
    found.opening = opening.model_copy(update=changes)
    return found


class _Reader:
    """One table of the opening."""

    def __init__(
        self, scenario: Scenario, name: str, given: OpenTable, folder: Path, tell: Tell
    ) -> None:
        self.scenario, self.name, self.given, self.folder = scenario, name, given, folder
        self.place: Location = ("opening", "tables", name)
        self.tell = tell
        self.fine = is_fine(scenario.products)

    def fault(self, below: str, expected: str, found: str) -> None:
        """A fault of a field of the table's entry."""
        self.tell((*self.place, below), expected, found)

    def rows(self) -> list[tuple[Row, int]]:
        """Each row's values by the columns' own names, with its number in the file."""
        try:
            table = self._table()
        except Unreadable as fault:
            line = f" in line {fault.row}" if fault.row else ""
            self.fault("file", fault.expected, f"{fault.found or shown(self.given.file)}{line}")
            return []
        if table is None:
            return []
        columns = {c.name: c for c in COLUMNS[self.name] if c.name in table.columns}
        values = {name: self._values(table, column) for name, column in columns.items()}
        rows = [
            {name: some[i] for name, some in values.items() if some[i] is not None}
            for i in range(len(table))
        ]
        if self.name == "orders":
            return self._orders(list(zip(rows, table.rows, strict=True)))
        return [(self._aged(row), line) for row, line in zip(rows, table.rows, strict=True) if row]

    def _table(self) -> Table | None:
        """The table, with its columns by their own names; None after a fault."""
        given, columns = self.given, COLUMNS[self.name]
        called = {column.name: given.columns.get(column.name, column.name) for column in columns}
        for name in given.columns:
            if name not in called:
                self.fault("columns", f"known columns ({nearest(name, list(called))})", f"'{name}'")
                return None
        headed = find_header(self._sheet(list(called.values())), list(called.values())[:2])
        for column in columns:
            heading = called[column.name]
            asked = column.required or column.name in given.columns
            if asked and headed.names.count(heading) != 1:
                expected = f"a column '{heading}' ({column.doc})"
                self.fault("file", expected, ", ".join(headed.names) or "nothing")
                return None
        there = {name: heading for name, heading in called.items() if heading in headed.names}
        return headed.table(there)

    def _sheet(self, wanted: list[str]) -> Sheet:
        given, path = self.given, self.folder / self.given.file
        if not is_workbook(path):
            return read_delimited(path, wanted, given.delimiter, given.encoding)
        sheets = read_workbook(path, read_bytes(path))
        if len(sheets) != 1:
            raise Unreadable("a workbook with one sheet", f"{len(sheets)} sheets")
        return next(iter(sheets.values()))

    def _values(self, table: Table, column: Column) -> list[Any]:
        """A column's values; None where a field is empty, or after a fault."""
        texts = table.columns[column.name]
        dated = column.kind == "date" and self.given.date_format != "days"
        try:
            if dated:
                return self._dates(table, column.name)
            if column.kind in NUMERIC or column.kind == "date":
                return self._numbers(table, column)
        except Unclear as unclear:
            line = table.rows[texts.index(unclear.text)]
            self.fault("file", unclear.expected, f"{shown(unclear.text)} in line {line}")
            return [None] * len(texts)
        return [text or None for text in texts]

    def _numbers(self, table: Table, column: Column) -> list[Any]:
        kinds = [c.name for c in COLUMNS[self.name] if c.kind in NUMERIC or c.kind == "date"]
        numeric = [name for name in kinds if name in table.columns]
        style = Numerals({"": (table, numeric)}, self.given.decimal).style("", column.name)
        typed = table.numbers.get(column.name, {})
        found: list[Any] = []
        for i, text in enumerate(table.columns[column.name]):
            try:
                value = typed[i] if i in typed else style.read(text) if text else math.nan
            except ValueError:
                self.fault("file", f"numbers in {column.name}", self._at(table, i, text))
                value = math.nan
            if column.kind == "units" and value % 1 != 0 and not (math.isnan(value) or self.fine):
                self.fault("file", "whole units", self._at(table, i, text))
                value = math.nan
            found.append(None if math.isnan(value) else self._number(column, value))
        return found

    @staticmethod
    def _number(column: Column, value: float) -> float | int:
        return int(value) if column.kind == "units" and value % 1 == 0 else float(value)

    def _dates(self, table: Table, name: str) -> list[Any]:
        """Days from the start."""
        texts = table.columns[name]
        if not any(texts):
            return [None] * len(texts)
        if self.scenario.start is None:
            self.fault("file", "`start`, the date of day 0, for dates (or date_format: days)", name)
            return [None] * len(texts)
        reader = DateReader(self.given.date_format)
        learn(table, name, reader)
        moments, codes = read_moments(table, name, reader)
        first = (self.scenario.start - EPOCH.date()).days * DAY
        found: list[Any] = []
        for i, code in enumerate(codes.tolist()):
            moment = moments[code]
            if moment is None and texts[i]:
                self.fault("file", f"dates in {name}", self._at(table, i, texts[i]))
            found.append(None if moment is None else (moment[0] - first) / DAY)
        return found

    def _at(self, table: Table, i: int, text: str) -> str:
        return f"{shown(text)} in line {table.rows[i]}"

    def _aged(self, row: Row) -> Row:
        """When it was ordered as its age."""
        if "ordered" in row:
            row["age"] = max(0.0, -row.pop("ordered"))
        return row

    def _orders(self, rows: list[tuple[Row, int]]) -> list[tuple[Row, int]]:
        """Rows of one number are lines of one order, where all else agrees and products differ."""
        found: list[tuple[Row, int]] = []
        known: dict[Any, Row] = {}
        for row, line in rows:
            product, units = row.pop("product", ""), row.pop("units", None)
            number = row.pop("order", None)
            key = (number, *sorted(row.items())) if number is not None else line
            order = known.get(key)
            if order is None or product in order["lines"]:
                order = known[key] = self._aged(dict(row)) | {"lines": {}}
                if "told" in order:
                    order["told"] = max(0.0, -order["told"])
                order.setdefault("customer", self._only_class())
                found.append((order, line))
            order["lines"][product] = units
        return found

    def _only_class(self) -> str:
        names = list(self.scenario.customers)
        return names[0] if len(names) == 1 else ""

    def made(self, part: type[Any], row: Row, line: int) -> Any:
        """A row as a part of the scenario; None after a fault."""
        for what, name in self._names(row):
            known = list(getattr(self.scenario, what))
            if name not in known:
                expected = f"known {what} ({nearest(name, known)})"
                self.fault("file", expected, f"'{name}' in line {line}")
                return None
        try:
            return part.model_validate(row, context=FINE if self.fine else None)
        except ValidationError as error:
            first = error.errors()[0]
            expected = first.get("ctx", {}).get("expected", first["msg"])
            where = ".".join(str(p) for p in first["loc"] if not str(p).startswith("\0"))
            self.fault("file", f"{where}: {expected}" if where else expected, f"line {line}")
            return None

    def _names(self, row: Row) -> list[tuple[str, str]]:
        products = list(row["lines"]) if "lines" in row else [row.get("product", "")]
        found = [("products", product) for product in products]
        found += [("customers", row["customer"])] if "customer" in row else []
        return found + ([("sites", row["site"])] if "site" in row else [])
