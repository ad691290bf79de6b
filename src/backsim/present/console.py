"""Tables as text for a terminal or a pipe.

A terminal is as wide as it is.  Where a table is wider, its headings are broken over lines first,
then prose, and then columns are left out from the right, and it is said which; a column to keep
stays.  No line is broken within a number.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from backsim.errors import counted, few
from backsim.present.numbers import PLUS_MINUS
from backsim.present.table import Block, Column, Equation, Heading, Listing, Table

GAP = "  "
NARROWEST = 24
"""Characters of a column of prose below which other columns go first."""


@dataclass(frozen=True, slots=True)
class Medium:
    """Where text goes: columns (None: no limit), how bold type is written."""

    width: int | None = None
    bold: Callable[[str], str] = str
    most: int | None = None
    """Rows of a table that are shown."""


def document(title: str, blocks: Iterable[Block], medium: Medium) -> str:
    """A title, paragraphs and tables, one below the other."""
    parts = _bold(title, medium)
    for block in blocks:
        if isinstance(block, Table):
            parts.append("\n" * bool(parts) + table_text(block, medium))
        elif isinstance(block, Heading):
            parts += [""] * bool(parts) + _bold(block.text, medium)
        elif isinstance(block, Equation | Listing):
            text = block.tex if isinstance(block, Equation) else block.text
            parts += [f"    {_clean(line)}" for line in text.split("\n")]
        else:
            parts += [line for one in block.split("\n") for line in _folded(one, medium.width)]
    return "\n".join(parts) + "\n"


def _bold(text: str, medium: Medium) -> list[str]:
    """The lines of a heading; none of an empty one."""
    return [medium.bold(line) for line in _folded(_clean(text), medium.width) if line]


def table_text(table: Table, medium: Medium) -> str:
    """A table under its title, and its note below."""
    lines = _bold(table.title, medium)
    grid = _Grid(table, medium.most)
    left_out = grid.fit(medium.width)
    lines += grid.lines(medium.bold)
    rest = len(table.rows) - (medium.most or len(table.rows))
    remarks = [f"({counted(rest, 'more row')}: --format markdown shows all)"] if rest > 0 else []
    if left_out:
        remarks.append(f"(no room for {few(left_out, 4)}: --format markdown shows all)")
    for remark in remarks:
        lines += _folded(remark, medium.width)
    if table.note:
        lines += ["", *_folded(table.note, medium.width)]
    return "\n".join(lines)


class _Grid:
    """The texts of a table by column, and what of them is shown."""

    def __init__(self, table: Table, most: int | None) -> None:
        texts = [[_clean(text) for text in row] for row in table.texts(most)]
        if table.groups:
            texts = [[f"  {first}", *rest] for first, *rest in texts]
        self.columns = [_lined_up([row[i] for row in texts]) for i in range(len(table.columns))]
        self.table = table
        self.right = [table.numeric(i) for i in range(len(table.columns))]
        self.heads = [_heading(column) for column in table.columns]
        self.shown = list(range(len(table.columns)))
        self.widths = [max(map(_length, [*head, *cells]))
                       for head, cells in zip(self.heads, self.columns, strict=True)]  # fmt: skip

    def fit(self, width: int | None) -> list[str]:
        """Make the table as narrow as it has to be; return the headings of what is left out."""
        if width is None or self._total() <= width:
            return []
        for i in self.shown:
            self._break_heading(i)
        self._narrow_prose(width, NARROWEST)
        left_out: list[str] = []
        for i in reversed(range(1, len(self.table.columns))):
            if self._total() <= width:
                break
            if not self.table.columns[i].keep:
                self.shown.remove(i)
                left_out.insert(0, self.table.columns[i].label)
        self._narrow_prose(width, 1)
        return left_out

    def _total(self) -> int:
        return sum(self.widths[i] for i in self.shown) + len(GAP) * (len(self.shown) - 1)

    def _break_heading(self, i: int) -> None:
        column, cells = self.table.columns[i], max(map(_length, self.columns[i]), default=1)
        words = f"{column.label} {column.unit}".split()
        room = max([cells, *map(_length, words)])
        self.heads[i] = [*_folded(column.label, room), *_folded(column.unit, room)]
        self.widths[i] = room

    def _narrow_prose(self, width: int, least: int) -> None:
        for i in self.shown:
            over = self._total() - width
            if over > 0 and not self.right[i] and (i == 0 or self._is_prose(i)):
                floor = least if self._is_prose(i) else max(least, 12)
                self.widths[i] = max(min(self.widths[i], floor), self.widths[i] - over)

    def _is_prose(self, i: int) -> bool:
        return self.table.columns[i].kind == "prose"

    def lines(self, bold: Callable[[str], str]) -> list[str]:
        """The heading and the rows."""
        lines = [bold(line) for line in self._row([self.heads[i] for i in self.shown], top=False)
                 if line]  # fmt: skip
        group = ""
        for place in range(len(self.columns[0])):
            if self.table.groups and self.table.groups[place] != group:
                group = self.table.groups[place]
                lines.append(bold(_clean(group)))
            cells = [_folded(self.columns[i][place], self.widths[i]) for i in self.shown]
            lines += self._row(cells)
        return lines

    def _row(self, cells: Sequence[list[str]], top: bool = True) -> list[str]:
        """Cells of one line or more side by side, from the top or down to the bottom."""
        height = max(map(len, cells))
        lines = []
        for line in range(height):
            texts = []
            for i, cell in zip(self.shown, cells, strict=True):
                place = line if top else line - height + len(cell)
                text = cell[place] if 0 <= place < len(cell) else ""
                room = " " * (self.widths[i] - _length(text))
                texts.append(room + text if self.right[i] else text + room)
            lines.append(GAP.join(texts).rstrip())
        return lines


def _heading(column: Column) -> list[str]:
    return [line for line in (_clean(column.label), _clean(column.unit)) if line]


def _lined_up(texts: list[str]) -> list[str]:
    """The texts of a column with the signs before half-widths one below the other."""
    mark = f" {PLUS_MINUS} "
    widest = max((_length(text.partition(mark)[2]) for text in texts if mark in text), default=0)
    if not widest:
        return texts
    lined = []
    for text in texts:
        mean, found, half_width = text.partition(mark)
        lined.append(f"{mean}{found or ' ' * len(mark)}{half_width:<{widest}}")
    return lined


def _folded(text: str, width: int | None) -> list[str]:
    """A text broken at spaces into lines of at most so many columns."""
    if width is None or _length(text) <= width:
        return [text]
    return textwrap.wrap(text, width) or [""]


def _clean(text: str) -> str:
    """Without what would move the cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _length(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )
