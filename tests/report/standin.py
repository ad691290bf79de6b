"""A study made by hand: runs of small models, kept as the figures and tables want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim import streams
from backsim.engines import simpy
from backsim.results.metrics import Metrics, measure, views_of
from backsim.results.profile import Profile, profile
from backsim.results.spec import (
    Constraint,
    MetricSpec,
    Objective,
    parse_constraint,
    parse_metric,
    parse_objective,
)
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

if TYPE_CHECKING:
    import pandas as pd

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


@dataclass(frozen=True)
class StandInPolicy:
    name: str
    settings: Mapping[str, Any]
    model: Model


@dataclass(frozen=True)
class StandInExperiment:
    name: str
    title: str
    question: str
    objective: Objective | None
    constraints: tuple[Constraint, ...]
    reference: str
    metrics: tuple[MetricSpec, ...]
    confidence: float
    factors: Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class StandIn:
    experiment: StandInExperiment
    policies: tuple[StandInPolicy, ...]
    results: tuple[tuple[Metrics, ...], ...]
    courses: tuple[tuple[Profile, ...], ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    """Metric (as text) -> values of shape (policies, replications) to give instead."""

    def array(self, metric: str, dimension: str = "", member: str = "") -> np.ndarray:
        text = str(MetricSpec(metric, dimension, member))
        if text in self.written:
            return np.array(self.written[text], float)
        return np.array(
            [
                [
                    one.get(metric, dimension, member)
                    if (dimension, member) in one.views
                    else np.nan
                    for one in row
                ]
                for row in self.results
            ]
        )

    def profiles(self, policy: str) -> Sequence[Profile]:
        return self.courses[[p.name for p in self.policies].index(policy)]


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
    kept = []
    for name, changes in policies.items():
        model = from_dict(base, changes=dict(changes))
        kept.append(StandInPolicy(name, dict(changes), model))
    views = views_of(kept[0].model)
    results, courses = [], []
    for policy in kept:
        logs = [
            play(policy.model, streams.draw(policy.model, seed, r)) for r in range(replications)
        ]
        results.append(tuple(measure(policy.model, log) for log in logs))
        courses.append(tuple(profile(policy.model, log) for log in logs))
    keys = [k for k in kept[0].settings if all(k in p.settings for p in kept)]
    asked: dict[str, Any] = {
        "name": "stand-in",
        "title": "Which order to clear backorders in",
        "question": "Does it pay to serve gold first?",
        "objective": parse_objective(objective, views) if objective else None,
        "constraints": tuple(parse_constraint(c, views) for c in constraints),
        "reference": reference or kept[0].name,
        "metrics": tuple(parse_metric(m, views) for m in metrics),
        "confidence": 0.95,
        "factors": {k: list(dict.fromkeys(p.settings[k] for p in kept)) for k in keys},
    }
    provenance = {
        "seed": seed,
        "versions": {"backsim": "0.1.0", "numpy": np.__version__},
        "engines": {p.name: {"engine": "simpy", "reason": "small"} for p in kept},
    }
    experiment = StandInExperiment(**{**asked, **fields})
    return StandIn(
        experiment, tuple(kept), tuple(results), tuple(courses), provenance, written or {}
    )


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
