"""Solving a program: in independent parts where it falls into them, by HiGHS or through PuLP."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from backsim.allocation import highs, pulpform
from backsim.allocation.parts import PART, parts
from backsim.allocation.program import Program
from backsim.allocation.solution import INFEASIBLE, OPTIMAL, TIME_LIMIT, Effort, Solution


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
    solver = highs.Solver()
    for part, columns, rows in parts(program):
        left = replace(effort, time_limit=max(0.01, stop - time.monotonic()))
        found = solver.solve(part, left)
        if found.status == INFEASIBLE:
            return found
        status = TIME_LIMIT if found.status == TIME_LIMIT else status
        values[columns], duals[rows] = found.values, found.duals
        objective += found.objective
        bound += found.bound
    return Solution(status, values, duals, objective, bound)
