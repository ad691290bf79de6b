"""What a search gives: the policy found, what is promised of it, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.results.spec import Constraint, MetricSpec
from backsim.scenario.model import Model
from backsim.search.choice import Choice
from backsim.search.problem import Problem
from backsim.search.space import Point
from backsim.search.words import finding, promise
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
        """The other policies that the choice could not exclude as the best."""
        name = self.problem.space.name
        return tuple(name(point) for point in self.choice.alike if point != self.point)

    @cached_property
    def cost(self) -> Estimate | None:
        """The objective of the policy found."""
        return None if self.figures is None else self.estimate(self._objective)

    @cached_property
    def saving(self) -> Difference | None:
        """The objective of the policy found less that of the present one, paired."""
        from backsim.study.analysis import against

        if self.figures is None or self.figures.experiment.reference_index == 0:
            return None
        present = self.figures.experiment.reference_index
        return against(self.figures, self._objective, present).get(0)

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
    def promise(self) -> str:
        """What was found and what is promised, without what was spent."""
        return promise(self)

    @cached_property
    def finding(self) -> str:
        """What was found, what is promised and what was spent, in a paragraph."""
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
            "trade_off": None if self.problem.service is None else self._trade_off_records(),
            "spent": {
                "replications": {p.name.lower(): n for p, n in self.spent.replications.items()},
                "seconds": self.spent.seconds,
                "policies": self.spent.points,
            },
        }

    def _trade_off_records(self) -> list[dict[str, Any]]:
        rows = [] if self.figures is None else self.trade_off().to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]

    def trade_off(self) -> pd.DataFrame:
        """The policies that none beats in both objective and service, the cheapest first.

        One row each: both metrics with half-widths; the price, what the objective gets worse by for
        each unit of service more than the row before (paired, half-width of the objective's
        difference); and whether the two cannot be told apart in the objective.

        Raises InputError for a search without `trade_off`.
        """
        import pandas as pd

        from backsim.study.analysis import against, efficient, estimates

        service, figures = self.problem.service, self.figures
        if service is None or figures is None:
            raise InputError("trade_off: expected a search with `trade_off`, two metrics")
        specs = (self._objective, service)
        found = [estimates(figures, spec) for spec in specs]
        means = np.array([[e.mean for e in one] for one in found])
        senses = [self.problem.asked.objective.sense, service.sense]  # type: ignore[union-attr]
        order = sorted(efficient(means, senses), key=lambda i: self.problem.sign * means[0, i])
        rows: list[dict[str, Any]] = []
        for n, i in enumerate(order):
            row: dict[str, Any] = {"policy": figures.policies[i].name}
            for spec, one in zip(specs, found, strict=True):
                row |= {str(spec): one[i].mean, f"{spec} +-": one[i].half_width}
            apart = None if n == 0 else against(figures, specs[0], order[n - 1]).get(i)
            more = means[1, i] - means[1, order[n - 1]] if n else np.nan
            row["price"] = abs(apart.mean / more) if apart is not None and more else np.nan
            row["price +-"] = abs(apart.half_width / more) if apart is not None and more else np.nan
            row["alike"] = apart is not None and not apart.significant
            rows.append(row)
        return pd.DataFrame(rows)

    def table(self) -> pd.DataFrame:
        """The policy found and the present one: one row each, with mean and half-width."""
        import pandas as pd

        return pd.DataFrame() if self.figures is None else self.figures.table()
