"""A program straight into HiGHS, in this process: arrays in, arrays out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.solver.improve import improve
from backsim.allocation.solver.program import (
    INF,
    INFEASIBLE,
    OPTIMAL,
    TIME_LIMIT,
    TRACE,
    Effort,
    Program,
    Solution,
    no_solution,
    without_columns,
)
from backsim.allocation.solver.steps import in_steps
from backsim.allocation.solver.ties import told_apart
from backsim.errors import BacksimError

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

SMALL = 20_000
"""Columns up to which the simplex method without presolving is fastest."""

TWICE = 2_000
"""Columns up to which a mixed program is solved in two ways."""

SEARCHED = 0.5
"""Share of its time after which a large program is improved part by part."""

EASY = 1e-4
"""Relative gap of a part."""

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

    def solve(self, program: Program, effort: Effort, start: Floats | None = None) -> Solution:
        """As `solve`; what came before does not matter."""
        return solve(program, effort, self._highs, start)


def solve(
    program: Program,
    effort: Effort | None = None,
    solver: Any = None,
    start: Floats | None = None,
) -> Solution:
    """Solve with HiGHS: the simplex method, or branch and cut where columns are whole numbers.

    `start`: values that keep to all rows.  What is found is never worse.
    """
    effort = effort or Effort()
    if not len(program.cost):
        return without_columns(program)
    if program.is_mixed:
        stop = time.monotonic() + effort.time_limit
        best = optimum(program, effort, start, solver)
        return finished(program, best, effort.left(stop), solver)
    solver = new_solver(program, effort, solver)
    apart = _run(solver)
    status, complete = _status(solver)
    if not complete:
        return _at_least(program, no_solution(status, -INF), start)
    answer = solver.getSolution()
    values, duals = np.array(answer.col_value), np.array(answer.row_dual)
    objective = float(solver.getObjectiveValue()) + apart
    if effort.ties and status == OPTIMAL:
        _break_ties(solver, program, answer, duals)
        values = np.array(solver.getSolution().col_value)
    bound = objective if status == OPTIMAL else -INF
    return _at_least(program, Solution(status, values, duals, objective, bound), start)


def _at_least(program: Program, found: Solution, start: Floats | None) -> Solution:
    """What was found, or the start where the time was over before there was a better."""
    if start is None or found.status != TIME_LIMIT:
        return found
    cost = float(program.cost @ start + program.offset)
    if cost >= found.objective:
        return found
    unknown = np.full(len(program.row_upper), np.nan)
    return Solution(TIME_LIMIT, start, unknown, cost, found.bound)


def optimum(
    program: Program, effort: Effort, start: Floats | None = None, solver: Any = None
) -> Solution:
    """An optimum; without duals, and whichever of equal ones it is, where numbers are whole.

    Of a small program with whole numbers the better of two ways, with and without presolving.

    HiGHS 1.15 is wrong now and then: of a thousand small books with whole orders, one or two are
    called optimal, or without a solution, that are not, and presolving hangs on fewer still.  The
    two ways are wrong on different books; bounds on the columns were enough where it hung.
    A large one in steps that is said to have no solution, or to be solved without a bound, is
    solved again as it is.
    """
    if not program.is_mixed:
        return solve(program, replace(effort, ties=False), solver, start)
    stop = time.monotonic() + effort.time_limit
    if len(program.cost) > TWICE:
        if steps := in_steps(program):
            began = None if start is None else steps.steps(start)
            best = _searched(steps.program, effort, began, solver)
            if best.found and (best.status == TIME_LIMIT or best.bound > -INF):
                return replace(best, values=steps.values(best.values))
            if best.status == TIME_LIMIT:
                return best
        return _searched(program, effort, start, solver)
    found = [branch(program, effort, solver, "off", start)]
    found.append(branch(_bounded(program), effort.left(stop), solver, "on", start))
    best = min(found, key=lambda solution: solution.objective)
    if not best.found:
        stopped = [one for one in found if one.status == TIME_LIMIT]
        return (stopped or found)[0]
    return replace(best, bound=min(solution.bound for solution in found))


def _searched(program: Program, effort: Effort, start: Floats | None, solver: Any) -> Solution:
    """What branch and bound has after a share of the time, then improved part by part."""
    stop = time.monotonic() + effort.time_limit
    first = replace(effort, time_limit=SEARCHED * effort.time_limit)
    best = branch(_bounded(program), first, solver, "on", start)
    if not best.found or best.status != TIME_LIMIT or effort.time_limit == INF:
        return best
    values = improve(program, best.values, stop - time.monotonic(), _again)
    return replace(best, values=values, objective=float(program.cost @ values + program.offset))


def finished(program: Program, best: Solution, effort: Effort, solver: Any = None) -> Solution:
    """What any solver found, with its whole numbers whole, and its equals told apart in the time.

    The duals are those of the linear program that is left when whole numbers are decided.
    """
    if not best.found:
        return best
    if not program.is_mixed:
        equal = effort.ties and best.status == OPTIMAL
        return replace(best, values=solve(program, effort, solver).values) if equal else best
    if effort.ties:
        best = told_apart(
            program, best, effort, lambda asked, limit, begin: optimum(asked, limit, begin, solver)
        )
    if program.integer.all() or program.integer[0]:
        return best
    solver = new_solver(program, replace(effort, time_limit=INF), solver)
    answer = _with_whole_numbers_held(solver, program, best.values)
    if _status(solver) != (OPTIMAL, True):  # rounded, the whole numbers fit no more
        return best
    values, duals = np.array(answer.col_value), np.array(answer.row_dual)
    if effort.ties and best.status == OPTIMAL:
        _break_ties(solver, program, answer, duals)
        values = np.array(solver.getSolution().col_value)
    objective = float(program.cost @ values + program.offset)
    return replace(best, values=values, duals=duals, bound=min(best.bound, objective))


def branch(
    program: Program,
    effort: Effort,
    solver: Any = None,
    presolve: str = "on",
    start: Floats | None = None,
) -> Solution:
    """What one run of branch and cut finds."""
    solver = new_solver(program, effort, solver)
    solver.setOptionValue("presolve", presolve)
    if start is not None:
        _begin_at(solver, start)
    apart = _run(solver)
    status, complete = _status(solver)
    if status == INFEASIBLE:
        return no_solution()
    bound = float(solver.getInfo().mip_dual_bound) + apart
    if not complete:
        return _at_least(program, no_solution(status, bound), start)
    found = Solution(
        status,
        np.array(solver.getSolution().col_value),
        np.full(len(program.row_upper), np.nan),
        float(solver.getObjectiveValue()) + apart,
        bound,
    )
    return _at_least(program, found, start)


def _again(program: Program, values: Floats, held: Codes, seconds: float) -> Floats | None:
    """Better values than these, with some whole numbers held."""
    solver = new_solver(program, Effort(time_limit=seconds, gap=EASY))
    solver.setOptionValue("presolve", "on")
    decided = np.round(values[held])
    solver.changeColsBounds(len(held), held.astype(np.int32), decided, decided)
    _begin_at(solver, values)
    solver.run()
    return np.array(solver.getSolution().col_value) if _status(solver)[1] else None


def _begin_at(solver: Any, start: Floats) -> None:
    import highspy

    solution = highspy.HighsSolution()
    solution.col_value = start.tolist()
    solver.setSolution(solution)


def _bounded(program: Program) -> Program:
    """The program with the bounds on columns that follow from rows without negative entries."""
    least = np.zeros(len(program.row_upper))
    np.minimum.at(least, program.index, program.value)
    useful = (least[program.index] >= 0.0) & (program.value > 0.0)
    upper = program.upper.copy()
    most = program.row_upper[program.index[useful]] / program.value[useful]
    np.minimum.at(upper, program.entry_columns[useful], np.maximum(0.0, most))
    whole = np.floor(upper + TRACE)  # of a bound in between HiGHS 1.15 makes programs infeasible
    return replace(program, upper=np.where(program.integer != 0, whole, upper))


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
        if effort.nodes is not None:
            found["mip_max_nodes"] = effort.nodes
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
    if effort.time_limit < INF:  # its clock goes on from program to program
        solver.setOptionValue("time_limit", solver.getRunTime() + effort.time_limit)
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


def _run(solver: Any) -> float:
    """Run a solver; what is to be added to the objective and the bound that it says.

    Next to a great offset the rest of the objective is lost to rounding, and HiGHS, which compares
    it with that of the dual, cannot tell whether it is done; then it runs without the offset.
    """
    import highspy

    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kUnknown:
        return 0.0
    offset = float(solver.getObjectiveOffset()[1])
    solver.changeObjectiveOffset(0.0)
    solver.run()
    return offset


def _status(solver: Any) -> tuple[str, bool]:
    """How a solver ended, and whether it has values that keep to all bounds."""
    import highspy

    kinds = highspy.HighsModelStatus
    found = solver.getModelStatus()
    if found in (kinds.kOptimal, kinds.kModelEmpty):
        return OPTIMAL, True
    if found in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return INFEASIBLE, False  # costs are bounded below: units are
    if found in (kinds.kTimeLimit, kinds.kSolutionLimit):  # of time, or of nodes
        return TIME_LIMIT, solver.getInfo().primal_solution_status == FEASIBLE
    raise BacksimError(f"the solver stopped: {solver.modelStatusToString(found)}")


def completed(program: Program, block: slice, values: Floats) -> Floats | None:
    """All columns of the program where those of a block have these values; None: they cannot."""
    if not len(program.cost):
        return None
    solver = new_solver(program, Effort())
    solver.setOptionValue("presolve", "on")
    columns = np.arange(block.start, block.stop, dtype=np.int32)
    solver.changeColsBounds(len(columns), columns, values, values)
    _run(solver)
    _, complete = _status(solver)
    return np.array(solver.getSolution().col_value) if complete else None


def _with_whole_numbers_held(solver: Any, program: Program, values: Any) -> Any:
    """The solution of the linear program that is left when the whole numbers are decided."""
    import highspy

    whole = np.flatnonzero(program.integer).astype(np.int32)
    decided = np.round(values[whole])
    kinds = np.full(len(whole), highspy.HighsVarType.kContinuous)
    solver.changeColsIntegrality(len(whole), whole, kinds)
    solver.changeColsBounds(len(whole), whole, decided, decided)
    _run(solver)
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
