"""What a search gives: the policy found, what is promised of it, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.spec import Constraint, MetricSpec
from backsim.scenario.model import Model
from backsim.search.choice import Choice
from backsim.search.problem import Problem
from backsim.search.space import Point
from backsim.search.words import finding
from backsim.search.worlds import Phase
from backsim.statistics import Difference, Estimate
from backsim.study.experiment import Policy

if TYPE_CHECKING:
    import pandas as pd

    from backsim.experiment.comparison import Comparison


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


@dataclass(frozen=True)
class Spending:
    """What a search has cost."""

    replications: Mapping[Phase, int]
    seconds: float
    points: int
    """Policies that were tried."""

    @property
    def total(self) -> int:
        """All replications."""
        return sum(self.replications.values())


@dataclass(frozen=True, eq=False)
class Search:
    """The policy found and what is promised of it.

    `best` is None where no policy that was tried keeps the constraints; `nearest` is then the one
    that comes nearest.  `figures` is a study of the policy found and the present one, on random
    numbers that neither the search nor the choice has seen.
    """

    problem: Problem = field(repr=False)
    best: Policy | None
    point: Point | None
    nearest: Policy | None
    choice: Choice = field(repr=False)
    figures: Comparison | None = field(repr=False)
    kept: tuple[Kept, ...]
    spent: Spending

    @property
    def promised(self) -> bool:
        """It is decided which policy is best, and that it keeps the constraints."""
        return self.best is not None and self.choice.decided and all(k.surely for k in self.kept)

    @property
    def model(self) -> Model | None:
        """The scenario with the policy found."""
        return None if self.best is None else self.best.model

    @property
    def settings(self) -> dict[str, Any]:
        """Path -> value of the policy found."""
        return {} if self.best is None else dict(self.best.settings)

    @property
    def alike(self) -> tuple[str, ...]:
        """The policies that could not be told from the best when the choice ended."""
        return tuple(map(self.problem.space.name, self.choice.alike))

    @cached_property
    def cost(self) -> Estimate | None:
        """The objective of the policy found."""
        return None if self.figures is None else self.estimate(self._objective)

    @cached_property
    def saving(self) -> Difference | None:
        """The objective of the policy found less that of the present one, paired."""
        from backsim.study.analysis import against

        if self.figures is None or len(self.figures.policies) < 2:
            return None
        return against(self.figures, self._objective, 1).get(0)

    def estimate(self, metric: str | MetricSpec) -> Estimate:
        """A metric of the policy found.  Raises InputError for an unknown metric."""
        from backsim.study.analysis import estimates

        assert self.figures is not None
        return estimates(self.figures, self.figures.spec(metric))[0]

    @property
    def _objective(self) -> MetricSpec:
        assert self.problem.asked.objective is not None
        return self.problem.asked.objective.metric

    @cached_property
    def finding(self) -> str:
        """What was found and what is promised, in a paragraph."""
        return finding(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        cost, saving = self.cost, self.saving
        return {
            "title": self.problem.asked.title or self.problem.asked.name,
            "finding": self.finding,
            "promised": self.promised,
            "best": self.best and self.best.name,
            "settings": self.settings,
            "nearest": self.nearest and self.nearest.name,
            "objective": str(self.problem.asked.objective),
            "cost": cost and {"mean": cost.mean, "half_width": cost.half_width},
            "saving": saving and {"mean": -saving.mean, "half_width": saving.half_width},
            "constraints": [
                {
                    "constraint": str(k.constraint),
                    "mean": k.estimate.mean,
                    "bound": k.bound,
                    "kept": k.surely,
                }
                for k in self.kept
            ],
            "confidence": self.problem.asked.confidence,
            "indifference": self.choice.indifference,
            "alike": list(self.alike),
            "needs": self.choice.needs,
            "spent": {
                "replications": {p.name.lower(): n for p, n in self.spent.replications.items()},
                "seconds": self.spent.seconds,
                "policies": self.spent.points,
            },
        }

    def table(self) -> pd.DataFrame:
        """The policy found and the present one: one row each, with mean and half-width."""
        import pandas as pd

        return pd.DataFrame() if self.figures is None else self.figures.table()
