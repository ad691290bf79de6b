"""The optimum of all policies, where theory knows it: demand at random, and a constant lead time.

What is on hand less the backlog at any time is at most what had been ordered a lead time before,
less the demand since, which nobody knew then.  So holding stock and backorders cost on average at
least the least of h E(y - D)+ + b E(D - y)+ over y, with D the demand of a lead time.  The best
base stock reaches it where nothing else costs money.
Source: Karlin and Scarf, in Arrow, Karlin and Scarf, Studies in the Mathematical Theory of
Inventory and Production (1958), 155-178.

Where each order costs a fixed amount, too, the best of all policies in the long run is an (s, S)
policy, whose cost is known exactly; whatever else the model allows only makes policies dearer.
Source: Zheng, Journal of Applied Probability 28 (1991) 802-810 (optimal, also with compound
Poisson demand); Zheng and Federgruen, Operations Research 39 (1991) 654-665 (the algorithm).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.features import switches
from backsim.scenario.demand.arrivals import PoissonProcess
from backsim.scenario.demand.laws import Flow, flows
from backsim.scenario.demand.lifetimes import limited
from backsim.scenario.demand.schema import Process
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.levels.lead_time_demand import LeadTimeDemand, TooMuch
from backsim.scenario.model import Model
from backsim.scenario.schema import Pattern
from backsim.search.items.items import all_wait

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BESIDE = frozenset(
    {"JOINT", "GROUPS", "BUDGETS", "CONSOLIDATES", "FORECASTS", "LOTS", "SHARES", "COLLECTS"}
    | {"BATCHES", "CHANGES", "DECIDES", "PIPELINE"}
)
"""Parts of a model that can make policies dearer, but not cheaper than without them."""
TOGETHER = frozenset({"JOINT", "GROUPS", "CONSOLIDATES", "SHARES", "COLLECTS"})
"""Those of them by which several stock points may share the cost of an order."""
MOST_UNITS = 20_000
"""Units between which levels are looked for."""


def least_cost(model: Model, orders: bool = False) -> float | None:
    """What holding stock and backorders cost per day at least, whatever the policy.

    With `orders` also what orders cost, in the long run.  None where that is not known.
    """
    costs = model.costs
    waiting = costs["backorder_time"]
    if not _known(model) or np.ptp(waiting, axis=0).any():
        return None
    if orders and switches(model) & TOGETHER:
        return None
    demand = flows(model.scenario, model.traces)
    total = 0.0
    order = costs["ordering"] + costs["ordering_item"] if orders else np.zeros(len(waiting[0]))
    for point, held, waits, fixed in zip(
        model.scenario.stock, costs["holding"], waiting[0], order, strict=True
    ):
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
        rates = held * on_hand + waits * backlog
        if fixed:
            least = _with_orders(asked, rates, held, waits, float(fixed))
            if least is None:
                return None
            total += least
        else:
            total += float(rates.min())
    return total


def _with_orders(
    asked: Sequence[Flow], rates: Floats, held: float, waits: float, fixed: float
) -> float | None:
    """What the best (s, S) policy costs per day; None where its levels are too far apart.

    `rates[y]` is what a position of y costs per day a lead time later, to be gone on with in
    straight lines: `waits` for each unit below 0, `held` for each above the table.
    """
    if not (held and waits):
        return None
    rate = sum(f.rate for f in asked)
    units = np.zeros(max(len(f.units) for f in asked))
    for f in asked:
        units[: len(f.units)] += f.rate / rate * f.units

    def costs(y: int) -> float:
        if y < 0:
            return float(rates[0] - waits * y)
        last = len(rates) - 1
        return float(rates[min(y, last)] + held * max(0, y - last))

    visits = [1.0 / (1.0 - units[0])]  # orders while the position has fallen by 0, 1, ... units

    def cost(s: int, S: int) -> float:
        while len(visits) < S - s:
            recent = visits[: -len(units) : -1]
            visits.append(float(np.dot(units[1 : len(recent) + 1], recent) / (1.0 - units[0])))
        some = np.array(visits[: S - s])
        return float((fixed * rate + some @ [costs(S - j) for j in range(S - s)]) / some.sum())

    best = int(rates.argmin())
    s, S = best - 1, best
    while cost(s, S) > costs(s):
        s -= 1
        if S - s > MOST_UNITS:
            return None
    least, tried = cost(s, S), best + 1
    while costs(tried) <= least:
        if cost(s, tried) < least:
            S = tried
            while cost(s, S) <= costs(s + 1):
                s += 1
            least = cost(s, S)
        tried += 1
        if tried - s > MOST_UNITS:
            return None
    return least


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
