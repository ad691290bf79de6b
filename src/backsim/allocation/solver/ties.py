"""Of optima that cost the same, the one that `Program.tie` prefers, where numbers are whole.

First who is served, then when: the preference's whole part, then the rest.  Each is a program of
its own, with a row that keeps the cost, and ends after a number of nodes, so that its answer does
not depend on the machine; or where there is no more time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver.program import INF, OPTIMAL, Effort, Program, Solution
from backsim.errors import BacksimError

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Floats

Optimum = Callable[[Program, Effort, "Floats"], Solution]
"""Solves a program, from values that keep to all rows."""

NODES = 2_000
"""Nodes of branch and bound after which the best of equal plans so far is taken."""
SLACK = 1e-9
"""What an equal plan may cost more, as a share of the cost: rounding."""
CLOSE = 1e-6


def told_apart(program: Program, found: Solution, effort: Effort, optimum: Optimum) -> Solution:
    """The solution, if it is an optimum, with the values that the tie prefers of its equals."""
    if found.status != OPTIMAL or not len(program.cost):
        return found
    stop, values = time.monotonic() + effort.time_limit, found.values
    who = np.floor(program.tie)
    when = program.tie - who
    kept = with_row(program, program.cost, float(program.cost @ values))
    for wish in (who, when / max(1e-300, when.max(initial=0.0))):
        if not wish.any() or time.monotonic() >= stop:
            continue
        asked = replace(kept, cost=wish, offset=0.0)
        limits = Effort(gap=0.0, ties=False, nodes=NODES)
        try:
            better = optimum(asked, limits.left(stop), values)
        except BacksimError:  # numbers too far apart for the solver: what was found is as good
            break
        if better.found and better.objective < float(wish @ values) - CLOSE:
            whole = np.round(better.values)
            values = np.where(program.integer != 0, whole, better.values)
        kept = with_row(kept, wish, float(wish @ values))
    return replace(found, values=values)


def with_row(program: Program, cost: Floats, most: float) -> Program:
    """The program with a last row: by these costs, no more than this."""
    used = np.flatnonzero(cost)
    rows = np.concatenate([program.index, np.full(len(used), len(program.row_upper))])
    columns = np.concatenate([program.entry_columns, used])
    order = np.argsort(columns, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=len(program.cost)))])
    scale = max(1.0, float(np.abs(cost).max(initial=0.0)))
    upper = most / scale + SLACK * max(1.0, abs(most / scale))
    return replace(
        program,
        start=start.astype(np.int32),
        index=rows[order].astype(np.int32),
        value=np.concatenate([program.value, cost[used] / scale])[order],
        row_lower=np.append(program.row_lower, -INF),
        row_upper=np.append(program.row_upper, upper),
    )
