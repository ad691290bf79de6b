"""What expired or was recalled in the window."""

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
    """Units that reached the end of their shelf life, or were scrapped in a recall."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        products = m.model.scenario.products.values()
        self.recalls = any(p.recall is not None for p in products)
        self.possible = self.recalls or any(p.shelf_life is not None for p in products)

    @cached_property
    def units(self) -> Floats:
        """Units in stock that became waste, by stock point."""
        lots = self.m.log.lots
        counted = lots.compress(lots["expires"] >= self.m.model.warm_up)
        expired = np.bincount(counted["stock"], counted["expired"], self.m.shape[1])
        return expired + self._recalled("units") - self._recalled("to_repair")

    @property
    def reworked(self) -> Floats:
        """Units in stock that were recalled and repaired, by stock point."""
        return self._recalled("to_repair")

    def _recalled(self, units: str) -> Floats:
        rows = self.m.log.recalls
        counted = rows.compress(rows["time"] >= self.m.model.warm_up)
        return np.bincount(counted["stock"], counted[units], self.m.shape[1]).astype(float)


@metric("units per day", better=LESS, group=STOCK)
def waste_per_day(m: Sums) -> Floats:
    """Units that expired, and units in stock that were scrapped in a recall."""
    waste = m.of(Waste)
    return m.fold_stock(waste.units / m.days) if waste.possible else m.nothing
