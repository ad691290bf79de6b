"""Solving a program: in independent parts where it falls into them, by HiGHS or through PuLP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation import highs, pulpform
from backsim.allocation.program import Program, spans
from backsim.allocation.solution import INFEASIBLE, OPTIMAL, TIME_LIMIT, Effort, Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

PART = 5_000
"""Columns from which a program is taken apart, and about how many its parts have."""


def solve(
    program: Program, effort: Effort | None = None, *, form: str = "matrix", solver: str = "highs"
) -> Solution:
    """Solve a program.

    `form` is "matrix" (straight into HiGHS) or "pulp", whose `solver` is "highs" or "cbc".
    """
    effort = effort or Effort()
    if form == "pulp" or solver != "highs":
        return pulpform.solve(program, effort, solver)
    if len(program.cost) <= PART:
        return highs.solve(program, effort)
    return _solve_parts(program, effort)


def _solve_parts(program: Program, effort: Effort) -> Solution:
    values, duals = np.zeros(len(program.cost)), np.zeros(len(program.row_upper))
    objective = bound = program.offset
    status, stop = OPTIMAL, time.monotonic() + effort.time_limit
    for part, columns, rows in parts(program):
        left = replace(effort, time_limit=max(0.01, stop - time.monotonic()))
        found = highs.solve(part, left)
        if found.status == INFEASIBLE:
            return found
        status = TIME_LIMIT if found.status == TIME_LIMIT else status
        values[columns], duals[rows] = found.values, found.duals
        objective += found.objective
        bound += found.bound
    return Solution(status, values, duals, objective, bound)


def parts(program: Program) -> Iterator[tuple[Program, Codes, Codes]]:
    """Parts that share no row, each of at least about PART columns, with its columns and rows.

    A row without columns is a part of its own; it stays with the first that comes.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    columns, rows = len(program.cost), len(program.row_upper)
    entry = np.repeat(np.arange(columns), np.diff(program.start))
    graph = csr_matrix(
        (np.ones(len(entry), np.int8), (entry, program.index + columns)),
        shape=(columns + rows, columns + rows),
    )
    _, label = connected_components(graph, directed=False)
    batch = _batches(np.bincount(label[:columns], minlength=label.max() + 1))[label]
    by_column, by_row = _groups(batch[:columns]), _groups(batch[columns:])
    nothing = np.empty(0, np.int64)
    for number in sorted(by_column.keys() | by_row.keys()):
        own_columns, own_rows = by_column.get(number, nothing), by_row.get(number, nothing)
        yield _part(program, own_columns, own_rows), own_columns, own_rows


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
    )
