"""From a book to a plan: by the linear program, or by one of the rules it is compared with."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation import highs
from backsim.allocation.book import Book
from backsim.allocation.conflict import NoPlanError, explain
from backsim.allocation.flow import Flow, flow_of
from backsim.allocation.greedy import Desk, broken_limits, rules_for_books
from backsim.allocation.overdue import give_way, with_owed
from backsim.allocation.plan import Plan
from backsim.allocation.program import INF, Program
from backsim.allocation.solution import INFEASIBLE, TIME_LIMIT, Effort, Solution
from backsim.allocation.solve import solve
from backsim.allocation.statement import state

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
    book = with_owed(book)
    flow = flow_of(book)
    program = state(book, flow)
    floor = None
    if program.is_mixed or effort.time_limit < INF:
        floor = floor_of(book, flow, program)
    found = solve(program, effort, start=floor, form=form, solver=solver)
    if found.status == INFEASIBLE:
        if floor is None:
            program, found = _without_what_is_owed(book, flow, program, effort, form, solver)
        else:  # a solver that overlooks the floor is wrong
            found = Solution(TIME_LIMIT, np.empty(0), np.empty(0), INF, -INF)
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


def _without_what_is_owed(
    book: Book, flow: Flow, program: Program, effort: Effort, form: str, solver: str
) -> tuple[Program, Solution]:
    """The program without the promises that stand in the way of those that are over, solved.

    Raises InfeasibleError if there would be no plan without promises that are over.
    """
    if not np.isfinite(book.owed).any():
        raise explain(book, program)
    plain = replace(book, owed=np.zeros(0))
    other = state(plain, replace(flow, book=plain))
    without = solve(other, effort, form=form, solver=solver)
    if without.status == INFEASIBLE:
        raise explain(plain, other)
    yielding = give_way(book, program)
    if yielding is None:
        return other, without
    found = solve(yielding, effort, form=form, solver=solver)
    return (yielding, found) if found.found else (other, without)
