"""How surely what a search found keeps a constraint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.results.spec import Constraint
from backsim.statistics import Estimate, estimate, unseen
from backsim.study.analysis import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.experiment.comparison import Comparison
    from backsim.search.problem import Problem

    Floats = NDArray[np.float64]

ROUNDING = 1e-9


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
        perfect = is_perfect(constraint, values[~np.isnan(values)])
        width = unseen(found.count, error) if perfect else found.half_width
        yield Kept(constraint, found, found.mean - constraint.sign * width)


def is_perfect(constraint: Constraint, values: Floats) -> bool:
    """Whether all replications have the best share there is, so that their spread tells nothing.

    What none of them has may still happen in another one, and be all of it.
    """
    best = 1.0 if constraint.sign > 0 else 0.0
    alike = np.isclose(values, best, rtol=0.0, atol=ROUNDING)
    return constraint.metric.is_share and len(values) > 0 and bool(alike.all())
