"""The optimum of all policies, where theory knows it: demand at random, and a constant lead time.

What is on hand less the backlog at any time is at most what had been ordered a lead time before,
less the demand since, which nobody knew then.  So holding stock and backorders cost on average at
least the least of h E(y - D)+ + b E(D - y)+ over y, with D the demand of a lead time.  The best
base stock reaches it where nothing else costs money.
Source: Karlin and Scarf, in Arrow, Karlin and Scarf, Studies in the Mathematical Theory of
Inventory and Production (1958), 155-178.
"""

from __future__ import annotations

import numpy as np

from backsim.engines.features import switches
from backsim.scenario.demand.arrivals import PoissonProcess
from backsim.scenario.demand.laws import flows
from backsim.scenario.demand.lifetimes import limited
from backsim.scenario.demand.schema import Process
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.levels.lead_time_demand import LeadTimeDemand, TooMuch
from backsim.scenario.model import Model
from backsim.scenario.schema import Pattern
from backsim.search.items.items import all_wait

BESIDE = frozenset(
    {"JOINT", "GROUPS", "BUDGETS", "CONSOLIDATES", "FORECASTS", "LOTS", "SHARES", "COLLECTS"}
    | {"BATCHES", "CHANGES", "DECIDES", "PIPELINE"}
)
"""Parts of a model that can make policies dearer, but not cheaper than without them."""


def least_cost(model: Model) -> float | None:
    """What holding stock and backorders cost per day at least, whatever the policy.

    None where that is not known.
    """
    costs = model.costs
    waiting = costs["backorder_time"]
    if not _known(model) or np.ptp(waiting, axis=0).any():
        return None
    demand = flows(model.scenario, model.traces)
    total = 0.0
    for point, held, waits in zip(model.scenario.stock, costs["holding"], waiting[0], strict=True):
        asked = [f for f in demand.get((point.product, point.site), ()) if f.mean > 0]
        if not asked:
            continue
        assert point.lead_time is not None
        since = LeadTimeDemand(asked, point.lead_time, 0.0, "compound")
        try:
            below = since.at_most(steady=False)
        except TooMuch:
            return None
        on_hand = np.concatenate([[0.0], np.cumsum(below)])  # the mean of (y - D)+, y = 0, 1, ...
        mean, _ = since.moments(0.0)
        backlog = on_hand - np.arange(len(on_hand)) + mean
        total += float((held * on_hand + waits * backlog).min())
    return total


def _known(model: Model) -> bool:
    """Whether demand comes at random, all of it waits, and units take a constant time."""
    scenario = model.scenario
    demand = [one for customer in scenario.customers.values() for one in customer.demand]
    return (
        all_wait(model)
        and not switches(model) - BESIDE
        and not limited(scenario.products)
        and all(
            isinstance(one, Process)
            and isinstance(one.arrivals, PoissonProcess)
            and one.pattern == Pattern()
            for one in demand
        )
        and all(
            isinstance(point.lead_time, Deterministic) and point.lead_time.value <= model.warm_up
            for point in scenario.stock
        )
    )
