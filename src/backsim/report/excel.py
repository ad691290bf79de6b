"""The tables as a workbook: a sheet each, numbers as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.errors import InputError
from backsim.files import beside
from backsim.present.table import Table
from backsim.report.finding import finding
from backsim.report.tables import tables
from backsim.statistics import Difference, Estimate
from backsim.study.study import Study

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

WIDEST = 60
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def check_excel(file: str | Path) -> None:
    """Raise InputError unless openpyxl is there and the name ends in .xlsx."""
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise InputError(
            "a workbook: expected openpyxl to be installed: pip install 'backsim[excel]'"
        ) from None
    if Path(file).suffix.lower() != ".xlsx":
        raise InputError(f"{file}: expected a name that ends in .xlsx")


def write_excel(study: Study, file: str | Path) -> Path:
    """Write the finding and every table.

    An estimate takes two columns, mean and half-width.  Text is written as text: a name that
    starts with = is no formula.  Raises InputError for too few replications, without openpyxl, or
    when the file cannot be written.
    """
    check_excel(file)
    from openpyxl import Workbook

    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "finding"
    experiment = study.experiment
    lines = [experiment.title or experiment.name, experiment.question, finding(study)]
    for row, line in enumerate((line for line in lines if line), 1):
        _put(first, row, 1, line)
    _dress(first, [100], 0)
    return _save(book, tables(study), file)


def write_tables(made: Sequence[Table], file: str | Path) -> Path:
    """Write tables, a sheet each.  Raises InputError as `write_excel` does."""
    check_excel(file)
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    return _save(book, made, file)


def _save(book: Workbook, made: Iterable[Table], file: str | Path) -> Path:
    """Add a sheet for each table, and write the book."""
    for table in made:
        _write(book.create_sheet(table.name), table)
    path = Path(file)
    with beside(path) as partial:
        book.save(partial)
    return path


def _write(sheet: Worksheet, table: Table) -> None:
    """A heading a column, with its unit, and the rows below."""
    wide = [any(isinstance(r[i], Estimate | Difference) for r in table.rows)
            for i in range(len(table.columns))]  # fmt: skip
    heads: list[str] = []
    for column, two in zip(table.columns, wide, strict=True):
        heads += [column.heading, *([f"{column.label} half-width"] if two else [])]
    for place, head in enumerate(heads, 1):
        _put(sheet, 1, place, head)
    widths = [len(head) for head in heads]
    for number, row in enumerate(table.rows, 2):
        place = 1
        for cell, two in zip(row, wide, strict=True):
            values: list[Any] = [cell, None] if two else [cell]
            if isinstance(cell, Estimate | Difference):
                values = [cell.mean, cell.half_width]
            for value in values:
                _put(sheet, number, place, value)
                if isinstance(value, str):
                    widths[place - 1] = max(widths[place - 1], len(value))
                place += 1
    _dress(sheet, widths, 1)


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = _ILLEGAL.sub(" ", value)[:32_000]
        cell.data_type = "s"  # never a formula
    elif value is not None and not math.isnan(value):
        cell.value = float(value)


def _dress(sheet: Worksheet, widths: list[int], heads: int) -> None:
    """Column widths, and the headings in bold and always in sight."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = min(width + 2, WIDEST)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if heads:
        sheet.freeze_panes = "B2"
        sheet.auto_filter.ref = sheet.dimensions
