"""Strict ranks: the costs of a better rank are as little as can be, then those of the next.

Each rank is a program of its own, with a row for each better rank that keeps its cost.
Source: preemptive (lexicographic) goal programming, Ignizio, Goal Programming and Extensions
(1976), chapter 3.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver.program import INF, OPTIMAL, Effort, Program, Solution
from backsim.allocation.solver.ties import with_row

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Floats

Solved = Callable[[Program, Effort, "Floats | None"], Solution]
"""Solves a program without ranks, from values that keep to all rows."""


def by_rank(program: Program, effort: Effort, start: Floats | None, solved: Solved) -> Solution:
    """The optimum by rank.  It has no duals: what a unit is worth to one rank, it is not to others.

    `bound` is that of the plans that are as good for all ranks.
    """
    assert program.rank is not None
    kept, stop = replace(program, rank=None), time.monotonic() + effort.time_limit
    ranks = np.unique(program.rank[program.cost != 0.0]).tolist()
    status = OPTIMAL
    for rank in ranks or [0]:
        cost = np.where(program.rank == rank, program.cost, 0.0)
        ties = effort.ties and rank == (ranks or [0])[-1]
        asked = replace(kept, cost=cost, offset=0.0)
        found = solved(asked, replace(effort.left(stop), ties=ties), start)
        if not found.found:
            return found
        start = found.values
        status = status if found.status == OPTIMAL else found.status
        kept = with_row(kept, cost, float(cost @ start))
    assert start is not None
    objective = float(program.cost @ start + program.offset)
    unknown = np.full(len(program.row_upper), np.nan)
    return Solution(status, start, unknown, objective, objective if status == OPTIMAL else -INF)
