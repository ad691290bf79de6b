"""Runs of the whole scenario, each of which says what every level of every item does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.setup import Linked
from backsim.errors import InputError
from backsim.experiment.work import plan_work
from backsim.results.run import play_and_check
from backsim.scenario.model import Model
from backsim.search.items.items import Items
from backsim.search.items.shortfall import Measured, Shortfall, shortfall_of
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
SAME = 1e-6
"""The largest part by which what is predicted and what is measured may differ, by rounding."""
CHECKED: Key = (int(Phase.SEARCH), "played at other levels", 0)
"""Where it is kept that items' shortfalls have been found not to depend on levels."""


@dataclass(frozen=True)
class Player:
    """Plays replications of all items, here or in another process."""

    base: Model
    levels: Ints
    names: tuple[str, ...]
    seed: int
    engine: tuple[str, str]
    linked: Linked

    def row(self, replication: int) -> Floats:
        """What a replication says of all levels, as `Shortfall.of` reads it."""
        return self.played(self.base, self.levels, replication)[0].row()

    def played(self, model: Model, levels: Ints, replication: int) -> tuple[Shortfall, Measured]:
        """What a replication says of all levels, and what it has measured at its own.

        Raises InputError where these two differ.
        """
        tape = draw(model, self.seed, replication)
        run = play_and_check(model, tape, *self.engine, linked=self.linked)
        measured = Measured.of(run)
        found = shortfall_of(run, levels, measured)
        self.check(found, levels, measured)
        return found, measured

    def check(self, found: Shortfall, levels: Ints, measured: Measured) -> None:
        """What a run predicts at some levels is what one at these levels has measured."""
        for what, predicted, got in (
            ("mean stock on hand", found.on_hand(levels), measured.on_hand),
            ("mean backlog", found.backlog(levels), measured.backlog),
            ("units filled from stock", found.filled(levels), measured.filled),
            ("costs that no level should change", found.constant, measured.constant),
        ):
            wrong = ~np.isclose(predicted, got, rtol=SAME, atol=SAME)
            if wrong.any():
                i = int(np.argmax(wrong))
                raise InputError(
                    f"search: stock[*].reorder: expected items whose levels act on nothing but "
                    f"their own stock and backlog, got {self.names[i]}: {what} "
                    f"{got[i]:.6g}, where one run at other levels predicts {predicted[i]:.6g}. "
                    "Search its levels one by one: policy.reorder.S: {integers: [0, 60]}"
                )


class Runs:
    """Replications of each phase, and what each says of all levels.

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
        self.items, self.budget, self.memo = items, budget, memo
        self.workers, self.dask = workers, dask
        self.work = work = plan_work([items.base], seed, engine, LARGE)
        self.player = Player(
            items.base, items.levels, items.names, seed, work.engines[0], work.linked
        )
        self.found: dict[Phase, list[Shortfall]] = {phase: [] for phase in Phase}
        self._play_twice()

    def sample(self, phase: Phase, count: int) -> list[Shortfall]:
        """The first replications of a phase.  Raises Spent when there is no budget for them."""
        there = self.found[phase]
        wanted = range(len(there), count)
        keys: list[Key] = [(int(phase), "", k) for k in wanted if self.budget.take(phase)]
        new = [sum(key[::2]) for key in keys if key not in self.memo.known]
        played = self._played(new)
        for key in keys:
            row = self.memo.known.get(key)
            if row is None:
                row = next(played)
                self.memo.add(key, row)
            else:
                self.budget.known += 1
            there.append(Shortfall.of(row))
            self.budget.tell()
        if len(keys) < len(wanted):
            raise Spent
        return there[:count]

    def _played(self, replications: Sequence[int]) -> Iterator[Floats]:
        """What some replications say, in their order."""
        if self.dask is not None and replications:
            from backsim.workers.cluster import in_order_on_cluster

            return in_order_on_cluster(self.player.row, replications, self.dask, self.work.rules)
        workers = self.workers if can_fork() and len(replications) > 1 else 1
        return in_order(self.player.row, replications, workers, way="forks")

    def _play_twice(self) -> None:
        """One world at two vectors of levels: the first has to predict what the second measures.

        So what makes an item's shortfall depend on levels, its own or those of others, is found,
        whatever it is.
        """
        self.budget.spent[Phase.SEARCH] += 2
        if CHECKED in self.memo.known:
            self.budget.known += 2
            return
        levels = self.items.levels
        random = generator(self.player.seed, 0, "levels")
        shifts = random.integers(0, 3 + levels // 2, len(levels))
        play = partial(self.player.played, replication=int(Phase.SEARCH))
        first, _ = play(self.items.base, levels)
        _, second = play(self.items.moved(shifts), levels + shifts)
        self.player.check(first, levels + shifts, second)
        self.memo.add(CHECKED, np.ones(1))
