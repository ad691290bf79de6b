"""Plays worlds at levels of all items, here, in a copy of this process or on another machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.choose import play
from backsim.engines.setup import Linked
from backsim.results.ledger import check_ledger
from backsim.results.run import Run
from backsim.scenario.model import Model
from backsim.streams import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Player:
    """Plays a world at one or more levels of every item."""

    models: tuple[Model, ...]
    """The scenario at each of the levels."""
    read: Callable[[Iterator[Run]], Floats]
    """What their runs say together, as a row that can be kept."""
    seed: int
    engine: tuple[str, str]
    linked: Linked

    def row(self, replication: int) -> Floats:
        """What a world says of levels."""
        return self.read(self.runs(replication, self.models))

    def runs(self, replication: int, models: Sequence[Model]) -> Iterator[Run]:
        """A run of each model in the same world, one at a time; one has its ledger checked."""
        tape = draw(models[0], self.seed, replication)
        engine, reason = self.engine
        for place, model in enumerate(models):
            log = play(model, tape, engine, linked=self.linked)
            if place == replication % len(models):
                check_ledger(model, log)
            yield Run(model, self.seed, replication, engine, reason, log)


__all__ = ["Player"]
