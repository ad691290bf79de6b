"""A trace's file as a table of text, with the columns that the scenario names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backsim.errors import nearest
from backsim.scenario.demand.schema import Trace
from backsim.tables.delimited import read_delimited
from backsim.tables.excel import read_workbook
from backsim.tables.faults import Unreadable
from backsim.tables.opening import ZIP, is_workbook, read_bytes
from backsim.tables.sheet import Sheet
from backsim.tables.table import Headed, Table, find_header

Place = tuple[str | int, ...]


class TraceError(Exception):
    """A trace cannot be used: (field below the trace, what was expected, what was found)."""

    def __init__(self, where: Place, expected: str, found: str = "") -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(expected)


def read_data(trace: Trace, folder: Path) -> bytes:
    """The file's bytes.  Raises TraceError."""
    try:
        return read_bytes(folder / trace.file)
    except Unreadable as fault:
        raise _error(trace, fault) from None


def read_table(trace: Trace, folder: Path, data: bytes) -> Table:
    """The columns that the scenario names, by their headings.  Raises TraceError."""
    try:
        headed = find_header(
            _sheet(trace, folder / trace.file, data), [column for _, column in _columns(trace)]
        )
        _need_columns(trace, headed)
        return headed.table({column: column for _, column in _columns(trace)})
    except Unreadable as fault:
        raise _error(trace, fault) from None


def _error(trace: Trace, fault: Unreadable) -> TraceError:
    expected = fault.expected
    if expected == "a file that exists":
        expected += ", from the scenario file's folder (a copy elsewhere: --set FIELD=PATH)"
    found = fault.found if fault.found else f"'{trace.file}'"
    row = f" in line {fault.row}" if fault.row else ""
    return TraceError(("file",), expected, found + row)


def _sheet(trace: Trace, path: Path, data: bytes) -> Sheet:
    if not is_workbook(path) and not data.startswith(ZIP):
        wanted = [column for _, column in _columns(trace)]
        return read_delimited(path, wanted, trace.delimiter, trace.encoding, data)
    sheets = read_workbook(path, data)
    if not sheets:
        raise Unreadable("a sheet with a header row", "an empty workbook")
    if trace.sheet is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    if trace.sheet is None:
        names = ", ".join(sheets)
        raise TraceError(("sheet",), f"one of the sheets ({names}), as there are several", "none")
    if trace.sheet not in sheets:
        expected = f"a sheet that is not empty ({nearest(trace.sheet, list(sheets))})"
        raise TraceError(("sheet",), expected, f"'{trace.sheet}'")
    return sheets[trace.sheet]


def _columns(trace: Trace) -> Iterator[tuple[Place, str]]:
    """Every column that the scenario names, and where it does."""
    for name, column in trace.columns.model_dump(exclude_none=True).items():
        yield ("columns", name), column
    for i, rule in enumerate(trace.where):
        yield ("where", i, "column"), rule.column
    if trace.cancelled is not None:
        yield ("cancelled", "column"), trace.cancelled.column
        for i, column in enumerate(trace.cancelled.same):
            yield ("cancelled", "same", i), column


def _need_columns(trace: Trace, headed: Headed) -> None:
    header = headed.names
    for place, column in _columns(trace):
        if column not in header:
            known = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
            raise TraceError(place, f"a column of the file ({known})", f"'{column}'")
        if header.count(column) > 1:
            expected = f"a heading that one column has (row {headed.row})"
            raise TraceError(place, expected, f"'{column}' {header.count(column)} times")
