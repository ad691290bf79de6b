"""Central warehouses and the sites that they supply: levels of both, product by product.

Where customers wait, what sites order from a warehouse depends on no level, so neither does what
the warehouse orders.  What a site waits for depends on the warehouse's level, and given that on
nothing else.  So a run tells the curves of all sites over their own levels, for one level of each
warehouse; some runs of a world, each at another level of all warehouses, tell the whole.
Source: Axsater, Inventory Control (2015), chapter 10; Sherbrooke, Operations Research 16 (1968)
122-141 (METRIC), whose approximation is not needed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.experiment.work import Work
from backsim.results.run import Run
from backsim.scenario.model import Model
from backsim.search.items.items import Items
from backsim.search.items.player import Player
from backsim.search.items.shortfall import Levelled, Measured, OneRun, Shortfall, shortfall_of
from backsim.search.items.tables import AT_ONCE, Grid
from backsim.search.worlds import Phase
from backsim.streams import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

OF_WAREHOUSES = ("on_hand", "backlog", "filled")
"""What is measured of warehouses at each of their levels."""


@dataclass(frozen=True)
class Warehouses:
    """Which items supply other ones."""

    items: Ints
    """The items that do."""
    of: Ints
    """Of each item the place in `items` of the warehouse whose level matters to it: the one that
    supplies it, or itself; -1 where no other level matters."""

    @classmethod
    def of_model(cls, model: Model) -> Warehouses:
        """Those of a scenario whose stock points each have one source."""
        place = {pair: i for i, pair in enumerate(model.stock_points)}
        source = np.full(len(place), -1, np.int64)
        for i, point in enumerate(model.scenario.stock):
            site = point.supplier[0].site if point.supplier else None
            if site is not None:
                source[i] = place[point.product, site]
        items = np.unique(source[source >= 0])
        source[items] = items
        return cls(items, np.where(source < 0, -1, np.searchsorted(items, source)))

    @property
    def others(self) -> Ints:
        """The items that supply none."""
        return np.setdiff1d(np.arange(len(self.of)), self.items)


@dataclass(frozen=True)
class Network:
    """A world, told of all levels of sites at each level of a grid of their warehouses."""

    grid: Grid
    """Of the warehouses."""
    warehouses: Warehouses
    told: tuple[Shortfall, ...]
    """By place of the grid; of warehouses only what no level changes counts."""
    measured: Floats
    """(places, `OF_WAREHOUSES`, warehouses)."""

    @classmethod
    def of(cls, row: Floats, grid: Grid, warehouses: Warehouses) -> Network:
        """What `row_of` has made a row of."""
        sizes = row[:AT_ONCE].astype(np.int64)
        *told, measured = np.split(row[AT_ONCE:], np.cumsum(sizes))
        shape = AT_ONCE, len(OF_WAREHOUSES), len(warehouses.items)
        return cls(grid, warehouses, tuple(map(Shortfall.of, told)), measured.reshape(shape))

    def levels(self, place: int, levels: Ints) -> Ints:
        """Some levels, with those of the warehouses at a place of the grid."""
        levels = levels.copy()
        levels[self.warehouses.items] = self.grid.levels(place)
        return levels

    def at_place(self, place: int, levels: Ints) -> Levelled:
        """All items at some levels, the warehouses at a place of the grid."""
        told = self.told[place].at(self.levels(place, levels))
        for name, values in zip(OF_WAREHOUSES, self.measured[place], strict=True):
            getattr(told, name)[self.warehouses.items] = values
        return told

    def at(self, levels: Ints) -> Levelled:
        """All items at some levels, those of warehouses on the grid."""
        places = np.append(self.grid.places(levels[self.warehouses.items]), 0)[self.warehouses.of]
        names = (*OF_WAREHOUSES, "constant", "ordered")
        parts = np.zeros((len(names), len(levels)))
        for place in np.unique(places):
            told, here = self.at_place(int(place), levels), places == place
            for part, name in zip(parts, names, strict=True):
                part[here] = getattr(told, name)[here]
        return Levelled(*parts)


def row_of(told: Sequence[Shortfall], measured: Floats) -> Floats:
    """What runs at all places of a grid say, as numbers, for `Network.of`."""
    rows = [one.row() for one in told]
    return np.concatenate([[len(row) for row in rows], *rows, measured.reshape(-1)], dtype=float)


class ByWarehouse:
    """Each world is played at a few levels of every warehouse."""

    plays, tried = AT_ONCE, f"with {AT_ONCE} levels of each central warehouse"

    def __init__(self, items: Items, seed: int, work: Work, grid: Grid | None = None) -> None:
        self.items, self.seed, self.work = items, seed, work
        self.warehouses = Warehouses.of_model(items.base)
        self.reader = OneRun(items.levels, items.names, tuple(self.warehouses.items.tolist()))
        self.player = Player((items.base,), self.row_of_runs, seed, work.engines[0], work.linked)
        self.grid = Grid.over(self.highest()) if grid is None else grid
        models = tuple(items.moved(self.levels(k) - items.levels) for k in range(AT_ONCE))
        self.player = Player(models, self.row_of_runs, seed, work.engines[0], work.linked)
        self.row, self.kept_as = self.player.row, f"warehouses {self.grid.name}"

    def levels(self, place: int) -> Ints:
        """The levels to start from, with those of the warehouses at a place of the grid."""
        levels = self.items.levels.copy()
        levels[self.warehouses.items] = self.grid.levels(place)
        return levels

    def highest(self) -> Ints:
        """The level of each warehouse at which no site waits, in the first world."""
        (run,) = self.player.runs(int(Phase.SEARCH), self.player.models)
        spread = shortfall_of(run, self.items.levels, Measured.of(run)).time
        high = np.zeros(len(self.items.levels), np.int64)
        np.maximum.at(high, spread.item, spread.shortfall)
        return np.asarray(high[self.warehouses.items])

    def row_of_runs(self, runs: Iterator[Run]) -> Floats:
        """What runs at all places of the grid say."""
        told, measured = [], []
        for place, run in enumerate(runs):
            one, found = self.reader.of(run, self.levels(place))
            told.append(one)
            measured.append([getattr(found, n)[self.warehouses.items] for n in OF_WAREHOUSES])
        return row_of(told, np.array(measured))

    def read(self, row: Floats) -> Network:
        """What a world says."""
        return Network.of(row, self.grid, self.warehouses)

    def check(self, replication: int) -> None:
        """One world at two vectors of levels, half of the warehouses and all other items moved.

        What is supplied from the other half has to measure what the first run predicts, whatever
        the levels of other products and of other sites.
        """
        random = generator(self.seed, 0, "levels")
        levels, count = self.items.levels, len(self.warehouses.items)
        stays = np.append(2 * random.permutation(count) < count, True)
        moved = levels + random.integers(0, 3 + levels // 2, len(levels))
        moved[self.warehouses.items[stays[:-1]]] = levels[self.warehouses.items[stays[:-1]]]
        models = self.items.base, self.items.moved(moved - levels)
        one, other = self.player.runs(replication, models)
        predicted, _ = self.reader.of(one, levels)
        _, measured = self.reader.of(other, moved)
        self.reader.check(predicted, moved, measured, stays[self.warehouses.of])

    def around(self, levels: Ints) -> ByWarehouse | None:
        """A finer grid around some levels, or one that has them in its middle."""
        grid = self.grid.around(levels[self.warehouses.items])
        same = grid.same(self.grid)
        return None if same else ByWarehouse(self.items, self.seed, self.work, grid)


__all__ = ["ByWarehouse", "Network", "Warehouses"]
