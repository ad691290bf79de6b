"""From a book to a plan: by the linear program, or by one of the rules it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import with_fair
from backsim.allocation.model.flow import Flow, flow_of
from backsim.allocation.model.statement import state
from backsim.allocation.plan.conflict import NoPlanError, eased, explain
from backsim.allocation.plan.greedy import Serving, plan_of, rules_for_books, why_not
from backsim.allocation.plan.lists import Columns, Row
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import SHARING
from backsim.allocation.solver import highs
from backsim.allocation.solver.program import (
    INF,
    INFEASIBLE,
    TIME_LIMIT,
    TRACE,
    Effort,
    Program,
    Solution,
    no_solution,
)
from backsim.allocation.solver.solve import solve
from backsim.errors import InputError, nearest
from backsim.rules import FAMILIES

if TYPE_CHECKING:
    import pandas as pd

    from backsim.allocation.solver.program import Codes, Floats


def optimise(
    book: Book, effort: Effort | None = None, *, form: str = "matrix", solver: str = "highs"
) -> Plan:
    """The plan of least cost; never dearer than that of a priority rule that keeps the limits.

    With strict ranks, of least cost for each rank given what the better ones have.
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
    if (
        floor is not None
        and (program.rank is None or not found.found)
        and found.objective > (cost := float(program.cost @ floor + program.offset))
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
    serving = Serving(book)
    plans = [serving.plan(rule) for rule in rules_for_books()]
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


def with_owed(book: Book) -> Book:
    """The book with what each line whose promise is over has to have, and by which day.

    No unit is expedited for it, and none goes where it costs more than leaving the line unserved.
    """
    over = np.flatnonzero(book.over)
    if not len(over):
        return replace(book, owed=np.zeros(0))
    lines, options, count = book.lines, book.options, len(book.lines)
    dear = (options.expedite > 0.0) | ~book.useful
    nothing = np.zeros(len(options))
    soonest = replace(
        book,
        lines=replace(lines, due=np.zeros(count), weight=np.ones(count), lost=np.full(count, INF)),
        options=replace(
            options,
            transport=np.where(dear, INF, 0.0),
            transfer=nothing,
            expedite=nothing,
            substitution=nothing,
        ),
    )
    order = over[np.lexsort((over, lines.promised[over]))]
    plan = plan_of(soonest, "owed", Serving(soonest).serve(order), 0.0)
    units = np.floor(plan.served + TRACE) if book.limits.whole else plan.served
    owed = book.over & (units > TRACE)
    return replace(book, owed=np.where(owed, plan.complete_on, INF), owed_units=units)


def newer(book: Book, program: Program) -> Codes:
    """The rows of promises that give way to what is owed."""
    lines = np.flatnonzero(np.isfinite(book.keep_by))
    return np.asarray(program.rows["promise"].start + np.flatnonzero(~book.over[lines]))


LP = "lp"
MOST_SHARED = 100_000
"""Choices up to which the sharing rules, each a linear program, are compared too."""


def rule_names() -> list[str]:
    """What `allocate` can be asked for: the program, the priority rules, the sharing rules."""
    return [LP, *(rule.name for rule in rules_for_books()), *SHARING]


def allocate(book: Book, rule: str = LP, effort: Effort | None = None, **how: Any) -> Plan:
    """The plan of the linear program or of a rule.  `how`: `form` and `solver` of the program.

    Raises InputError for an unknown rule, InfeasibleError when no plan keeps to the limits.
    """
    given: Any = book
    if not isinstance(given, Book):
        kind = type(given).__name__
        raise InputError(f"allocate: expected a Book, as `read_book` gives, got {kind}")
    if rule == LP:
        return optimise(book, effort, **how)
    rule, book = str(rule), prepared(book)
    if rule in SHARING:
        return SHARING[rule](book)
    known = FAMILIES["priority"].rules
    if rule not in known:
        near = nearest(rule, rule_names())
        raise InputError(f"rule: expected a rule that can order a book ({near}), got {rule!r}")
    if reason := why_not(known[rule]):
        raise InputError(f"rule: expected {reason}, got {rule!r}")
    return Serving(book).plan(known[rule])


def all_plans(chosen: Plan, effort: Effort | None = None) -> list[Plan]:
    """The chosen plan, then those of the others; sharing rules only of books that are not large."""
    plans, book = [chosen], chosen.book
    if chosen.rule != LP:
        with suppress(NoPlanError):  # the rules keep no promises, so they have plans all the same
            plans.append(optimise(book, effort))
    serving = Serving(book)
    plans += [serving.plan(rule) for rule in rules_for_books() if rule.name != chosen.rule]
    if len(book.options) <= MOST_SHARED:
        plans += [share(book) for name, share in SHARING.items() if name != chosen.rule]
    return plans


def side_by_side(plans: Sequence[Plan]) -> pd.DataFrame:
    """One row a plan: its cost by term, what it serves, and which limits it does not keep.

    `more` is how much more it costs than the linear program's plan, where there is one.
    """
    import pandas as pd

    return pd.DataFrame(compared(plans))


def compared(plans: Sequence[Plan]) -> Columns:
    """The columns of `side_by_side`."""
    least = next((p.cost for p in plans if p.rule == LP), float("nan"))
    found = [_row(plan, least) for plan in plans]
    return {name: [row[name] for row in found] for name in found[0]}


def _row(plan: Plan, least: float) -> Row:
    lines = plan.book.lines
    asked = float(lines.units.sum())
    whole = lines.units - plan.served <= TRACE
    nothing = lines.units <= TRACE  # open, so that nothing can come late
    in_time = whole & (nothing | (plan.complete_on <= lines.due))
    return {
        "rule": plan.rule,
        "cost": plan.cost,
        "more": plan.cost - least,
        **plan.terms,
        "units_served": float(plan.served.sum()) / asked if asked else np.nan,
        "lines_whole": float(whole.mean()) if len(lines) else np.nan,
        "lines_in_time": float(in_time.mean()) if len(lines) else np.nan,
        "breaks": "; ".join(broken_limits(plan)),
    }


def shown_terms(plans: Sequence[Plan]) -> list[str]:
    """The terms of the objective that any of the plans has."""
    return [name for name in plans[0].terms if any(abs(plan.terms[name]) > TRACE for plan in plans)]
