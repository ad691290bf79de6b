"""Parts of all levels, each with prices of its own, so that the bound comes near with few items.

At one price of a constraint the levels that cost least may break it by much, and with few items
no others are near: the bound stays away from the cost.  Where the levels are split in two, each
part has other prices at which its bound is highest, and none costs less than the least of the two.
Which part a level belongs to, and its prices, are fixed before fresh worlds are seen; so there the
least of the parts bounds what any levels cost in the mean, as one price for all does.
Source: Land and Doig, Econometrica 28 (1960) 497-520 (branch and bound).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.search.items.system import System

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MOST_REGIONS, MOST_WORK = 400, 400_000
"""Regions, and levels of all of them together."""
MOST_LEVELS = 5_000
"""Levels of all items, beyond which they stay whole: with many items the bound is near."""
FIRST_CAP, GROWTH, CAPS = 4.0, 8.0, 6
"""How many times the usual price the prices of a region may be, and how often more is tried."""


@dataclass(frozen=True)
class Region:
    """All levels between two, item by item, and what is charged there for what constraints lack."""

    low: Ints
    high: Ints
    prices: Floats

    def values(self, system: System) -> Floats:
        """What the levels of a system cost at the prices; those outside cannot be taken."""
        inside = system.inside(self.low, self.high)
        return np.where(inside, system.at(self.prices), np.inf)

    def bound(self, system: System, bounds: Floats) -> float:
        """What none of these levels that keep the bounds costs less than."""
        return system.least(self.values(system)) + float(self.prices @ bounds)

    def lure(self, system: System) -> Ints:
        """The levels that cost least at the prices."""
        return system.levels(system.cheapest(self.values(system)))


def bound_of(regions: Sequence[Region], system: System, bounds: Floats) -> float:
    """What no levels that keep the bounds cost less than."""
    return min(region.bound(system, bounds) for region in regions)


def regions_of(system: System, prices: Floats, bounds: Floats, enough: float) -> list[Region]:
    """Parts of all levels whose bounds are `enough`, that with the least bound first.

    Or fewer that are not, where that would take too many.  Splits the one with the least bound, at
    the item whose levels its linear program is least certain of.
    """
    whole = Region(
        np.zeros(system.items, np.int64), np.full(system.items, np.iinfo(np.int64).max), prices
    )
    number = count()
    heap = [(whole.bound(system, bounds), next(number), whole)]
    size = len(system.costs)
    few = len(bounds) and size <= MOST_LEVELS
    most = min(MOST_REGIONS, MOST_WORK // size) if few else 1
    while heap[0][0] < enough and len(heap) < most:
        _, _, region = heap[0]
        halves = list(_halves(region, system, bounds))
        if not halves:
            break
        heapq.heappop(heap)
        for half in halves:
            priced = _priced(half, system, bounds, prices, enough)
            heapq.heappush(heap, (priced.bound(system, bounds), next(number), priced))
    return [region for _, _, region in sorted(heap, key=lambda entry: entry[:2])]


def _halves(region: Region, system: System, bounds: Floats) -> Iterator[Region]:
    """The lower and the upper levels of one item; none where there is nothing to split."""
    weights, _, _ = _relaxed(region, system, bounds, GROWTH * _scale(system, region.prices))
    item = system.item[system.block]
    levels = system.levels(np.arange(len(system.costs)))
    levels = np.clip(levels, region.low[item], region.high[item])
    mean = np.bincount(item, weights * levels, system.items)
    apart = np.bincount(item, weights * (levels - mean[item]) ** 2, system.items)
    split = int(np.argmax(apart))
    if apart[split] < 1e-9:
        return
    middle = int(np.floor(mean[split]))
    below, above = region.high.copy(), region.low.copy()
    below[split], above[split] = middle, middle + 1
    yield Region(region.low, below, region.prices)
    yield Region(above, region.high, region.prices)


def _priced(region: Region, system: System, bounds: Floats, usual: Floats, enough: float) -> Region:
    """The same at the prices that make its bound highest.

    Where none of its levels keep the bounds there are no highest ones: such that it is enough.
    """
    caps = FIRST_CAP * _scale(system, usual)
    for _ in range(CAPS):
        _, prices, lacks = _relaxed(region, system, bounds, caps)
        found = Region(region.low, region.high, prices)
        if not lacks or found.bound(system, bounds) >= enough:
            break
        caps *= GROWTH
    return max((region, found), key=lambda one: one.bound(system, bounds))


def _scale(system: System, prices: Floats) -> Floats:
    """Prices, or where they are 0 what the costs differ by for what the gains do."""
    usual = np.ptp(system.costs) / np.maximum(np.ptp(system.gains, axis=1), 1e-12)
    return np.where(prices > 0, prices, usual)


def _relaxed(
    region: Region, system: System, bounds: Floats, caps: Floats
) -> tuple[Floats, Floats, bool]:
    """Shares of levels that together cost least and keep the bounds, and the prices of these.

    What they lack may be bought at `caps`; whether something is.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack

    possible = np.isfinite(system.whole(region.values(system)))
    within = system.within[system.block]
    choices = np.flatnonzero(possible & ((within < 0) | possible[within]))
    one_each, wanted, _ = system.one_each(choices)
    lacking = len(bounds)
    none = csr_array((len(wanted), lacking))
    found: Any = linprog(
        np.r_[system.costs[choices], caps],
        A_ub=np.c_[-system.gains[:, choices], -np.eye(lacking)],
        b_ub=-bounds,
        A_eq=hstack([one_each, none]),
        b_eq=wanted,
        method="highs",
    )
    weights = np.zeros(len(system.costs))
    weights[choices] = found.x[: len(choices)]
    lacks = bool((found.x[len(choices) :] > 1e-9).any())
    return weights, np.maximum(-found.ineqlin.marginals, 0.0), lacks
