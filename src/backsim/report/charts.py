"""Charts that a client can recolour: what workbooks and slides draw natively from the tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backsim.errors import capitalized
from backsim.present.table import Table
from backsim.report.figures.style import PALETTE
from backsim.report.words import label
from backsim.results.metrics import parts_of
from backsim.results.spec import MetricSpec
from backsim.statistics import Difference, Estimate

COLOURS = tuple(colour.removeprefix("#").upper() for colour in PALETTE)
"""Of the series, in order: the report's."""
MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of a table's columns, a group of them for each of its rows."""

    table: Table
    title: str
    columns: tuple[int, ...]
    """A series each; those of several are stacked."""

    @property
    def axis(self) -> str:
        """What is measured, with its unit."""
        first = self.table.columns[self.columns[0]]
        return first.heading if len(self.columns) == 1 else first.unit

    @property
    def names(self) -> list[str]:
        """What the rows are of."""
        return [str(row[0]) for row in self.table.rows]

    def series(self) -> list[tuple[str, list[float | None]]]:
        """(name, a number for each row) of each column."""
        return [
            (self.table.columns[i].label, [_number(row[i]) for row in self.table.rows])
            for i in self.columns
        ]


def charts(made: Sequence[Table]) -> list[Chart]:
    """What is drawn of a study's tables: the objective, the differences in it, and the costs."""
    tables = {table.name: table for table in made if len(table.rows) <= MOST_ROWS}
    found = []
    ranking = tables.get("ranking")
    if ranking is not None:
        numbers = [i for i in range(1, len(ranking.columns)) if ranking.numeric(i)]
        main = next((i for i in numbers if ranking.columns[i].keep), numbers[0])
        name = ranking.columns[main].label
        found.append(Chart(ranking, capitalized(name), (main,)))
        if "differences" in tables:
            table = tables["differences"]
            same = [i for i, c in enumerate(table.columns) if c.label == name and table.numeric(i)]
            found += [
                Chart(table, f"{capitalized(name)}: {table.title.lower()}", (i,)) for i in same
            ]
    if "costs" in tables:
        parts = {label(MetricSpec(part)) for part in parts_of("cost.total")}
        costs = tables["costs"]
        stacked = tuple(i for i, c in enumerate(costs.columns) if c.label in parts)
        found += [Chart(costs, costs.title, stacked)] if stacked else []
    return found


def _number(cell: object) -> float | None:
    if isinstance(cell, Estimate | Difference):
        cell = cell.mean
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else None
