"""Excel workbooks: sheets as rows of text, with the numbers, dates and merged cells in them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from backsim.tables.faults import Unreadable
from backsim.tables.sheet import Cell, Sheet

MOST_ROWS = 1_048_576
"""Rows of a sheet; a damaged file may claim more."""
ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
"""What a formula that failed leaves in a cell."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_ZEROS = re.compile(r"0{2,}")


def read_workbook(path: Path, data: bytes, only: str | None = None) -> dict[str, Sheet]:
    """The sheets of a workbook that are not empty; `only` this one, where there is one of the name.

    Raises Unreadable.
    """
    try:
        import openpyxl
    except ImportError:
        raise Unreadable("openpyxl to read .xlsx: install backsim[excel]") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that make no difference here
        try:
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = list(workbook.worksheets)
            sheets = [sheet for sheet in sheets if sheet.title == only] or sheets
        except Exception as error:  # openpyxl raises whatever the broken file leads to
            kind = type(error).__name__
            raise Unreadable(f"an Excel workbook (.xlsx): {kind}") from None
        found = {}
        for sheet in sheets:
            name = str(sheet.title)
            read = _read(sheet, f"{path}:{name}")
            if read is not None:
                found[name] = read
    return found


def _read(sheet: Any, place: str) -> Sheet | None:
    """A sheet, or None if there is nothing in it."""
    texts: list[list[str]] = []
    found = Sheet(iter(()), place)
    try:
        sheet.reset_dimensions()  # files are often wrong about it
        for cells in sheet.iter_rows():
            if len(texts) >= MOST_ROWS:
                raise Unreadable(f"at most {MOST_ROWS:,} rows in a sheet")
            texts.append(_texts(cells, len(texts) + 1, found))
        _fill_merged(sheet, texts, found)
    except Unreadable:
        raise
    except Exception as error:  # as above: XML that does not parse, cells of no known kind
        expected = f"a sheet '{sheet.title}' that is whole ({type(error).__name__})"
        raise Unreadable(f"{expected}; open and save it in Excel", row=len(texts) + 1) from None
    if not any(any(row) for row in texts):
        return None
    found.rows = iter(texts)
    return found


def _texts(cells: Any, row: int, found: Sheet) -> list[str]:
    """A row's cells as a CSV file would have them, without empty ones at the end."""
    texts = [_text(cell, (row, i), found) for i, cell in enumerate(cells)]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any, place: Cell, found: Sheet) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        found.dates[place] = moment
        return moment.date().isoformat() if moment.time() == time() else str(moment)
    if isinstance(value, int | float):
        found.numbers[place] = float(value)
        if not (isinstance(value, int) or value.is_integer()) or abs(value) >= 1e15:
            return str(value)
        zeros = _ZEROS.fullmatch(str(cell.number_format))  # 123 shown as 00123
        return str(int(value)).zfill(len(zeros[0]) if zeros else 0)
    return str(value)


def _fill_merged(sheet: Any, texts: list[list[str]], found: Sheet) -> None:
    """Give all rows of a merged cell its value; columns besides the first stay empty."""
    for column, first, last in _merged(sheet):
        if first > len(texts) or column >= len(texts[first - 1]):
            continue
        text = texts[first - 1][column]
        for row in range(first + 1, min(last, len(texts)) + 1):
            cells = texts[row - 1]
            if text and any(cells):
                cells += [""] * (column + 1 - len(cells))
                cells[column] = text
                found.copies.add((row, column))
                if (first, column) in found.numbers:
                    found.numbers[row, column] = found.numbers[first, column]
                if (first, column) in found.dates:
                    found.dates[row, column] = found.dates[first, column]


def _merged(sheet: Any) -> Iterator[tuple[int, int, int]]:
    """(column from 0, first row, last row) of each merged cell of several rows.

    A workbook that is opened for reading only does not tell them.
    """
    with sheet.parent._archive.open(sheet._worksheet_path) as stream:
        xml = stream.read()
    for first, top, _, bottom in _MERGED.findall(xml):
        column = 0
        for letter in first:
            column = column * 26 + letter - 64
        if int(bottom) > int(top):
            yield column - 1, int(top), int(bottom)
