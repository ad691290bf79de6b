"""The gap to a lower bound: what no way of clearing backorders can cost less than.

The bound in hindsight (`backsim.hindsight`) holds for every clearing rule, whether it is among the
policies tried or not, if purchases do not depend on who is served.  It says nothing about other
levels: those buy other units at other times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.hindsight.bound import TERMS, bounds
from backsim.results.metrics import parts_of
from backsim.results.spec import MetricSpec
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
ROUNDING = 1e-9


@dataclass(frozen=True)
class Gap:
    """What no clearing rule with the same purchases can cost less than: money per day."""

    least: Estimate
    """The bound."""
    apart: Estimate
    """What the policy found costs above it, paired."""

    @property
    def closed(self) -> bool:
        """Whether the policy found costs no more than the bound."""
        return self.apart.mean <= ROUNDING * max(1.0, abs(self.least.mean))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "bound": {"mean": self.least.mean, "half_width": self.least.half_width},
            "apart": {"mean": self.apart.mean, "half_width": self.apart.half_width},
            "replications": self.least.count,
        }


def gap_of(figures: Study, engine: str, workers: int | None) -> Gap | None:
    """The gap of the first policy of a study whose objective is its total cost.

    None where the bound does not hold for every clearing rule, where another cost depends on
    clearing, or where replications are too long to bound several.
    """
    asked = figures.experiment
    found, today = asked.policies[0].model, asked.policies[-1].model
    count = min(MOST, figures.counts[0], int(MOST_ORDERS / max(1.0, found.expected_orders)))
    assert asked.objective is not None
    if asked.objective.metric != MetricSpec("cost.total") or count < LEAST:
        return None
    unknown = [name for name in parts_of("cost.total") if name not in (*TERMS, *OTHERS)]
    if any(np.nan_to_num(_costs(figures, name, count)).any() for name in unknown):
        return None
    models = {"found": found, "today": today}  # the kernel of the figures
    regrets: list[float] = []
    try:
        for wanted in (1, count):  # the first says whether there is any such bound
            each = bounds(models, {"found": wanted}, asked.seed, engine=engine, workers=workers)[
                "found"
            ]
            if not all(one.exact for one in each):
                return None
            regrets = [one.regret for one in each]
    except InputError:  # units or customers take ways that the bound does not know of
        return None
    apart = np.array(regrets)
    return Gap(
        estimate((_costs(figures, "cost.total", count) - apart).tolist(), asked.confidence),
        estimate(apart.tolist(), asked.confidence),
    )


def _costs(figures: Study, name: str, count: int) -> Floats:
    """A cost of the first policy, by replication."""
    return np.asarray(values_of(figures, MetricSpec(name))[0][:count])
