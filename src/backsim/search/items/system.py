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

from backsim.allocation.solver.highs import branch
from backsim.allocation.solver.program import INFEASIBLE, Effort, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
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


@dataclass(frozen=True)
class Blocks:
    """Items whose levels do not matter alike at each level of others."""

    item: Ints
    """Of each block of levels the item whose they are."""
    within: Ints
    """The place of another item's level at which the block counts; -1: always."""


class System:
    """Curves over levels, block after block, and bounds on what some of them add up to.

    `first` is the place of each block's first level, `low` that level, `step` how far its levels
    are apart.  `costs` are made small; each row of `gains` has to add up to its bound at least.
    Without `blocks` each item has one.
    """

    def __init__(
        self,
        low: Ints,
        first: Ints,
        costs: Floats,
        gains: Floats,
        step: Ints | int = 1,
        blocks: Blocks | None = None,
    ) -> None:
        self.low, self.first, self.costs, self.gains = low, first, costs, gains
        count = len(first)
        self.step = np.broadcast_to(step, count)
        self.size = np.diff(np.r_[first, len(costs)])
        self.block = np.repeat(np.arange(count), self.size)
        blocks = blocks or Blocks(np.arange(count), np.full(count, -1))
        self.item, self.within = blocks.item, blocks.within
        self.inner = self.within >= 0
        self.items = len(np.unique(self.item))

    def at(self, prices: Floats) -> Floats:
        """The costs less what the gains are worth."""
        return np.asarray(self.costs - prices @ self.gains)

    def whole(self, values: Floats) -> Floats:
        """Values of levels, each with the least of what counts at it."""
        if not self.inner.any():
            return values
        whole = values.copy()
        least = np.minimum.reduceat(values, self.first)
        np.add.at(whole, self.within[self.inner], least[self.inner])
        return whole

    def least(self, values: Floats) -> float:
        """The least that the values of levels add up to, of each item one."""
        found = np.minimum.reduceat(self.whole(values), self.first)
        return float(found[~self.inner].sum())

    def most(self, gains: Floats) -> float:
        """The most that gains add up to."""
        return -self.least(-gains)

    def best(self, prices: Floats) -> Ints:
        """The place of each item's best level at some prices, the least of several."""
        return self.cheapest(self.at(prices))

    def cheapest(self, values: Floats) -> Ints:
        """The place of each item's level of the least value, each with what counts at it."""
        values = self.whole(values)
        least = np.minimum.reduceat(values, self.first)
        hits = np.flatnonzero(values == least[self.block])
        _, one = np.unique(self.block[hits], return_index=True)
        return self.counting(hits[one])

    def counting(self, places: Ints) -> Ints:
        """Of the places of all blocks those that count, by item."""
        counts = ~self.inner
        counts[self.inner] = np.isin(self.within[self.inner], places[counts])
        found = np.empty(self.items, np.int64)
        found[self.item[counts]] = places[counts]
        return found

    def gained(self, places: Ints) -> Floats:
        """What the levels at some places add up to, by constraint."""
        return np.asarray(self.gains[:, places].sum(axis=1))

    def cost(self, places: Ints) -> float:
        """What they cost."""
        return float(self.costs[places].sum())

    def bound(self, prices: Floats, bounds: Floats) -> float:
        """What no levels that keep the bounds cost less than, whatever the prices."""
        return self.least(self.at(prices)) + float(prices @ bounds)

    def places(self, levels: Ints) -> Ints:
        """The places of some levels, each put within its item's."""
        steps = (levels[self.item] - self.low) // self.step
        return self.counting(self.first + np.clip(steps, 0, self.size - 1))

    def inside(self, low: Ints, high: Ints) -> Flags:
        """The places of levels from some to others; each item has one, the nearest, at least."""
        levels = self.levels(np.arange(len(self.costs)))
        last = self.low + (self.size - 1) * self.step
        lowest = np.minimum(low[self.item], last)[self.block]
        highest = np.maximum(high[self.item], self.low)[self.block]
        return np.asarray((levels >= lowest) & (levels <= highest))

    def levels(self, places: Ints) -> Ints:
        """The levels at some places."""
        block = self.block[places]
        return np.asarray(self.low[block] + (places - self.first[block]) * self.step[block])

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
        for _ in range(ROUNDS):  # constraints pull against each other: upwards only
            short = self.gained(self.best(prices)) < bounds
            if not short.any():
                break
            k = int(np.argmax(short))
            prices[k] = self.price(k, prices, bounds[k])
        return prices

    def price(self, k: int, prices: Floats, bound: float) -> float:
        """The least price of a constraint at which it is kept.  Raises Infeasible."""

        def kept(price: float) -> bool:
            tried = prices.copy()
            tried[k] = price
            return bool(self.gained(self.best(tried))[k] >= bound)

        if kept(0.0):
            return 0.0
        most = self.most(self.gains[k])
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
        places, first = places.copy(), self.first[self.block[places]]
        if self.inner.any():  # at other levels of these all others count elsewhere
            opens = np.unique(self.block[self.within[self.inner]])
            first = np.where(np.isin(self.block[places], opens), places, first)
        while True:
            spare = self.gained(places) - bounds
            below = np.maximum(places - 1, first)
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

        A level can only be part of a cheaper whole if the bound with it is below the cost.  Where
        the places break a bound, as where constraints pull against each other, any level can.
        """
        kept = bool((self.gained(places) >= bounds).all())
        cost = self.cost(places) if kept else np.inf
        values = self.whole(self.at(prices))
        more = values - np.minimum.reduceat(values, self.first)[self.block]
        inner = self.inner[self.block]
        more[inner] += more[self.within[self.block[inner]]]
        open_ = np.flatnonzero(bound + more < cost)
        if not len(bounds) or not len(open_) or (kept and len(open_) > MOST_CHOICES):
            return places, bound if len(bounds) else cost
        if len(open_) > MOST_CHOICES:
            open_ = np.flatnonzero(more <= np.partition(more, MOST_CHOICES)[MOST_CHOICES])
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
        from scipy.sparse import csr_array, vstack

        one_each, wanted, _ = self.one_each(choices)
        matrix = vstack([csr_array(self.gains[:, choices]), one_each], format="csc")
        program = Program(
            cost=self.costs[choices],
            upper=np.ones(len(choices)),
            integer=np.ones(len(choices), np.int32),
            start=matrix.indptr,
            index=matrix.indices,
            value=matrix.data,
            row_lower=np.r_[bounds, wanted],
            row_upper=np.r_[np.full(len(bounds), np.inf), wanted],
            offset=0.0,
            tie=np.zeros(len(choices)),
            rows={},
            columns={},
        )
        found = branch(program, Effort(time_limit=SECONDS, gap=1e-9))
        if found.status == INFEASIBLE:
            return None
        places = None
        if found.found:
            taken = choices[found.values > 0.5]
            if len(taken) == self.items and (self.gained(taken) >= bounds).all():
                places = taken[np.argsort(self.item[self.block[taken]])]
        return places, found.bound

    def one_each(self, choices: Ints) -> tuple[Any, Floats, Floats]:
        """Of each block one level, if it counts: coefficients, and what they add up to."""
        from scipy.sparse import coo_array

        blocks, rows = np.unique(self.block[choices], return_inverse=True)
        columns, ones = np.arange(len(choices)), np.ones(len(choices))
        inner = np.flatnonzero(self.inner[blocks])
        opened = np.searchsorted(choices, self.within[blocks[inner]])
        coefficients = coo_array(
            (np.r_[ones, -ones[: len(inner)]], (np.r_[rows, inner], np.r_[columns, opened])),
            shape=(len(blocks), len(choices)),
        )
        wanted = (~self.inner[blocks]).astype(float)
        return coefficients.tocsr(), wanted, wanted
