"""Excel workbooks: sheets as rows of text, with the numbers, dates and merged cells in them."""

from __future__ import annotations

import html
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

UNCOMPUTED = " (not computed: save it in Excel)"
"""What is said of a formula without a value."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_FORMULA = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d+)"(?![^>]* t="str")[^>]*>'
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
"""A cell with a formula and no value, as programs write that compute none."""
_ZEROS = re.compile(r"0{2,}")


def read_workbook(path: Path, data: bytes, only: str | None = None) -> dict[str, Sheet]:
    """The sheets of a workbook that are not empty; `only` this one, where there is one of the name.

    Raises Unreadable.
    """
    try:
        import openpyxl
    except ImportError:
        raise Unreadable("openpyxl to read .xlsx: pip install 'backsim[excel]'") from None
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
        xml = _xml(sheet)
        _fill_merged(xml, texts, found)
        _show_formulas(xml, texts)
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


def _xml(sheet: Any) -> bytes:
    """A sheet as it is in its file: a workbook opened for reading only does not tell all of it."""
    with sheet.parent._archive.open(sheet._worksheet_path) as stream:
        return bytes(stream.read())


def _show_formulas(xml: bytes, texts: list[list[str]]) -> None:
    """Let formulas that nobody has computed stand in their cells, which would be empty."""
    for letters, row, formula in _FORMULA.findall(xml) if b"<f" in xml else ():
        if int(row) <= len(texts):
            cells, column = texts[int(row) - 1], _column(letters)
            cells += [""] * (column + 1 - len(cells))
            cells[column] = f"={html.unescape(formula.decode())[:20]}{UNCOMPUTED}"


def _column(letters: bytes) -> int:
    """A column from 0."""
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column - 1


def _fill_merged(xml: bytes, texts: list[list[str]], found: Sheet) -> None:
    """Give all rows of a merged cell its value; columns besides the first stay empty."""
    for column, first, last in _merged(xml):
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


def _merged(xml: bytes) -> Iterator[tuple[int, int, int]]:
    """(column from 0, first row, last row) of each merged cell of several rows."""
    for first, top, _, bottom in _MERGED.findall(xml):
        if int(bottom) > int(top):
            yield _column(first), int(top), int(bottom)
