"""The gap to a lower bound: what no policy, or no way of clearing backorders, can cost less than.

Where theory knows the optimum of all policies (`optimum.py`), the gap is to that.  Else the bound
in hindsight (`backsim.hindsight`) holds for every clearing rule, whether it is among the policies
tried or not, if purchases do not depend on who is served.  It says nothing about other levels:
those buy other units at other times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.hindsight.bound import TERMS, Bound, bounds
from backsim.results.metrics import parts_of
from backsim.results.spec import MetricSpec
from backsim.search.optimum import least_cost
from backsim.statistics import Estimate, estimate
from backsim.study.analysis import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.study.study import Study

    Floats = NDArray[np.float64]

MOST = 10
"""Replications that are bounded."""
MOST_ORDERS = 50_000
"""Orders of all of them, about: some seconds."""
LEAST = 3
"""Replications of which an interval says something."""
OTHERS = ("cost.ordering", "cost.purchase")
"""Costs beside `TERMS` that are the same for all clearing rules with the same purchases."""
OF_STOCK = ("cost.holding", "cost.backorder_time")
"""The costs of which theory knows the optimum."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Gap:
    """What no clearing rule with the same purchases can cost less than: money per day."""

    least: Estimate
    """The bound."""
    apart: Estimate
    """What the policy found costs above it, paired."""
    of_all: bool = False
    """The bound is the exact optimum of all policies, whatever they buy."""
    in_the_long_run: bool = False
    """That optimum is of an endless run, as orders have a cost."""

    @property
    def closed(self) -> bool:
        """Whether the policy found costs no more than the bound."""
        return self.apart.mean <= ROUNDING * max(1.0, abs(self.least.mean))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "bound": {"mean": self.least.mean, "half_width": self.least.half_width},
            "apart": {"mean": self.apart.mean, "half_width": self.apart.half_width},
            "of_all_policies": self.of_all,
            "in_the_long_run": self.in_the_long_run,
            "replications": self.least.count,
        }


def gap_of(figures: Study, engine: str, workers: int | None) -> Gap | None:
    """The gap of the first policy of a study whose objective is its total cost.

    None where no bound holds for every policy or clearing rule, where another cost depends on
    clearing, or where replications are too long to bound several.
    """
    asked = figures.experiment
    assert asked.objective is not None
    if asked.objective.metric != MetricSpec("cost.total"):
        return None
    return _to_optimum(figures) or _to_clearing(figures, engine, workers)


def _to_optimum(figures: Study) -> Gap | None:
    """The gap to the optimum of all policies; None where that is not known."""
    asked, count = figures.experiment, figures.counts[0]
    others = [name for name in parts_of("cost.total") if name not in OF_STOCK]
    spent = [name for name in others if np.nan_to_num(_costs(figures, name, count)).any()]
    if spent not in ([], ["cost.ordering"]):
        return None
    least = least_cost(asked.policies[0].model, orders=bool(spent))
    if not least:  # also where nothing costs anything: only constraints ask for stock
        return None
    costs = _costs(figures, "cost.total", count)
    exact = Estimate(least, 0.0, 0.0, count, asked.confidence)
    return Gap(
        exact,
        estimate((costs - least).tolist(), asked.confidence),
        of_all=True,
        in_the_long_run=bool(spent),
    )


def _to_clearing(figures: Study, engine: str, workers: int | None) -> Gap | None:
    """The gap to the bound in hindsight."""
    asked = figures.experiment
    found, today = asked.policies[0].model, asked.policies[-1].model
    count = min(MOST, figures.counts[0], int(MOST_ORDERS / max(1.0, found.expected_orders)))
    if count < LEAST:
        return None
    unknown = [name for name in parts_of("cost.total") if name not in (*TERMS, *OTHERS)]
    if any(np.nan_to_num(_costs(figures, name, count)).any() for name in unknown):
        return None
    models = {"found": found, "today": today}  # the kernel of the figures
    each: list[Bound] = []
    try:
        for wanted in (1, count):  # the first says whether there is any such bound
            asks = {"found": wanted}
            how: dict[str, Any] = {"engine": engine, "workers": workers, "first": len(each)}
            each += bounds(models, asks, asked.seed, **how)["found"]
            if not all(one.exact for one in each):
                return None
    except InputError:  # units or customers take ways that the bound does not know of
        return None
    apart = np.array([one.regret for one in each])
    return Gap(
        estimate((_costs(figures, "cost.total", count) - apart).tolist(), asked.confidence),
        estimate(apart.tolist(), asked.confidence),
    )


def _costs(figures: Study, name: str, count: int) -> Floats:
    """A cost of the first policy, by replication."""
    return np.asarray(values_of(figures, MetricSpec(name))[0][:count])
