"""One level for every item, so that all together cost least and keep the constraints.

Costs and services add up over items, so that prices on what constraints ask for (Lagrange
multipliers) make of the problem one small problem for each item; what they add up to is a lower
bound on the cost of all levels that keep the constraints.  Where the levels at those prices are not
proved the best, a small integer program over the levels that the bound leaves decides.
Source: Sherbrooke, Optimal Inventory Modeling of Systems (2004), chapter 2 (the system approach);
Fisher, Management Science 27 (1981) 1-18 (Lagrangean relaxation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

DOUBLINGS, HALVINGS, ROUNDS = 200, 60, 30
SECONDS = 5.0
"""For the integer program: what it has found by then is taken."""
MOST_CHOICES = 20_000
"""Levels that an integer program is made of."""


@dataclass(frozen=True)
class Solution:
    """Levels, what they cost, and what no levels can cost less than."""

    levels: Ints
    prices: Floats
    """Of each constraint: what one more of what it asks for costs."""
    cost: float
    bound: float


class Infeasible(Exception):
    """No levels keep a constraint: its number, and the most that it can have."""

    def __init__(self, constraint: int, most: float) -> None:
        self.constraint, self.most = constraint, most
        super().__init__(constraint)


class System:
    """Curves over levels, one item after the other, and bounds on what some of them add up to.

    `first` is the place of each item's first level, `low` that level, `step` how far its levels are
    apart.  `costs` are made small;
    each row of `gains` has to add up to its bound at least.
    """

    def __init__(
        self, low: Ints, first: Ints, costs: Floats, gains: Floats, step: Ints | int = 1
    ) -> None:
        self.low, self.first, self.costs, self.gains, self.step = low, first, costs, gains, step
        self.size = np.diff(np.r_[first, len(costs)])
        self.item = np.repeat(np.arange(len(low)), self.size)

    def at(self, prices: Floats) -> Floats:
        """The costs less what the gains are worth."""
        return np.asarray(self.costs - prices @ self.gains)

    def best(self, prices: Floats) -> Ints:
        """The place of each item's best level at some prices, the least of several."""
        values = self.at(prices)
        least = np.minimum.reduceat(values, self.first)
        hits = np.flatnonzero(values == least[self.item])
        _, one = np.unique(self.item[hits], return_index=True)
        return np.asarray(hits[one])

    def gained(self, places: Ints) -> Floats:
        """What the levels at some places add up to, by constraint."""
        return np.asarray(self.gains[:, places].sum(axis=1))

    def cost(self, places: Ints) -> float:
        """What they cost."""
        return float(self.costs[places].sum())

    def bound(self, prices: Floats, bounds: Floats) -> float:
        """What no levels that keep the bounds cost less than, whatever the prices."""
        return float(np.minimum.reduceat(self.at(prices), self.first).sum() + prices @ bounds)

    def places(self, levels: Ints) -> Ints:
        """The places of some levels, each put within its item's."""
        steps = (levels - self.low) // self.step
        return np.asarray(self.first + np.clip(steps, 0, self.size - 1))

    def levels(self, places: Ints) -> Ints:
        """The levels at some places."""
        return np.asarray(self.low + (places - self.first) * self.step)

    # -- which levels ------------------------------------------------------------------------------

    def solve(self, bounds: Floats) -> Solution:
        """The levels that cost least and keep the bounds.  Raises Infeasible."""
        bounds = np.asarray(bounds, float)
        prices = self.prices(bounds)
        places = self.cheaper(self.best(prices), bounds)
        bound = self.bound(prices, bounds)
        places, bound = self.proved(places, prices, bounds, bound)
        return Solution(self.levels(places), prices, self.cost(places), bound)

    def prices(self, bounds: Floats) -> Floats:
        """The least prices at which the best levels of all items keep the bounds.

        Price by price, the others as they are, until none moves.  Raises Infeasible.
        """
        prices = np.zeros(len(bounds))
        for _ in range(ROUNDS):
            before = prices.copy()
            for k in range(len(bounds)):
                prices[k] = self.price(k, prices, bounds[k])
            if np.allclose(prices, before, rtol=1e-9, atol=0.0):
                break
        if (self.gained(self.best(prices)) < bounds).any():  # constraints pull against each other
            for k in range(len(bounds)):
                prices[k] = max(prices[k], self.price(k, prices, bounds[k]))
        return prices

    def price(self, k: int, prices: Floats, bound: float) -> float:
        """The least price of a constraint at which it is kept.  Raises Infeasible."""

        def kept(price: float) -> bool:
            tried = prices.copy()
            tried[k] = price
            return bool(self.gained(self.best(tried))[k] >= bound)

        if kept(0.0):
            return 0.0
        most = float(np.maximum.reduceat(self.gains[k], self.first).sum())
        if most < bound:
            raise Infeasible(k, most)
        high = max(float(np.ptp(self.costs)), 1e-9)
        for _ in range(DOUBLINGS):
            if kept(high):
                break
            high *= 2.0
        low = 0.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if kept(middle) else (middle, high)
        return high

    def cheaper(self, places: Ints, bounds: Floats) -> Ints:
        """The same levels with single ones lowered as long as that saves and keeps the bounds."""
        places = places.copy()
        while True:
            spare = self.gained(places) - bounds
            below = np.maximum(places - 1, self.first)
            saved = self.costs[places] - self.costs[below]
            kept = (self.gains[:, below] - self.gains[:, places] + spare[:, None] >= 0).all(axis=0)
            saved = np.where(kept & (below != places), saved, 0.0)
            best = int(np.argmax(saved))
            if saved[best] <= 0:
                return places
            places[best] = below[best]

    def proved(
        self, places: Ints, prices: Floats, bounds: Floats, bound: float
    ) -> tuple[Ints, float]:
        """The best levels and their bound, by an integer program over those not excluded.

        A level can only be part of a cheaper whole if the bound with it is below the cost.
        """
        cost = self.cost(places)
        values = self.at(prices)
        more = values - np.minimum.reduceat(values, self.first)[self.item]
        open_ = np.flatnonzero(bound + more < cost)
        if not len(bounds) or not len(open_) or len(open_) > MOST_CHOICES:
            return places, bound if len(bounds) else cost
        choices = np.union1d(open_, places)
        found = self._program(choices, bounds)
        if found is None:
            return places, bound
        chosen, least = found
        if chosen is not None and self.cost(chosen) < cost:
            places = chosen
        return places, min(max(bound, least), self.cost(places))

    def _program(self, choices: Ints, bounds: Floats) -> tuple[Ints | None, float] | None:
        """One level for each item out of some: the places, and what none costs less than."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        one = csr_array(
            (np.ones(len(choices)), (self.item[choices], np.arange(len(choices)))),
            shape=(len(self.low), len(choices)),
        )
        each = LinearConstraint(one, 1, 1)
        enough = LinearConstraint(self.gains[:, choices], bounds, np.inf)
        found: Any = milp(
            self.costs[choices],
            integrality=np.ones(len(choices), np.int64),
            bounds=Bounds(0, 1),
            constraints=[each, enough],
            options={"time_limit": SECONDS, "mip_rel_gap": 1e-9},
        )
        if found.mip_dual_bound is None:
            return None
        places = None
        if found.x is not None:
            taken = choices[found.x > 0.5]
            if len(taken) == len(self.low) and (self.gained(taken) >= bounds).all():
                places = taken
        return places, float(found.mip_dual_bound)
