"""Runs of the whole scenario, each of which says what every level of every item does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from backsim.experiment.work import Work, plan_work
from backsim.results.run import play_and_check
from backsim.scenario.model import Model
from backsim.search.items.curves import Sample
from backsim.search.items.items import Items
from backsim.search.items.measures import Rates
from backsim.search.items.network import ByWarehouse, Warehouses
from backsim.search.items.player import Player
from backsim.search.items.shortfall import Measured, OneRun, Shortfall, shortfall_of
from backsim.search.items.tables import AT_ONCE, Grid, OneRunEach, Table
from backsim.search.memo import Key, Memo
from backsim.search.worlds import Budget, Phase, Spent
from backsim.streams import draw, generator
from backsim.workers import in_order
from backsim.workers.forks import can_fork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LARGE = 50
"""Replications of a search of items, about, by which its engine is chosen."""
CHECKED: Key = (int(Phase.SEARCH), "played at other levels", 0)
"""Where it is kept that what a run says of other levels has been found true."""
REFINED = 20
"""How often tables of levels are made finer, or moved, at most."""


class Way(Protocol):
    """How replications say what levels do."""

    plays: int
    """Runs of a world."""
    kept_as: str
    """What its results are kept under."""
    tried: str
    """Which levels are compared, in words; empty for all."""

    def row(self, replication: int) -> Floats:
        """What a world says, played here or in another process."""

    def read(self, row: Floats) -> Sample:
        """The same, of use."""

    def check(self, replication: int) -> None:
        """Raise InputError where what it says of a world is not true.  Takes two runs."""

    def around(self, levels: Ints) -> Way | None:
        """One that says more about levels near to some; None where that is not needed."""


class AllWait:
    """Customers wait: one run says what every level does."""

    plays, kept_as, tried = 1, "", ""

    def __init__(self, items: Items, seed: int, work: Work) -> None:
        self.items = items
        self.reader = OneRun(items.levels, items.names)
        self.player = Player((items.base,), self.reader.row, seed, work.engines[0], work.linked)
        self.row, self.read = self.player.row, Shortfall.of

    def check(self, replication: int) -> None:
        """One world at two vectors of levels: the first has to predict what the second measures.

        So what makes an item's shortfall depend on levels, its own or those of others, is found,
        whatever it is.
        """
        levels = self.items.levels
        random = generator(self.player.seed, 0, "levels")
        moved = levels + random.integers(0, 3 + levels // 2, len(levels))
        models = self.items.base, self.items.moved(moved - levels)
        one, other = self.player.runs(replication, models)
        predicted, _ = self.reader.of(one, levels)
        _, measured = self.reader.of(other, moved)
        self.reader.check(predicted, moved, measured)

    def around(self, levels: Ints) -> None:
        """It says all already."""


class LevelByLevel:
    """Customers may leave: each world is played at a few levels of every item."""

    plays, tried = AT_ONCE, f"of {AT_ONCE} tried around each"

    def __init__(self, items: Items, seed: int, work: Work, grid: Grid | None = None) -> None:
        self.items, self.seed, self.work = items, seed, work
        self.grid = Grid.over(self.highest()) if grid is None else grid
        rates = Rates(items.base)
        self.reader = OneRunEach((rates.waiting[0], rates.waits[0] / rates.days), items.names)
        models = tuple(self.at(self.grid.levels(place)) for place in range(AT_ONCE))
        self.player = Player(models, self.reader.row, seed, work.engines[0], work.linked)
        self.row, self.kept_as = self.player.row, self.grid.name

    def at(self, levels: Ints) -> Model:
        """The scenario at some levels."""
        return self.items.moved(levels - self.items.levels)

    def highest(self) -> Ints:
        """The level of each item at which nobody is turned away, in the first world."""
        tape = draw(self.items.base, self.seed, int(Phase.SEARCH))
        count = len(self.items.levels)
        enough = np.bincount(tape.columns["stock"], tape.columns["units"], count).astype(np.int64)
        model = self.items.moved(enough)
        run = play_and_check(model, tape, *self.work.engines[0], linked=self.work.linked)
        found = shortfall_of(run, self.items.levels + enough, Measured.of(run))
        high = np.zeros(count, np.int64)
        for spread in (found.time, found.units):
            np.maximum.at(high, spread.item, spread.shortfall)
        return high

    def read(self, row: Floats) -> Table:
        """The table of a world."""
        return Table.of(row, self.grid)

    def check(self, replication: int) -> None:
        """Half of the items, the others at other levels: each measures what it did before."""
        count = len(self.items.levels)
        stay = 2 * generator(self.seed, 0, "levels").permutation(count) < count
        middle = self.grid.levels(AT_ONCE // 2)
        moved = self.at(np.where(stay, middle, self.grid.levels(1)))
        one, other = self.player.runs(replication, (self.player.models[AT_ONCE // 2], moved))
        self.reader.check(one, other, stay)

    def around(self, levels: Ints) -> LevelByLevel | None:
        """A finer grid around some levels, or one that has them in its middle."""
        grid = self.grid.around(levels)
        return (
            None if grid.same(self.grid) else LevelByLevel(self.items, self.seed, self.work, grid)
        )


def _way(items: Items) -> Callable[[Items, int, Work], Way]:
    """How replications of a scenario say what levels do."""
    if not items.wait:
        return LevelByLevel
    return ByWarehouse if len(Warehouses.of_model(items.base).items) else AllWait


class Runs:
    """Replications of each phase, and what each says of levels.

    Those that `memo` knows from an earlier run are not played again.  `dask` is the address of a
    cluster's scheduler, whose workers play in place of this machine's.
    """

    def __init__(
        self,
        items: Items,
        seed: int,
        engine: str,
        budget: Budget,
        workers: int,
        memo: Memo,
        dask: str | None = None,
    ) -> None:
        self.budget, self.memo = budget, memo
        self.workers, self.dask = workers, dask
        self.work = plan_work([items.base], seed, engine, LARGE)
        self.way: Way = _way(items)(items, seed, self.work)
        self.found: dict[Phase, list[Sample]] = {phase: [] for phase in Phase}
        self.refined = 0
        self._check()

    @property
    def tried(self) -> str:
        """Which levels of each item are compared, in words; empty for all."""
        return self.way.tried

    def refine(self, levels: Ints) -> bool:
        """From now on say more about levels near to some; whether there is more to say."""
        finer = self.way.around(levels) if self.refined < REFINED else None
        if finer is None:
            return False
        self.way = finer
        self.found = {phase: [] for phase in Phase}
        self.refined += 1
        return True

    def sample(self, phase: Phase, count: int) -> list[Sample]:
        """The first replications of a phase.  Raises Spent when there is no budget for them."""
        there, plays = self.found[phase], self.way.plays
        wanted = range(len(there), count)
        keys: list[Key] = [
            (int(phase), self.way.kept_as, k) for k in wanted if self.budget.take(phase, plays)
        ]
        played = self._played([sum(key[::2]) for key in keys if key not in self.memo.known])
        for key in keys:
            row = self.memo.known.get(key)
            if row is None:
                row = next(played)
                self.memo.add(key, row)
            else:
                self.budget.known += plays
            there.append(self.way.read(row))
            self.budget.tell()
        if len(keys) < len(wanted):
            raise Spent
        return there[:count]

    def _played(self, replications: Sequence[int]) -> Iterator[Floats]:
        """What some replications say, in their order."""
        if self.dask is not None and replications:
            from backsim.workers.cluster import in_order_on_cluster

            return in_order_on_cluster(self.way.row, replications, self.dask, self.work.rules)
        workers = self.workers if can_fork() and len(replications) > 1 else 1
        return in_order(self.way.row, replications, workers, way="forks")

    def _check(self) -> None:
        """Find out on one world whether what is said of levels is true; once a search."""
        self.budget.spent[Phase.SEARCH] += 2
        if CHECKED in self.memo.known:
            self.budget.known += 2
            return
        self.way.check(int(Phase.SEARCH))
        self.memo.add(CHECKED, np.ones(1))
