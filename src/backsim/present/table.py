"""What a table is: rows of cells under headings with units; and its cells as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backsim.present.numbers import (
    NOTHING,
    Interval,
    Share,
    interval,
    money,
    plain_number,
    share,
    units,
)

Cell = str | int | float | Interval | None
Kind = Literal["", "text", "prose", "formula", "money", "units", "share", "percent", "days"]
"""What stands below a heading.  Prose may be broken over lines; "" goes by the cells themselves.

A share says 96.0 %; what is in percent is a share under a heading that says %."""

FORMATS: Mapping[str, Callable[[float], str]] = {
    "money": money,
    "units": units,
    "share": share,
    "percent": lambda value: plain_number(100 * value),
    "days": units,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, the unit and kind of what stands below it, and whether it must be seen.

    Where there is no room for all columns, those are left out that are not to `keep`.
    """

    label: str
    unit: str = ""
    kind: Kind = ""
    keep: bool = False

    @property
    def heading(self) -> str:
        """Label and unit on one line: `wait (days)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells: text, a number, an estimate with its interval, or None for nothing.

    `groups` names for each row the group that it is in, where rows stand in groups.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    groups: tuple[str, ...] = ()

    def numeric(self, column: int) -> bool:
        """Whether a column holds numbers: no text in any row."""
        if self.columns[column].kind in ("text", "prose", "formula"):
            return False
        return not any(isinstance(row[column], str) for row in self.rows)

    def texts(self, most: int | None = None) -> list[list[str]]:
        """The rows as text, or only the first of them."""
        kinds = [column.kind for column in self.columns]
        return [
            [cell_text(cell, kind) for cell, kind in zip(row, kinds, strict=True)]
            for row in self.rows[:most]
        ]


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a part of a document."""

    text: str


@dataclass(frozen=True, slots=True)
class Equation:
    """A displayed formula, in TeX."""

    tex: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of a program or a diagram, shown as they are."""

    text: str
    language: str = ""


Block = str | Table | Heading | Equation | Listing
"""A paragraph, a table, a heading, a formula or a listing: a reader is shown a list of these."""


def cell_text(cell: Cell, kind: Kind = "") -> str:
    """A cell as text; `-` for nothing."""
    if isinstance(cell, str):
        return cell
    # A protocol takes long to ask whether a plain number keeps it.
    if not isinstance(cell, (int, float)) and isinstance(cell, Interval):
        return interval(cell, 100.0 if kind == "percent" else 1.0)
    if cell is None or math.isnan(cell):
        return NOTHING
    if isinstance(cell, Share):
        return share(cell)
    if kind in FORMATS:
        return FORMATS[kind](cell)
    return f"{cell:,}" if isinstance(cell, int) else plain_number(cell)


def from_records(
    title: str, records: Sequence[Mapping[str, Any]], columns: Mapping[str, Kind | Column]
) -> Table:
    """A table of the named fields of records; a field's heading is its name unless said."""
    made = [
        kind if isinstance(kind, Column) else Column(name.replace("_", " "), kind=kind)
        for name, kind in columns.items()
    ]
    rows = tuple(tuple(record[name] for name in columns) for record in records)
    return Table(title.lower(), title, tuple(made), rows)
