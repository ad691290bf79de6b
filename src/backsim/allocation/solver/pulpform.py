"""A program as a PuLP model, for any solver that PuLP knows."""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.solver.highs import options
from backsim.allocation.solver.program import (
    INF,
    OPTIMAL,
    TIME_LIMIT,
    Effort,
    Program,
    Solution,
    no_solution,
    without_columns,
)
from backsim.errors import BacksimError, InputError

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Floats

LATE = 0.9
"""Share of its time after which a solver that has nothing to show ran out of it."""
SOLVERS = ("highs", "cbc")


def solve(
    program: Program,
    effort: Effort | None = None,
    solver: str = "highs",
    start: Floats | None = None,
) -> Solution:
    """Solve by PuLP with HiGHS in this process, or with the CBC executable that PuLP brings.

    CBC begins at the start, if there is one.
    """
    import pulp

    effort = effort or Effort()
    if not len(program.cost):
        return without_columns(program)
    model, columns, rows = to_pulp(program)
    if start is not None:
        for column, value in zip(columns, start.tolist(), strict=True):
            column.setInitialValue(value, check=False)
    chosen, began = _solver(solver, program, effort, start is not None), time.monotonic()
    stopped = ""
    with TemporaryDirectory() as folder:
        chosen.tmpDir = folder
        try:
            model.solve(chosen)
        except pulp.PulpSolverError as error:
            stopped = str(error)
    late = time.monotonic() - began > LATE * effort.time_limit
    if late and (stopped or model.status != pulp.LpStatusOptimal):
        # CBC that begins at a plan crashes, or calls the program infeasible, now and then
        return no_solution(TIME_LIMIT, -INF)
    if stopped:
        raise BacksimError(f"the solver {solver} stopped: {stopped}")
    if model.status == pulp.LpStatusInfeasible:
        return no_solution()
    if model.status == pulp.LpStatusNotSolved:
        return no_solution(TIME_LIMIT, -INF)
    if model.status != pulp.LpStatusOptimal:
        raise BacksimError(f"the solver {solver} stopped: {pulp.LpStatus[model.status]}")
    done = model.sol_status == pulp.LpSolutionOptimal
    values = np.array([c.varValue or 0.0 for c in columns])
    if not done and not program.is_kept_by(values):  # the simplex method was on its way
        return no_solution(TIME_LIMIT, -INF)
    objective = float(program.cost @ values + program.offset)
    duals = np.array([0.0 if row is None else row.pi for row in rows], dtype=float)
    if program.is_mixed:
        duals = np.full(len(rows), np.nan)
    bound = objective * (1.0 - effort.gap) if program.is_mixed else objective
    if not done:
        bound = -INF
    return Solution(OPTIMAL if done else TIME_LIMIT, values, duals, objective, bound)


def has_cbc() -> bool:
    """Whether PuLP brings a CBC executable that runs on this machine."""
    import pulp

    return bool(pulp.COIN_CMD(path=pulp.PULP_CBC_CMD.pulp_cbc_path).available())


def to_pulp(program: Program) -> tuple[Any, list[Any], list[Any]]:
    """The PuLP model, its variables, and its constraints (None for a row that says nothing)."""
    import pulp

    model = pulp.LpProblem("allocation", pulp.LpMinimize)
    width = len(str(len(program.cost)))
    columns = [
        model.add_variable(
            f"x{j:0{width}}",  # PuLP sorts by name
            0,
            None if upper == INF else upper,
            pulp.LpInteger if integer else pulp.LpContinuous,
        )
        for j, (upper, integer) in enumerate(zip(program.upper, program.integer, strict=True))
    ]
    objective = zip(columns, program.cost.tolist(), strict=True)
    model += pulp.LpAffineExpression(list(objective), constant=program.offset)
    terms: list[list[tuple[Any, float]]] = [[] for _ in program.row_upper]
    for j, column in enumerate(columns):
        for k in range(program.start[j], program.start[j + 1]):
            terms[program.index[k]].append((column, float(program.value[k])))
    rows = [
        _add_row(model, i, terms[i], lower, upper)
        for i, (lower, upper) in enumerate(
            zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)
        )
    ]
    return model, columns, rows


def _add_row(model: Any, i: int, terms: list[tuple[Any, float]], lower: float, upper: float) -> Any:
    import pulp

    if not terms and lower <= 0.0 <= upper:
        return None
    if lower == upper:
        sense, bound = pulp.LpConstraintEQ, upper
    elif upper < INF:
        sense, bound = pulp.LpConstraintLE, upper
    else:
        sense, bound = pulp.LpConstraintGE, lower
    row = pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, f"r{i}", bound)
    model += row
    return row


def _solver(name: str, program: Program, effort: Effort, started: bool) -> Any:
    import pulp

    if name == "highs":
        return pulp.HiGHS(msg=False, **options(program, effort))
    if name == "cbc":
        if not has_cbc():
            raise InputError("solver: expected highs, as PuLP brings no CBC here, got 'cbc'")
        path = pulp.PULP_CBC_CMD.pulp_cbc_path
        limit = None if effort.time_limit == INF else effort.time_limit
        return pulp.COIN_CMD(
            path=path, msg=False, timeLimit=limit, gapRel=effort.gap, warmStart=started
        )
    raise InputError(f"solver: expected one of {', '.join(SOLVERS)}, got {name!r}")
