"""Runs of the whole scenario, each of which says what every level of every item does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.experiment.work import plan_work
from backsim.results.run import play_and_check
from backsim.scenario.model import Model
from backsim.search.items.items import Items
from backsim.search.items.shortfall import Measured, Shortfall, shortfall_of
from backsim.search.worlds import Budget, Phase, Spent
from backsim.streams import draw, generator
from backsim.workers import in_order
from backsim.workers.forks import can_fork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LARGE = 50
"""Replications of a search of items, about, by which its engine is chosen."""
SAME = 1e-6
"""The largest part by which what is predicted and what is measured may differ, by rounding."""


class Runs:
    """Plays replications of a phase, and keeps what each says of all levels."""

    def __init__(self, items: Items, seed: int, engine: str, budget: Budget, workers: int) -> None:
        self.items, self.seed, self.budget, self.workers = items, seed, budget, workers
        self.work = plan_work([items.base], seed, engine, LARGE)
        self.found: dict[Phase, list[Shortfall]] = {phase: [] for phase in Phase}
        self._play_twice()

    def sample(self, phase: Phase, count: int) -> list[Shortfall]:
        """The first replications of a phase.  Raises Spent when there is no budget for them."""
        there = self.found[phase]
        wanted = range(len(there), count)
        afforded = [k for k in wanted if self.budget.take(phase)]
        workers = self.workers if can_fork() and len(afforded) > 1 else 1
        play = partial(self._replication, phase)
        for run in in_order(play, afforded, workers, way="forks"):
            there.append(run)
            self.budget.tell()
        if len(afforded) < len(wanted):
            raise Spent
        return there[:count]

    def _replication(self, phase: Phase, k: int) -> Shortfall:
        return self._played(self.items.base, int(phase) + k)[0]

    def _played(self, model: Model, replication: int) -> tuple[Shortfall, Measured]:
        tape = draw(model, self.seed, replication)
        run = play_and_check(model, tape, *self.work.engines[0], linked=self.work.linked)
        measured = Measured.of(run)
        levels = self.items.levels
        if model is not self.items.base:
            stock = zip(model.scenario.stock, self.items.base.scenario.stock, strict=True)
            levels = levels + np.array([new.initial - old.initial for new, old in stock])
        found = shortfall_of(run, levels, measured)
        self._check(found, levels, measured)
        return found, measured

    def _play_twice(self) -> None:
        """One world at two vectors of levels: the first has to predict what the second measures.

        So what makes an item's shortfall depend on levels, its own or those of others, is found,
        whatever it is.
        """
        random = generator(self.seed, 0, "levels")
        shifts = random.integers(0, 3 + self.items.levels // 2, len(self.items.levels))
        first, _ = self._played(self.items.base, int(Phase.SEARCH))
        _, second = self._played(self.items.moved(shifts), int(Phase.SEARCH))
        self._check(first, self.items.levels + shifts, second)
        self.budget.spent[Phase.SEARCH] += 2

    def _check(self, found: Shortfall, levels: Ints, measured: Measured) -> None:
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
                    f"their own stock and backlog, got {self.items.names[i]}: {what} "
                    f"{got[i]:.6g}, where one run at other levels predicts {predicted[i]:.6g}. "
                    "Search its levels one by one: policy.reorder.S: {integers: [0, 60]}"
                )
