"""A file's rows before they are columns, and what is known of them besides their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Cell = tuple[int, int]
"""(row as people count, from 1; column from 0)"""


@dataclass(slots=True)
class Sheet:
    """The rows of a CSV file or of a workbook's sheet, from row 1.

    `numbers` and `dates` are of cells that are a number or a date already, so that their text needs
    no reading.  `copies` are the cells that a merged cell fills besides its first.
    """

    rows: Iterator[Sequence[str]]
    place: str
    delimiter: str = ""
    encoding: str = ""
    first: int = 1
    numbers: dict[Cell, float] = field(default_factory=dict)
    dates: dict[Cell, datetime] = field(default_factory=dict)
    copies: set[Cell] = field(default_factory=set)

    @property
    def ends_rows(self) -> bool:
        """Whether rows say where they end: a CSV file's do, a workbook's do not."""
        return self.delimiter != ""
