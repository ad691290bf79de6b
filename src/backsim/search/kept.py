"""How surely what a search found keeps a constraint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.results.spec import Constraint
from backsim.statistics import Estimate, estimate
from backsim.study.analysis import values_of

if TYPE_CHECKING:
    from backsim.experiment.comparison import Comparison
    from backsim.search.problem import Problem


@dataclass(frozen=True)
class Kept:
    """A constraint, and the one-sided bound of what the policy found has: see `Search.kept`."""

    constraint: Constraint
    estimate: Estimate
    bound: float
    """What it keeps at least (at most, for <=), at the confidence of the search; nan if nothing
    could be measured."""

    @property
    def surely(self) -> bool:
        """The bound keeps the constraint; also where there is nothing to measure."""
        return bool(np.isnan(self.bound)) or self.constraint.holds(self.bound)


def kept_by(problem: Problem, figures: Comparison, policy: int = 0) -> Iterator[Kept]:
    """Each constraint, with the one-sided bound of a policy; a policy's bounds hold together."""
    constraints = problem.asked.constraints
    error = (1 - problem.asked.confidence) / max(1, len(constraints))
    for constraint in constraints:
        values = values_of(figures, constraint.metric)[policy]
        found = estimate(values.tolist(), 1 - 2 * error)
        yield Kept(constraint, found, found.mean - constraint.sign * found.half_width)
