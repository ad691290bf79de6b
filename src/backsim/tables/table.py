"""From rows to columns: the header found, blank rows left out, every entry's row kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from backsim.tables.delimited import TOP_ROWS
from backsim.tables.faults import Unreadable
from backsim.tables.sheet import Cell, Sheet

Value = TypeVar("Value")
CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns as text, the row of each entry, and where it is: a file or a sheet.

    `numbers` and `dates` hold, by column and entry, what a workbook's cell is already; `copies` are
    the entries that repeat a merged cell.  `delimiter` is empty for a sheet.
    """

    place: str
    columns: dict[str, list[str]]
    rows: list[int]
    name: str = ""
    delimiter: str = ""
    encoding: str = ""
    numbers: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    dates: Mapping[str, Mapping[int, datetime]] = field(default_factory=dict)
    copies: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, entries: Sequence[int]) -> Table:
        """A table of some of the entries."""
        places = {old: new for new, old in enumerate(entries)}

        def of(known: Mapping[str, Mapping[int, Value]]) -> dict[str, dict[int, Value]]:
            return {
                name: {places[i]: value for i, value in cells.items() if i in places}
                for name, cells in known.items()
            }

        return replace(
            self,
            columns={name: [t[i] for i in entries] for name, t in self.columns.items()},
            rows=[self.rows[i] for i in entries],
            numbers=of(self.numbers),
            dates=of(self.dates),
            copies=of(self.copies),
        )


@dataclass(slots=True)
class Headed:
    """A sheet whose header is known: its names, and the rows below it."""

    sheet: Sheet
    names: list[str]
    row: int

    def table(self, columns: Mapping[str, str], most: int | None = None, name: str = "") -> Table:
        """The columns, by the name they are to have and the heading they stand under.

        Raises Unreadable: a row that is longer or shorter than the header; more than `most` rows.
        """
        places = {name: self.names.index(heading) for name, heading in columns.items()}
        texts: dict[str, list[str]] = {name: [] for name in columns}
        numbers: list[int] = []
        number = self.row + 1
        width = len(self.names)
        while chunk := list(islice(self.sheet.rows, CHUNK)):
            kept = [
                i for i, row in enumerate(chunk) if row and (row[0].strip() or not _is_blank(row))
            ]
            rows = chunk if len(kept) == len(chunk) else [chunk[i] for i in kept]
            if set(map(len, rows)) - {width}:
                rows = [self._fit(row, number + i) for i, row in zip(kept, rows, strict=True)]
            numbers += [number + i for i in kept]
            if most is not None and len(numbers) > most:
                raise Unreadable(f"at most {most:,} rows", "more", numbers[most])
            fields = list(zip(*rows, strict=True)) or [()] * width
            for column, place in places.items():
                texts[column] += [text.strip() for text in fields[place]]
            number += len(chunk)
        sheet, known = self.sheet, {place: column for column, place in places.items()}
        typed = bool(sheet.numbers or sheet.dates or sheet.copies)
        entries = {row: i for i, row in enumerate(numbers)} if typed else {}
        return Table(
            sheet.place,
            texts,
            numbers,
            name,
            sheet.delimiter,
            sheet.encoding,
            _by_column(sheet.numbers, known, entries),
            _by_column(sheet.dates, known, entries),
            _by_column(dict.fromkeys(sheet.copies, True), known, entries),
        )

    def _fit(self, row: Sequence[str], number: int) -> Sequence[str]:
        """A row as wide as the header; a workbook's rows do not say where they end."""
        width = len(self.names)
        if len(row) == width:
            return row
        if not self.sheet.ends_rows and len(row) < width:
            return [*row, *[""] * (width - len(row))]
        if len(row) > width and not any(field.strip() for field in row[width:]):
            return row[:width]
        raise Unreadable(f"{width} fields, as in the header", str(len(row)), number)


def find_header(sheet: Sheet, wanted: Collection[str]) -> Headed:
    """The header: the first row near the top that has all the wanted names, or else the first row.

    Raises Unreadable where there is nothing.
    """
    top: list[Sequence[str]] = list(islice(sheet.rows, TOP_ROWS))
    if not any(not _is_blank(row) for row in top):
        raise Unreadable("a file with a header row", "an empty file")
    names = [[field.strip() for field in row] for row in top]
    rows = range(len(top))
    first = next(i for i in rows if not _is_blank(top[i]))
    place = next((i for i in rows if wanted and set(wanted) <= set(names[i])), first)
    sheet.rows = chain(top[place + 1 :], sheet.rows)
    return Headed(sheet, names[place], sheet.first + place)


def _is_blank(row: Sequence[str]) -> bool:
    return not any(field.strip() for field in row)


def _by_column(
    cells: Mapping[Cell, Value], names: Mapping[int, str], entries: Mapping[int, int]
) -> dict[str, dict[int, Value]]:
    """What is known of cells, by column and entry."""
    found: dict[str, dict[int, Value]] = {}
    for (row, column), value in cells.items():
        if column in names and row in entries:
            found.setdefault(names[column], {})[entries[row]] = value
    return found
