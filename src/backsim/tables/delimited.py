"""CSV files: the delimiter found, the rows read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from backsim.tables.faults import Unreadable
from backsim.tables.opening import decode, decompressed, read_bytes
from backsim.tables.sheet import Sheet

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 65_536
"""Characters in which the header is looked for."""
TOP_ROWS = 30
"""Rows among which the header is looked for: there may be titles above it."""


def read_delimited(
    path: Path,
    wanted: Collection[str],
    delimiter: str | None = None,
    encoding: str | None = None,
    data: bytes | None = None,
) -> Sheet:
    """The rows of a CSV file, plain or .gz.

    The delimiter, where none is given, is the one that finds most of the wanted columns; `data` are
    the file's bytes, if they are known.  Raises Unreadable, also while rows are read.
    """
    known = read_bytes(path) if data is None else data
    text, found = decode(decompressed(known, path), encoding)
    first = 1
    if declared := re.match(r"sep=(.)\r?\n", text):  # Excel's own first line
        text, first = text[declared.end() :], 2
        delimiter = delimiter or declared[1]
    mark = delimiter or find_delimiter(text[:SAMPLE], wanted)
    return Sheet(_rows(text, mark, first), str(path), mark, found, first)


def find_delimiter(text: str, wanted: Collection[str]) -> str:
    """The delimiter under which most wanted columns are found, or else most fields."""

    def found(mark: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        best = (0, 0)
        try:
            for row in islice(rows, TOP_ROWS):
                names = {field.strip() for field in row}
                best = max(best, (sum(name in names for name in wanted), len(row)))
        except csv.Error:  # found again, and told, when the file is read
            pass
        return best

    return max(DELIMITERS, key=found)


def _rows(text: str, delimiter: str, first: int) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    count = first - 1
    try:
        for row in rows:
            count += 1
            yield row
    except csv.Error as error:
        is_open = "end of data" in str(error)
        expected = 'a closing quote (")' if is_open else f"a CSV file ({error})"
        raise Unreadable(expected, "none" if is_open else "", row=count + 1) from None


def check_delimiter(text: str) -> str:
    """A character that may stand between fields.  Raises ValueError."""
    if len(text) != 1 or text in '\r\n"':
        raise ValueError("one character, such as ';'")
    return text
