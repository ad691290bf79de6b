"""A trace's CSV file as a table of text, with the columns that the scenario names."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from backsim.scenario.demand import Trace

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str | int, ...]


class TraceError(Exception):
    """A trace cannot be used: (field below the trace, what was expected, what was found)."""

    def __init__(self, where: Place, expected: str, found: str = "") -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(expected)


def read_csv(trace: Trace, folder: Path) -> tuple[pd.DataFrame, str]:
    """The file's rows, all columns as text, and the file's SHA-256.  Raises TraceError."""
    import pandas as pd

    path = folder / trace.file
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
        columns = _read_columns(trace, csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise TraceError(("file",), _what_is_wrong(error), f"'{trace.file}'") from None
    return pd.DataFrame(columns, dtype=str), hashlib.sha256(data).hexdigest()


def _read_columns(trace: Trace, rows: Iterator[list[str]]) -> dict[str, list[str]]:
    """The texts of the columns that the scenario names."""
    header = next(rows, None)
    if header is None:
        raise TraceError(("file",), "a CSV file with a header row", "an empty file")
    _need_columns(trace, header)
    columns: dict[str, list[str]] = {column: [] for _, column in _columns(trace)}
    places = [(texts, header.index(column)) for column, texts in columns.items()]
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            expected = f"{len(header)} fields in each row, as in the header"
            raise TraceError(("file",), expected, f"{len(row)} in row {number}")
        for texts, place in places:
            texts.append(row[place])
    return columns


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


def _need_columns(trace: Trace, header: list[str]) -> None:
    for place, column in _columns(trace):
        if column not in header:
            known = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
            raise TraceError(place, f"a column of the file ({known})", f"'{column}'")


def _what_is_wrong(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "a file that exists, from the scenario file's folder"
    if isinstance(error, OSError) and error.strerror:
        return f"a readable file ({error.strerror})"
    if isinstance(error, OSError | EOFError | zlib.error):
        return "a whole gzip file, as the name ends in .gz"
    if isinstance(error, UnicodeDecodeError):
        return f"a CSV file in UTF-8 (byte {error.start})"
    return f"a CSV file ({error})"
