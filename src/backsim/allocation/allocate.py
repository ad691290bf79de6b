"""From a book to a plan: by the linear program, or by one of the rules it is compared with."""

from __future__ import annotations

import time

import numpy as np

from backsim.allocation.book import Book
from backsim.allocation.conflict import explain
from backsim.allocation.plan import Plan
from backsim.allocation.solution import INFEASIBLE, Effort
from backsim.allocation.solve import solve
from backsim.allocation.statement import state


def optimise(
    book: Book, effort: Effort | None = None, *, form: str = "matrix", solver: str = "highs"
) -> Plan:
    """The plan of least cost.

    Raises InfeasibleError when promises, least fills and the fairness bound cannot all be kept.
    """
    start = time.perf_counter()
    program = state(book)
    found = solve(program, effort, form=form, solver=solver)
    if found.status == INFEASIBLE:
        raise explain(book, program)
    units = found.values[program.columns["units"]]
    return Plan(
        book=book,
        rule="lp",
        units=np.maximum(units, 0.0),
        worth=np.maximum(-found.duals[program.rows["available"]], 0.0),
        status=found.status,
        bound=found.bound,
        seconds=time.perf_counter() - start,
    )
