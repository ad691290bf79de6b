"""What expired in the window."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.registry import LESS, STOCK, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Waste:
    """Units that reached the end of their shelf life."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.possible = any(p.shelf_life is not None for p in m.model.scenario.products.values())

    @cached_property
    def units(self) -> Floats:
        """Units that expired, by stock point."""
        lots = self.m.log.lots
        counted = lots.compress(lots["expires"] >= self.m.model.warm_up)
        return np.bincount(counted["stock"], counted["expired"], self.m.shape[1]).astype(float)


@metric("units per day", better=LESS, group=STOCK)
def waste_per_day(m: Sums) -> Floats:
    """Units that expired."""
    waste = m.of(Waste)
    return m.fold_stock(waste.units / m.days) if waste.possible else m.nothing
