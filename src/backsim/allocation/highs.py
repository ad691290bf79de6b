"""A program straight into HiGHS, in this process: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backsim.allocation.program import INF, Program
from backsim.allocation.solution import (
    INFEASIBLE,
    OPTIMAL,
    TIME_LIMIT,
    Effort,
    Solution,
    without_columns,
)
from backsim.errors import BacksimError, InputError

SMALL = 20_000
"""Columns up to which the simplex method without presolving is fastest."""

TWICE = 2_000
"""Columns up to which a mixed program is solved in two ways."""

PRIMAL = 4
"""HiGHS's number for the primal simplex method."""

FEASIBLE = 2
"""HiGHS's number for a solution that keeps to all bounds."""

TOLERANCE = 1e-7
"""HiGHS's own: reduced costs and duals below it are 0."""


class Solver:
    """A HiGHS that is used again and again: making one takes as long as a small program."""

    def __init__(self) -> None:
        import highspy

        self._highs = highspy.Highs()

    def solve(self, program: Program, effort: Effort) -> Solution:
        """As `solve`; what came before does not matter."""
        return solve(program, effort, self._highs)


def solve(program: Program, effort: Effort | None = None, solver: Any = None) -> Solution:
    """Solve with HiGHS: the simplex method, or branch and cut where columns are whole numbers."""
    effort = effort or Effort()
    if not len(program.cost):
        return without_columns(program)
    if program.is_mixed:
        return _solve_mixed(program, effort, solver)
    solver = new_solver(program, effort, solver)
    solver.run()
    status = _status(solver)
    if status == INFEASIBLE:
        return _no_solution()
    answer = solver.getSolution()
    values, duals = np.array(answer.col_value), np.array(answer.row_dual)
    objective = float(solver.getObjectiveValue())
    if effort.ties and status == OPTIMAL:
        _break_ties(solver, program, answer, duals)
        values = np.array(solver.getSolution().col_value)
    bound = objective if status == OPTIMAL else -INF
    return Solution(status, values, duals, objective, bound)


def _no_solution() -> Solution:
    nothing = np.empty(0)
    return Solution(INFEASIBLE, nothing, nothing, INF, INF)


def _solve_mixed(program: Program, effort: Effort, solver: Any) -> Solution:
    """Branch and cut; of a small program the better of two ways, with and without presolving.

    HiGHS 1.15 is wrong now and then: of a thousand small books with whole orders, one or two are
    called optimal, or without a solution, that are not, and presolving hangs on fewer still.  The
    two ways are wrong on different books; bounds on the columns were enough where it hung.
    """
    found = [] if len(program.cost) > TWICE else [_branch(program, effort, solver, "off")]
    found.append(_branch(_bounded(program), effort, solver, "on"))
    best = min(found, key=lambda solution: solution.objective)
    if best.status == INFEASIBLE:
        return best
    best = replace(best, bound=min(solution.bound for solution in found))
    if program.integer.all() or program.integer[0]:
        return best
    solver = new_solver(program, effort, solver)
    answer = _with_whole_numbers_held(solver, program, best.values)
    values, duals = np.array(answer.col_value), np.array(answer.row_dual)
    if effort.ties and best.status == OPTIMAL:
        _break_ties(solver, program, answer, duals)
        values = np.array(solver.getSolution().col_value)
    objective = float(program.cost @ values + program.offset)
    return replace(best, values=values, duals=duals, bound=min(best.bound, objective))


def _branch(program: Program, effort: Effort, solver: Any, presolve: str) -> Solution:
    solver = new_solver(program, effort, solver)
    solver.setOptionValue("presolve", presolve)
    solver.run()
    status = _status(solver)
    if status == INFEASIBLE:
        return _no_solution()
    return Solution(
        status,
        np.array(solver.getSolution().col_value),
        np.full(len(program.row_upper), np.nan),
        float(solver.getObjectiveValue()),
        float(solver.getInfo().mip_dual_bound),
    )


def _bounded(program: Program) -> Program:
    """The program with the bounds on columns that follow from rows without negative entries."""
    least = np.zeros(len(program.row_upper))
    np.minimum.at(least, program.index, program.value)
    useful = (least[program.index] >= 0.0) & (program.value > 0.0)
    upper = program.upper.copy()
    most = program.row_upper[program.index[useful]] / program.value[useful]
    np.minimum.at(upper, program.entry_columns[useful], np.maximum(0.0, most))
    return replace(program, upper=upper)


