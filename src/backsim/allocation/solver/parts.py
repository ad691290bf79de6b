"""A program in independent parts: most products have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.solver.program import Program, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.solver.program import Codes

PART = 1_000
"""Columns from which a program is taken apart, and about how many its parts have."""


def parts(program: Program) -> Iterator[tuple[Program, Codes, Codes]]:
    """Parts that share no row, each of at least about PART columns, with its columns and rows.

    A row without columns is a part of its own; it stays with the first that comes.
    """
    columns, rows = len(program.cost), len(program.row_upper)
    of_row, of_column = components(program.index, program.entry_columns, rows, columns)
    sizes = np.bincount(of_column, minlength=rows + 1)
    batch = _batches(sizes)
    by_column, by_row = _groups(batch[of_column]), _groups(batch[of_row])
    nothing = np.empty(0, np.int64)
    for number in sorted(by_column.keys() | by_row.keys()):
        own_columns, own_rows = by_column.get(number, nothing), by_row.get(number, nothing)
        yield _part(program, own_columns, own_rows), own_columns, own_rows


def components(row: NDArray[Any], column: Codes, rows: int, columns: int) -> tuple[Codes, Codes]:
    """The least row that each row, and each column, hangs together with by entries (row, column).

    A column without entries gets the number `rows`.  Every row points to a row of its component,
    never to a later one; each round points it further down, and ends when none can be.  SciPy has
    this too, but loading it takes longer than a book of a thousand lines.
    Source: Zhang, Azad and Hu, FastSV (SIAM PP 2020).
    """
    label = np.arange(rows)
    while True:
        lowest = np.full(columns, rows)
        np.minimum.at(lowest, column, label[row])
        lower, found = label.copy(), lowest[column]
        np.minimum.at(lower, row, found)
        np.minimum.at(lower, label[row], found)  # and whatever points to where this row points
        lower = lower[lower]
        if np.array_equal(lower, label):
            return label, lowest
        label = lower


def _batches(sizes: Codes) -> Codes:
    """Which batch each component goes into, so that batches have about PART columns."""
    return (np.cumsum(sizes) - sizes) // PART


def _groups(batch: Codes) -> dict[int, Codes]:
    order = np.argsort(batch, kind="stable")
    numbers, first = np.unique(batch[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(order, first[1:]), strict=True))


def _part(program: Program, columns: Codes, rows: Codes) -> Program:
    counts = np.diff(program.start)[columns]
    start = np.concatenate([[0], np.cumsum(counts)])
    entry = spans(program.start[columns], counts)
    place = np.zeros(len(program.row_upper), np.int32)
    place[rows] = np.arange(len(rows))
    return Program(
        cost=program.cost[columns],
        upper=program.upper[columns],
        integer=program.integer[columns],
        start=start.astype(np.int32),
        index=place[program.index[entry]],
        value=program.value[entry],
        row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows],
        offset=0.0,
        tie=program.tie[columns],
        rows={},
        columns={},
        rank=None if program.rank is None else program.rank[columns],
    )
