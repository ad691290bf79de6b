"""Large tables, column by column, as codes into their distinct texts: seconds for a million rows.

What is accepted and what is refused is as in `backsim.tables.table`.  A large CSV file without
quotes is read by pyarrow, where that is installed; whatever it does not take is read, or refused
with its row, by the reader for all files.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import nearest
from backsim.tables.delimited import SAMPLE, find_delimiter, read_delimited
from backsim.tables.excel import read_workbook
from backsim.tables.faults import Unreadable
from backsim.tables.opening import ZIP, decode, decompressed, is_workbook, read_bytes
from backsim.tables.sheet import Sheet
from backsim.tables.table import Headed, find_header
from backsim.tables.values import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 2_000_000
"""Bytes from which a file is worth another reader."""


@dataclass(frozen=True, slots=True, eq=False)
class CodedTable:
    """A table's columns as codes into texts, by the headings of the file.

    `rows` are those of the file, from 1.  `numbers` and `dates` hold, by heading and entry, what a
    workbook's cell is already.
    """

    place: str
    columns: dict[str, Coded]
    rows: NDArray[np.int64]
    delimiter: str = ""
    numbers: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    dates: Mapping[str, Mapping[int, datetime]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)


def open_sheet(
    path: Path,
    wanted: Collection[str],
    sheet: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Sheet:
    """The rows of a CSV file or of a workbook's sheet (its only one, if none is named).

    Raises Unreadable.
    """
    sheets = open_sheets(path, wanted, sheet, delimiter, encoding)
    if "" in sheets:
        return sheets[""]
    if sheet is None and len(sheets) > 1:
        raise Unreadable(f"`sheet`, one of {', '.join(sheets)}, as there are several", "none")
    if sheet is not None and sheet not in sheets:
        raise Unreadable(f"a sheet that is not empty ({nearest(sheet, list(sheets))})", repr(sheet))
    return sheets[sheet] if sheet is not None else next(iter(sheets.values()))


def open_sheets(
    path: Path,
    wanted: Collection[str],
    only: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> dict[str, Sheet]:
    """The sheets of a workbook, or one without a name: the rows of a CSV file.

    Raises Unreadable.
    """
    data = read_bytes(path)
    if is_workbook(path) or data.startswith(ZIP):
        sheets = read_workbook(path, data, only)
        if not sheets:
            raise Unreadable("a sheet with a header row", "an empty workbook")
        return sheets
    return {"": read_delimited(path, wanted, delimiter, encoding, data)}


def read_coded(
    path: Path,
    headings: Sequence[str],
    sheet: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> CodedTable:
    """The columns under some headings, all of which the file must have, each once.

    Raises Unreadable, which names the row where it can.
    """
    data = b"" if is_workbook(path) else read_bytes(path)
    if len(data) >= LARGE // 8 and not data.startswith(ZIP):
        found = _by_arrow(path, data, headings, delimiter, encoding)
        if found is not None:
            return found
    headed = find_header(open_sheet(path, headings, sheet, delimiter, encoding), headings)
    _check(headed, headings)
    table = headed.table({name: name for name in headings})
    columns = {name: Coded.of(texts) for name, texts in table.columns.items()}
    rows = np.array(table.rows, np.int64)
    return CodedTable(str(path), columns, rows, table.delimiter, table.numbers, table.dates)


def _check(headed: Headed, headings: Sequence[str]) -> None:
    for name in headings:
        count = headed.names.count(name)
        if count == 0:
            known = nearest(name, [n for n in headed.names if n])
            raise Unreadable(f"a column '{name}' ({known})", "none", headed.row)
        if count > 1:
            raise Unreadable(f"the heading '{name}' once", f"{count} times", headed.row)


def _by_arrow(
    path: Path,
    data: bytes,
    headings: Sequence[str],
    delimiter: str | None,
    encoding: str | None,
) -> CodedTable | None:
    """The columns by pyarrow; None where it is not there, or the file is not for it."""
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        return None
    text, _ = decode(decompressed(data, path), encoding)
    if len(text) < LARGE or '"' in text or text.startswith("sep="):
        return None
    if text.count("\r") != text.count("\r\n"):  # rows that end as on old Macs
        return None
    mark = delimiter or find_delimiter(text[:SAMPLE], headings)
    top = io.StringIO(text[:SAMPLE], newline="")
    headed = find_header(read_sheet(top, mark, path), headings)
    _check(headed, headings)
    start = 0
    for _ in range(headed.row):
        start = text.index("\n", start) + 1
    kinds = {name: pa.dictionary(pa.int32(), pa.string()) for name in headings}
    try:
        table = csv.read_csv(
            pa.BufferReader(text[start:].encode()),
            read_options=csv.ReadOptions(column_names=headed.names, block_size=1 << 24),
            parse_options=csv.ParseOptions(
                delimiter=mark, quote_char=False, ignore_empty_lines=False
            ),
            convert_options=csv.ConvertOptions(
                column_types=kinds,
                include_columns=list(headings),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = {name: _coded(table.column(name)) for name in headings}
    rows = headed.row + 1 + np.arange(len(table))
    blank = np.ones(len(table), bool)
    for coded in columns.values():
        blank &= coded.are("")
    if blank.any():  # an empty line, or a row that has nothing in these columns
        kept = ~blank
        columns = {name: Coded(c.codes[kept], c.texts) for name, c in columns.items()}
        rows = rows[kept]
    return CodedTable(str(path), columns, rows, mark)


def read_sheet(text: io.StringIO, delimiter: str, path: Path) -> Sheet:
    """The first rows of a text, as far as they are whole."""
    lines = text.getvalue().splitlines()[:-1]
    return Sheet(iter([line.split(delimiter) for line in lines]), str(path), delimiter)


def _coded(column: Any) -> Coded:
    """An arrow column as codes into texts without blanks around them."""
    from pyarrow import compute

    whole = column.unify_dictionaries().combine_chunks()
    if hasattr(whole, "chunks"):  # an empty column
        return Coded(np.empty(0, np.int64), [])
    trimmed = compute.utf8_trim_whitespace(whole.dictionary)
    texts = trimmed.to_numpy(zero_copy_only=False).tolist()
    codes = whole.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if trimmed.equals(whole.dictionary):
        return Coded(codes, texts)
    known: dict[str, int] = {}
    place = np.array([known.setdefault(text, len(known)) for text in texts], np.int64)
    return Coded(place[codes], list(known))
