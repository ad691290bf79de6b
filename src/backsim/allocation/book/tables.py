"""A book's tables as text, from a folder of CSV files or from an Excel workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from backsim.allocation.book.columns import HEADINGS, SETTINGS, TABLES, TableSpec
from backsim.allocation.book.settings import Settings, read_settings
from backsim.errors import InputError, nearest
from backsim.tables.delimited import read_delimited
from backsim.tables.excel import read_workbook
from backsim.tables.faults import TableError, Unreadable, shown
from backsim.tables.opening import is_workbook, read_bytes
from backsim.tables.sheet import Sheet
from backsim.tables.table import Headed, Table, find_header

MAX_ROWS = 1_000_000
"""Rows of a table; a program for more of them does not fit into memory."""

Form = tuple[str | None, str | None]
"""The delimiter and encoding of CSV files, where they are given."""
Source = tuple[str, Callable[[Form, list[str]], Sheet]]
"""Where a table is, and what reads its rows, given that and the headings to look for."""
Headings = Mapping[str, str]
"""What columns are called in the file, by their own names; empty: by their own names."""


FIRST = (SETTINGS.name, HEADINGS.name)
"""The tables that say how the others are read."""


def read_tables(path: Path, given: Mapping[str, Any]) -> tuple[dict[str, Table], Settings]:
    """The tables of a book, and its settings; those `given` come before its own.

    Raises TableError, InputError.
    """
    found = _sheets(path) if is_workbook(path) else _files(path)
    tables: dict[str, Table] = {}
    faults: list[str] = []
    mapped: dict[str, dict[str, str]] = {}
    settings = read_settings(None, given)
    for name in sorted(found, key=lambda name: [name != first for first in FIRST]):
        place, read = found[name]
        try:
            form = (settings.delimiter, settings.encoding)
            tables[name] = _table(TABLES[name], place, partial(read, form), mapped.get(name, {}))
            if name == SETTINGS.name:
                settings = read_settings(tables[name], given)
        except Unreadable as fault:
            faults.append(fault.at(place))
        except TableError as error:
            faults += error.faults
        if name == HEADINGS.name and name in tables:
            mapped, wrong = _headings(tables[name])
            faults += wrong
    for name, spec in TABLES.items():
        if spec.required and name not in found:
            faults.append(f"{path}: expected a table {name} ({spec.doc}), got {_list(found)}")
    if faults:
        raise TableError(faults)
    return tables, settings


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _files(folder: Path) -> dict[str, Source]:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with CSV files, or a file .xlsx")
    found: dict[str, Source] = {}
    for file in sorted(folder.iterdir()):
        name = file.name.removesuffix(".gz").removesuffix(".csv")
        if not file.name.endswith((".csv", ".csv.gz")):
            continue
        if name not in TABLES:
            known = nearest(name, list(TABLES))
            raise TableError([f"{file}: expected the name of a table ({known}), got '{name}'"])
        if name in found:
            raise TableError([f"{file}: expected each table once, got {found[name][0]} too"])
        found[name] = (str(file), partial(_file, file))
    return found


def _sheets(file: Path) -> dict[str, Source]:
    try:
        sheets = read_workbook(file, read_bytes(file))
    except Unreadable as fault:
        raise TableError([fault.at(str(file))]) from None
    for title in sheets:
        if title not in TABLES:
            known = nearest(title, list(TABLES))
            text = f"{file}: expected the name of a table ({known}), got a sheet '{title}'"
            raise TableError([text])
    return {title: (sheet.place, partial(_same, sheet)) for title, sheet in sheets.items()}


def _file(file: Path, form: Form, headings: list[str]) -> Sheet:
    return read_delimited(file, headings, *form)


def _same(sheet: Sheet, *_: Any) -> Sheet:
    return sheet


def _table(
    spec: TableSpec, place: str, read: Callable[[list[str]], Sheet], headings: Headings
) -> Table:
    """A table's columns by their own names.  Raises Unreadable, TableError."""
    called = {column.name: headings.get(column.name, column.name) for column in spec.columns}
    needed = [called[column.name] for column in spec.columns if column.required]
    headed = find_header(read(list(called.values())), needed)
    _check_header(spec, place, headed, called, bool(headings))
    there = {name: heading for name, heading in called.items() if heading in headed.names}
    table = headed.table(there, MAX_ROWS, spec.name)
    if spec.required and not len(table):
        raise Unreadable("at least one row below the header", "none")
    return table


def _check_header(
    spec: TableSpec, place: str, headed: Headed, called: Headings, mapped: bool
) -> None:
    """Columns are there and told apart; no others are, unless the file is not made for us."""
    at, names, known = f"{place}:{headed.row}", headed.names, list(called.values())
    faults = []
    for name in names if not mapped else ():
        if name and name not in known:
            faults.append(f"{at}: expected a known column ({nearest(name, known)}), got '{name}'")
    faults += [
        f"{at}: expected each column once, got '{name}' twice"
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and name in known
    ]
    for column in spec.columns:
        asked = column.required or called[column.name] != column.name
        if asked and called[column.name] not in names:
            text = f"a column '{called[column.name]}' ({column.doc})"
            faults.append(f"{at}: expected {text}, got {_list(names)}")
    if faults:
        raise TableError(faults)


def _headings(table: Table) -> tuple[dict[str, dict[str, str]], list[str]]:
    """(headings by table and column, faults)"""
    found: dict[str, dict[str, str]] = {}
    faults = []
    rows = zip(*(table.columns[name] for name in ("table", "column", "heading")), strict=True)
    for row, (name, column, heading) in zip(table.rows, rows, strict=True):
        place = f"{table.place}:{row}"
        if name not in TABLES or name == HEADINGS.name:
            known = nearest(name, [n for n in TABLES if n != HEADINGS.name])
            faults.append(f"{place}: table: expected a known table ({known}), got {shown(name)}")
            continue
        columns = [c.name for c in TABLES[name].columns]
        if column not in columns:
            expected = f"a known column of {name} ({nearest(column, columns)})"
            faults.append(f"{place}: column: expected {expected}, got {shown(column)}")
        elif not heading or column in found.setdefault(name, {}):
            expected = "a heading" if not heading else "each column once"
            faults.append(f"{place}: heading: expected {expected}, got {shown(heading or column)}")
        else:
            found[name][column] = heading
    return found, faults
