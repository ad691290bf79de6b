"""What a table is: rows of cells under headings with units; and its cells as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backsim.report.words import PLUS_MINUS, interval, plain_number
from backsim.statistics import Difference, Estimate
from backsim.study.analysis import Ranking
from backsim.study.study import Study

Cell = str | int | float | Estimate | Difference | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and the unit of what stands below it."""

    label: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells: text, a number, an estimate with its interval, or None for nothing."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def numeric(self, column: int) -> bool:
        """Whether a column holds numbers: no text in any row."""
        return not any(isinstance(row[column], str) for row in self.rows)


def cell_text(cell: Cell, sign: str = PLUS_MINUS) -> str:
    """A cell as text; `-` for nothing."""
    if isinstance(cell, Estimate | Difference):
        return interval(cell, sign)
    if isinstance(cell, str | int):
        return cell if isinstance(cell, str) else f"{cell:,}"
    return "-" if cell is None or np.isnan(cell) else plain_number(cell)


def policy_name(study: Study, ranking: Ranking, policy: int) -> str:
    """A policy's name, and whether the others are compared with it."""
    mark = " (reference)" if policy == ranking.reference and len(study.policies) > 1 else ""
    return f"{study.policies[policy].name}{mark}"
