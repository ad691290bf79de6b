"""From a book to a plan: by the linear program, or by one of the rules it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import with_fair
from backsim.allocation.model.flow import Flow, flow_of
from backsim.allocation.model.statement import state
from backsim.allocation.plan.conflict import NoPlanError, eased, explain
from backsim.allocation.plan.greedy import Desk, rules_for_books
from backsim.allocation.plan.overdue import newer, with_owed
from backsim.allocation.plan.plan import Plan
from backsim.allocation.solver import highs
from backsim.allocation.solver.program import INF, Program
from backsim.allocation.solver.solution import (
    INFEASIBLE,
    TIME_LIMIT,
    Effort,
    Solution,
    no_solution,
)
from backsim.allocation.solver.solve import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def optimise(
    book: Book, effort: Effort | None = None, *, form: str = "matrix", solver: str = "highs"
) -> Plan:
    """The plan of least cost; never dearer than that of a priority rule that keeps the limits.

    Raises InfeasibleError when promises, least fills and the fairness bound cannot all be kept,
    and NoPlanError when the time is over before there is a plan.
    """
    start, effort = time.perf_counter(), effort or Effort()
    book = prepared(book)
    flow = flow_of(book)
    program = state(book, flow)
    floor = floor_of(book, flow, program) if program.is_mixed else None
    found = solve(program, effort, start=floor, form=form, solver=solver)
    if found.status == INFEASIBLE:
        if floor is None:
            program, found = _second_best(
                book, flow, program, lambda other: solve(other, effort, form=form, solver=solver)
            )
        else:  # a solver that overlooks the floor is wrong
            found = no_solution(TIME_LIMIT, -INF)
    if found.status == TIME_LIMIT and floor is None:  # of a linear program, or still none
        floor = floor_of(book, flow, program)
    if floor is not None and found.objective > (
        cost := float(program.cost @ floor + program.offset)
    ):
        duals = np.full(len(program.row_upper), np.nan)
        found = Solution(found.status, floor, duals, cost, min(found.bound, cost))
    if not found.found:
        raise NoPlanError(
            f"stopped by the time limit of {effort.time_limit:g} s: there is no plan yet; "
            "allow more time (--time-limit)"
        )
    units = flow.decode(found.values[program.columns["units"]])
    return Plan(
        book=book,
        rule="lp",
        units=np.maximum(units, 0.0),
        worth=np.maximum(-flow.worth(found.duals[program.rows["available"]]), 0.0),
        status=found.status,
        bound=found.bound,
        seconds=time.perf_counter() - start,
    )


def prepared(book: Book) -> Book:
    """The book with what follows from it: what is owed, and who has which fair share."""
    return with_fair(with_owed(book))


def floor_of(book: Book, flow: Flow, program: Program) -> Floats | None:
    """The columns of the cheapest plan of a priority rule that keeps the limits, if one does."""
    desk = Desk(book)
    plans = [desk.plan(rule) for rule in rules_for_books()]
    for plan in sorted(plans, key=lambda plan: plan.cost):
        if not broken_limits(plan):
            values = _columns_of(plan, flow, program)
            if values is not None:
                return values
    return None


def _columns_of(plan: Plan, flow: Flow, program: Program) -> Floats | None:
    """All columns of the program for a plan, found by holding its units; None: it does not fit."""
    return highs.completed(program, program.columns["units"], flow.encode(plan.units))


def _second_best(
    book: Book, flow: Flow, program: Program, solved: Callable[[Program], Solution]
) -> tuple[Program, Solution]:
    """What gives way where not all can be had: fairness to whole numbers, promises to older ones.

    Raises InfeasibleError if that is not enough.
    """
    ways = []
    if np.isfinite(book.owed).any():
        unowed = replace(book, owed=np.zeros(0), owed_units=np.zeros(0))
        other = state(unowed, replace(flow, book=unowed))
        if solved(other).status == INFEASIBLE:
            book, program = unowed, other  # what is owed is not what stands in the way
        else:
            ways = [eased(program, newer(book, program)), other]
    if "fairness" in program.rows and program.is_mixed:
        part = program.rows["fairness"]
        ways.append(eased(program, np.arange(part.start, part.stop)))
    for way in ways:
        if way is not None and (found := solved(way)).found:
            return way, found
    raise explain(book, program)
