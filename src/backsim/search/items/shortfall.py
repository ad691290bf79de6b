"""What one run says about every level of every item: how far its stock is below the level.

A rule that orders by the position alone, where customers wait, orders the same whatever its level:
a level one unit higher keeps one unit more at every moment.  So the shortfall, the level less the
net inventory, does not depend on the level, and its distribution gives stock, backlog and units
filled for all levels at once.
Source: Zipkin, Foundations of Inventory Management (2000), sections 6.2 and 7.2; for a limited
supplier Federgruen and Zipkin, Mathematics of Operations Research 11 (1986) 193-207.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.results.metrics import Sums
from backsim.results.metrics.averages import Stocks
from backsim.results.metrics.money import Costs
from backsim.results.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int64]


SAME = 1e-6
"""The largest part by which what is predicted and what is measured may differ, by rounding."""


@dataclass(frozen=True)
class Levelled:
    """What all items have at some levels, by item."""

    on_hand: Floats
    """Mean units."""
    backlog: Floats
    """Mean units that customers wait for."""
    filled: Floats
    """Units filled at the moment of ordering."""
    constant: Floats
    """Costs per day beside those of units on hand, of waiting and of units not filled."""
    ordered: Floats
    """Units."""


@dataclass(frozen=True)
class Spread:
    """Amounts by item and shortfall: sparse, in order of both."""

    item: Ints
    shortfall: Ints
    amount: Floats

    def upto(self, levels: Ints) -> Floats:
        """What stands at a shortfall of at most each item's level."""
        here = self.shortfall <= levels[self.item]
        return np.asarray(np.bincount(self.item[here], self.amount[here], len(levels)), float)

    def above(self, levels: Ints) -> Floats:
        """The mean of how far the shortfall is below each item's level, where it is."""
        room = np.maximum(levels[self.item] - self.shortfall, 0)
        return np.asarray(np.bincount(self.item, room * self.amount, len(levels)), float)

    def row(self, count: int) -> Floats:
        """All of it as numbers, for `of`: of each of `count` items how many, then these."""
        return np.concatenate(
            [np.bincount(self.item, minlength=count), self.shortfall, self.amount], dtype=float
        )

    @classmethod
    def of(cls, row: Floats, count: int) -> Spread:
        """What `row` has made a row of."""
        item = np.repeat(np.arange(count), row[:count].astype(np.int64))
        shortfall, amount = row[count:].reshape(2, -1)
        return cls(item, shortfall.astype(np.int64), amount)


@dataclass(frozen=True)
class Shortfall:
    """A run as shares of time, and units ordered, by item and shortfall."""

    time: Spread
    """The share of the time that counts."""
    units: Spread
    """Units ordered, at the level from which on each is filled at the moment of ordering."""
    ordered: Floats
    """Units ordered, by item."""
    constant: Floats
    """Costs per day that no level changes, by item."""

    def row(self) -> Floats:
        """All of it as numbers, in a row that can be kept."""
        count = len(self.ordered)
        spreads = [self.time.row(count), self.units.row(count)]
        sizes = [count, len(spreads[0])]
        return np.concatenate([sizes, self.ordered, self.constant, *spreads], dtype=float)

    @classmethod
    def of(cls, row: Floats) -> Shortfall:
        """What `row` has made a row of, to the bit."""
        count, size = map(int, row[:2])
        ordered, constant, time, units = np.split(
            row[2:], np.cumsum([count, count, size], dtype=np.int64)
        )
        return cls(Spread.of(time, count), Spread.of(units, count), ordered, constant)

    def on_hand(self, levels: Ints) -> Floats:
        """Mean units on hand at some levels, by item."""
        return self.time.above(levels)

    def backlog(self, levels: Ints) -> Floats:
        """Mean units that customers wait for."""
        mean = np.bincount(self.time.item, self.time.amount * self.time.shortfall, len(levels))
        return self.on_hand(levels) - levels + mean

    def filled(self, levels: Ints) -> Floats:
        """Units filled at the moment of ordering."""
        return self.units.upto(levels)

    def at(self, levels: Ints) -> Levelled:
        """All items at some levels."""
        return Levelled(
            self.on_hand(levels),
            self.backlog(levels),
            self.filled(levels),
            self.constant,
            self.ordered,
        )


@dataclass(frozen=True)
class Measured:
    """What a run itself has measured, by item."""

    on_hand: Floats
    backlog: Floats
    filled: Floats
    constant: Floats
    ordered: Floats
    total: Floats
    """All costs per day."""

    @classmethod
    def of(cls, run: Run) -> Measured:
        """The sums of a run."""
        m = Sums(run.model, run.log)
        costs = m.of(Costs)
        changing = [_by_item(costs[name]) for name in ("holding", "backorder_unit")]
        changing.append(_by_item(costs["backorder_time"]))
        ordered, total = m.ordered.sum(axis=0), costs.total()
        return cls(
            on_hand=m.of(Stocks).held,
            backlog=m.backlog.sum(axis=0),
            filled=ordered - m.missing.sum(axis=0),
            constant=total - sum(changing),
            ordered=ordered,
            total=total,
        )


def _by_item(values: Floats | None) -> Any:
    if values is None:
        return 0.0
    return values if values.ndim == 1 else values.sum(axis=0)


