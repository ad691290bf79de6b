"""From runs to curves: what each level of each item does to a metric, in the mean of some runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.search.items.measures import Linear, Rates, Told, counted, linear
from backsim.search.items.network import Network
from backsim.search.items.shortfall import Shortfall, Spread
from backsim.search.items.system import Blocks, System
from backsim.search.items.tables import AT_ONCE, Table, TableCurves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Sample = Shortfall | Table | Network
"""What a replication says of levels."""


class Asked:
    """The objective and the constraints of a search, as sums over items.

    The objective is made small and each gain has to reach its bound, whatever their senses.
    """

    def __init__(
        self, model: Model, specs: Sequence[MetricSpec], signs: Sequence[float], rates: Rates
    ) -> None:
        self.specs, self.signs, self.rates = tuple(specs), tuple(signs), rates
        self.here = [counted(model, spec) for spec in specs]

    def values(self, runs: Sequence[Sample], levels: Ints) -> Floats:
        """The metrics of some runs at some levels, with their signs: (runs, metrics)."""
        rows = []
        for run in runs:
            at = run.at(levels)
            rows.append([metric(at).of(at) for metric in self.metrics()])
        return np.array(rows) * self.signs

    def metrics(self) -> Iterator[Callable[[Told], Linear]]:
        """Each metric, as a function of a run."""
        for spec, here in zip(self.specs, self.here, strict=True):
            yield partial(linear, spec, rates=self.rates, here=here)

    def system(self, runs: Sequence[Sample]) -> System:
        """The mean of some runs as curves over levels: those of a grid, or all that matter."""
        curves = _curves(runs)
        flat = [
            sign * curves.mean(metric)
            for sign, metric in zip(self.signs, self.metrics(), strict=True)
        ]
        gains = np.array(flat[1:]).reshape(-1, curves.length)
        return System(curves.low, curves.first, flat[0], gains, curves.step, curves.blocks)


def _curves(runs: Sequence[Sample]) -> TableCurves | _Grid | _NetworkCurves:
    """All levels of all items that matter, in blocks: see `System`."""
    tables = [run for run in runs if isinstance(run, Table)]
    if tables:
        return TableCurves(tables)
    networks = [run for run in runs if isinstance(run, Network)]
    if networks:
        return _NetworkCurves(networks)
    return _Grid([run for run in runs if isinstance(run, Shortfall)])


class _Grid:
    """All levels of all items, one item after the other."""

    blocks = None

    def __init__(self, runs: Sequence[Shortfall]) -> None:
        self.runs, self.step = runs, 1
        count = len(runs[0].ordered)
        low, high = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
        for spread in (s for run in runs for s in (run.time, run.units)):
            np.minimum.at(low, spread.item, spread.shortfall)
            np.maximum.at(high, spread.item, spread.shortfall)
        self.low = np.maximum(low, 0)
        self.size = np.maximum(high, self.low) - self.low + 1
        self.first = np.cumsum(self.size) - self.size
        self.length = int(self.size.sum())
        self.item = np.repeat(np.arange(count), self.size)
        self.level = np.arange(self.length) - self.first[self.item] + self.low[self.item]

    def mean(self, metric: Callable[[Told], Linear]) -> Floats:
        """A metric in the mean of the runs, at every level; sums over items are the metric's."""
        held, filled, steps = np.zeros((3, self.length + 1))
        flat = np.zeros(self.length)
        rest = np.zeros(len(self.low))
        for run in self.runs:
            one = metric(run)
            # backlog = on hand - level + mean shortfall
            both = one.on_hand + one.backlog
            held += self.placed(run.time, both)
            steps += self.placed(run.time, both, 1)
            filled += self.placed(run.units, one.filled)
            flat -= one.backlog[self.item] * self.level
            rest += one.rest + one.backlog * np.bincount(
                run.time.item, run.time.amount * run.time.shortfall, len(self.low)
            )
        total = flat + rest[self.item] + self.along(filled[:-1])
        # A unit of shortfall x leaves level - x on hand.
        total += self.along(held[:-1]) * self.level - self.along(steps[:-1])
        return np.asarray(total / len(self.runs))

    def placed(self, spread: Spread, weights: Floats, power: int = 0) -> Floats:
        """Amounts times the weights of items, each at the first level that it bears on."""
        above = np.maximum(spread.shortfall - self.low[spread.item], 0)
        amount = spread.amount * weights[spread.item] * spread.shortfall**power
        places = self.first[spread.item] + above
        return np.asarray(np.bincount(places, amount, self.length + 1), float)

    def along(self, flat: Floats) -> Floats:
        """Sums from each item's first level on."""
        total = np.cumsum(flat)
        before = np.r_[0.0, total[self.first[1:] - 1]]
        return np.asarray(total - before[self.item])


class _NetworkCurves:
    """Warehouses on their grid; all levels of each site they supply, once for each place of it.

    An item that no warehouse supplies has its levels once.
    """

    def __init__(self, runs: Sequence[Network]) -> None:
        self.runs, grid, warehouses = runs, runs[0].grid, runs[0].warehouses
        self.warehouses, roots = warehouses, len(warehouses.items)
        self.grids = [_Grid([run.told[place] for run in runs]) for place in range(AT_ONCE)]
        others = warehouses.others
        supplied = warehouses.of[others] >= 0
        self.items = [others if place == 0 else others[supplied] for place in range(AT_ONCE)]
        places = np.arange(roots) * AT_ONCE
        opened = [
            np.where(warehouses.of[items] < 0, -1, place + places[warehouses.of[items]])
            for place, items in enumerate(self.items)
        ]
        low = [of.low[items] for of, items in zip(self.grids, self.items, strict=True)]
        sizes = [of.size[items] for of, items in zip(self.grids, self.items, strict=True)]
        size = np.concatenate([np.full(roots, AT_ONCE), *sizes])
        self.low = np.concatenate([grid.low, *low])
        self.step: Ints = np.concatenate([grid.step, *(np.ones_like(one) for one in low)])
        self.first, self.length = np.cumsum(size) - size, int(size.sum())
        item = np.concatenate([warehouses.items, *self.items])
        self.blocks = Blocks(item, np.concatenate([np.full(roots, -1), *opened]))

    def mean(self, metric: Callable[[Told], Linear]) -> Floats:
        """A metric in the mean of the runs."""
        roots = self.warehouses.items
        supplying = np.zeros((AT_ONCE, len(roots)))
        levels = np.zeros(len(self.warehouses.of), np.int64)
        for run in self.runs:
            for place in range(AT_ONCE):
                at = run.at_place(place, levels)
                supplying[place] += metric(at).each(at)[roots]
        parts = [(supplying / len(self.runs)).T.reshape(-1)]
        for grid, items in zip(self.grids, self.items, strict=True):
            parts.append(grid.mean(metric)[np.isin(grid.item, items)])
        return np.concatenate(parts)
