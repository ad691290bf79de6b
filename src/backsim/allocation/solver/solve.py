"""Solving a program: in independent parts where it falls into them, by HiGHS or through PuLP."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver import highs, pulpform
from backsim.allocation.solver.parts import PART, parts
from backsim.allocation.solver.program import (
    INF,
    INFEASIBLE,
    OPTIMAL,
    TIME_LIMIT,
    Effort,
    Program,
    Solution,
    no_solution,
)
from backsim.allocation.solver.ranks import Solved, by_rank

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Floats


def solve(
    program: Program,
    effort: Effort | None = None,
    *,
    start: Floats | None = None,
    form: str = "matrix",
    solver: str = "highs",
) -> Solution:
    """Solve a program.

    `start`: values of the columns that keep to all rows; what is found is never worse.  `form` is
    "matrix" (straight into HiGHS) or "pulp", whose `solver` is "highs" or "cbc".
    """
    effort = effort or Effort()
    if form == "pulp" or solver != "highs":
        return _solve_one(program, effort, start, partial(_by_pulp, solver))
    if len(program.cost) <= PART:
        return _solve_one(program, effort, start, _by_highs)
    return _solve_parts(program, effort, start)


def _by_highs(program: Program, effort: Effort, start: Floats | None) -> Solution:
    return highs.solve(program, effort, start=start)


def _by_pulp(solver: str, program: Program, effort: Effort, start: Floats | None) -> Solution:
    stop = time.monotonic() + effort.time_limit
    found = pulpform.solve(program, effort, solver, start)
    return highs.finished(program, found, effort.left(stop))


def _solve_one(program: Program, effort: Effort, start: Floats | None, solved: Solved) -> Solution:
    """As a whole; rank by rank where ranks are strict."""
    if program.rank is not None:
        return by_rank(program, effort, start, solved)
    return solved(program, effort, start)


def _solve_parts(program: Program, effort: Effort, start: Floats | None) -> Solution:
    values, duals = np.zeros(len(program.cost)), np.zeros(len(program.row_upper))
    objective = bound = program.offset
    status, stop = OPTIMAL, time.monotonic() + effort.time_limit
    solver = highs.Solver()
    for part, columns, rows in parts(program):
        begin = None if start is None else start[columns]
        found = _solve_one(part, effort.left(stop), begin, solver.solve)
        if found.status == INFEASIBLE:
            return found
        status = TIME_LIMIT if found.status == TIME_LIMIT else status
        objective += found.objective
        bound += found.bound
        if objective < INF:
            values[columns], duals[rows] = found.values, found.duals
    if objective == INF:
        return no_solution(TIME_LIMIT, bound)
    return Solution(status, values, duals, objective, bound)