def shortfall_of(run: Run, levels: Ints, measured: Measured) -> Shortfall:
    """The shortfall of a run that was played at some levels."""
    model, log = run.model, run.log
    count = len(levels)
    received, sound = log.receipts
    time, stock = log.column("time"), log.column("stock").astype(np.int64)
    units = log.column("units").astype(np.int64)
    sites = log.ordered_by_sites
    start = levels - np.array([point.initial for point in model.scenario.stock], np.int64)
    # Each item's start, then what arrives before what is ordered at the same instant, by customers
    # before sites.
    items = np.concatenate(
        [np.arange(count), received["stock"].astype(np.int64), stock, sites["stock"]]
    )
    times = np.concatenate([np.zeros(count), received["arrives"], time, sites["time"]])
    moves = np.concatenate([start, -sound.astype(np.int64), units, sites["units"]])
    # What happens at the same time stays in this order; items are few enough for a radix sort.
    order = np.argsort(times, kind="stable")
    small = items.astype(np.uint16 if count <= 1 << 16 else np.int64)
    order = order[np.argsort(small[order], kind="stable")]
    items, times, moves = items[order], times[order], moves[order]
    first = np.searchsorted(items, np.arange(count))
    after = np.cumsum(moves)
    after -= np.repeat(after[first] - moves[first], np.diff(np.r_[first, len(items)]))
    last = np.r_[first[1:] - 1, len(items) - 1]
    until = np.r_[times[1:], 0.0]
    until[last] = model.horizon
    days = np.clip(until, model.warm_up, None) - np.clip(times, model.warm_up, None)
    customers = (order >= count + len(received)) & (order < len(order) - len(sites))
    asked = customers & (times >= model.warm_up)
    return Shortfall(
        time=_spread(items, after, days / (model.horizon - model.warm_up), count),
        units=_units(items[asked], (after - moves)[asked], moves[asked], count),
        ordered=measured.ordered,
        constant=measured.constant,
    )


@dataclass(frozen=True)
class OneRun:
    """Reads from one run, played at some levels of all items, what every level does."""

    levels: Ints
    names: tuple[str, ...]
    supplying: tuple[int, ...] = ()
    """Items that supply others: what their customers and these get is not told for other levels."""

    def row(self, runs: Iterator[Run]) -> Floats:
        """What the only run says of all levels, as `Shortfall.of` reads it."""
        (run,) = runs
        return self.of(run, self.levels)[0].row()

    def of(self, run: Run, levels: Ints) -> tuple[Shortfall, Measured]:
        """What a run at some levels says of all levels, and what it has measured at its own.

        Raises InputError where these two differ.
        """
        measured = Measured.of(run)
        found = shortfall_of(run, levels, measured)
        self.check(found, levels, measured)
        return found, measured

    def check(
        self, found: Shortfall, levels: Ints, measured: Measured, same: Flags | None = None
    ) -> None:
        """What a run predicts at some levels is what one at these levels has measured.

        `same`: the items of which it has to be.
        """
        told = np.ones(len(levels), bool) if same is None else same.copy()
        told[list(self.supplying)] = False
        for what, predicted, got in (
            ("mean stock on hand", found.on_hand(levels), measured.on_hand),
            ("mean backlog", found.backlog(levels), measured.backlog),
            ("units filled from stock", found.filled(levels), measured.filled),
            (
                "costs other than those of stock and of waiting",
                found.constant,
                measured.constant,
            ),
        ):
            wrong = told & ~np.isclose(predicted, got, rtol=SAME, atol=SAME)
            if wrong.any():
                i = int(np.argmax(wrong))
                raise InputError(
                    f"search: stock[*].reorder: expected items whose levels act on nothing but "
                    f"their own stock and backlog, got {self.names[i]}: {what} "
                    f"{got[i]:.6g}, where one run at other levels predicts {predicted[i]:.6g}. "
                    "Search its levels one by one: policy.reorder.S: {integers: [0, 60]}"
                )


def _spread(items: Ints, shortfall: Ints, amount: Floats, count: int) -> Spread:
    """Amounts summed by item and shortfall; `items` ascend, each at least once."""
    low, high = _ends(items, shortfall, shortfall, count)
    base = np.cumsum(high - low + 1) - (high - low + 1)
    places = base[items] + shortfall - low[items]
    total = np.bincount(places, amount, int((high - low + 1).sum()))
    return _sparse(np.asarray(total, float), low, base)


def _units(items: Ints, before: Ints, units: Ints, count: int) -> Spread:
    """Units by the level from which on each is filled: 1, 2 ... above the shortfall before it."""
    low, high = _ends(items, before + 1, before + units + 1, count)
    base = np.cumsum(high - low + 1) - (high - low + 1)
    size = int((high - low + 1).sum())
    places = base[items] + before - low[items]
    steps = np.bincount(places + 1, minlength=size) - np.bincount(
        places + units + 1, minlength=size
    )
    return _sparse(np.cumsum(steps).astype(float), low, base)


def _ends(items: Ints, low: Ints, high: Ints, count: int) -> tuple[Ints, Ints]:
    """The least and the largest of each item; 0 and 0 where there is none."""
    least, most = np.zeros(count, np.int64), np.zeros(count, np.int64)
    first = np.flatnonzero(np.r_[True, items[1:] != items[:-1]]) if len(items) else items
    if len(items):
        least[items[first]] = np.minimum.reduceat(low, first)
        most[items[first]] = np.maximum.reduceat(high, first)
    return least, most


def _sparse(total: Floats, low: Ints, base: Ints) -> Spread:
    places = np.flatnonzero(total)
    item = np.searchsorted(base, places, side="right") - 1
    return Spread(item, low[item] + places - base[item], total[places])
