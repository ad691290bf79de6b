"""The tables as a workbook: a sheet each, numbers as numbers, with charts below them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.errors import InputError
from backsim.files import beside
from backsim.present.table import Table
from backsim.report.charts import COLOURS, Chart, charts
from backsim.report.finding import finding
from backsim.report.tables import tables
from backsim.statistics import Difference, Estimate
from backsim.study.study import Study

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.chart import BarChart
    from openpyxl.chart.error_bar import ErrorBars
    from openpyxl.worksheet.worksheet import Worksheet

WIDEST = 60
CHART_ROWS = 32
"""Rows of a sheet that a chart covers."""
LONGEST_NAME = 31
"""Characters of a sheet's name."""
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
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
    """Write the finding and every table, with native charts of some.

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
    lines = [experiment.heading, experiment.question, finding(study)]
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


def _save(book: Workbook, made: Sequence[Table], file: str | Path) -> Path:
    """Add a sheet for each table, and write the book."""
    drawn = charts(made)
    for table in made:
        sheet = book.create_sheet(sheet_name(table.name, book.sheetnames))
        places = _write(sheet, table)
        below = len(table.rows) + 4
        for chart in (chart for chart in drawn if chart.table is table):
            sheet.add_chart(_chart(sheet, chart, places), f"A{below}")
            below += CHART_ROWS
    path = Path(file)
    with beside(path) as partial:
        book.save(partial)
    return path


def sheet_name(text: str, taken: Collection[str] = ()) -> str:
    """A name that a sheet may have, as near to a text as can be, and that no other sheet has."""
    plain = _NOT_IN_A_NAME.sub(" ", legal(text)).strip("' ") or "sheet"
    names = {name.lower() for name in taken}
    for number in itertools.count(1):
        end = f" ({number})" if number > 1 else ""
        name = plain[: LONGEST_NAME - len(end)].rstrip("' ") + end
        if name.lower() not in names:
            return name
    raise AssertionError


def _write(sheet: Worksheet, table: Table) -> list[int]:
    """A heading a column, with its unit, and the rows below; gives where each column is."""
    wide = [any(isinstance(r[i], Estimate | Difference) for r in table.rows)
            for i in range(len(table.columns))]  # fmt: skip
    heads: list[str] = []
    places: list[int] = []
    for column, two in zip(table.columns, wide, strict=True):
        places.append(len(heads) + 1)
        heads += [column.heading, *([f"{column.label} half-width"] if two else [])]
    for place, head in enumerate(heads, 1):
        _put(sheet, 1, place, head)
    widths = [len(head) for head in heads]
    for number, row in enumerate(table.rows, 2):
        place = 1
        for column, cell, two in zip(table.columns, row, wide, strict=True):
            values: list[Any] = [cell, None] if two else [cell]
            if isinstance(cell, Estimate | Difference):
                values = [cell.mean, cell.half_width]
            for value in values:
                _put(sheet, number, place, value)
                if column.kind in ("share", "percent"):
                    sheet.cell(number, place).number_format = "0.00%"
                if isinstance(value, str):
                    widths[place - 1] = max(widths[place - 1], len(value))
                place += 1
    _dress(sheet, widths, 1)
    return places


def _chart(sheet: Worksheet, chart: Chart, places: Sequence[int]) -> BarChart:
    """Bars that follow the cells of a table, with its intervals; the first row is on top."""
    from openpyxl.chart import BarChart, Reference

    last, several = len(chart.table.rows) + 1, len(chart.columns) > 1
    bars = BarChart()
    bars.type, bars.title, bars.gapWidth = "bar", chart.title, 60
    bars.grouping, bars.overlap = ("stacked", 100) if several else ("clustered", None)
    for colour, column in zip(COLOURS * len(chart.columns), chart.columns, strict=False):
        place = places[column]
        values = Reference(sheet, min_col=place, min_row=1, max_row=last)
        bars.add_data(values, titles_from_data=True)
        bars.series[-1].graphicalProperties.solidFill = colour
        bars.series[-1].invertIfNegative = False
        if not several and isinstance(chart.table.rows[0][column], Estimate | Difference):
            bars.series[-1].errBars = _intervals(sheet, place + 1, last)
    bars.set_categories(Reference(sheet, min_col=places[0], min_row=2, max_row=last))
    bars.x_axis.delete = bars.y_axis.delete = False  # openpyxl hides them where nothing is said
    bars.x_axis.scaling.orientation, bars.x_axis.tickLblPos = "maxMin", "low"
    bars.y_axis.title = chart.axis
    bars.legend = bars.legend if several else None
    bars.width, bars.height = 24, 4 + 0.8 * min(last, CHART_ROWS - 8)
    return bars


def _intervals(sheet: Worksheet, place: int, last: int) -> ErrorBars:
    """Error bars of the half-widths in a column."""
    from openpyxl.chart.data_source import NumDataSource, NumRef
    from openpyxl.chart.error_bar import ErrorBars
    from openpyxl.utils import get_column_letter, quote_sheetname

    letter = get_column_letter(place)
    cells = NumRef(f=f"{quote_sheetname(sheet.title)}!${letter}$2:${letter}${last}")
    size = NumDataSource(numRef=cells)
    return ErrorBars(errBarType="both", errValType="cust", plus=size, minus=size)


def legal(text: str) -> str:
    """A text without characters that no office file can hold."""
    return _ILLEGAL.sub(" ", text)


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = legal(value)[:32_000]
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
