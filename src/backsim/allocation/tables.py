"""A book's tables as text, from a folder of CSV files or from an Excel workbook."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backsim.allocation.columns import TABLES, TableSpec
from backsim.errors import InputError, nearest

MAX_ROWS = 1_000_000
"""Rows of a table; a program for more of them does not fit into memory."""


class BookError(InputError):
    """A book cannot be used.  Each fault reads `file:row: column: expected ..., got ...`."""

    MOST = 20

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        more = len(faults) - self.MOST
        shown = faults[: self.MOST] + ([f"... and {more} more"] if more > 0 else [])
        super().__init__("\n".join(shown))


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns as text, the row of each entry, and where it is: a file or a sheet."""

    place: str
    columns: dict[str, list[str]]
    rows: list[int]

    def __len__(self) -> int:
        return len(self.rows)


def read_tables(path: Path) -> dict[str, Table]:
    """The tables of a book.  Raises BookError, InputError."""
    found = _sheets(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _files(path)
    tables: dict[str, Table] = {}
    faults: list[str] = []
    for name, (place, rows) in found.items():
        try:
            tables[name] = _table(TABLES[name], place, rows)
        except BookError as error:
            faults += error.faults
    for name, spec in TABLES.items():
        if spec.required and name not in found:
            faults.append(f"{path}: expected a table {name} ({spec.doc}), got {_list(found)}")
    if faults:
        raise BookError(faults)
    return tables


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _files(folder: Path) -> dict[str, tuple[str, Iterator[list[str]]]]:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with CSV files, or a file .xlsx")
    found: dict[str, tuple[str, Iterator[list[str]]]] = {}
    for file in sorted(folder.iterdir()):
        name = file.name.removesuffix(".gz").removesuffix(".csv")
        if not file.name.endswith((".csv", ".csv.gz")):
            continue
        if name not in TABLES:
            known = nearest(name, list(TABLES))
            raise BookError([f"{file}: expected the name of a table ({known}), got '{name}'"])
        if name in found:
            raise BookError([f"{file}: expected each table once, got {found[name][0]} too"])
        found[name] = (str(file), _csv_rows(file))
    return found


def _csv_rows(file: Path) -> Iterator[list[str]]:
    """The rows of a CSV file, with commas or semicolons between fields."""
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
        head = text.split("\n", 1)[0]
        mark = ";" if ";" in head and "," not in head else ","
        yield from csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=mark)
    except UnicodeDecodeError as error:
        raise BookError([f"{file}: expected a CSV file in UTF-8 (byte {error.start})"]) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BookError([f"{file}: expected a whole gzip file, as the name ends in .gz"]) from None
    except csv.Error as error:
        raise BookError([f"{file}: expected a CSV file ({error})"]) from None
    except OSError as error:
        raise BookError([f"{file}: expected a readable file ({error.strerror})"]) from None


def _sheets(file: Path) -> dict[str, tuple[str, Iterator[list[str]]]]:
    try:
        import openpyxl
    except ImportError:
        raise InputError(f"{file}: reading .xlsx needs openpyxl: install backsim[excel]") from None
    try:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except FileNotFoundError:
        raise InputError(f"{file}: expected a file that exists") from None
    except Exception as error:  # openpyxl raises whatever the broken file leads to
        kind = type(error).__name__
        raise InputError(f"{file}: expected an Excel workbook (.xlsx): {kind}") from None
    found = {}
    for sheet in workbook.worksheets:
        if sheet.title not in TABLES:
            known = nearest(sheet.title, list(TABLES))
            text = f"{file}: expected the name of a table ({known}), got a sheet '{sheet.title}'"
            raise BookError([text])
        found[sheet.title] = (f"{file}:{sheet.title}", _sheet_rows(sheet))
    return found


def _sheet_rows(sheet: Any) -> Iterator[list[str]]:
    """The rows of a sheet, each as wide as the header: a sheet does not say where a row ends."""
    width = 0
    for row in sheet.iter_rows(values_only=True):
        texts = [_cell(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        width = width or len(texts)
        yield texts + [""] * (width - len(texts))


def _cell(value: Any) -> str:
    """A cell as a CSV file would have it."""
    from datetime import date, datetime

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _table(spec: TableSpec, place: str, rows: Iterator[list[str]]) -> Table:
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise BookError([f"{place}: expected a header row ({_heads(spec)}), got an empty file"])
    _check_header(spec, place, header)
    numbers: list[int] = []
    texts: list[list[str]] = []
    for number, row in enumerate(rows, 2):
        if not any(field.strip() for field in row):
            continue
        if len(numbers) == MAX_ROWS:
            raise BookError([f"{place}:{number}: expected at most {MAX_ROWS:,} rows, got more"])
        if len(row) != len(header):
            text = f"{place}:{number}: expected {len(header)} fields, as in the header"
            raise BookError([f"{text}, got {len(row)}"])
        numbers.append(number)
        texts.append(row)
    if spec.required and not numbers:
        raise BookError([f"{place}: expected at least one row below the header, got none"])
    fields = [[field.strip() for field in column] for column in zip(*texts, strict=True)]
    columns = dict(zip(header, fields or [[] for _ in header], strict=True))
    return Table(place, columns, numbers)


def _check_header(spec: TableSpec, place: str, header: list[str]) -> None:
    known = [column.name for column in spec.columns]
    faults = []
    for name in header:
        if name not in known:
            expected = f"a known column ({nearest(name, known)})"
            faults.append(f"{place}:1: expected {expected}, got '{name}'")
    faults += [
        f"{place}:1: expected each column once, got '{name}' twice"
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    faults += [
        f"{place}:1: expected a column '{column.name}' ({column.doc}), got {_list(header)}"
        for column in spec.columns
        if column.required and column.name not in header
    ]
    if faults:
        raise BookError(faults)


def _heads(spec: TableSpec) -> str:
    return ", ".join(column.name for column in spec.columns if column.required)