def prices(program: Program) -> tuple[float, Any]:
    """(objective, dual values of the rows) of a linear program, nearly: it ends at no vertex.

    For whoever needs no more than that, it saves much of the time a large program takes.
    """
    solver = new_solver(program, Effort(ties=False))
    if len(program.cost) > SMALL:
        solver.setOptionValue("run_crossover", "off")
    solver.run()
    return float(solver.getObjectiveValue()), np.array(solver.getSolution().row_dual)


def options(program: Program, effort: Effort) -> dict[str, Any]:
    """HiGHS's options for a program."""
    found: dict[str, Any] = {"threads": 1}  # one order of steps, so one answer
    if program.is_mixed:
        found["mip_rel_gap"] = effort.gap
    elif len(program.cost) > SMALL:
        found["solver"] = "ipm"  # ten times faster than the simplex method where limits couple all
    else:
        found["presolve"] = "off"
        if (program.row_lower <= 0.0).all() and (program.row_upper >= 0.0).all():
            found["simplex_strategy"] = PRIMAL  # it can start from serving nobody
    if effort.time_limit < INF:
        found["time_limit"] = float(effort.time_limit)
    return found


def new_solver(program: Program, effort: Effort, solver: Any = None) -> Any:
    """A HiGHS, or this one, with the program in it."""
    import highspy

    solver = solver or highspy.Highs()
    solver.resetOptions()
    solver.setOptionValue("output_flag", False)
    for name, value in options(program, effort).items():
        solver.setOptionValue(name, value)
    columns, rows = len(program.cost), len(program.row_upper)
    solver.passModel(
        columns,
        rows,
        len(program.value),
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        program.offset,
        program.cost,
        np.zeros(columns),
        program.upper,
        program.row_lower,
        program.row_upper,
        program.start[:-1],
        program.index,
        program.value,
        program.integer,
    )
    return solver


def _status(solver: Any) -> str:
    import highspy

    kinds = highspy.HighsModelStatus
    found = solver.getModelStatus()
    if found in (kinds.kOptimal, kinds.kModelEmpty):
        return OPTIMAL
    if found in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return INFEASIBLE  # costs are bounded below: units are
    if found == kinds.kTimeLimit:
        if solver.getInfo().primal_solution_status == FEASIBLE:
            return TIME_LIMIT
        raise InputError("time-limit: expected more time: no plan was found in it")
    raise BacksimError(f"the solver stopped: {solver.modelStatusToString(found)}")


def _with_whole_numbers_held(solver: Any, program: Program, values: Any) -> Any:
    """The solution of the linear program that is left when the whole numbers are decided."""
    import highspy

    whole = np.flatnonzero(program.integer).astype(np.int32)
    decided = np.round(values[whole])
    kinds = np.full(len(whole), highspy.HighsVarType.kContinuous)
    solver.changeColsIntegrality(len(whole), whole, kinds)
    solver.changeColsBounds(len(whole), whole, decided, decided)
    solver.run()
    return solver.getSolution()


def _break_ties(solver: Any, program: Program, answer: Any, duals: Any) -> None:
    """Go on to the best of the optima: hold what has a reduced cost, and minimise `tie` x.

    Whatever changes a column with a reduced cost, or a row with a dual, is no optimum; what is
    left are the optima, and the solver stands at one of them.  Whole numbers stay as decided.
    """
    values, reduced = np.array(answer.col_value), np.array(answer.col_dual)
    held = (np.abs(reduced) > TOLERANCE) | (program.integer != 0)
    every = np.arange(len(values), dtype=np.int32)
    lower = np.where(held, values, 0.0)
    upper = np.where(held, values, program.upper)
    activity, fixed = np.array(answer.row_value), np.abs(duals) > TOLERANCE
    rows = np.arange(len(activity), dtype=np.int32)
    solver.changeColsBounds(len(every), every, lower, upper)
    solver.changeRowsBounds(
        len(rows),
        rows,
        np.where(fixed, activity, program.row_lower),
        np.where(fixed, activity, program.row_upper),
    )
    solver.changeColsCost(len(every), every, program.tie)
    solver.setOptionValue("solver", "simplex")
    solver.setOptionValue("simplex_strategy", PRIMAL)  # the start is feasible
    solver.run()
