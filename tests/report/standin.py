"""A study made by hand: runs of small models, kept as the figures and tables want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim import streams
from backsim.engines import simpy
from backsim.results.metrics import METRICS, measure, views_of
from backsim.results.profile import profile
from backsim.results.spec import (
    MetricSpec,
    parse_constraint,
    parse_metric,
    parse_objective,
)
from backsim.scenario.load import from_dict
from backsim.study.experiment import Experiment, Policy
from backsim.study.stopping.fixed import Fixed
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BASE: dict[str, Any] = {
    "horizon": 120,
    "warm_up": 20,
    "products": {"mug": {"price": 10}},
    "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}},
    "customers": {
        "gold": {
            "priority": 1,
            "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"},
        },
        "silver": {
            "priority": 2,
            "demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "mug"},
            "tolerance": {"exponential": {"mean": 5}},
        },
    },
    "policy": {"reorder": {"rule": "s_S", "s": 30, "S": 60}, "priority": "class_priority"},
    "costs": {"holding": 0.1, "ordering": 20, "backorder_time": 1, "lost_margin": 5},
}


NETWORK: dict[str, Any] = {
    "horizon": 60,
    "warm_up": 10,
    "products": "mug",
    "sites": ["hub", "north", "south"],
    "suppliers": {"maker": {"lead_time": 4}},
    "customers": {
        "all": {
            "demand": {
                "arrivals": {"poisson": {"rate": 3}},
                "products": "mug",
                "sites": ["north", "south"],
            }
        }
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 6}},
    "stock": [
        {"sites": ["hub"]},
        {"sites": ["north", "south"], "supplier": {"site": "hub", "transport": 1}},
    ],
    "costs": {"holding": 0.1, "backorder_time": 1},
}
"""A hub and two branches."""


@dataclass(frozen=True, eq=False)
class StandIn(Study):
    """A study of which some metrics have the values that a test wants."""

    written: Mapping[str, Any] = field(default_factory=dict)
    """Metric (as text) -> values of shape (policies, replications) to give instead."""

    def array(
        self, metric: str | MetricSpec, dimension: str = "", member: str = ""
    ) -> NDArray[np.float64]:
        spec = self.spec(metric, dimension, member)
        if str(spec) in self.written:
            return np.array(self.written[str(spec)], float)
        return super().array(spec)


def study_of(
    policies: Mapping[str, Mapping[str, Any]],
    *,
    base: Mapping[str, Any] = BASE,
    replications: int = 5,
    seed: int = 1,
    objective: str | None = "minimise cost.total",
    constraints: Sequence[str] = (),
    metrics: Sequence[str] = ("cost.total", "fill_rate[gold]", "mean_wait"),
    reference: str | None = None,
    written: Mapping[str, Any] | None = None,
    play: Any = simpy.run,
    **fields: Any,
) -> StandIn:
    """Policies (name -> changes of the base) played on the same tapes."""
    kept = [Policy(n, dict(c), from_dict(base, changes=dict(c))) for n, c in policies.items()]
    views = views_of(kept[0].model)
    values, shapes = {}, {}
    for place, policy in enumerate(kept):
        for r in range(replications):
            log = play(policy.model, streams.draw(policy.model, seed, r))
            found = measure(policy.model, log)
            values[place, r] = np.array([found.values[name] for name in METRICS])
            shapes[place, r] = profile(policy.model, log).to_bytes()
    keys = [k for k in kept[0].settings if all(k in p.settings for p in kept)]
    asked: dict[str, Any] = {
        "name": "stand-in",
        "title": "Which order to clear backorders in",
        "question": "Does it pay to serve gold first?",
        "objective": parse_objective(objective, views) if objective else None,
        "constraints": tuple(parse_constraint(c, views) for c in constraints),
        "reference": reference or kept[0].name,
        "metrics": tuple(parse_metric(m, views) for m in metrics),
        "factors": {k: tuple(dict.fromkeys(p.settings[k] for p in kept)) for k in keys},
    }
    provenance = {
        "seed": seed,
        "versions": {"backsim": "0.1.0", "numpy": np.__version__},
        "engines": {p.name: {"engine": "simpy", "reason": "small"} for p in kept},
    }
    experiment = Experiment(
        policies=tuple(kept), stopping=Fixed(replications), seed=seed, **{**asked, **fields}
    )
    counts = (replications,) * len(kept)
    return StandIn(experiment, counts, values, shapes, provenance, written=written or {})


def bounds_of(study: StandIn) -> pd.DataFrame:
    """What `Study.bound` gives, with easy numbers: regrets 6, 7, ..., bounds 4, 5 and 6."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "policy": policy.name,
                "replication": k,
                "realised": 10.0 + i + k,
                "bound": 4.0 + k,
                "regret": 6.0 + i,
                "given_receipts": "",
            }
            for i, policy in enumerate(study.policies)
            for k in range(3)
        ]
    )
