"""A model of theory as a scenario that can be run, and how long one replication is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backsim.theory.records import Answer

WARM_UP, COUNTED = 20_000, 100_000
"""Orders of a replication that are not counted, and that are.

The slowest of these systems forget their start within about 1,500 orders.
"""


@dataclass(frozen=True)
class Case:
    """A scenario with the parameters that measures need.

    `span` is (warm-up, horizon) in days; `random` says whether replications differ; `period` is
    given where warm-up and horizon may be any numbers of periods; `lead_times`, where they are
    given, are replayed instead of drawn.  Where theory's quantities are not whole numbers,
    `facts["parts"]` units of the scenario are one of theory, `allowed` is by how much at most that
    changes "units" and "cost", and `steps` says how far the neighbours of an optimum are; the
    half-width asked of these is `slack` times what it is elsewhere.
    """

    model: Answer
    scenario: Mapping[str, Any]
    span: tuple[float, float]
    random: bool = True
    period: float = 0.0
    lead_times: Sequence[float] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    allowed: Mapping[str, float] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    slack: float = 1.0

    @property
    def explicit(self) -> dict[str, Any]:
        """The scenario with its span: all that tells one case from another."""
        warm_up, horizon = self.span
        return {**self.scenario, "warm_up": warm_up, "horizon": horizon}

    def shorter(self, share: float) -> Case:
        """The same with a share of the time, if how long it is does not matter to theory."""
        if not self.period:
            return self
        warm_up, horizon = (self.period * math.ceil(share * t / self.period) for t in self.span)
        return replace(self, span=(warm_up, horizon))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the customer classes."""
        return tuple(self.scenario["customers"])


def steady(orders_a_day: float, period: float = 1.0) -> tuple[float, float]:
    """The span of a long run in steady state, in whole periods."""
    warm_up = period * math.ceil(WARM_UP / orders_a_day / period)
    return warm_up, warm_up + period * math.ceil(COUNTED / orders_a_day / period)


def one_point(
    *,
    customers: Mapping[str, Any],
    policy: Mapping[str, Any],
    supplier: Mapping[str, Any],
    costs: Mapping[str, float] | None = None,
    stock: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A scenario of one product at one site."""
    return {
        "products": "item",
        "suppliers": {"maker": dict(supplier)},
        "customers": {name: dict(customer) for name, customer in customers.items()},
        "policy": dict(policy),
        "costs": dict(costs or {}),
        "stock": [dict(stock or {})],
    }


def demand(arrivals: Mapping[str, Any], size: Any = 1) -> dict[str, Any]:
    """Demand for the product, in orders of one line."""
    return {"arrivals": dict(arrivals), "products": "item", "size": size}
