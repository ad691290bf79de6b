"""What a solver answers, and what it is asked to keep to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver.program import INF, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OPTIMAL, TIME_LIMIT, INFEASIBLE = "optimal", "time limit", "infeasible"
TRACE = 1e-6
"""Units below which there is none: solvers keep to limits within 1e-7."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The values of the columns, and what a unit of each row's bound is worth.

    `duals[i]` is by how much the least cost rises with one unit more of row i's bound: 0 or less
    for a limit on what there is.  Those of a mixed program hold while its whole numbers stay
    as they are (nan where all are whole).  `bound`: no plan costs less.
    """

    status: str
    values: Floats
    duals: Floats
    objective: float
    bound: float

    @property
    def found(self) -> bool:
        """Whether there are values: a solver that ran out of time may have none yet."""
        return self.status != INFEASIBLE and self.objective < INF

    @property
    def gap(self) -> float:
        """How far the objective may be from the least, as a share of it."""
        return abs(self.objective - self.bound) / max(1e-9, abs(self.objective))


@dataclass(frozen=True, slots=True)
class Effort:
    """When a solver may stop: seconds, and the relative gap of mixed programs."""

    time_limit: float = float("inf")
    gap: float = 1e-6
    ties: bool = True
    """Whether equal optima are told apart by `Program.tie`."""
    nodes: int | None = None
    """Nodes of branch and bound after which the best so far is taken."""


def no_solution(status: str = INFEASIBLE, bound: float = INF) -> Solution:
    """There is none; or, with the status `time limit`, none yet."""
    nothing = np.empty(0)
    return Solution(status, nothing, nothing, INF, bound)


def without_columns(program: Program) -> Solution:
    """The solution of a program in which nothing can be decided: solvers differ on those."""
    nothing, duals = np.empty(0), np.zeros(len(program.row_upper))
    if (program.row_lower > 0.0).any() or (program.row_upper < 0.0).any():
        return Solution(INFEASIBLE, nothing, nothing, INF, INF)
    return Solution(OPTIMAL, nothing, duals, program.offset, program.offset)
