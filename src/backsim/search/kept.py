"""How surely what a search found keeps a constraint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backsim.results.spec import Constraint
from backsim.statistics import Estimate


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
